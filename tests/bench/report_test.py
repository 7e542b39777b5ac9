#!/usr/bin/env python3
"""bench/report.py: a budget is kept or missed by what was measured, and what was not measured is named."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.dom.minidom

REPORT = pathlib.Path(__file__).resolve().parents[2] / "bench" / "report.py"


def phase(name, rate):
    return {"phase": name, "rate": rate, "errors": 0, "p50_ms": 1, "p99_ms": 2, "p999_ms": 3}


def figures():
    """Of a run in which every budget is kept."""
    seen = {"wanted_per_second": 2000, "events_per_second": 1999, "p50_ms": 5, "p99_ms": 9, "after_answer_p99_ms": 4}
    large = {"figure": "large", "events": 1000, "seconds": 0.01, "rate": 100_000, "cpu_seconds": 0.01,
             "rate_a_core": 100_000, "peak_mib": 50, "fold_seconds": 0.001}
    found = [
        {"figure": "append", "batch": 200, "bare": 100, "plain": 80, "guarded": 70},
        {"figure": "hash cost", "memory_kib": 19456, "passes": 2, "lanes": 1},
        {"ceiling": "argon2id", "rate": 99}, {"ceiling": "argon2id", "rate": 101},
        {"ceiling": "argon2id of the service", "rate": 190}, {"ceiling": "argon2id of the service", "rate": 210},
        {"ceiling": "sign ES256", "rate": 1000},
        phase("log-in", 98), phase("log-in", 3000), phase("refresh", 600), phase("empty", 1000),
        phase("introspect beside log-ins", 2000),
        phase("introspect", 700), phase("evaluate", 700), phase("client credentials", 600),
        {"trips": "client credentials", "appends": 1.0, "reads": 0.0, "head_queries": 0},
        {"cpu": "refresh", "service": 0.4, "postgres": 0.2, "kafka": 0.3, "load": 0.01, "service_kib": 51_200},
        {"statement": "refresh", "each": 0.25, "text": "select"}, {"statement": "refresh", "each": 0.5, "text": "x"},
        {"trips": "log-in", "appends": 1.0, "reads": 2.0, "head_queries": 0},
        {"trips": "refresh", "appends": 1.0, "reads": 0.0, "head_queries": 0},
        {"trips": "introspect", "appends": 0, "reads": 0.0, "head_queries": 0.1},
        {"trips": "evaluate", "appends": 0, "reads": 0.0, "head_queries": 0.1},
        {"trips": "me", "appends": 0, "reads": 0.0, "head_queries": 0.1},
        {"figure": "command to tables", **seen}, {"figure": "command to Kafka", **seen},
        {"figure": "tables visible", "p99_ms": 8}, {"figure": "kafka visible", "p99_ms": 80},
        {"figure": "replay into tables", "rate": 40_000},
        {"figure": "start", "events": 100, "ms": 90},
        {"figure": "memory", "when": "idle", "kib": 20_000, "sessions": 0},
        {"figure": "memory", "when": "after the load", "kib": 50_000, "sessions": 0},
        {"figure": "memory", "when": "after more sessions", "kib": 51_000, "sessions": 20_000},
        {"figure": "fill", "users": 100, "events": 1000, "seconds": 1, "rate": 1000},
        {"figure": "large start", "start": 1, "ms": 300}, {"figure": "large start", "start": 2, "ms": 200},
        {"figure": "large memory", "when": "idle", "mib": 30.0},
        {"figure": "large memory", "when": "after requests", "mib": 60.0, "requests": 1000},
        {"figure": "sessions start", "kind": "reading the log", "sessions": 1_000_000, "ready_ms": 99,
         "remembered_ms": 20_000, "mib": 340.0},
        {"figure": "sessions start", "kind": "from a snapshot", "sessions": 1_000_000, "ready_ms": 140,
         "remembered_ms": 600, "mib": 190.0},
    ]
    for clients in (1, 16, 64, 256):
        name = f"refresh from {clients} clients"
        found += [phase(name, 100 * clients), {"trips": name, "appends": 1.0, "reads": 0.0, "batches": 1 / clients}]
    return found + [{**large, "what": what}
                    for what in ("audit replay", "audit replay of the export", "rebuild users")]


class Report(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.results = pathlib.Path(self.folder.name) / "results"

    def report(self, found):
        output = pathlib.Path(self.folder.name) / "figures"
        output.write_text("2 cores (a test), 8 GiB, abc\n" + "".join(json.dumps(figure) + "\n" for figure in found))
        return subprocess.run([sys.executable, str(REPORT), str(output), "--results", str(self.results)],
                              capture_output=True, text=True)

    def page(self):
        return next(self.results.glob("*.md")).read_text()

    def test_KeepsEveryBudgetThatWasReached(self):
        done = self.report(figures())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("missed", done.stdout)
        self.assertNotIn("missed", self.page())
        self.assertIn("a test", self.page())
        self.assertIn("m = 19456 KiB, t = 2, p = 1", self.page())

    def test_TellsWhatAnOperationCosts(self):
        self.report(figures())
        self.assertIn("| refresh | 600/s | 1.0 / 2.0 / 3.0 ms | 0.400 | 0.200 | 0.300 | 0.010 | 0.75 | 50 MiB |",
                      self.page())
        self.assertIn("| 64 | 6,400/s | 64.0 | 1.0 ms | 2.0 ms | 3.0 ms |", self.page())

    def test_HoldsLogInsAgainstTheMeanOfTheCeilings(self):
        self.report(figures())
        self.assertIn("98/s = 0.98 × bare Argon2id (100/s)", self.page())

    def test_NamesABudgetThatWasMissed(self):
        found = figures()
        found[0]["guarded"] = 59
        done = self.report(found)
        self.assertEqual(done.returncode, 0, done.stderr)
        missed = [line for line in done.stdout.splitlines() if line.startswith("missed")]
        self.assertEqual(len(missed), 1)
        self.assertIn("append, each with guard and key", missed[0])

    def test_CountsALatencyAtALowerRateAsMissed(self):
        found = figures()
        next(figure for figure in found if figure.get("figure") == "command to Kafka")["events_per_second"] = 1500
        self.report(found)
        self.assertIn("**2,000 were wanted**", self.page())
        self.assertIn("**missed**", self.page())

    def test_EndsWithAnErrorForEachMeasurementThatIsNotThere(self):
        for left_out in figures():
            if left_out.get("rate") in (101, 3000):
                continue  # the second of two, which go together
            with self.subTest(left_out):
                done = self.report([figure for figure in figures() if figure != left_out and not (
                    left_out.get("ceiling") and figure.get("ceiling") == left_out["ceiling"]) and not (
                    left_out.get("phase") and figure.get("phase") == left_out["phase"]) and not (
                    left_out.get("statement") and figure.get("statement") == left_out["statement"]) and not (
                    left_out.get("figure") == "large start" and figure.get("figure") == "large start")])
                self.assertEqual(done.returncode, 1, left_out)
                self.assertIn("nothing was measured for", done.stderr)
                self.assertFalse(self.results.exists())

    def test_DrawsABarForEachRow(self):
        done = self.report(figures())
        rows = [line for line in done.stdout.splitlines() if line.startswith(("kept", "missed"))]
        chart = xml.dom.minidom.parse(str(next(self.results.glob("*.svg"))))
        self.assertEqual(len(chart.getElementsByTagName("rect")), 1 + len(rows))


if __name__ == "__main__":
    unittest.main()
