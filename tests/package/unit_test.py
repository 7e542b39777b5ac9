#!/usr/bin/env python3
"""The systemd unit: systemd's own judgement of what the service could do if it were taken over, and that the unit and
the service agree."""

import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
UNIT = ROOT / "deploy/systemd/keyledger.service"
MOST_EXPOSED = 2.0
DEFAULT_STOP_MS = re.compile(r'"KEYLEDGER_STOP_TIMEOUT_MS", "(\d+)"')


def value(name):
    return re.search(rf"^{name}=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE).group(1)


def judged(unit):
    return subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager",
                           f"--threshold={int(MOST_EXPOSED * 10)}", unit], capture_output=True, text=True, check=False)


class Unit(unittest.TestCase):
    def test_exposure(self):
        done = judged(UNIT)
        found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
        self.assertTrue(found, done.stdout + done.stderr)
        print(f"exposure {found.group(1)}, {MOST_EXPOSED} at most")
        self.assertEqual(done.returncode, 0)
        self.assertLessEqual(float(found.group(1)), MOST_EXPOSED)

    def test_a_looser_unit_would_be_told(self):
        text = UNIT.read_text(encoding="utf-8")
        for line in ("SystemCallFilter=@system-service\n", "ProtectSystem=strict\n", "PrivateDevices=yes\n",
                     "RestrictNamespaces=yes\n", "CapabilityBoundingSet=\n"):
            self.assertIn(line, text)
            text = text.replace(line, "")
        with tempfile.TemporaryDirectory() as folder:
            loose = pathlib.Path(folder, "keyledger.service")
            loose.write_text(text, encoding="utf-8")
            done = judged(loose)
        self.assertNotEqual(done.returncode, 0)

    def test_systemd_understands_all_of_it(self):
        with tempfile.TemporaryDirectory() as folder:
            unit = pathlib.Path(folder, "keyledger.service")
            text = UNIT.read_text(encoding="utf-8").replace("/usr/bin/keyledger", "/usr/bin/true")
            unit.write_text(text, encoding="utf-8")
            done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True,
                                  check=False)
        told = [line for line in done.stderr.splitlines() if "keyledger" in line]
        self.assertEqual((done.returncode, told), (0, []))

    def test_it_waits_longer_than_the_service_takes_to_stop(self):
        settings = (ROOT / "app/config/settings.hpp").read_text(encoding="utf-8")
        stop_ms = int(DEFAULT_STOP_MS.search(settings).group(1))
        self.assertGreater(int(value("TimeoutStopSec")) * 1000, 2 * stop_ms)

    def test_a_wrong_configuration_is_not_tried_again(self):
        usage = re.search(r"kUsage = (\d+)", (ROOT / "app/cli/cli.hpp").read_text(encoding="utf-8")).group(1)
        self.assertEqual(value("RestartPreventExitStatus"), usage)


if __name__ == "__main__":
    unittest.main()
