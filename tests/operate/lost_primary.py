#!/usr/bin/env python3
"""Loses the primary of PostgreSQL under load, and goes on with the standby, which the service finds by itself.

Scenario. Two nodes are given one URL that names both servers. Callers change, refresh, introspect and so on while the
primary is killed at once (every process of it, without a checkpoint) and never started again; then the standby is
promoted, by a person or by what watches over PostgreSQL. The nodes are not restarted.

With a synchronous standby nothing that was acknowledged may be missing, positions go on without a hole, tokens of
before are good, Kafka has each event once, and the log agrees with every tree head that was signed. How long nothing
was answered is told, from the kill and from the promotion.

Then, with --asynchronous, the standby had stopped following a while before. What it lacks is lost; that it is, the
tree heads tell, which are kept outside of the database: the node that makes them becomes unready, none that is started
serves, and `keyledger audit verify --against` names where the log ends too soon."""

import argparse
import base64
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import types
import urllib.error
import urllib.parse
import urllib.request

from load import PASSWORD, Load
from nodes import Nodes, ask, awaits, put_away, query, told
from standby import Pair
from kill_service import check_topic, read_topic  # of tests/fault; pylint: disable=wrong-import-order

CALLERS = 16
PER_SECOND = 150
COMMANDS_BEFORE = 200
BROKERS = "KEYLEDGER_TEST_KAFKA_BROKERS"
EVENTS = {"change": ("user.profile_updated",), "login": ("session.started",), "refresh": ("session.refreshed",)}
PATIENCE_S = 60
NAMED = re.compile(r"positions \d+ to \d+: the (log ends before them|events there are not those)")
CONTRADICTED = re.compile(r"tree-heads: newest at position \d+: the (log|first)")
CHANGING, ASKING = {"change", "refresh", "login"}, {"introspect", "evaluate", "me"}


def post(port, path, body, basic=None):
    fields = {"Content-Type": "application/json"}
    data = json.dumps(body)
    if basic:
        fields = {"Content-Type": "application/x-www-form-urlencoded",
                  "Authorization": "Basic " + base64.b64encode(":".join(basic).encode()).decode()}
        data = urllib.parse.urlencode(body)
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data.encode(), fields)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, {}


def log_of(url):
    rows = [row.split("|") for row in query(url, "select position, stream_id, version, event_type from"
                                                 " keyledger.events order by position")]
    return {int(position): types.SimpleNamespace(stream=stream, version=int(version), kind=kind)
            for position, stream, version, kind in rows}


def acknowledged(load):
    return [entry for entry in load.entries if entry.op in EVENTS and entry.is_good() and entry.position]


def check_log(url, load, faults):
    """How many events there are, and how many acknowledged ones are not."""
    events = log_of(url)
    if sorted(events) != list(range(1, len(events) + 1)):
        faults.append("positions have a hole")
    lost = [entry for entry in acknowledged(load)
            if entry.position not in events or events[entry.position].kind not in EVENTS[entry.op]]
    positions = [entry.position for entry in acknowledged(load)]
    if len(positions) != len(set(positions)):
        faults.append("a position was told for two commands")
    return len(events), lost


def check_tokens(nodes, session, faults):
    """Of somebody who logged in before, and has asked for nothing since."""
    port = nodes.all[0].port
    status, answer = post(port, "/oauth2/introspect", {"token": session["access_token"]}, nodes.deployment.introspector)
    if (status, answer.get("active")) != (200, True):
        faults.append(f"an access token of before: {status} {answer}")
    status, _ = post(port, "/api/v1/auth/refresh", {"refresh_token": session["refresh_token"]})
    if status != 200:
        faults.append(f"a refresh token of before: {status}")


def check_kafka(nodes, count, faults):
    brokers, topic = os.environ[BROKERS], nodes.deployment.topic
    awaits(PATIENCE_S, lambda: len(read_topic(brokers, topic)) >= count, "all events in Kafka")
    check_topic(read_topic(brokers, topic), count, faults)


def verify(nodes, heads):
    """Exit status and what it says, of the service's role."""
    environment = {**nodes.deployment.environment, "KEYLEDGER_DATABASE_URL": nodes.deployment.service_url}
    done = subprocess.run([nodes.deployment.binary, "audit", "verify", "--against", str(heads)], env=environment,
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def signed_up_to(heads):
    """The largest of the tree heads in the file: the second line of each is its size (C2SP tlog-checkpoint)."""
    if not heads.exists():
        return 0
    notes = heads.read_text(encoding="utf-8").split("\n\n")
    sizes = [note.strip().split("\n")[1] for note in notes if note.strip().count("\n") >= 2]
    return max((int(size) for size in sizes if size.isdigit()), default=0)


def lose_it(pair, load):
    """When it was killed, and when the standby had been promoted."""
    awaits(PATIENCE_S, lambda: len(acknowledged(load)) > COMMANDS_BEFORE, "the load")
    began = time.monotonic()
    pair.kill_primary()
    pair.promote()
    promoted = time.monotonic()
    return began, promoted


def first_after(load, ops, moment):
    return min((entry.ended for entry in load.entries
                if entry.op in ops and entry.is_good() and entry.began > moment), default=float("inf"))


def synchronous(nodes, pair, heads, faults):
    pair.wait_for_standby()
    people = nodes.register(nodes.all[0].port, CALLERS, PASSWORD)
    _, session = post(nodes.all[0].port, "/api/v1/auth/login", {"email": next(iter(people)), "password": PASSWORD})
    ports = [node.port for node in nodes.all]
    with Load(ports, people, nodes.deployment.introspector, PER_SECOND) as load:
        began, promoted = lose_it(pair, load)
        awaits(PATIENCE_S, lambda: all(node.is_ready() for node in nodes.all), "the nodes' readiness")
        ready = time.monotonic()
        after = len(acknowledged(load))
        awaits(PATIENCE_S, lambda: len(acknowledged(load)) > after + CALLERS, "commands after the promotion")
    count, lost = check_log(pair.second_url_of(nodes), load, faults)
    for entry in lost[:10]:
        faults.append(f"LOST: {entry.op} was acknowledged at position {entry.position}")
    gaps = {name: load.longest_gap(ops)[0] for name, ops in (("commands", CHANGING), ("questions", ASKING))}
    shown = ", ".join(f"{name} for {gap:.2f} s (from the promotion on {first_after(load, ops, promoted) - promoted:.2f}"
                      f" s)" for (name, gap), ops in zip(gaps.items(), (CHANGING, ASKING)))
    print(f"synchronous standby: {load.rate():.0f} requests/s; killed, promoted {promoted - began:.2f} s later, both"
          f" nodes ready again {ready - began:.2f} s after the kill; not answered: {shown}; {len(acknowledged(load))}"
          f" acknowledged commands, {len(lost)} lost; {len(load.failed())} of {len(load.entries)} requests refused or"
          f" without an answer meanwhile; {count} events without a hole")
    check_tokens(nodes, session, faults)
    # Who kept house then appended too.
    check_kafka(nodes, len(log_of(pair.second_url_of(nodes))), faults)
    status, said = verify(nodes, heads)
    if status != 0:
        faults.append(f"audit verify --against: {status}: {said}")


def asynchronous(nodes, pair, heads, faults):
    people = nodes.register(nodes.all[0].port, CALLERS, PASSWORD)
    ports = [node.port for node in nodes.all]
    with Load(ports, people, nodes.deployment.introspector, PER_SECOND) as load:
        awaits(PATIENCE_S, load.is_on, "the load")
        pair.let_standby_fall_behind()
        kept = len(log_of(pair.second_url_of(nodes)))
        awaits(PATIENCE_S, lambda: signed_up_to(heads) > kept, "a tree head of what the standby lacks")
        _, promoted = lose_it(pair, load)
        # The node that makes them follows the log, and looks; the other one only would when it starts.
        awaits(PATIENCE_S, lambda: any(CONTRADICTED.search(reason) for reason in wrong_at(nodes)),
               "what the tree heads say")
        noticed = time.monotonic()
    _, lost = check_log(pair.second_url_of(nodes), load, [])
    status, said = verify(nodes, heads)
    print(f"asynchronous standby: it had {kept} events, {signed_up_to(heads)} were signed for; {len(lost)} acknowledged"
          f" commands lost; {noticed - promoted:.2f} s after the promotion nodes said: {wrong_at(nodes)}; verify:"
          f" {status}: {said.strip()}")
    if not lost:
        faults.append("nothing was lost: the test shows nothing")
    if all(node.is_ready() for node in nodes.all):
        faults.append("every node is ready although events are missing")
    if status != 4 or not NAMED.search(said):
        faults.append(f"audit verify --against does not name what is lost: {status}: {said}")
    refuses_to_serve(nodes, faults)


def wrong_at(nodes):
    """What is not good at each node's readiness."""
    answers = [ask(node.management_port, "/health/ready") for node in nodes.all]
    return ["; ".join(f"{check['name']}: {check['detail']}" for check in json.loads(text)["checks"]
                      if not check["good"]) for status, text in answers if status is not None]


def refuses_to_serve(nodes, faults):
    node = nodes.all[0]
    node.stop()
    node.start()
    try:
        status = node.process.wait(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        faults.append("a node serves although events are missing")
        return
    said = pathlib.Path(node.log.name).read_text(encoding="utf-8").strip().splitlines()[-1]
    print(f"serve, started again: {status}: {said}")
    if status == 0 or "tree head" not in said:
        faults.append("serve does not say that the tree heads contradict the log")


def run(story, binary, faults):
    work = pathlib.Path(tempfile.mkdtemp(prefix="keyledger-primary-"))
    work.chmod(0o711)
    pair = nodes = None
    try:
        pair = Pair(work)
        pair.second_url_of = lambda of: of.deployment.database.of(pair.second_url, of.deployment.database.name)
        heads = work / "heads"
        nodes = Nodes(binary, pair.of_nodes(os.environ[BROKERS]), work, f"primary-{os.getpid()}", count=2,
                      KEYLEDGER_TREE_HEAD_FILE=str(heads), KEYLEDGER_TREE_HEAD_SECONDS="1",
                      KEYLEDGER_DRAIN_SECONDS="0")
        nodes.start()
        story(nodes, pair, heads, faults)
    finally:
        if nodes:
            nodes.stop(drop=False)
        if pair:
            pair.drop()
        put_away(work, faults)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.environ.get("KEYLEDGER_TEST_BINARY"))
    parser.add_argument("--asynchronous", action="store_true", help="the standby lacks something")
    options = parser.parse_args()
    faults = []
    run(asynchronous if options.asynchronous else synchronous, options.binary, faults)
    return told(faults)


if __name__ == "__main__":
    sys.exit(main())
