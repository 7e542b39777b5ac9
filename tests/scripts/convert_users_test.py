#!/usr/bin/env python3
"""scripts/convert-users, on small made-up exports. That the hashes verify, ImportCommand and ImportedHash show."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXPORTS = ROOT / "tests/scripts/exports"


class ConvertUsers(unittest.TestCase):
    def convert(self, service, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "users.ndjson"
            done = subprocess.run([sys.executable, "-B", ROOT / "scripts/convert-users", service, out, *arguments],
                                  capture_output=True, text=True, check=False, timeout=30)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(os.stat(out).st_mode & 0o777, 0o600, "it holds password hashes")
            lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        return {line["email"].lower(): line for line in lines}, done.stderr

    def test_keycloaks_realm(self):
        users, told = self.convert("keycloak", EXPORTS / "keycloak.json")
        self.assertEqual(list(users), ["ann@example.com", "bob@example.com", "carl@example.com", "dora@example.com",
                                       "eve@example.com"])
        ann = users["ann@example.com"]
        self.assertEqual(ann.pop("hash"), "$pbkdf2-sha256$i=1000,l=64$c2FsdHNhbHRzYWx0c2FsdA$31ltvuXrbs8POP2F4tw9851N"
                         "SNQCQpm0sCwu2eEvId9Q5DKLhVaRJcjXTH6gOa35JkMQ1KsuQ0N0VSrmYu3DPw")
        self.assertEqual(ann, {"email": "ann@example.com", "username": "ann", "name": "Ann Lee", "email_verified": True,
                               "disabled": False, "created_at": "2020-01-02T03:04:05.006Z", "locale": "de"})
        bob = users["bob@example.com"]
        self.assertNotIn("username", bob, "an address is no user name")
        self.assertTrue(bob["disabled"])
        self.assertEqual(bob["hash"], "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"
                         "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
        self.assertTrue(users["carl@example.com"]["hash"].startswith("$pbkdf2-sha1$i=1000,l=20$"))
        self.assertNotIn("hash", users["dora@example.com"], "md5 is none that could be tried")
        for what in ("have no address", "service accounts", "unknown algorithm, 1", "type otp, 1", "attributes, 1",
                     "realm roles"):
            self.assertIn(what, told)

    def test_keycloaks_roles_where_they_are_asked_for(self):
        users, _ = self.convert("keycloak", EXPORTS / "keycloak.json", "--roles")
        self.assertEqual(users["ann@example.com"]["roles"], ["editor"], "without those that every realm has")
        self.assertNotIn("roles", users["bob@example.com"])

    def test_one_entry_that_is_no_user_stops_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            export = pathlib.Path(folder) / "realm.json"
            users = ["x", 5, None, {"email": "eve@example.com", "credentials": ["x"]}, {"email": "ann@example.com"}]
            export.write_text(json.dumps({"users": users}), encoding="utf-8")
            users, told = self.convert("keycloak", export)
        self.assertEqual(list(users), ["ann@example.com"])
        self.assertIn("not imported: 4, for their entry is not as it is known", told)

    def test_auth0s_users_and_their_hashes(self):
        users, told = self.convert("auth0", EXPORTS / "auth0.ndjson", EXPORTS / "auth0-hashes.ndjson")
        self.assertEqual(list(users), ["ann@example.com", "bob@example.com", "carl@example.com"])
        self.assertTrue(users["ann@example.com"]["hash"].startswith("$2b$04$"), "whatever the case of the address")
        self.assertEqual(users["ann@example.com"]["created_at"], "2021-03-05T16:33:08.123Z")
        self.assertEqual(users["bob@example.com"]["name"], "Bob Ross", "and not the address, which Auth0 repeats")
        self.assertTrue(users["bob@example.com"]["disabled"])
        self.assertNotIn("hash", users["carl@example.com"])
        self.assertIn("app_metadata, 1", told)
        alone, _ = self.convert("auth0", EXPORTS / "auth0.ndjson")
        self.assertNotIn("hash", alone["ann@example.com"])

    def test_supabases_table_in_either_form(self):
        of_csv, told = self.convert("supabase", EXPORTS / "supabase.csv")
        of_json, _ = self.convert("supabase", EXPORTS / "supabase.json")
        self.assertEqual(of_csv, of_json)
        self.assertEqual(list(of_csv), ["ann@example.com", "bob@example.com"])
        self.assertTrue(of_csv["ann@example.com"]["email_verified"])
        self.assertEqual(of_csv["ann@example.com"]["name"], "Ann Lee")
        self.assertTrue(of_csv["bob@example.com"]["disabled"], "until 2123")
        self.assertIn("were deleted", told)
        self.assertIn("are anonymous", told)

    def test_what_is_no_export_is_told_in_a_line(self):
        with tempfile.TemporaryDirectory() as folder:
            for service in ("keycloak", "auth0", "supabase"):
                done = subprocess.run([sys.executable, "-B", ROOT / "scripts/convert-users", service,
                                       pathlib.Path(folder) / "out", ROOT / "LICENSE"],
                                      capture_output=True, text=True, check=False, timeout=30)
                self.assertNotEqual(done.returncode, 0, service)
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)


if __name__ == "__main__":
    unittest.main()
