#!/usr/bin/env python3
"""Kills `keyledger serve` with SIGKILL again and again while it is under load, and checks afterwards that nothing
that was acknowledged is lost and nothing is doubled.

Scenario. A load generator registers users, logs them in and refreshes their sessions on 32 connections, and writes
every answered command into a journal together with the position that the service told. At random moments (from a
printed seed) the service is killed and started again at once. In the end it is left alone until Kafka has everything.

Checked, from the journal, the tables and the topic alone:
  - every answered command stands in the log at its position, on its stream, as the right type of event (I3);
  - no two answered commands were told the same position, and each session's versions are 1, 2, 3 ... (I5);
  - positions are 1 ... n without holes (I1);
  - a read_committed consumer of the topic gets every position once, each subject in order (I9);
  - `keyledger audit verify` finds the log consistent.

Needs KEYLEDGER_TEST_DATABASE_URL (a superuser of a throw-away cluster) and KEYLEDGER_TEST_KAFKA_BROKERS."""

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from scenario import Database, Service, die, need_servers

DRAIN_SECONDS = 60


def journal_of(path):
    """(what, stream, position) of every answer that told a position; a line that was cut by our own end counts not."""
    entries = []
    for line in path.read_text().splitlines():
        words = line.split(" ")
        if len(words) == 5 and words[2]:  # and when it was due and answered
            entries.append((words[0], words[1], int(words[2])))
    return entries


def check_log(database, journal, faults):
    rows = Database.psql(database.url, "select position, stream_id, version, event_type from keyledger.events"
                                       " order by position")
    events, versions = {}, {}
    for number, row in enumerate(rows, 1):
        position, stream, version, event_type = row.split("|")
        if int(position) != number:
            faults.append(f"position {number} is missing")
            break
        events[number] = (stream, event_type)
        if versions.get(stream, 0) + 1 != int(version):
            faults.append(f"stream {stream} jumps to version {version} at position {position}")
        versions[stream] = int(version)
    for row in Database.psql(database.url, "select stream_id, payload_text::jsonb->>'generation', count(*)"
                                           " from keyledger.events where event_type = 'session.refreshed'"
                                           " group by 1, 2 having count(*) > 1"):
        faults.append(f"a generation was handed out twice: {row}")
    expected = {"register": ("user.registered", "user.password_set"), "login": ("session.started",),
                "refresh": ("session.refreshed",)}
    told = {}
    for what, stream, position in journal:
        if position in told:
            faults.append(f"position {position} was told for {told[position]} and for {what} {stream}")
        told[position] = f"{what} {stream}"
        if position not in events:
            faults.append(f"LOST: {what} {stream} was acknowledged at position {position}, which is not in the log")
        elif events[position][0] != stream or events[position][1] not in expected[what]:
            faults.append(f"{what} {stream} was acknowledged at position {position}, where {events[position]} stands")
    return len(rows)


def read_topic(brokers, topic):
    done = subprocess.run(["kcat", "-C", "-b", brokers, "-t", topic, "-o", "beginning", "-e", "-q",
                           "-X", "isolation.level=read_committed", "-f", "%p %o %k %h\n"],
                          capture_output=True, text=True, check=False)
    records = []
    for line in done.stdout.splitlines():
        partition, offset, key, headers = line.split(" ", 3)
        fields = dict(part.split("=", 1) for part in headers.split(",") if "=" in part)
        records.append((int(partition), int(offset), key, int(fields["ce_sequence"])))
    return records


def check_topic(records, count, faults):
    sequences = sorted(record[3] for record in records)
    if sequences != list(range(1, count + 1)):
        missing = set(range(1, count + 1)) - set(sequences)
        doubled = {s for s in sequences if sequences.count(s) > 1} if len(sequences) < 50_000 else "some"
        faults.append(f"topic: {len(sequences)} records for {count} events; missing {sorted(missing)[:5]},"
                      f" doubled {doubled if len(sequences) != count else ''}")
    last = {}
    for partition, offset, key, sequence in sorted(records):
        if last.get(key, 0) >= sequence:
            faults.append(f"topic: subject {key} has position {sequence} after {last[key]}")
        last[key] = sequence


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument("--binary", default=os.environ.get("KEYLEDGER_TEST_BINARY"))
    parser.add_argument("--load", required=True, help="the load generator, bench/load")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--logins", type=int, default=400)
    options = parser.parse_args()
    need_servers()
    chance = random.Random(options.seed)
    print(f"seed {options.seed}, {options.kills} kills", flush=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix="keyledger-kill-"))
    database = Database(os.environ["KEYLEDGER_TEST_DATABASE_URL"], f"keyledger_kill_{os.getpid()}")
    service = load = None
    faults = []
    try:
        service = Service(options, work, database)
        service.environment["KEYLEDGER_POSITIONS"] = "clear"  # the journal says where each command should stand
        service.start()
        seconds = 3 + 2 * options.kills
        load = subprocess.Popen([options.load, "--port", str(service.port), "--users", str(options.users), "--logins",
                                 str(options.logins), "--seconds", str(seconds), "--keep-going", "--journal",
                                 str(work / "journal")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        kills = 0
        while kills < options.kills:
            time.sleep(chance.uniform(0.3, 1.5))  # the moment of the kill is the random part, nothing is awaited
            if load.poll() is not None:
                die("the load ended before the last kill")
            service.kill()
            kills += 1
            service.start()
        print(load.communicate(timeout=seconds + 120)[0], end="")
        journal = journal_of(work / "journal")
        count = check_log(database, journal, faults)
        topic = f"{database.name}.events.v1"
        until = time.monotonic() + DRAIN_SECONDS
        records = read_topic(os.environ["KEYLEDGER_TEST_KAFKA_BROKERS"], topic)
        while len(records) < count and time.monotonic() < until:
            records = read_topic(os.environ["KEYLEDGER_TEST_KAFKA_BROKERS"], topic)
        check_topic(records, count, faults)
        verdict = service.run("audit", "verify", "--json", check=False)
        if verdict.returncode != 0 or not json.loads(verdict.stdout)["consistent"]:
            faults.append(f"audit verify: {verdict.stdout}{verdict.stderr}")
        if not journal:
            faults.append("nothing was acknowledged: the load did not work")
        service.stop()
        print(f"{kills} kills, {len(journal)} acknowledged commands, {count} events, {len(records)} records in Kafka,"
              f" {len(faults)} faults")
    finally:
        for process in (load, service.process if service else None):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        database.drop()
    for fault in faults[:20]:
        print(f"FAULT: {fault}")
    if faults:
        print(f"the service's log and the journal are in {work}")
        return 1
    subprocess.run(["rm", "-rf", str(work)], check=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
