#!/usr/bin/env python3
"""Measures how long each migration keeps a reader and an appender waiting, on a long log.

Scenario. A log of as many events as --events says is made by SQL on the schema of migration 1, with commands, streams,
subjects' keys and claims in the numbers that a service has. Then the other migrations are applied one after the other,
each in one transaction as `keyledger migrate up` does. Meanwhile a reader asks for events, streams and commands
without a pause, and an appender takes the append lock and adds an event, a command and a key, as `append` does in
every version: the longest wait of each is told for every migration. A migration that is newer than RELEASED must keep
nobody waiting for longer than --most milliseconds; the older ones stay as they were released, and what they cost is
printed."""

import argparse
import os
import pathlib
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))

# pylint: disable=wrong-import-position
from scenario import Database, die

ROOT = pathlib.Path(__file__).resolve().parents[2]
RELEASED = 14  # of these nothing is changed any more
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
       now() - interval '1 day' + n * interval '1 ms', sha256(n::text::bytea)
from generate_series(1, {events}) as n;
insert into keyledger.commands
select 'default', sha256(('c' || n)::bytea), sha256(('f' || n)::bytea), n, 1,
       now() - interval '1 day' + n * interval '1 ms'
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
# A row like the first one, in whatever columns the table has by now.
APPEND = """begin; select pg_advisory_xact_lock(5426354651);
insert into keyledger.events select (jsonb_populate_record(e, jsonb_build_object('position', {n}, 'version', 1,
  'stream_id', gen_random_uuid(), 'event_id', gen_random_uuid()))).* from keyledger.events as e where position = 1;
insert into keyledger.commands select (jsonb_populate_record(c, jsonb_build_object('first_position', {n},
  'command_id', sha256(('a' || {n})::bytea)))).* from keyledger.commands as c where command_id = sha256('c1');
insert into keyledger.subject_keys select (jsonb_populate_record(k, jsonb_build_object('subject', gen_random_uuid()))).*
  from keyledger.subject_keys as k where subject = md5('s1')::uuid;
update keyledger.streams set version = version + 1 where stream_id = md5('s1')::uuid; commit;"""


class Session:
    """One psql that is kept, so that a question costs no start of a process."""

    def __init__(self, url):
        self.process = subprocess.Popen(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def ask(self, sql):
        self.process.stdin.write(f"{sql}\n\\echo {DONE}\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.rstrip("\n") == DONE:
                return
        die(f"psql: {self.process.stderr.read()}")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Waiter(threading.Thread):
    """Asks again and again; `longest` is the longest answer since it was last set to 0."""

    def __init__(self, url, sql, first):
        super().__init__(daemon=True)
        self.session, self.sql, self.number = Session(url), sql, first
        self.longest, self.asked = 0.0, 0
        self.stopping, self.began = False, None

    def run(self):
        while not self.stopping:
            self.number += 1
            self.began = time.monotonic()
            self.session.ask(self.sql.format(n=self.number))
            self.longest = max(self.longest, time.monotonic() - self.began)
            self.asked += 1
        self.session.close()

    def settle(self):
        """Until what was asked before is answered, and once more."""
        wanted = self.asked + 2
        while self.asked < wanted and self.is_alive():
            time.sleep(0.002)  # between two looks at the condition that is awaited
        if not self.is_alive():
            die("a session of reader or appender ended")


def files():
    return sorted((ROOT / "migrations").glob("*.up.sql"))


def apply(url, path):
    done = subprocess.run(["psql", "-XAtq", "-1", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", str(path)],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        die(f"{path.name}: {done.stderr.strip()}")


def measure(url, waiters, path):
    for waiter in waiters:
        waiter.settle()
        waiter.longest = 0.0
    started = time.monotonic()
    apply(url, path)
    seconds = time.monotonic() - started
    for waiter in waiters:
        waiter.settle()
    return seconds, [1000 * waiter.longest for waiter in waiters]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--most", type=int, default=100, help="milliseconds that a new migration may take of anybody")
    options = parser.parse_args()
    admin = os.environ.get("KEYLEDGER_TEST_DATABASE_URL")
    if not admin:
        die("KEYLEDGER_TEST_DATABASE_URL is not set; run this through scripts/test -R migration_locks")
    database = Database(admin, f"keyledger_locks_{os.getpid()}")
    faults, waiters = [], []
    try:
        Database.psql(database.url, "create schema keyledger_migrations; create table keyledger_migrations.applied"
                                    " (number integer primary key, name text, sha256 text, applied_at timestamptz)")
        first, *others = files()
        apply(database.url, first)
        started = time.monotonic()
        Database.psql(database.url, FILL.format(events=options.events, per=EVENTS_A_STREAM, keys=STREAMS_A_KEY))
        Database.psql(database.url, "vacuum analyze")
        print(f"{options.events} events in {time.monotonic() - started:.0f} s", flush=True)
        waiters = [Waiter(database.url, READ, 1), Waiter(database.url, APPEND, options.events)]
        for waiter in waiters:
            waiter.start()
        print(f"{'migration':36} {'took':>9} {'reader':>9} {'appender':>9}   longest waits")
        for path in others:
            seconds, (reader, appender) = measure(database.url, waiters, path)
            name = path.name.removesuffix(".up.sql")
            print(f"{name:36} {1000 * seconds:6.0f} ms {reader:6.0f} ms {appender:6.0f} ms", flush=True)
            if int(name[:4]) > RELEASED and max(reader, appender) > options.most:
                faults.append(f"{name} keeps others waiting for {max(reader, appender):.0f} ms, {options.most} at most")
        print(f"reader asked {waiters[0].asked} times, appender {waiters[1].asked}")
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
