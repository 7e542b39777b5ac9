#!/usr/bin/env python3
"""The list of what the binary is made of: SPDX's library finds it valid, and it has what ldd and the sources say."""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
PYTHON = ROOT / "tests/package/.venv/bin/python3"  # with what requirements.txt names
OPTIONS = None


class BillOfMaterials(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = os.path.join(cls.folder.name, "keyledger.spdx.json")
        cls.notices = os.path.join(cls.folder.name, "notices")
        subprocess.run([ROOT / "scripts/sbom", "--build", OPTIONS.build, "--out", cls.path, "--notices", cls.notices],
                       check=True, env={**os.environ, "SOURCE_DATE_EPOCH": "1790000000"})
        with open(cls.path, encoding="utf-8") as file:
            cls.document = json.load(file)
        cls.packages = {package["name"]: package for package in cls.document["packages"]}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def related(self, word):
        names = {package["SPDXID"]: name for name, package in self.packages.items()}
        return {(names[entry["spdxElementId"]], names[entry["relatedSpdxElement"]])
                for entry in self.document["relationships"] if entry["relationshipType"] == word}

    def test_valid(self):
        # Imported here: a run with another Python has no library for it.
        from spdx_tools.spdx.parser.parse_anything import parse_file
        from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

        messages = validate_full_spdx_document(parse_file(self.path))
        self.assertEqual([message.validation_message for message in messages], [])
        self.assertEqual(self.document["creationInfo"]["created"], "2026-09-21T14:13:20Z")

    def test_an_invalid_one_would_be_told(self):
        from spdx_tools.spdx.parser.parse_anything import parse_file
        from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

        broken = dict(self.document, documentNamespace="no URI", packages=[
            dict(self.document["packages"][0], downloadLocation="nowhere at all"), *self.document["packages"][1:]])
        path = os.path.join(self.folder.name, "broken.spdx.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(broken, file)
        self.assertTrue(validate_full_spdx_document(parse_file(path)))

    def test_it_has_what_the_binary_is_linked_with(self):
        told = subprocess.run(["ldd", os.path.join(OPTIONS.build, "bin/keyledger")], capture_output=True, text=True,
                              check=True).stdout
        files = set(re.findall(r"=> (/\S+)", told))
        self.assertGreater(len(files), 20)
        linked = {user for pair in self.related("DYNAMIC_LINK") for user in pair}
        for file in files:
            owner = subprocess.run(["dpkg-query", "-S", os.path.realpath(file), file], capture_output=True, text=True,
                                   check=False).stdout.split(":")[0]
            if not owner:  # with /usr merged dpkg may know it as /lib's, or the other way round
                owner = subprocess.run(["dpkg-query", "-S", "*/" + os.path.basename(os.path.realpath(file))],
                                       capture_output=True, text=True, check=True).stdout.split(":")[0]
            self.assertIn(owner, linked)
        self.assertIn(("keyledger", "libpq5"), self.related("DYNAMIC_LINK"))

    def test_it_has_what_is_compiled_in(self):
        embedded = {name for _, name in self.related("STATIC_LINK")}
        self.assertLessEqual({"libboost1.81-dev", "rapidjson-dev", "libcli11-dev", "libkainjow-mustache-dev"}, embedded)
        self.assertFalse({"linux-libc-dev", "libgtest-dev", "libgmock-dev"} & set(self.packages))
        notices = pathlib.Path(self.notices).read_text(encoding="utf-8")
        for name in embedded:
            self.assertIn(f"==== {name} ====", notices)

    def test_each_package_says_where_it_is_from_and_under_which_licence(self):
        unknown = []
        for name, package in self.packages.items():
            if name == "keyledger":
                continue
            with self.subTest(package=name):
                self.assertRegex(package["externalRefs"][0]["referenceLocator"],
                                 r"^pkg:deb/debian/[^@]+@[^?]+\?arch=(amd64|arm64|all)&distro=debian-\d+$")
                self.assertTrue(package["licenseComments"])
            if package["licenseDeclared"] == "NOASSERTION":
                unknown.append(name)
        print(f"{len(self.packages)} packages; without a machine-readable licence: {', '.join(sorted(unknown))}")
        self.assertLess(len(unknown), len(self.packages) / 2)
        self.assertEqual(self.packages["rapidjson-dev"]["licenseDeclared"], "MIT")


if __name__ == "__main__":
    if not PYTHON.exists():
        sys.exit("its Python packages are not installed: run scripts/install package-tests (scripts/test does)")
    if pathlib.Path(sys.prefix) != PYTHON.parents[1]:
        os.execv(PYTHON, [str(PYTHON), *sys.argv])
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
