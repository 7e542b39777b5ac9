#!/usr/bin/env python3
"""What operators watch hangs together: each metric that docs/operations.md says to watch has an alert, each alert a
runbook, a test and the metrics that it names; the dashboard's, too. Reads files; metrics_test.py asks a service."""
import re
import sys
import unittest

import exposition
import watching


class Watching(unittest.TestCase):
    def test_each_alert_is_one_to_watch_for_and_the_other_way_round(self):
        told = watching.to_watch()
        self.assertGreater(len(told), 20)
        self.assertEqual(sorted(told), sorted(alert.name for alert in watching.alerts()))
        for alert in watching.alerts():
            metrics, page = told[alert.name]
            used = watching.metrics_in(alert.expression)
            documented = watching.documented()
            self.assertLessEqual(metrics, {watching.family_of(name, documented) for name in used}, alert.name)
            self.assertEqual(page, watching.kebab(alert.name) + ".md")

    def test_each_metric_that_a_page_says_to_watch_has_an_alert(self):
        watched = {name for alert in watching.alerts() for name in watching.metrics_in(alert.expression)}
        for metrics, _ in watching.to_watch().values():
            for name in metrics:
                self.assertTrue(any(name == found or found.startswith(name + "_") for found in watched), name)

    def test_each_alert_links_to_its_page_and_each_page_is_of_an_alert(self):
        index = watching.read(watching.RUNBOOKS / "README.md")
        names = set()
        for alert in watching.alerts():
            page = watching.ROOT / alert.runbook
            names.add(page)
            self.assertEqual(page.name, watching.kebab(alert.name) + ".md")
            self.assertTrue(page.is_file(), f"{alert.name} has no page {alert.runbook}")
            self.assertIn(f"# {alert.name}\n", watching.read(page))
            self.assertIn(f"| [{alert.name}]({page.name}) | {alert.severity} |", index)
            self.assertIn(alert.severity, ("page", "ticket"))
        for page in watching.RUNBOOKS.glob("keyledger-*.md"):
            self.assertIn(page, names, "a page of no alert")

    def test_each_page_says_what_it_looks_like_what_to_do_and_what_not(self):
        index = watching.read(watching.RUNBOOKS / "README.md")
        for page in watching.pages():
            if page.name == "README.md":
                continue
            text = watching.read(page)
            self.assertIn(f"]({page.relative_to(watching.RUNBOOKS)})", index, "the index has no link to it")
            for part in ("What it looks like", "What to do", "What not to do"):
                found = re.search(rf"^## {part}\n\n(.+?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
                self.assertTrue(found and len(found[1]) > 40, f"{page.name}: {part}")

    def test_links_of_pages_lead_somewhere(self):
        for page in [*watching.pages(), watching.ROOT / "docs/operate/metrics.md"]:
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", watching.read(page)):
                self.assertTrue((page.parent / target).resolve().exists(), f"{page.name}: {target}")

    def test_each_alert_is_tested_to_fire_and_to_be_quiet(self):
        text = watching.read(watching.RULES_TESTS)
        for alert in watching.alerts():
            cases = re.findall(rf'alertname="{alert.name}",alertstate="firing".*?value: (\d+)', text, re.DOTALL)
            self.assertIn("0", cases, f"nothing says when {alert.name} is quiet")
            self.assertTrue(set(cases) - {"0"}, f"nothing says when {alert.name} fires")

    def test_what_costs_nothing_makes_nothing_look_quick(self):
        slow = next(alert for alert in watching.alerts() if alert.name == "KeyledgerSlow")
        left_out = re.search(r'operation!~"([^"]+)"', slow.expression)[1]
        routes = watching.answers_for_everybody()
        self.assertGreater(len(routes), 12)
        for operation, path in routes.items():
            self.assertEqual(bool(re.fullmatch(left_out, operation)), not path.startswith("/api/"), operation)
        for operation in ("token", "login", "me", "authorize", "introspect", "listApplications"):
            self.assertFalse(re.fullmatch(left_out, operation), operation)

    def test_alerts_and_panels_and_pages_name_documented_metrics_alone(self):
        documented = watching.documented()
        named = [(alert.name, alert.expression) for alert in watching.alerts()]
        named += list(watching.panels())
        named += [(page.name, watching.read(page)) for page in watching.pages()]
        self.assertGreater(len(list(watching.panels())), 30)
        for place, text in named:
            for name in watching.metrics_in(text):
                if name in ("keyledger_service", "keyledger_"):
                    continue
                self.assertIn(watching.family_of(name, documented), documented, place)

    def test_every_limit_has_a_name(self):
        names = watching.limit_names()
        found = list(watching.bucket_names())
        self.assertGreater(len(found), 15)
        for path, key in found:
            self.assertTrue(any(name and key.startswith(name.rstrip()) for name in names),
                            f"{path}: the limit '{key}' has no row in app/core/counted_limits.hpp")


HEAD = "# HELP {0} Some words\n# TYPE {0} {1}\n"


class Exposition(unittest.TestCase):
    """The judge of metrics_test.py, judged itself."""

    def faults_of(self, name, kind, samples):
        families = exposition.parse(HEAD.format(name, kind) + samples)
        exposition.series_of(families)
        return list(exposition.faults(families))

    def test_what_is_good_passes(self):
        self.assertEqual(self.faults_of("a_bytes", "gauge", 'a_bytes{b="c\\"\\n"} 7\n'), [])
        self.assertEqual(self.faults_of("a_seconds", "histogram", 'a_seconds_count 2\na_seconds_sum 3\n'
                                        'a_seconds_bucket{le="1"} 1\na_seconds_bucket{le="+Inf"} 2\n'), [])

    def test_what_is_not_of_the_format_is_refused(self):
        head = HEAD.format("a_bytes", "gauge")
        for text in ("a_bytes 1\n", "# TYPE a_bytes gauge\na_bytes 1\n", head + "b_bytes 1\n",
                     head + 'a_bytes{q="1} 7\n', head + "a_bytes 1"):
            with self.assertRaises(exposition.Wrong, msg=text):
                exposition.parse(text)
        with self.assertRaises(exposition.Wrong):
            self.faults_of("a_bytes", "gauge", "a_bytes 1\na_bytes 1\n")

    def test_what_is_against_the_rules_is_found(self):
        for name, kind, samples in (
                ("a_thing", "gauge", "a_thing 1\n"), ("a_total", "gauge", "a_total 1\n"),
                ("a_ready", "gauge", "a_ready 7\n"), ("a_bytes", "gauge", 'a_bytes{q="1"} 7\na_bytes{p="1"} 7\n'),
                ("a_bytes", "counter", "a_bytes 1\n"), ("aBytes_total", "counter", "aBytes_total 1\n"),
                ("a_seconds", "histogram", 'a_seconds_count 2\na_seconds_bucket{le="1"} 3\n'
                                           'a_seconds_bucket{le="+Inf"} 2\n'),
                ("a_seconds", "histogram", 'a_seconds_count 2\na_seconds_bucket{le="1"} 2\n')):
            self.assertEqual(len(self.faults_of(name, kind, samples)), 1, name)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=1))
