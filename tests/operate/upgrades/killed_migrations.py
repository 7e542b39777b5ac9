#!/usr/bin/env python3
"""Kills `keyledger migrate up` again and again, each time a little later, until it has come to its end.

Scenario. The log of an old version (old_logs) is read into two databases. One is migrated at once. Of the other, each
`migrate up` is killed by SIGKILL after a time that grows, so that it is killed before, in and between migrations and
while it builds indexes; what it leaves at the server may still be at work when the next one starts. At the end both
have the same schema and the same migrations with the same digests, and the log verifies, against its tree heads too."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "fault"))

# pylint: disable=wrong-import-position
from old_log import OLD_LOGS, restore
from scenario import Database, Expectations, arguments, die

FIRST_MS, STEP_MS = 20, 4  # the first kill comes before anything was done
MOST_KILLS = 400
APPLIED = "select number, name, sha256 from keyledger_migrations.applied order by number"
HALF_MADE = "select indexrelid::regclass from pg_index where not indisvalid"


def schema_of(database):
    done = subprocess.run(["pg_dump", "--schema-only", "--no-owner", "-N", "read_models", "-d", database.url],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        die(f"pg_dump: {done.stderr.strip()}")
    return [line for line in done.stdout.splitlines() if not line.startswith(("\\restrict ", "\\unrestrict "))]


class Migrating:
    def __init__(self, binary, database, keyring):
        self.binary, self.database = binary, database
        self.environment = {"PATH": os.environ["PATH"], "KEYLEDGER_OWNER_DATABASE_URL": database.url,
                            "KEYLEDGER_DATABASE_URL": database.url, "KEYLEDGER_KEYRING_FILE": str(keyring)}

    def run(self, *words):
        done = subprocess.run([self.binary, *words], env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            die(f"keyledger {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def is_done_within(self, milliseconds):
        with subprocess.Popen([self.binary, "migrate", "up"], env=self.environment, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True) as process:
            try:
                process.wait(timeout=milliseconds / 1000)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                return False
            if process.returncode != 0:
                die(f"keyledger migrate up: {process.stderr.read()}")
            return True


def kill_until_done(migrating):
    """How often it was killed, at how many different points; and at how many of them an index was half made."""
    kills, points, half_made = 0, set(), 0
    while not migrating.is_done_within(FIRST_MS + STEP_MS * kills):
        kills += 1
        if kills > MOST_KILLS:
            die(f"migrate up did not come to its end within {FIRST_MS + STEP_MS * kills} ms")
        points.add(len(Database.psql(migrating.database.url, APPLIED)))
        half_made += bool(Database.psql(migrating.database.url, HALF_MADE))
    return kills, len(points), half_made


def story(options, folder, work, databases, expect):
    at_once, killed = databases
    for database in databases:
        restore(database, folder)
    keyring = work / "keyring.json"
    shutil.copy(folder / "keyring.json", keyring)
    keyring.chmod(0o600)
    whole = Migrating(options.binary, at_once, keyring)
    whole.run("keys", "complete")
    whole.run("migrate", "up")
    migrating = Migrating(options.binary, killed, keyring)
    kills, points, half_made = kill_until_done(migrating)
    print(f"killed {kills} times, with {points} different numbers of migrations applied, {half_made} times beside an"
          " index that was half made")
    expect("it was killed before its end", kills > 0, True)
    expect("migrations and digests", Database.psql(killed.url, APPLIED) == Database.psql(at_once.url, APPLIED), True)
    expect("indexes that are half made", Database.psql(killed.url, HALF_MADE), [])
    differences = set(schema_of(killed)) ^ set(schema_of(at_once))
    expect("differences of the schemas", sorted(differences), [])
    verdict = json.loads(migrating.run("audit", "verify", "--json", "--against", str(folder / "heads.txt")))
    expect("the log", verdict["consistent"], True)


def main():
    options = arguments(__doc__).parse_args()
    admin = os.environ.get("KEYLEDGER_TEST_DATABASE_URL")
    if not admin:
        die("KEYLEDGER_TEST_DATABASE_URL is not set; run this through scripts/test -R killed_migrations")
    expect, databases = Expectations(), []
    work = pathlib.Path(tempfile.mkdtemp(prefix="keyledger-killed-"))
    try:
        for name in ("at_once", "killed"):
            databases.append(Database(admin, f"keyledger_{name}_{os.getpid()}"))
        story(options, OLD_LOGS / "first", work, databases, expect)
    finally:
        for database in databases:
            database.drop()
        shutil.rmtree(work)
    return expect.exit_status()


if __name__ == "__main__":
    sys.exit(main())
