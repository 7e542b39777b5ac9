#!/usr/bin/env python3
"""Manual pages: they have every command and option of --help and every setting of .env.example, and groff finds nothing
to complain of in them."""

import argparse
import pathlib
import re
import subprocess
import sys
import unittest

from command_line import all_commands

ROOT = pathlib.Path(__file__).parents[2]
OPTIONS = None


def page(which):
    return subprocess.run([OPTIONS.binary, "manual", which], capture_output=True, text=True, check=True).stdout


def rendered(source):
    """As a person reads it, and what groff complained of."""
    done = subprocess.run(["groff", "-K", "utf8", "-T", "utf8", "-man", "-ww", "-rLL=200n", "-P", "-cbou"],
                          input=source, capture_output=True, text=True, check=True)
    return re.sub(r"\s+", " ", done.stdout.replace("\u2010", "-").replace("\u2212", "-")), done.stderr


class Manual(unittest.TestCase):
    def test_every_command_and_option(self):
        text, complaints = rendered(page("commands"))
        self.assertEqual(complaints, "")
        for command in all_commands(OPTIONS.binary):
            where = " ".join(["keyledger", *command.path])
            with self.subTest(command=where):
                self.assertIn(where, text)
                for option in command.options:
                    for name in option.names:
                        self.assertIn(name, text)
                for name, _, _ in command.arguments:
                    self.assertIn(name, text)

    def test_every_setting(self):
        text, complaints = rendered(page("settings"))
        self.assertEqual(complaints, "")
        names = re.findall(r"^#(KEYLEDGER_\w+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
        self.assertGreater(len(names), 50)
        for name in names:
            self.assertIn(f" {name} ", text)

    def test_that_of_the_wrapper(self):
        text, complaints = rendered((ROOT / "deploy/debian/keyledgerctl.8").read_text(encoding="utf-8"))
        self.assertEqual(complaints, "")
        self.assertIn("keyledgerctl keys generate", text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
