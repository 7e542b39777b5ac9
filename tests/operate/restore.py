#!/usr/bin/env python3
"""Rehearses both ways back from a lost database, as docs/operations.md describes them, and tells how long they take.

Scenario. A node works under load (clients.py of the fault loop) on a PostgreSQL that archives its log of writes. While
it does, `keyledger backup` writes a file and pg_basebackup a copy of the cluster. Later a restore point is set; later
still Eve is erased, and listed by `keyledger erasures`; then somebody drops the schema.

Way one, point-in-time recovery: the base backup and the archive, up to the restore point. The log is then behind
Kafka, which a node finds out by itself: it does not serve, and says why. After `keyledger migrate restored --erasures`
it serves; with the old topics it publishes nothing and says so, with a new prefix all of it. Every event up to the
restore point is there, byte for byte; Bob logs in, a refresh token of before is refused, Eve is nobody, the log is
consistent, and the new topic has each event once.

Way two, the file: `keyledger restore` into an empty database. The log is as it was when the backup began."""

import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from own_postgres import ArchivingServers

# pylint: disable=wrong-import-order
import evidence
from erased_user import PASSWORD, call, log_in
from fault_loop import SERVICES, Round
from scenario import Database, die
from servers import awaits, query

EVENTS_BETWEEN = 200  # at least, between two moments of the story
SECONDS = 60
RESTORE_POINT = "before the mistake"
LOST, REMEDY = "events are missing", "keyledger migrate restored"
OTHER_LOG = "publishes under a topic prefix of its own"  # in the detail of the publisher's check
LOG = ("select position, encode(leaf_hash, 'hex'), md5(payload_text), md5(metadata_text) from keyledger.events"
       " where position <= {} order by position")


class Rehearsal(Round):
    """One node under load, and what is done to its database."""

    def __init__(self, options, servers, work):
        # The name is also that of the topics, on a broker that others use.
        super().__init__(options, servers, work / f"restore-{os.getpid()}", options.seed, 0, 1)
        self.work, self.node, self.database = work, self.instances[0], self.deployment.database
        self.node.environment["KEYLEDGER_TREE_HEAD_SECONDS"] = "1"
        self.figures = []

    def expect(self, what, got, wanted):
        print(f"{what}: {got}", flush=True)
        if got != wanted:
            self.faults.append(f"{what}: expected {wanted}, got {got}")

    def timed(self, what, work):
        started = time.monotonic()
        result = work()
        self.figures.append((what, time.monotonic() - started))
        print(f"    {what}: {self.figures[-1][1]:.1f} s", flush=True)
        return result

    def head(self):
        return evidence.head(self.database)

    def grow(self):
        wanted = self.head() + EVENTS_BETWEEN
        awaits(SECONDS, lambda: self.head() >= wanted, f"position {wanted}")

    def register(self, name):
        status, user = call(self.node, "POST", "/api/v1/auth/register",
                            {"email": f"{name}@example.com", "name": name.title(), "password": PASSWORD})
        if status != 201:
            die(f"the registration of {name} was answered {status}")
        return user["id"], log_in(self.node, f"{name}@example.com")[1]

    def keyledger(self, *words):
        return self.deployment.run(*words, KEYLEDGER_DATABASE_URL=self.deployment.service_url,
                                   KEYLEDGER_OWNER_DATABASE_URL=self.database.url)

    def checks(self):
        """Readiness, with each check's words; red is an answer, too."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.node.management_port}/health/ready",
                                        timeout=5) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)
        except OSError:
            return {}

    # ---- the story -----------------------------------------------------------------------------------------
    def before_the_mistake(self):
        self.node.start()
        self.node.await_ready()
        _, self.bob = self.register("bob")
        self.eve_id, eve = self.register("eve")
        self.start_load()
        self.grow()
        self.file = self.work / "keyledger.backup"
        self.head_of_file = self.head()
        self.timed("keyledger backup, under load", lambda: self.keyledger("backup", str(self.file)))
        self.head_after_file = self.head()
        self.base = self.timed("pg_basebackup, under load", self.servers.base_backup)
        self.grow()
        self.least = self.head()
        query(self.servers.database_url, f"select pg_create_restore_point('{RESTORE_POINT}')")
        self.most = self.head()
        self.grow()
        status, _ = call(self.node, "DELETE", "/api/v1/auth/me", {"current_password": PASSWORD},
                         eve["access_token"])
        self.expect("Eve's erasure", status, 204)
        self.stop_load()
        self.drain()
        self.erasures = self.work / "erasures"
        self.erasures.write_text(self.keyledger("erasures"), encoding="utf-8")
        self.expect("the list of erasures", [line[:36] for line in self.erasures.read_text().splitlines()],
                    [self.eve_id, "# end: 1"])
        self.lost_head = self.head()
        self.rows = query(self.database.url, LOG.format(self.lost_head))
        self.node.stop()
        query(self.database.url, "drop schema keyledger cascade")
        self.servers.archive_all()
        self.servers.stop_postgres()

    def go_back(self):
        seconds = self.servers.recover(self.base, RESTORE_POINT)
        self.figures.append(("recovery from base backup and archive", seconds))
        head = self.head()
        print(f"recovered up to position {head} of {self.lost_head}; the restore point was set between {self.least} and"
              f" {self.most}; {seconds:.1f} s", flush=True)
        self.expect("it ends where it should", self.least <= head <= self.most, True)
        self.expect("rows that differ", sum(one != other for one, other in
                                            zip(query(self.database.url, LOG.format(head)), self.rows)), 0)

    def start_as_it_is(self):
        """Kafka has a tree head of what the log has lost: no node serves the log under its old identity."""
        self.node.start()
        awaits(SECONDS, self.node.has_ended, "the refusal of a log that ends before a tree head in Kafka")
        said = pathlib.Path(self.node.log.name).read_text(encoding="utf-8").splitlines()[-1]
        print(f"    {said}", flush=True)
        self.expect("a node on the log as it is", (self.node.process.returncode != 0, LOST in said, REMEDY in said),
                    (True, True, True))

    def start_with_the_old_topics(self):
        """Under its new identity it serves, and publishes nothing over what the topics have of the other history."""
        records = len(evidence.read_topic(self.servers.brokers, self.deployment.topic))
        self.node.start()
        self.node.await_ready()
        awaits(SECONDS, lambda: OTHER_LOG in json.dumps(self.checks()), "a word on the topics of another log")
        detail = [one for one in json.dumps(self.checks()).split('"') if OTHER_LOG in one]
        print(f"    {detail[0]}", flush=True)
        self.expect("it begins with", detail[0].split(":")[0].split(" ")[0], "degraded")
        self.node.stop()
        self.expect("records in the old topic", len(evidence.read_topic(self.servers.brokers, self.deployment.topic)),
                    records)

    def make_it_good(self):
        said = self.timed("keyledger migrate restored", lambda: self.keyledger("migrate", "restored", "--erasures",
                                                                               str(self.erasures)))
        self.expect("Eve is erased again", "Erased 1 user(s) again, of 1 listed." in said, True)
        self.start_with_the_old_topics()
        prefix = f"{self.database.name}.after"
        self.deployment.topic = f"{prefix}.events.v1"
        self.node.environment["KEYLEDGER_KAFKA_TOPIC_PREFIX"] = prefix
        self.timed("a node is ready", lambda: (self.node.start(), self.node.await_ready()))
        self.look_at_people()
        awaits(SECONDS, self.has_topic, f"the topic {self.deployment.topic}")
        self.timed("read models and topic are whole", self.drain)
        records = evidence.read_topic(self.servers.brokers, self.deployment.topic)
        self.expect("positions in the new topic are those of the log, each once",
                    sorted(one["position"] for one in records) == list(range(1, self.head() + 1)), True)
        self.node.stop()
        self.verify()

    def has_topic(self):
        done = subprocess.run(["kcat", "-L", "-J", "-b", self.servers.brokers], capture_output=True, text=True,
                              check=False)
        return done.returncode == 0 and any(one["topic"] == self.deployment.topic and one["partitions"]
                                            for one in json.loads(done.stdout)["topics"])

    def look_at_people(self):
        self.expect("Bob's log-in", log_in(self.node, "bob@example.com")[0], 200)
        self.expect("Eve's log-in", log_in(self.node, "eve@example.com")[0], 401)
        self.expect("Bob's refresh token of before", call(self.node, "POST", "/api/v1/auth/refresh",
                                                          {"refresh_token": self.bob["refresh_token"]})[0], 400)

    def restore_the_file(self):
        other = Database(self.servers.database_url, f"{self.database.name}_file")
        Database.psql(other.url, f'grant connect on database "{other.name}" to keyledger_service')
        try:
            self.database, self.deployment.service_url = other, other.service_url()
            self.timed("keyledger restore", lambda: self.keyledger("restore", str(self.file), "--erasures",
                                                                   str(self.erasures)))
            rows = query(other.url, LOG.format(self.head_after_file))
            self.expect("the file ends where it should", len(rows) >= self.head_of_file, True)
            self.expect("rows that differ", sum(one != another for one, another in
                                                zip(rows, self.rows[:self.head_of_file])), 0)
            self.node.environment["KEYLEDGER_DATABASE_URL"] = self.deployment.service_url
            self.node.environment["KEYLEDGER_KAFKA_TOPIC_PREFIX"] = other.name
            self.node.start()
            self.node.await_ready()
            self.look_at_people()
            self.node.stop()
            self.verify()
        finally:
            other.drop()

    def run(self):
        self.before_the_mistake()
        self.go_back()
        self.start_as_it_is()
        self.make_it_good()
        self.restore_the_file()
        size = self.file.stat().st_size
        print(f"{self.lost_head} events in {len(self.rows)} rows, the backup has {size} bytes; "
              + "; ".join(f"{what} {seconds:.1f} s" for what, seconds in self.figures))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--binary", default=os.environ.get("KEYLEDGER_TEST_BINARY"))
    parser.add_argument("--services", default=os.environ.get("KEYLEDGER_TEST_SERVICES", str(SERVICES)))
    options = parser.parse_args()
    if not options.binary:
        die("KEYLEDGER_TEST_BINARY is not set; run this through scripts/test -R restore_rehearsal, or give --binary")
    return options


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # through the cleaning
    work = pathlib.Path(tempfile.mkdtemp(prefix="keyledger-rehearsal-"))
    work.chmod(0o711)  # PostgreSQL's user must be able to pass
    servers = ArchivingServers(options.services, work)
    one, done = None, False
    try:
        servers.start_kafka()
        servers.start_archiving()
        one = Rehearsal(options, servers, work)
        one.run()
        done = True
    finally:
        if one:
            one.end()
        servers.drop()
        if done and not one.faults:
            shutil.rmtree(work)
        else:
            print(f"what it left is in {work}")
    for fault in one.faults:
        print(f"FAULT: {fault}")
    return 1 if one.faults else 0


if __name__ == "__main__":
    sys.exit(main())
