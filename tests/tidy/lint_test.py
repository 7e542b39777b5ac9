#!/usr/bin/env python3
"""What scripts/lint makes of g++'s compile commands for clang, and what it refuses before it looks at anything."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def lint(*arguments):
    return subprocess.run([ROOT / "scripts/lint", *arguments], capture_output=True, text=True, check=False, timeout=60)


class Commands(unittest.TestCase):
    def made_of(self, command):
        with tempfile.TemporaryDirectory() as folder:
            build, made = os.path.join(folder, "build"), os.path.join(folder, "made")
            os.makedirs(os.path.join(build, "x.dir"))
            pathlib.Path(build, "x.dir/cmake_pch.hxx").write_text("#include <map>\n")
            entries = [{"file": "a.cpp", "command": command.replace("BUILD", build)}]
            pathlib.Path(build, "compile_commands.json").write_text(json.dumps(entries))
            subprocess.run([sys.executable, "-B", ROOT / "scripts/lib/clang_commands.py", build, made], check=True)
            (entry,) = json.loads(pathlib.Path(made, "compile_commands.json").read_text())
            copy = pathlib.Path(made, "x.hpp")
            return entry["command"].replace(made, "MADE"), copy.read_text() if copy.exists() else None

    def test_precompiled_header_is_included_as_text(self):
        command, copy = self.made_of("c++ -Wall -Werror -Winvalid-pch -include BUILD/x.dir/cmake_pch.hxx -c a.cpp")
        self.assertEqual(command, "c++ -Wall -include MADE/x.hpp -c a.cpp -Wno-everything")
        self.assertEqual(copy, "#include <map>\n")

    def test_other_options_stay(self):
        command, copy = self.made_of("c++ -Werror=switch -include a.hpp -std=c++20 -c a.cpp")
        self.assertEqual(command, "c++ -Werror=switch -include a.hpp -std=c++20 -c a.cpp -Wno-everything")
        self.assertIsNone(copy)


class Script(unittest.TestCase):
    def test_says_what_it_does(self):
        said = lint("--help")
        self.assertEqual(said.returncode, 0)
        for option in ("--all", "--base", "--quick", "--times"):
            self.assertIn(option, said.stdout)

    def test_refuses_what_it_does_not_know(self):
        for arguments in (["--frobnicate"], ["no/such/file.cpp"], ["--base"]):
            said = lint(*arguments)
            self.assertNotEqual(said.returncode, 0, arguments)
            self.assertIn("error:", said.stderr, arguments)


if __name__ == "__main__":
    unittest.main()
