#!/usr/bin/env python3
"""Tests api/openapi/join.py, which makes one openapi.json of a file for each subject."""
import json
import pathlib
import sys
import unittest

FOLDER = pathlib.Path(__file__).resolve().parents[3] / "api/openapi"
sys.path.insert(0, str(FOLDER))
import join  # noqa: E402

SHARED = '{"openapi": "3.1.0", "components": {"schemas": {"Id": {"type": "string"}}}}'


def joined(*subjects):
    names = ("a.json", "b.json")
    return join.joined([("shared.json", SHARED), *zip(names, subjects)])


class Join(unittest.TestCase):
    def test_puts_the_parts_of_each_section_together(self):
        text = joined('{"paths": {"/a": {}}, "components": {"schemas": {"A": {"$ref": "#"}}}}', '{"paths": {"/b": {}}}')
        self.assertEqual(json.loads(text), {
            "openapi": "3.1.0", "paths": {"/a": {}, "/b": {}},
            "components": {"schemas": {"Id": {"type": "string"}, "A": {"$ref": "#"}}},
        })

    def test_leaves_values_as_they_are_written(self):
        value = '{\n    "get": {"summary": "\\u00e4, {and} [more]",\n      "tags": [ ]}}'
        self.assertIn('"/a": ' + value, joined('{"paths": {"/a": ' + value + "}}"))

    def test_takes_out_blanks_and_nothing_else(self):
        text = '{ "a" : [ 1, 1.5, "x  y", "\\u00e4", null ],\n  "b": { } }'
        self.assertEqual(join.compact(text), '{"a":[1,1.5,"x  y","ä",null],"b":{}}\n')
        with self.assertRaisesRegex(join.Fault, "a member stands twice"):
            join.compact('{"a": {"b": 1, "b": 2}}')

    def test_refuses_what_two_files_say(self):
        with self.assertRaisesRegex(join.Fault, "b.json: '/a' is said before"):
            joined('{"paths": {"/a": {}}}', '{"paths": {"/a": {}}}')
        with self.assertRaisesRegex(join.Fault, "a.json: 'Id' is said before"):
            joined('{"components": {"schemas": {"Id": {}}}}')

    def test_refuses_a_subject_that_speaks_for_all(self):
        with self.assertRaisesRegex(join.Fault, "a.json: 'info' belongs into shared.json"):
            joined('{"info": {}}')

    def test_refuses_what_is_no_json(self):
        with self.assertRaises(ValueError):
            joined('{"paths": {"/a": {}},}')

    def test_joins_every_file_that_there_is(self):
        files = [(path.name, path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))]
        files.sort(key=lambda file: file[0] != "shared.json")
        document = join.joined(files)
        self.assertEqual(json.loads(join.compact(document)), json.loads(document))
        self.assertGreater(len(json.loads(document)["paths"]), 50)


if __name__ == "__main__":
    unittest.main()
