#!/usr/bin/env python3
"""Kills each of three Kafka brokers once, under load, and checks that the topic has each event once.

Scenario. A PostgreSQL, three brokers in KRaft that are its controllers too, and two nodes of the service, which make
their topics with KEYLEDGER_KAFKA_REPLICATION_FACTOR=3 and KEYLEDGER_KAFKA_MIN_INSYNC_REPLICAS=2. While many clients
register, log in, refresh and so on (clients.py of the fault loop), each broker in turn is killed with SIGKILL: two are
left, and an event that is appended after that must be published by them. Then the broker starts again and the next
one is killed once all partitions are in sync on all three.

Checked: every topic of the service is on three brokers; the API answers all the while; and all that the fault loop
checks (checker.py): what was acknowledged is in the log, and a read_committed consumer gets each position of it once,
each subject in order. Prints how long no event reached a consumer after each kill."""

import argparse
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time

from kafka_cluster import BROKERS, ClusterServers, Watcher

# pylint: disable=wrong-import-order
import evidence
from fault_loop import FAULTS_SHOWN, SERVICES, Round
from scenario import die

PUBLISHED_WITHIN_SECONDS = 60


class BrokersInTurn(Round):
    def __init__(self, options, servers, work):
        super().__init__(options, servers, work / "round", options.seed, 0, 2)
        self.silences = []
        for instance in self.instances:
            instance.environment["KEYLEDGER_KAFKA_REPLICATION_FACTOR"] = str(BROKERS)
            instance.environment["KEYLEDGER_KAFKA_MIN_INSYNC_REPLICAS"] = str(BROKERS - 1)

    def do_harm(self):
        watcher = Watcher(self.servers.brokers, self.deployment.topic)
        try:
            watcher.await_beyond(0, PUBLISHED_WITHIN_SECONDS)
            self.servers.await_in_sync()
            self.look_at_topics()
            for number in range(1, BROKERS + 1):
                self.kill_one(number, watcher)
        finally:
            watcher.stop()

    def look_at_topics(self):
        ours = {name: one for name, one in self.servers.partitions().items()
                if name[0].startswith(self.deployment.database.name)}
        few = sorted({name[0] for name, (copies, _) in ours.items() if copies != BROKERS})
        if few or (self.deployment.topic, 0) not in ours:
            self.faults.append(f"REPLICAS: not on {BROKERS} brokers: {few}, of {len(ours)} partitions")

    def kill_one(self, number, watcher):
        self.nap(0.2, 1)
        self.look_for_the_dead()
        acknowledged = self.journal.acknowledged
        self.servers.kill_broker(number)
        head = evidence.head(self.deployment.database)
        silence = watcher.await_beyond(head, PUBLISHED_WITHIN_SECONDS)
        self.silences.append(silence)
        self.counts["broker"] += 1
        if self.journal.acknowledged == acknowledged:
            self.faults.append(f"API: nothing was acknowledged while broker {number} was away")
        print(f"    broker {number} killed at position {head}: the next event reached a consumer after {silence:.1f} s;"
              f" {self.journal.acknowledged - acknowledged} requests were acknowledged meanwhile", flush=True)
        started = time.monotonic()
        self.servers.start_broker(number)
        self.servers.await_in_sync()
        print(f"    broker {number} started again, in sync after {time.monotonic() - started:.1f} s", flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--binary", default=os.environ.get("KEYLEDGER_TEST_BINARY"))
    parser.add_argument("--services", default=os.environ.get("KEYLEDGER_TEST_SERVICES", str(SERVICES)))
    parser.add_argument("--keep", action="store_true", help="keep evidence and logs, also where all is well")
    options = parser.parse_args()
    if not options.binary:
        die("KEYLEDGER_TEST_BINARY is not set; run this through scripts/test -R three_brokers, or give --binary")
    return options


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # through the cleaning
    started = time.monotonic()
    print(f"seed {options.seed}", flush=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix="keyledger-brokers-"))
    work.chmod(0o711)  # PostgreSQL's user must be able to pass
    servers = ClusterServers(options.services, work)
    one, faults = None, None
    try:
        servers.start_postgres()
        servers.start_kafka()
        print(f"PostgreSQL and {BROKERS} brokers are up after {time.monotonic() - started:.0f} s", flush=True)
        one = BrokersInTurn(options, servers, work)
        figures = one.run()
        faults = one.faults
        print(f"{one.counts['broker']} brokers killed, the longest silence {max(one.silences, default=0):.1f} s; "
              + ", ".join(f"{count} {name}" for name, count in figures.items())
              + f"; {len(faults)} faults, {time.monotonic() - started:.0f} s")
        one.deployment.drop()
    finally:
        if one:
            one.end()
        servers.drop()
        if faults == [] and not options.keep:
            shutil.rmtree(work)
        else:
            print(f"journal, tables, topic and logs are in {work}")
    for fault in faults[:FAULTS_SHOWN]:
        print(f"FAULT: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
