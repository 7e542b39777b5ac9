#!/usr/bin/env python3
"""Tests api/embed.py, which makes C++ of files."""
import gzip
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "api/embed.py"
sys.path.insert(0, str(SCRIPT.parent))
import embed  # noqa: E402

LONG = "What is said again and again is soon shorter. " * 100


class Embed(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, name, data):
        path = self.folder / name
        path.write_bytes(data.encode())
        return path

    def source(self, *files):
        return embed.source_of("some/header.hpp", "files", list(files), self.folder)

    def test_has_a_file_as_it_is_and_in_gzip(self):
        source = self.source(self.file("long.css", LONG))
        self.assertEqual(gzip.decompress((self.folder / "long.css.gz").read_bytes()), LONG.encode())
        self.assertIn(f'.incbin "{self.folder.resolve()}/long.css"', source)
        self.assertIn(f'.incbin "{self.folder.resolve()}/long.css.gz"', source)

    def test_leaves_what_would_hardly_be_shorter(self):
        source = self.source(self.file("short.css", "body {}"))
        self.assertFalse((self.folder / "short.css.gz").exists())
        self.assertIn('{"short.css", between(keyledger_files_0, keyledger_files_0_end), {}, ', source)

    def test_is_the_same_for_the_same_file_and_another_for_another(self):
        path = self.file("a.js", LONG)
        first, packed = self.source(path), (self.folder / "a.js.gz").read_bytes()
        path.touch()
        self.assertEqual(self.source(path), first)
        self.assertEqual((self.folder / "a.js.gz").read_bytes(), packed)
        self.assertNotEqual(self.source(self.file("a.js", LONG + "!")), first, "or it would not be compiled again")

    def test_of_nothing_is_nothing(self):
        self.assertIn("return {};", self.source())
        self.assertIsNone(re.search("incbin", self.source()))

    def test_refuses_two_files_of_one_name(self):
        (self.folder / "b").mkdir()
        files = [self.file("a.js", LONG), self.file("b/a.js", LONG)]
        done = subprocess.run([sys.executable, "-B", SCRIPT, self.folder / "out.cpp", "h.hpp", "files", *files],
                              capture_output=True, text=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("two files have one name", done.stderr)


if __name__ == "__main__":
    unittest.main()
