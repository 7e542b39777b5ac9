#!/usr/bin/env python3
"""Measures how long each migration keeps a reader and an appender waiting, on a long log.

Scenario. A log of as many events as --events says, of ten days, is made by SQL on the schema of migration 1, with
commands, streams, subjects' keys and claims in the numbers that a service has. Then `keyledger migrate up` applies all
others. Meanwhile a reader asks for events, streams and commands without a pause, and an appender takes the append lock
and adds an event, a command and a key, as `append` does in every version. For every migration it is told how long each
of them waited for a lock, as PostgreSQL tells the session itself (log_lock_waits), and how long the longest answer
took, which a busy disk or processor makes longer, also where nothing is migrated. None may wait for a lock for longer
than --most milliseconds."""

import argparse
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))

# pylint: disable=wrong-import-position
from scenario import Database, die

ROOT = pathlib.Path(__file__).resolve().parents[2]
IDLE_SECONDS = 3  # so long it is measured what they wait for by themselves
EVENTS_A_STREAM = 5
STREAMS_A_KEY = 2
DONE = "<<done>>"

FILL = """
insert into keyledger.events
select n, 'default', case when n % 5 = 0 then 'user' else 'session' end, md5('s' || (n + {per} - 1) / {per})::uuid,
       1 + (n - 1) % {per}, 'session.refreshed', 1, md5('e' || n)::uuid,
       jsonb_build_object('generation', n, 'session_id', md5('s' || n), 'sealed', repeat('x', 60)),
       jsonb_build_object('occurred_at_ms', 1790000000000 + n, 'actor_type', 'user', 'actor_id', md5('a' || n),
                          'request_id', md5('r' || n), 'correlation_id', md5('c' || n)),
       now() - interval '10 days' * (1 - n / {events}.0), sha256(n::text::bytea)
from generate_series(1, {events}) as n;
insert into keyledger.commands
select 'default', sha256(('c' || n)::bytea), sha256(('f' || n)::bytea), n, 1,
       now() - interval '10 days' * (1 - n / {events}.0)
from generate_series(1, {events}) as n;
insert into keyledger.streams
select md5('s' || n)::uuid, 'session', 'default', {per}, 1 + (n - 1) * {per}
from generate_series(1, {events} / {per}) as n;
insert into keyledger.subject_keys
select md5('s' || n)::uuid, 'default', md5('k' || n)::uuid, repeat('k', 60)::bytea, 'kek'
from generate_series(1, {events} / {per} / {keys}) as n;
insert into keyledger.claims
select 'default', 'email', 'key', sha256(n::text::bytea), md5('s' || n)::uuid
from generate_series(1, {events} / {per} / {keys}) as n;
insert into keyledger.credentials
select md5('p' || n)::uuid, 'default', md5('s' || n)::uuid, 'password', 1, repeat('p', 100)::bytea
from generate_series(1, {events} / {per} / {keys}) as n;
"""
READ = ("select count(*) from (select from keyledger.events where position > {n} order by position limit 50) as e;"
        " select version from keyledger.streams where stream_id = md5('s' || {n})::uuid;"
        " select count(*) from keyledger.commands where command_id = sha256(('c' || {n})::bytea);"
        " select count(*) from keyledger.subject_keys where subject = md5('s' || {n})::uuid;")
# A row like the first one, in whatever columns the table has by now. What it waits for is locks, not the disk.
APPEND = """begin; set local synchronous_commit = off; select pg_advisory_xact_lock(5426354651);
insert into keyledger.events select (jsonb_populate_record(e, jsonb_build_object('position', {n}, 'version', 1,
  'stream_id', gen_random_uuid(), 'event_id', gen_random_uuid()))).* from keyledger.events as e where position = 1;
insert into keyledger.commands select (jsonb_populate_record(c, jsonb_build_object('first_position', {n},
  'command_id', sha256(('a' || {n})::bytea)))).* from keyledger.commands as c where command_id = sha256('c1');
insert into keyledger.subject_keys select (jsonb_populate_record(k, jsonb_build_object('subject', gen_random_uuid()))).*
  from keyledger.subject_keys as k where subject = md5('s1')::uuid;
update keyledger.streams set version = version + 1 where stream_id = md5('s1')::uuid; commit;"""


# A wait that is longer than deadlock_timeout is told when it ends.
TELL_WAITS = "set deadlock_timeout = '1ms'; set log_lock_waits = on; set client_min_messages = log;"
WAITED = re.compile(r"LOG: +process \d+ acquired .* after ([0-9.]+) ms")


class Session:
    """One psql that is kept, so that a question costs no start of a process. `lock_waits` has the end, by this
    machine's clock, and the length in milliseconds of each wait for a lock."""

    def __init__(self, url):
        self.process = subprocess.Popen(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lock_waits, self.told = [], []
        threading.Thread(target=self.hear, daemon=True).start()
        self.ask(TELL_WAITS)

    def hear(self):
        for line in self.process.stderr:
            waited = WAITED.search(line)
            if waited:
                self.lock_waits.append((time.time(), float(waited.group(1))))
            elif "ERROR" in line or "FATAL" in line:
                self.told.append(line.strip())

    def ask(self, sql):
        self.process.stdin.write(f"{sql}\n\\echo {DONE}\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.rstrip("\n") == DONE:
                return
        die(f"psql: {self.told}")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Waiter(threading.Thread):
    """Asks again and again; `answers` has the end and the length of each, like `Session.lock_waits`."""

    def __init__(self, url, sql, first):
        super().__init__(daemon=True)
        self.session, self.sql, self.number = Session(url), sql, first
        self.answers, self.stopping = [], False

    def run(self):
        while not self.stopping:
            self.number += 1
            began = time.monotonic()
            self.session.ask(self.sql.format(n=self.number))
            self.answers.append((time.time(), 1000 * (time.monotonic() - began)))
        self.session.close()

    def settle(self):
        """Until what was asked before is answered, and once more."""
        wanted = len(self.answers) + 2
        while len(self.answers) < wanted and self.is_alive():
            time.sleep(0.002)  # between two looks at the condition that is awaited
        if not self.is_alive():
            die("a session of reader or appender ended")

    def longest(self, since, until):
        """The longest wait for a lock and the longest answer, in milliseconds, of what ended in between."""
        return [max((length for end, length in times if since <= end < until), default=0.0)
                for times in (self.session.lock_waits, self.answers)]


def files():
    return sorted((ROOT / "migrations").glob("*.up.sql"))


def begin(database, options):
    """The schema of migration 1, as its text made it, with a log."""
    first = files()[0]
    Database.psql(database.url, "create schema keyledger_migrations; create table keyledger_migrations.applied"
                                " (number integer primary key, name text not null, sha256 text not null,"
                                " applied_at timestamptz not null default now())")
    Database.psql(database.url, first.read_text(encoding="utf-8"))
    Database.psql(database.url, "insert into keyledger_migrations.applied (number, name, sha256) values (1,"
                                f" 'event_store', '{hashlib.sha256(first.read_bytes()).hexdigest()}')")
    started = time.monotonic()
    Database.psql(database.url, FILL.format(events=options.events, per=EVENTS_A_STREAM, keys=STREAMS_A_KEY))
    Database.psql(database.url, "vacuum analyze")
    print(f"{options.events} events in {time.monotonic() - started:.0f} s", flush=True)


def migrate(binary, url, work):
    environment = {"PATH": os.environ["PATH"], "KEYLEDGER_OWNER_DATABASE_URL": url,
                   "KEYLEDGER_KEYRING_FILE": str(work / "keyring.json")}
    for words in (("keys", "generate"), ("migrate", "up")):
        done = subprocess.run([binary, *words], env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            die(f"keyledger {' '.join(words)}: {done.stderr.strip()}")


def applied(url):
    """[(number, name, when its transaction began)]; what is built ahead of the next one counts for the one before."""
    rows = Database.psql(url, "select number, name, extract(epoch from applied_at) from keyledger_migrations.applied"
                              " where number > 1 order by number")
    return [(int(number), name, float(began)) for number, name, began in (row.split("|") for row in rows)]


def tell(waiters, url, idle_since, began):
    """Prints a row for each migration; the longest wait for a lock, in milliseconds."""
    print(f"{'longest, in ms: wait for a lock / answer':44} {'reader':>15} {'appender':>15}")

    def row(name, since, until):
        (reads, read), (appends, appended) = (waiter.longest(since, until) for waiter in waiters)
        print(f"{name:44} {reads:7.1f}/{read:7.1f} {appends:7.1f}/{appended:7.1f}", flush=True)
        return max(reads, appends)

    row("none", idle_since, began)
    rows = [(1, "what is built ahead of the first", began), *applied(url), (0, "", float("inf"))]
    ahead = {int(path.name[:4]) for path in (ROOT / "migrations").glob("*.ahead.sql")}
    worst = []
    for (number, name, since), (_, _, until) in zip(rows, rows[1:]):
        also = f", and building for {number + 1}" if number + 1 in ahead and number > 1 else ""
        worst.append(row(f"{number:04} {name}{also}", since, until))
    return max(worst)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--most", type=int, default=100, help="milliseconds that a migration may take of anybody")
    parser.add_argument("--binary", default=os.environ.get("KEYLEDGER_TEST_BINARY"))
    options = parser.parse_args()
    admin = os.environ.get("KEYLEDGER_TEST_DATABASE_URL")
    if not admin:
        die("KEYLEDGER_TEST_DATABASE_URL is not set; run this through scripts/test -R migration_locks")
    database = Database(admin, f"keyledger_locks_{os.getpid()}")
    faults, waiters = [], []
    try:
        begin(database, options)
        waiters = [Waiter(database.url, READ, 1), Waiter(database.url, APPEND, options.events)]
        for waiter in waiters:
            waiter.start()
            waiter.settle()
        idle_since = time.time()
        time.sleep(IDLE_SECONDS)  # the thing that is measured
        with tempfile.TemporaryDirectory(prefix="keyledger-locks-") as work:
            began = time.time()
            migrate(options.binary, database.url, pathlib.Path(work))
        print(f"migrated in {time.time() - began:.1f} s", flush=True)
        for waiter in waiters:
            waiter.settle()
        longest = tell(waiters, database.url, idle_since, began)
        if longest > options.most:
            faults.append(f"somebody waited for a lock for {longest:.0f} ms, {options.most} at most")
        print(f"reader asked {len(waiters[0].answers)} times, appender {len(waiters[1].answers)}")
    finally:
        for waiter in waiters:
            waiter.stopping = True
        for waiter in waiters:
            waiter.join(timeout=10)
        database.drop()
    for fault in faults:
        print(f"FAULT: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
