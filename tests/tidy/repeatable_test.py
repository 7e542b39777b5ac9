#!/usr/bin/env python3
"""Holds the routes that read an Idempotency-Key against the operations that openapi.json says take one, both ways: the
tests of repeated commands go by the document."""
import json
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TAKES_A_KEY = re.compile(r"\b(take_idempotency_key|caller_with_key|carry_out|give_role|take_role"
                         r"|join_group|leave_group)\s*\(")
ROUTE = re.compile(r'\{"(\w+)", k\w+, "[^"]+",\s*routes::(\w+)[,}]')
HANDLER = re.compile(r"^Reply (\w+)\(Context& context, Request& request\) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
PARAMETER = {"$ref": "#/components/parameters/IdempotencyKey"}


def routes_that_take_a_key():
    handlers = {}
    for path in sorted((ROOT / "api/routes").rglob("*.cpp")):
        for name, body in HANDLER.findall(path.read_text()):
            handlers[name] = TAKES_A_KEY.search(body) is not None
    table = ROUTE.findall((ROOT / "api/routes/routes.cpp").read_text())
    return {operation for operation, name in table if handlers.get(name)}


def documented():
    paths = {}
    for part in sorted((ROOT / "api/openapi").glob("*.json")):
        paths.update(json.loads(part.read_text()).get("paths", {}))
    return {operation["operationId"] for path in paths.values() for method, operation in path.items()
            if method != "parameters" and PARAMETER in operation.get("parameters", [])}


class Repeatable(unittest.TestCase):
    def test_routes_and_document_agree(self):
        found, said = routes_that_take_a_key(), documented()
        self.assertGreater(len(found), 30, "the patterns above find the handlers no more: mend them")
        self.assertEqual(sorted(found - said), [], "give these the parameter IdempotencyKey in openapi.json")
        self.assertEqual(sorted(said - found), [], "these ignore an Idempotency-Key: take the parameter away")


if __name__ == "__main__":
    unittest.main()
