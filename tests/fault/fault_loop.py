#!/usr/bin/env python3
"""Kills everything that can be killed under a mixed load, again and again, and checks that no promise was broken.

Scenario. Many clients register, log in, refresh, change passwords, revoke, are disabled and enabled (clients.py), and
a journal keeps what each was told. At random moments, from a printed seed, one of these happens:
  service    an instance is killed with SIGKILL and started again
  backend    a database session of the service is ended by pg_terminate_backend, or its process by SIGKILL, upon which
             PostgreSQL ends all others and recovers
  postgres   PostgreSQL is shut down at once, without a checkpoint, and started again
  broker     Kafka is killed with SIGKILL and started again
  pause      an instance is stopped with SIGSTOP for a while; meanwhile its sessions may be ended, so that another one
             takes over, and then the zombie wakes up (not counted as a kill)
In every other round two instances of the service run at the same time. At the end of a round the load stops, everything
runs until read models and topic have the whole log, and checker.py compares what the clients were told with all three,
and leaks.py looks for every secret and personal value in the database, the topics and the service's log.

Starts a PostgreSQL and a Kafka of its own with scripts/services (KEYLEDGER_TEST_SERVICES)."""

import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter

import checker
import evidence
import leaks
from clients import Journal, People, Person, Worker
from fold import hex_of_base64url
from scenario import die
from servers import ADMINISTRATOR, NAPS, Deployment, Instance, Servers, query

SHARES = {"service": 9, "terminate": 7, "kill_backend": 2, "postgres": 2, "broker": 1}  # of every 21 kills
VICTIMS = {"service": "service", "terminate": "backend", "kill_backend": "backend", "postgres": "postgres",
           "broker": "broker"}
KILLS_A_PAUSE = 4
DRAIN_SECONDS = 120
FAULTS_SHOWN = 20
STRIKES_A_LINE = 20
SERVICES = pathlib.Path(__file__).resolve().parents[2] / "scripts/services"


def schedule(chance, kills):
    """What happens, in order: each kind of kill once and the others by their shares, and pauses between."""
    kinds = list(SHARES)[:kills]
    kinds += chance.choices(kinds, [SHARES[kind] for kind in kinds], k=kills - len(kinds)) if kinds else []
    chance.shuffle(kinds)
    for _ in range(len(kinds) // KILLS_A_PAUSE):
        kinds.insert(chance.randrange(len(kinds)), "pause")
    return kinds


class Round:
    """One deployment under load, its faults, and the verdict."""

    def __init__(self, options, servers, directory, seed, kills, instances):
        self.servers, self.directory, self.seed, self.kills = servers, directory, seed, kills
        self.chance = random.Random(seed)
        self.counts, self.seconds = Counter(), Counter()  # of kills and pauses, and until the next could begin
        self.faults, self.workers = [], []
        directory.mkdir()
        self.deployment = Deployment(options.binary, servers, directory, directory.name)
        self.instances = [Instance(self.deployment, number + 1) for number in range(instances)]
        self.journal = Journal(directory / "journal.jsonl")
        self.clients = options.clients

    # ---- faults --------------------------------------------------------------------------------------------
    def nap(self, least, most):
        time.sleep(self.chance.uniform(least, most))  # the moment of a fault is the random part; nothing is awaited

    def service(self):
        instance = self.chance.choice(self.instances)
        instance.kill()
        self.nap(0, 0.3)
        instance.start()
        instance.await_ready()

    def a_backend(self):
        pids = self.deployment.backends()
        return self.chance.choice(pids) if pids else None

    def terminate(self):
        pid = self.a_backend()
        if pid is None:
            return False
        self.deployment.terminate([pid])
        return True

    def kill_backend(self):
        pid = self.a_backend()
        if pid is None:
            return False
        try:
            os.kill(pid, 9)
        except ProcessLookupError:
            return False
        return True

    def postgres(self):
        self.servers.kill_postgres()
        self.nap(0, 1)
        instance = self.one_more_kill(0.3)
        self.servers.start_postgres()
        if instance:
            instance.start()
            instance.await_ready()

    def broker(self):
        self.servers.kill_kafka()
        self.nap(0, 1)
        instance = self.one_more_kill(0.3)
        if instance:  # Kafka away is no reason not to serve (I12)
            instance.start()
            instance.await_ready()
        self.servers.start_kafka()

    def one_more_kill(self, likelihood):
        """Sometimes an instance dies while a server is away."""
        if self.chance.random() >= likelihood:
            return None
        instance = self.chance.choice(self.instances)
        instance.kill()
        self.counts["service"] += 1
        return instance

    def pause(self):
        instance = self.chance.choice(self.instances)
        instance.pause()
        try:
            self.nap(0.05, 0.5)
            if self.chance.random() < 0.5:
                self.deployment.terminate(self.deployment.backends(instance))
            self.nap(0.1, 2)
        finally:
            instance.resume()

    def strike(self, kind):
        self.nap(0.05, 0.9)
        self.look_for_the_dead()
        started = time.monotonic()
        until = time.monotonic() + DRAIN_SECONDS
        while getattr(self, kind)() is False:  # no session of the service to kill: it is connecting
            if time.monotonic() > until:
                die("the service has no session any more")
            time.sleep(NAPS)
        self.counts[VICTIMS.get(kind, kind)] += 1
        self.seconds[VICTIMS.get(kind, kind)] += time.monotonic() - started

    def look_for_the_dead(self):
        for instance in self.instances:
            if instance.has_ended():
                self.faults.append(f"SERVICE: {instance.name} ended by itself with {instance.process.returncode}")
                instance.await_ready()
        for worker in self.workers:
            if worker.broken:
                die(f"a client broke: {worker.broken!r}")

    # ---- the course of a round -----------------------------------------------------------------------------
    def start_load(self):
        people = self.people = People(self.journal, self.seed)
        people.introspector = self.deployment.introspector
        people.administrator = Person(ADMINISTRATOR)
        people.administrator.text_of = lambda _: self.deployment.administrator_password
        people.administrator.id = query(self.deployment.database.url, "select stream_id from keyledger.streams"
                                        " where stream_type = 'user'")[0]
        self.workers = [Worker(number, people, lambda: [one.port for one in self.instances], self.seed)
                        for number in range(self.clients)]
        for worker in self.workers:
            worker.start()

    def stop_load(self):
        for worker in self.workers:
            worker.stopping.set()
        for worker in self.workers:
            worker.join()
        self.look_for_the_dead()
        self.journal.close()

    def drain(self):
        """Until the read models and the topic have the whole log."""
        until = time.monotonic() + DRAIN_SECONDS
        while True:
            count = evidence.head(self.deployment.database)
            behind = evidence.behind(self.deployment.database, count)
            records = evidence.dump_topic(self.servers.brokers, self.deployment.topic, self.directory)
            if not behind and records >= count:
                return count, records
            if time.monotonic() > until:
                self.faults.append(f"BEHIND: after {DRAIN_SECONDS} s the topic has {records} of {count} records,"
                                   f" behind: {behind}")
                return count, records
            time.sleep(0.2)

    def do_harm(self):
        for number, kind in enumerate(schedule(self.chance, self.kills), 1):
            self.strike(kind)
            if number % STRIKES_A_LINE == 0:
                print(f"    {number} kills and pauses, {self.journal.acknowledged} acknowledged requests", flush=True)

    def run(self):
        for instance in self.instances:
            instance.start()
        for instance in self.instances:
            instance.await_ready()
        self.start_load()
        self.do_harm()
        self.nap(0.5, 1)
        self.stop_load()
        for instance in self.instances:
            instance.await_ready()
        count, records = self.drain()
        evidence.dump_tables(self.deployment.database, self.directory)
        self.faults += checker.check(self.directory)
        for instance in self.instances:
            if instance.stop() != 0:
                self.faults.append(f"SERVICE: {instance.name} did not stop as it should; see {instance.log.name}")
        self.verify()
        secrets = {**self.people.all_secrets(), **self.own_secrets()}
        logs = [pathlib.Path(instance.log.name) for instance in self.instances]
        self.faults += leaks.search(self.deployment, self.directory, secrets, self.people.all_personal(), logs)
        if self.journal.acknowledged == 0:
            self.faults.append("nothing was acknowledged: the load did not work")
        return {"requests": self.journal.sent, "acknowledged": self.journal.acknowledged, "events": count,
                "records": records}

    def own_secrets(self):
        """Of the keyring, and the database's password."""
        keys = json.loads((self.directory / "keyring.json").read_text(encoding="utf-8"))["keys"]
        password = self.deployment.service_url.split("@", 1)[0].rsplit(":", 1)[1]
        # Base64url, or the lines of a PEM block.
        lines = {line: f"a key for {key['purpose']}" for key in keys for line in key["material"].splitlines()
                 if not line.startswith("-----")}
        bare = {hex_of_base64url(line): what for line, what in lines.items() if "signing" not in what}
        return {**lines, **bare, password: "the database's password"}

    def verify(self):
        verdict = json.loads(self.deployment.run("audit", "verify", "--json",
                                                 KEYLEDGER_DATABASE_URL=self.deployment.service_url))
        if not verdict["consistent"]:
            self.faults.append(f"AUDIT: {verdict}")

    def end(self):
        for worker in self.workers:
            worker.stopping.set()
        for instance in self.instances:
            if instance.process and instance.process.poll() is None:
                instance.kill()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=16, help="over all rounds")
    parser.add_argument("--rounds", type=int, default=2, help="every other one with two instances")
    parser.add_argument("--clients", type=int, default=12)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--binary", default=os.environ.get("KEYLEDGER_TEST_BINARY"))
    parser.add_argument("--services", default=os.environ.get("KEYLEDGER_TEST_SERVICES", str(SERVICES)))
    parser.add_argument("--keep", action="store_true", help="keep what the checker read, also of a good round")
    options = parser.parse_args()
    if not options.binary:
        die("KEYLEDGER_TEST_BINARY is not set; run this through scripts/test -R fault_loop, or give --binary")
    return options


def play_round(options, servers, work, number, totals):
    instances = 1 + number % 2
    share = options.kills * (number + 1) // options.rounds - options.kills * number // options.rounds
    one, started = None, time.monotonic()
    try:
        one = Round(options, servers, work / f"round-{number + 1}", options.seed + number, share, instances)
        figures = one.run()
    finally:
        if one:
            one.end()
    totals.update(one.counts)
    totals.update(figures)
    kinds = ", ".join(f"{count} {kind} ({one.seconds[kind]:.0f} s)" for kind, count in sorted(one.counts.items()))
    print(f"round {number + 1}: {instances} instance(s); kills and pauses: {kinds};"
          f" {', '.join(f'{count} {name}' for name, count in figures.items())}, {len(one.faults)} faults,"
          f" {time.monotonic() - started:.0f} s", flush=True)
    for fault in one.faults[:FAULTS_SHOWN]:
        print(f"FAULT: {fault}", flush=True)
    one.deployment.drop()
    return one.faults


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # through the cleaning
    print(f"seed {options.seed}; to repeat: --seed {options.seed} --kills {options.kills} --rounds {options.rounds}"
          f" --clients {options.clients}", flush=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix="keyledger-faults-"))
    work.chmod(0o711)  # PostgreSQL's user must be able to pass
    servers = Servers(options.services, work)
    totals, faults, started = Counter(), [], time.monotonic()
    finished = False
    try:
        servers.start_postgres()
        servers.start_kafka()
        for number in range(options.rounds):
            faults += play_round(options, servers, work, number, totals)
        finished = True
    finally:
        servers.drop()
        if finished and not faults and not options.keep:
            shutil.rmtree(work)
        else:
            print(f"journal, tables, topic and logs are in {work}; check them again with checker.py {work}/round-N")
    kills = sum(totals[victim] for victim in set(VICTIMS.values()))
    print(f"{kills} kills ({', '.join(f'{totals[one]} {one}' for one in sorted(set(VICTIMS.values())))}),"
          f" {totals['pause']} pauses, {totals['requests']} requests, {totals['acknowledged']} acknowledged,"
          f" {totals['events']} events, {totals['records']} records in Kafka, {len(faults)} faults,"
          f" {time.monotonic() - started:.0f} s, seed {options.seed}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
