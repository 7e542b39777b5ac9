#!/usr/bin/env python3
"""Brings logs of old versions to this one, as an operator does who upgrades, and serves them.

Scenario. For each folder below old_logs: its dump is read into a database of its own, its keyring gets the keys that
it lacks (`keyledger keys complete`), and `keyledger migrate up` brings the schema here. Nothing that was hashed has
changed. `audit verify` finds nothing, also against the tree heads that the old version signed, and finds a record of
then that is changed. The read models are rebuilt and equal a replay. The service starts: whoever had a password logs
in with it, who was disabled or erased is refused, sessions that last are refreshed, and those that had ended stay
ended, as does one whose spent refresh token comes again. Each event is in Kafka once, those of then too. At the end
the log, with old events and new, is consistent.

The schema of a newer version is refused by `serve`, `migrate up` and `migrate down`, with a message that says so, and
nothing is changed. The old versions say the same of this one's."""

import gzip
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "fault"))

# pylint: disable=wrong-import-position
from erased_user import await_head, call
from evidence import read_topic
from scenario import Database, Expectations, Service, arguments, die, need_servers

OLD_LOGS = pathlib.Path(__file__).resolve().parents[1] / "old_logs"
LEAVES = "select position, event_id, encode(leaf_hash, 'hex') from keyledger.events order by position"
LASTS_SECONDS = 365 * 24 * 3600  # no session may last longer: from then on they have all ended by themselves
WRONG = "a wrong one, not theirs"


def restore(database, folder):
    with gzip.open(folder / "log.sql.gz", "rb") as file:
        text = file.read()
    done = subprocess.run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", database.url], input=text,
                          capture_output=True, check=False)
    if done.returncode != 0:
        die(f"{folder.name}: {done.stderr.decode().strip()}")


class Upgraded(Service):
    """On a database that is there, with a keyring that is there: nothing is made."""

    def __init__(self, options, work, database, folder):
        shutil.copy(folder / "keyring.json", work / "keyring.json")
        (work / "keyring.json").chmod(0o600)
        super().__init__(options, work, database)

    def run(self, *words, check=True):
        if words == ("keys", "generate"):  # of Service's constructor: the old keyring is completed instead
            words = ("keys", "complete")
        return super().run(*words, check=check)


class Upgrade:
    def __init__(self, options, folder, work, expect):
        self.folder, self.name = folder, folder.name
        self.told = json.loads((folder / "people.json").read_text(encoding="utf-8"))
        self.people = self.told["people"]
        self.expect = lambda what, got, wanted: expect(f"{self.name}: {what}", got, wanted)
        name = f"keyledger_{self.name.replace('-', '_')}_{os.getpid()}"
        self.database = Database(os.environ["KEYLEDGER_TEST_DATABASE_URL"], name)
        self.options, self.work = options, work
        self.service = None

    def run(self):
        try:
            restore(self.database, self.folder)
            before = self.leaves()
            self.expect("events", len(before), self.told["events"])
            started = time.monotonic()
            self.service = Upgraded(self.options, self.work, self.database, self.folder)  # with `migrate up`
            self.service.environment |= {"KEYLEDGER_ISSUER": self.told["issuer"],
                                         "KEYLEDGER_SESSION_IDLE_SECONDS": str(LASTS_SECONDS)}
            print(f"{self.name}: brought here in {time.monotonic() - started:.1f} s, of commit {self.told['commit']}")
            self.expect("leaves after it are those of before", self.leaves() == before, True)
            self.expect("nothing is left to do", self.service.run("migrate", "up").stdout.strip(),
                        "The schema is up to date.")
            self.verify()
            self.find_a_changed_record()
            self.service.run("projections", "rebuild", "--all")
            self.service.start()
            self.log_in()
            self.go_on_with_sessions()
            await_head(self.service, self.database, None)
            self.look_into_kafka()
            self.service.stop()
            self.expect("read models equal a replay",
                        self.service.run("projections", "verify", check=False).returncode, 0)
            self.verify()
            self.expect("old events are first", self.leaves()[:len(before)] == before, True)
            self.refuse_newer()
        finally:
            if self.service and self.service.process and self.service.process.poll() is None:
                self.service.kill()
            self.database.drop()

    def leaves(self):
        return Database.psql(self.database.url, LEAVES)

    def verdict(self):
        done = self.service.run("audit", "verify", "--json", "--against", str(self.folder / "heads.txt"), check=False)
        if not done.stdout:
            die(f"audit verify: {done.stderr}")
        return done.returncode, json.loads(done.stdout)["consistent"]

    def verify(self):
        self.expect("audit verify against its tree heads", self.verdict(), (0, True))

    def find_a_changed_record(self):
        """Or it would not be known that the old tree heads say anything of the old events."""
        leaf = Database.psql(self.database.url, "select encode(leaf_hash, 'hex') from keyledger.events"
                                                " where position = 7")[0]
        change = "update keyledger.events set leaf_hash = decode('{}', 'hex') where position = 7"
        Database.psql(self.database.url, change.format("00" * 32))
        self.expect("a record of then that was changed", self.verdict(), (4, False))
        Database.psql(self.database.url, change.format(leaf))

    def log_in(self):
        def status(person, password):
            return call(self.service, "POST", "/api/v1/auth/login", {"email": person["email"], "password": password})[0]
        self.expect("log-ins", [status(person, person["password"]) for person in self.people],
                    [person["log_in"] for person in self.people])
        self.expect("with wrong passwords", [status(person, WRONG) for person in self.people],
                    [401] * len(self.people))

    def refresh(self, token):
        status, answer = call(self.service, "POST", "/api/v1/auth/refresh", {"refresh_token": token})
        return status, answer.get("access_token") if status == 200 else answer.get("error")

    def go_on_with_sessions(self):
        lasting = time.time() < self.told["made_at"] + LASTS_SECONDS
        refused = (400, "invalid_grant")
        for person in self.people:
            if "refresh" not in person:
                continue
            who = person["email"].partition("@")[0]
            if person["refresh"] == "spent":
                self.expect(f"a spent refresh token of {who}", self.refresh(person["spent"]), refused)
            status, answer = self.refresh(person["refresh_token"])
            if person["refresh"] != "lasts" or not lasting:
                self.expect(f"{who}'s session, which has ended ({person['refresh']})", (status, answer), refused)
                continue
            self.expect(f"{who}'s session goes on", status, 200)
            me = call(self.service, "GET", "/api/v1/auth/me", token=answer)
            self.expect(f"and shows {who}", (me[0], me[1].get("id"), me[1].get("email")),
                        (200, person["id"], person["email"]))
            self.expect(f"{who}'s old access token", call(self.service, "GET", "/api/v1/auth/me",
                                                          token=person["access_token"])[0], 401)

    def look_into_kafka(self):
        records = read_topic(os.environ["KEYLEDGER_TEST_KAFKA_BROKERS"], f"{self.database.name}.events.v1")
        published = sorted((record["position"], record["id"]) for record in records)
        in_log = [(int(position), event) for position, event, _ in (line.split("|") for line in self.leaves())]
        self.expect(f"in Kafka is each of {len(in_log)} events, once", published == in_log, True)

    def refuse_newer(self):
        """As if a newer version had migrated it: there is no way back but by that version, or a backup from before."""
        applied = "select number, name, sha256 from keyledger_migrations.applied order by number"
        Database.psql(self.database.url, "insert into keyledger_migrations.applied (number, name, sha256)"
                                         " values (9999, 'of_tomorrow', 'x')")
        before = Database.psql(self.database.url, applied)
        for words in (("serve",), ("migrate", "up"), ("migrate", "down")):
            done = self.service.run(*words, check=False)
            self.expect(f"{' '.join(words)} on a newer schema",
                        (done.returncode != 0, "was migrated by a newer program (migration 9999)" in done.stderr),
                        (True, True))
        self.expect("what is applied", Database.psql(self.database.url, applied) == before, True)
        self.expect("it is shown", "of a newer program" in self.service.run("migrate", "status").stdout, True)


def main():
    options = arguments(__doc__).parse_args()
    need_servers()
    expect = Expectations()
    folders = sorted(path for path in OLD_LOGS.iterdir() if path.is_dir())
    expect("old logs", bool(folders), True)
    for folder in folders:
        work = pathlib.Path(tempfile.mkdtemp(prefix="keyledger-old-"))
        Upgrade(options, folder, work, expect).run()
        shutil.rmtree(work)
    return expect.exit_status()


if __name__ == "__main__":
    sys.exit(main())
