#!/usr/bin/env python3
"""Replaces an old version by this one, node by node, while both work on one database under load.

    rolling_upgrade.py --old OLD/bin/keyledger --binary NEW/bin/keyledger     (scripts/upgrade-rehearsal builds the old)

Scenario. Two nodes of the old version serve a mixed load (clients.py of the fault loop). `keyledger keys complete` and
`keyledger migrate up` of the new version run beside them. Then one node is asked to stop and comes back as the new
version; both versions serve for a while; the other node follows. At last one goes back to the old version and forward
again: where the schema is the same, or the new version wrote nothing that the old one can't read, that works, and else
the old one has to say why it does not start. Read models of another layout are rebuilt at the end.

Checked: everything that the fault loop checks (checker.py): nothing that was acknowledged is lost or doubled, nobody
was told anything stale, read models equal the log, Kafka has each event once; every node stops with status 0."""

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

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))

# pylint: disable=wrong-import-position
import evidence
from fault_loop import FAULTS_SHOWN, SERVICES, Round
from scenario import die
from servers import NAPS, Servers, awaits

EVENTS_BETWEEN = 300
SECONDS = 120


class RollingUpgrade(Round):
    def __init__(self, options, servers, work):
        self.new = options.binary
        self.old = options.binary = options.old  # the deployment is made by the old version
        super().__init__(options, servers, work / "round", options.seed, 0, 2)
        self.stops = []

    def grow(self):
        wanted = evidence.head(self.deployment.database) + EVENTS_BETWEEN
        awaits(SECONDS, lambda: evidence.head(self.deployment.database) >= wanted, f"position {wanted}")
        self.look_for_the_dead()

    def replace(self, instance, binary, what):
        """How long there was one node less."""
        started = time.monotonic()
        status = instance.stop()
        if status != 0:
            self.faults.append(f"STOP: {instance.name} ended with {status}")
        self.deployment.binary = binary
        instance.start()
        ready = self.is_ready_or_ended(instance)
        self.stops.append(time.monotonic() - started)
        self.counts["replaced"] += 1
        print(f"    {instance.name} is {what} after {self.stops[-1]:.1f} s" if ready
              else f"    {instance.name} does not start as {what}", flush=True)
        return ready

    def is_ready_or_ended(self, instance):
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            if instance.has_ended():
                return False
            if instance.is_ready():
                return True
            time.sleep(NAPS)
        die(f"{instance.name} was neither ready nor ended; its log is {instance.log.name}")

    def do_harm(self):
        first, second = self.instances
        self.grow()
        self.deployment.binary = self.new
        owner = {"KEYLEDGER_OWNER_DATABASE_URL": self.deployment.database.url}
        try:
            self.deployment.run("keys", "complete")
        except SystemExit:
            pass  # status 3: the keyring lacks nothing
        started = time.monotonic()
        print(f"    migrate up, beside them: {self.deployment.run('migrate', 'up', **owner).strip()}"
              f" ({time.monotonic() - started:.1f} s)", flush=True)
        self.grow()
        for instance in (first, second):
            if not self.replace(instance, self.new, "new"):
                die(f"the new version did not start; see {instance.log.name}")
            self.grow()  # after the first one: two versions side by side
        if not self.replace(second, self.old, "old again"):
            said = pathlib.Path(second.log.name).read_text(encoding="utf-8", errors="replace").splitlines()[-1]
            print(f"    it says: {said}")
            if "newer" not in said:
                self.faults.append(f"DOWNGRADE: the old version does not say why it did not start: {said}")
        else:
            self.grow()
            if second.stop() != 0:
                self.faults.append("STOP: the old version did not stop as it should")
        self.deployment.binary = self.new
        second.start()
        second.await_ready()
        self.rebuild_what_is_of_another_layout()
        self.grow()

    def rebuild_what_is_of_another_layout(self):
        service = {"KEYLEDGER_DATABASE_URL": self.deployment.service_url}
        told = subprocess.run([self.new, "projections", "status", "--json"], capture_output=True, text=True,
                              env=self.deployment.environment | service, check=False)  # status 4: not all is good
        for model in json.loads(told.stdout)["projections"]:
            if model["layout"] != model["build_layout"]:
                rebuilt = self.deployment.run("projections", "rebuild", model["name"], **service)
                print(f"    {rebuilt.strip()}", flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--old", required=True)
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--binary", default=os.environ.get("KEYLEDGER_TEST_BINARY"))
    parser.add_argument("--services", default=os.environ.get("KEYLEDGER_TEST_SERVICES", str(SERVICES)))
    options = parser.parse_args()
    if not options.binary:
        die("give --binary, or run scripts/upgrade-rehearsal")
    return options


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # through the cleaning
    started = time.monotonic()
    work = pathlib.Path(tempfile.mkdtemp(prefix="keyledger-upgrade-"))
    work.chmod(0o711)  # PostgreSQL's user must be able to pass
    servers = Servers(options.services, work)
    one, faults = None, None
    try:
        servers.start_postgres()
        servers.start_kafka()
        one = RollingUpgrade(options, servers, work)
        figures = one.run()
        faults = one.faults
        print(f"{one.counts['replaced']} nodes replaced, each away for {max(one.stops):.1f} s at most; "
              + ", ".join(f"{count} {name}" for name, count in figures.items())
              + f"; {len(faults)} faults, {time.monotonic() - started:.0f} s, seed {options.seed}")
        one.deployment.drop()
    finally:
        if one:
            one.end()
        servers.drop()
        if faults == []:
            shutil.rmtree(work)
        else:
            print(f"journal, tables, topic and logs are in {work}")
    for fault in faults[:FAULTS_SHOWN]:
        print(f"FAULT: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
