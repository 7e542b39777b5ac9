#!/usr/bin/env python3
"""Restarts three nodes behind HAProxy, one after the other, under load: not one request fails.

Scenario. HAProxy, with the file that operators deploy, stands in front of three nodes. Callers refresh, ask who they
are, introspect, ask for permissions, change their names and now and then log in, on connections that they keep and on
new ones. Each node is told to stop (SIGTERM): it drains, ends with 0, is started again, and the next one is told when
HAProxy has seen the first come back. Nothing may be answered but as it should be, and HAProxy may have had to ask
nobody twice, for what had to be repeated might have been lost without it."""

import argparse
import os
import pathlib
import sys
import tempfile
import time

from load import PASSWORD, Load
from nodes import DRAIN_SECONDS, Balancer, Nodes, awaits, die, put_away, the_servers, told

CALLERS = 24
PER_SECOND = 200


def restart(balancer, node, name):
    """How long it took to end, and until HAProxy sent it requests again."""
    began = time.monotonic()
    status = node.stop()
    ended = time.monotonic()
    node.start()
    node.await_ready()
    balancer.awaits_up(name, ended)
    back = time.monotonic()
    print(f"{name}: ended with {status} after {ended - began:.1f} s, of which {DRAIN_SECONDS} s for HAProxy to notice;"
          f" served again {back - ended:.1f} s later", flush=True)
    return status


def down_before_end(balancer, name):
    """Whether HAProxy saw it leave before it ended, not by a connection that was refused."""
    return any(who == name and how == "DOWN" for _, who, how in balancer.changes)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.environ.get("KEYLEDGER_TEST_BINARY"))
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="keyledger-rolling-"))
    work.chmod(0o711)
    faults, nodes, balancer = [], None, None
    try:
        nodes = Nodes(options.binary, the_servers(), work, f"rolling-{os.getpid()}")
        balancer = Balancer([node.port for node in nodes.all])
        if balancer.check() != (0, False):
            faults.append("haproxy -c does not take deploy/haproxy/haproxy.cfg, or warns of it")
        nodes.start()
        balancer.start()
        people = nodes.register(balancer.port, CALLERS, PASSWORD)
        load = Load([balancer.port], people, nodes.deployment.introspector, PER_SECOND)
        with load:
            awaits(30, load.is_on, "the load")
            for number, node in enumerate(nodes.all, 1):
                if restart(balancer, node, f"node{number}") != 0:
                    faults.append(f"node{number} did not end well")
                if not down_before_end(balancer, f"node{number}"):
                    faults.append(f"HAProxy did not notice that node{number} drained")
            after = len(load.entries)
            awaits(30, lambda: len(load.entries) > after + 3 * CALLERS, "load after the last restart")
        failed = load.failed()
        for entry in failed[:10]:
            faults.append(f"{entry.op} by {balancer.node_of(entry)}: {entry.status} {entry.what}")
        # The balancer's last line may be on its way; of what it retried none was missing all the while.
        if balancer.retried():
            faults.append(f"{len(balancer.retried())} requests were sent to a second node")
        served = {name: sum(known.server == name for known in balancer.requests.values())
                  for name in ("node1", "node2", "node3")}
        if min(served.values()) == 0:
            faults.append(f"a node served nothing: {served}")
        gap, _ = load.longest_gap(load_ops := {entry.op for entry in load.entries})
        print(f"3 restarts under {load.rate():.0f} requests/s of {len(load_ops)} kinds: {len(load.entries)} requests,"
              f" {len(failed)} failed, {len(balancer.retried())} sent twice; 99 % within {load.slowest_ms():.0f} ms,"
              f" longest time without an answer {1000 * gap:.0f} ms; {served}")
        if not load.entries:
            die("nothing was asked")
    finally:
        if balancer:
            balancer.stop()
        if nodes:
            nodes.stop()
        put_away(work, faults)
    return told(faults)


if __name__ == "__main__":
    sys.exit(main())
