#!/usr/bin/env python3
"""The Debian package: what is in it, with which modes, what it depends on, what dpkg's own tools and lintian say."""

import argparse
import gzip
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
OPTIONS = None
FILES = {
    "./usr/bin/keyledger": "-rwxr-xr-x",
    "./usr/sbin/keyledgerctl": "-rwxr-xr-x",
    "./etc/keyledger/keyledger.yaml": "-rw-r-----",
    "./usr/lib/systemd/system/keyledger.service": "-rw-r--r--",
    "./usr/lib/sysusers.d/keyledger.conf": "-rw-r--r--",
    "./usr/lib/tmpfiles.d/keyledger.conf": "-rw-r--r--",
    "./usr/share/man/man1/keyledger.1.gz": "-rw-r--r--",
    "./usr/share/man/man5/keyledger.yaml.5.gz": "-rw-r--r--",
    "./usr/share/man/man8/keyledgerctl.8.gz": "-rw-r--r--",
    "./usr/share/bash-completion/completions/keyledger": "-rw-r--r--",
    "./usr/share/bash-completion/completions/keyledgerctl": "-rw-r--r--",
    "./usr/share/zsh/vendor-completions/_keyledger": "-rw-r--r--",
    "./usr/share/fish/vendor_completions.d/keyledger.fish": "-rw-r--r--",
    "./usr/share/doc/keyledger/copyright": "-rw-r--r--",
    "./usr/share/doc/keyledger/changelog.gz": "-rw-r--r--",
    "./usr/share/doc/keyledger/changelog.Debian.gz": "-rw-r--r--",
    "./usr/share/doc/keyledger/keyledger.spdx.json.gz": "-rw-r--r--",
    "./usr/share/doc/keyledger/third-party-notices.gz": "-rw-r--r--",
    "./usr/share/doc/keyledger/roles.sql": "-rw-r--r--",
    "./usr/share/doc/keyledger/docs/operations.md": "-rw-r--r--",
    "./usr/share/doc/keyledger/docs/operate/upgrade.md": "-rw-r--r--",
    "./usr/share/doc/keyledger/docs/operate/changes.md": "-rw-r--r--",
    "./usr/share/doc/keyledger/examples/haproxy.cfg": "-rw-r--r--",
    "./usr/share/doc/keyledger/examples/alerts.yml": "-rw-r--r--",
    "./usr/share/doc/keyledger/examples/scrape.yml": "-rw-r--r--",
    "./usr/share/doc/keyledger/examples/keyledger.json": "-rw-r--r--",
}


def output(*words):
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        subprocess.run([ROOT / "scripts/package", "--no-build", "--build", OPTIONS.build, "--out", cls.folder.name],
                       check=True)
        cls.path = next(pathlib.Path(cls.folder.name).glob("keyledger_*.deb"))
        cls.tree = pathlib.Path(cls.folder.name, "tree")
        subprocess.run(["dpkg-deb", "--raw-extract", cls.path, cls.tree], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def field(self, name):
        return output("dpkg-deb", "--field", self.path, name).strip()

    def test_what_is_in_it(self):
        entries = {}
        for line in output("dpkg-deb", "--contents", self.path).splitlines():
            mode, owner, _, _, _, path = line.split(None, 5)
            entries[path] = mode
            with self.subTest(path=path):
                self.assertEqual(owner, "root/root")
                if mode.startswith("d"):
                    self.assertEqual(mode, "drwxr-xr-x")
        for path, mode in FILES.items():
            with self.subTest(path=path):
                self.assertEqual(entries.get(path), mode)

    def test_settings_are_the_operators(self):
        conffiles = (self.tree / "DEBIAN/conffiles").read_text(encoding="utf-8")
        self.assertEqual(conffiles, "/etc/keyledger/keyledger.yaml\n")
        settings = (self.tree / "etc/keyledger/keyledger.yaml").read_text(encoding="utf-8")
        known = (ROOT / ".env.example").read_text(encoding="utf-8")
        for name in re.findall(r"^#?(KEYLEDGER_\w+):", settings, re.MULTILINE):
            self.assertIn(f"\n#{name}=", known)

    def test_what_it_depends_on(self):
        depends = self.field("Depends")
        for package in ("libc6 (>=", "libpq5", "librdkafka1", "libssl3", "ca-certificates", "-sysusers |"):
            self.assertIn(package, depends)
        self.assertEqual(self.field("Version"), output(f"{OPTIONS.build}/bin/keyledger", "--version").split()[0] + "-1")

    def test_the_binary_is_stripped_and_can_not_be_rewired(self):
        binary = self.tree / "usr/bin/keyledger"
        sections = output("readelf", "--sections", "--wide", binary)
        self.assertNotIn(".symtab", sections)
        self.assertIn("BIND_NOW", output("readelf", "--dynamic", "--wide", binary))
        self.assertIn("DYN (Position-Independent", output("readelf", "--file-header", binary))
        print(f"package {self.path.stat().st_size // 1024} KiB, binary {binary.stat().st_size // 1024} KiB")

    def test_the_pages_are_those_of_this_binary(self):
        for page, which in (("man1/keyledger.1.gz", "commands"), ("man5/keyledger.yaml.5.gz", "settings")):
            with gzip.open(self.tree / "usr/share/man" / page, "rt", encoding="utf-8") as file:
                self.assertEqual(file.read(), output(f"{OPTIONS.build}/bin/keyledger", "manual", which))

    def test_scripts_are_for_any_shell(self):
        for name in ("DEBIAN/postinst", "DEBIAN/prerm", "DEBIAN/postrm", "usr/sbin/keyledgerctl"):
            with self.subTest(script=name):
                subprocess.run(["dash", "-n", self.tree / name], check=True)
        told = subprocess.run([self.tree / "DEBIAN/postinst", "nonsense"], capture_output=True, text=True, check=False)
        self.assertEqual((told.returncode, "nonsense" in told.stderr), (1, True))

    def test_lintian(self):
        done = subprocess.run(["lintian", "--fail-on=none", "--no-cfg", "--profile=debian", "--allow-root", self.path],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([line for line in done.stdout.splitlines() if re.match(r"[EW]: ", line)], [])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
