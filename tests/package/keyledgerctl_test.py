#!/usr/bin/env python3
"""keyledgerctl takes the settings that the unit takes: those of /etc/default/keyledger, read and never run."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
SCRIPT = ROOT / "deploy/debian/keyledgerctl"
UNIT = ROOT / "deploy/systemd/keyledger.service"
ENVIRONMENT = """\
# a comment
; another

KEYLEDGER_LOG_LEVEL=debug
KEYLEDGER_DATABASE_URL="postgresql://keyledger_service@db/keyledger?a=b&c=d"
  KEYLEDGER_SMTP_PASSWORD='it is $HOME `id` "quoted"'
KEYLEDGER_ISSUER=https://id.example;touch ran
KEYLEDGER_NAME=$(touch ran)
KEYLEDGER_EMPTY=
KEYLEDGER_LISTEN=127.0.0.1:1
PATH=/nowhere
LD_PRELOAD=/nowhere.so
touch ran
1X=no
KEYLEDGER_LAST=no line end"""


class Keyledgerctl(unittest.TestCase):
    def run_it(self, text, **environment):
        """What `keyledger` would be given. Root, the user and the binary are not this machine's matter."""
        with tempfile.TemporaryDirectory() as folder:
            work = pathlib.Path(folder)
            script = SCRIPT.read_text(encoding="utf-8")
            for name in ("/etc/keyledger/", "/etc/default/"):
                self.assertIn(name, script)
                script = script.replace(name, folder + "/")
            (work / "keyledgerctl").write_text(script, encoding="utf-8")
            for name, does in (("id", "echo 0"), ("setpriv", "exec env -0")):
                (work / name).write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
                (work / name).chmod(0o755)
            if text is not None:
                (work / "keyledger").write_text(text, encoding="utf-8")
            done = subprocess.run(["sh", work / "keyledgerctl", "config", "check"], cwd=work, check=False, text=True,
                                  capture_output=True, env={"PATH": f"{folder}:{os.environ['PATH']}", **environment})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertFalse((work / "ran").exists(), "what stands in the file was run")
            given = dict(one.split("=", 1) for one in done.stdout.split("\0") if one)
            return {name: value.replace(folder, "") for name, value in given.items()}, done.stderr

    def test_it_takes_what_the_unit_takes(self):
        file = re.search(r"^EnvironmentFile=-(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE).group(1)
        self.assertIn(f"environment={file}\n", SCRIPT.read_text(encoding="utf-8"))
        given, said = self.run_it(ENVIRONMENT, KEYLEDGER_LISTEN="127.0.0.1:2")
        self.assertEqual(given["KEYLEDGER_LOG_LEVEL"], "debug")
        self.assertEqual(given["KEYLEDGER_DATABASE_URL"], "postgresql://keyledger_service@db/keyledger?a=b&c=d")
        self.assertEqual(given["KEYLEDGER_SMTP_PASSWORD"], 'it is $HOME `id` "quoted"')
        self.assertEqual(given["KEYLEDGER_ISSUER"], "https://id.example;touch ran")
        self.assertEqual(given["KEYLEDGER_NAME"], "$(touch ran)")
        self.assertEqual(given["KEYLEDGER_EMPTY"], "")
        self.assertEqual(given["KEYLEDGER_LAST"], "no line end")
        self.assertEqual(given["KEYLEDGER_LISTEN"], "127.0.0.1:2", "the caller's own wins")
        self.assertNotEqual(given["PATH"], "/nowhere")
        self.assertNotIn("LD_PRELOAD", given)
        self.assertEqual(given["HOME"], "/var/lib/keyledger")
        self.assertEqual(said.count("passed over"), 2, said)
        self.assertNotIn("touch", said)

    def test_it_names_the_settings_file_where_nothing_else_does(self):
        self.assertEqual(self.run_it(None)[0]["KEYLEDGER_CONFIG_FILE"], "/keyledger.yaml")
        self.assertEqual(self.run_it("KEYLEDGER_CONFIG_FILE=/srv/k.yaml\n")[0]["KEYLEDGER_CONFIG_FILE"], "/srv/k.yaml")


if __name__ == "__main__":
    unittest.main()
