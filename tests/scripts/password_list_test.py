#!/usr/bin/env python3
"""scripts/password-list, on small lists: what the service reads is what was given."""
import gzip
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts/password-list"
MAGIC = b"keyledger-pw-1\n\n"


def entry(password):
    return hashlib.sha1(password.encode()).digest()[:8]


def digest(password):
    return hashlib.sha1(password.encode()).hexdigest().upper()


class PasswordList(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.out = self.folder / "list"

    def run_script(self, *arguments):
        return subprocess.run([sys.executable, "-B", SCRIPT, self.out, *arguments], capture_output=True, text=True,
                              check=False, timeout=30)

    def entries(self):
        text = self.out.read_bytes()
        self.assertEqual(text[:16], MAGIC)
        return [text[at:at + 8] for at in range(16, len(text), 8)]

    def write(self, name, text):
        path = self.folder / name
        path.write_bytes(text.encode())
        return path

    def test_text_is_sorted_and_none_is_there_twice(self):
        words = ["correct horse", "grüße aus Köln", "password1", "correct horse"]
        path = self.write("words", "\r\n".join(words) + "\nshort\n")
        with gzip.open(self.folder / "more.gz", "wt", encoding="utf-8") as file:
            file.write("trustno1\npassword1\n")
        self.assertEqual(self.run_script(path, self.folder / "more.gz").returncode, 0)
        self.assertEqual(self.entries(), sorted({entry(word) for word in [*words, "trustno1"]}))

    def test_a_download_is_taken_as_it_is(self):
        lines = sorted(digest(word) + ":7" for word in ("a", "b", "c"))
        path = self.write("by-hash.txt", "\r\n".join(lines) + "\r\n")
        self.assertEqual(self.run_script("--hibp", path).returncode, 0)
        self.assertEqual(self.entries(), sorted(entry(word) for word in ("a", "b", "c")))

    def test_a_folder_of_ranges_is_one_too(self):
        ranges = self.folder / "ranges"
        ranges.mkdir()
        for word in ("a", "b", "c", "d"):
            (ranges / (digest(word)[:5] + ".txt")).write_text(digest(word)[5:] + ":1\n")
        words = self.write("words", "of ours, the house\n")
        self.assertEqual(self.run_script(words, "--hibp", ranges).returncode, 0)
        self.assertEqual(self.entries(), sorted(map(entry, ("a", "b", "c", "d", "of ours, the house"))))

    def test_what_is_no_download_is_refused_and_the_old_list_stays(self):
        self.out.write_bytes(b"old")
        in_order = sorted(digest(word) for word in ("a", "b"))
        for text in ("\n".join(reversed(in_order)), "no digest", digest("a")[:39], "XYZ" + digest("a")[3:]):
            refused = self.run_script("--hibp", self.write("bad", text))
            self.assertNotEqual(refused.returncode, 0, text)
            self.assertIn("line", refused.stderr)
        self.assertNotEqual(self.run_script(self.folder / "missing").returncode, 0)
        self.assertNotEqual(self.run_script().returncode, 0)
        self.assertEqual(self.out.read_bytes(), b"old")
        self.assertEqual([name for name in os.listdir(self.folder) if "partial" in name], [])


if __name__ == "__main__":
    unittest.main()
