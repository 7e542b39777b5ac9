#!/usr/bin/env python3
"""Kills each of three nodes behind HAProxy with SIGKILL, again and again, under load, and counts what was lost with it.

Scenario. As in rolling_restart.py, but a node dies without a word. By the books of those who ask, a request fails only
if it was in flight at that moment, and by HAProxy's log on that node; what changes nothing, and what an
Idempotency-Key makes known again, is sent to another node and not even lost then. Whoever asks after the kill is
answered by the others at once.

Meanwhile the work that one node does for all goes over to another: of what is appended after the kill, the list of
users is brought up to date, the event comes to Kafka, and the mail is sent, each within five seconds. The first to be
killed is the one that did all of it."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

from load import PASSWORD, Load
from nodes import Balancer, Nodes, awaits, put_away, the_servers, told
from mailbox import Mailbox  # of tests/fault, which nodes.py names; pylint: disable=wrong-import-order

CALLERS = 48
PER_SECOND = 400
ROUNDS = 3  # in each of which every node is killed once
MOST_SECONDS = 5
PATIENCE_S = 30
ADMINISTRATOR = "administrator@example.com"
NOTICED_WITHIN = 0.02  # seconds: one turn of a busy HAProxy
SAFE = {"me", "introspect", "evaluate", "change"}  # that HAProxy may ask another node, see haproxy.cfg


class Topic:
    """Which positions are in Kafka, and since when; read by kcat as consumers read: what is committed."""

    def __init__(self, brokers, topic):
        self.seen, self.lock = {}, threading.Lock()
        self.process = subprocess.Popen(["kcat", "-C", "-u", "-q", "-b", brokers, "-t", topic, "-o", "beginning", "-X",
                                         "isolation.level=read_committed", "-X", "fetch.wait.max.ms=20", "-f", "%h\n"],
                                        text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            fields = dict(part.split("=", 1) for part in line.strip().split(",") if "=" in part)
            with self.lock:
                self.seen[int(fields["ce_sequence"])] = time.monotonic()

    def since(self, position):
        with self.lock:
            return self.seen.get(position)

    def stop(self):
        self.process.kill()
        self.process.wait()


class Administrator:
    """Asks through HAProxy, and again where a node was just killed."""

    def __init__(self, port, password):
        self.port, self.password, self.token = port, password, None

    def call(self, method, path, body=None, **headers):
        """Status, JSON and position."""
        fields = {"Content-Type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
        if self.token:
            fields["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, fields, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                text, position = answer.read(), answer.headers.get("Keyledger-Position")
                return answer.status, json.loads(text) if text else {}, int(position or 0)
        except urllib.error.HTTPError as error:
            return error.code, {}, 0

    def log_in(self):
        _, answer, _ = self.call("POST", "/api/v1/auth/login", {"email": ADMINISTRATOR, "password": self.password})
        self.token = answer["access_token"]


def await_time(condition):
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        at = condition()
        if at:
            return at
        time.sleep(0.01)  # between two looks at the condition that is awaited
    return float("inf")


def take_over(administrator, topic, mailbox, killed, number):
    """Seconds from the kill until others have projected, published and mailed what was appended after it."""
    email = f"after.kill{number}@example.com"
    _, _, position = administrator.call("POST", "/api/v1/admin/users", {"email": f"made.{email}"},
                                        Idempotency_Key=f"after-kill-{number}")
    status, _, _ = administrator.call("POST", "/api/v1/auth/register", {"email": email, "password": PASSWORD})
    if position == 0 or status != 202:
        return {"appended": float("inf")}
    appended = time.monotonic()

    def projected():
        status, _, _ = administrator.call("GET", "/api/v1/admin/users?limit=1", Keyledger_Min_Position=str(position))
        return time.monotonic() if status == 200 else None

    def mailed():
        return time.monotonic() if mailbox.messages(email, 0, 1) else None
    results = {}
    looks = {"projected": projected, "published": lambda: topic.since(position), "mailed": mailed}
    threads = [threading.Thread(target=lambda name=name, look=look: results.update({name: await_time(look) - killed}))
               for name, look in looks.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"appended": appended - killed, **results}


def kill_one(nodes, balancer, load, number):
    """When it began, and when HAProxy knew: what it sends by a kept connection before it has read that this one is
    closed is in flight on the node as well."""
    node = nodes.all[number - 1]
    since = time.monotonic()
    node.kill()  # returns when the process is gone, and its connections with it
    return since, time.monotonic() + NOTICED_WITHIN


def judge(balancer, load, number, since, until, faults):
    """What was in flight at the kill, on that node too, and what of it failed. Where a kept connection to a node dies,
    HAProxy ends the caller's without a word, and logs none."""
    name, sent_twice = f"node{number}", set(balancer.retried())
    in_flight = [entry for entry in load.entries if entry.was_in_flight(since, until)]
    failed = [entry for entry in in_flight if not entry.is_good()]
    on_it = [entry for entry in in_flight if balancer.node_of(entry) == name or entry.id in sent_twice
             or (entry in failed and balancer.node_of(entry) is None)]
    for entry in failed:
        if balancer.node_of(entry) not in (name, None):
            faults.append(f"{entry.op} failed on {balancer.node_of(entry)}, which was not killed: {entry.what}")
        elif entry.op in SAFE:
            faults.append(f"{entry.op} was lost, and might have been sent to another node: {entry.what}")
    if len(failed) > len(on_it):
        faults.append(f"{len(failed)} failed, and only {len(on_it)} were in flight on {name}")
    return in_flight, on_it, failed


def judge_the_rest(balancer, load, kills, judged, faults):
    """Whatever failed and was in flight at no kill."""
    for entry in load.failed():
        if entry.id not in judged:
            after = min((entry.began - until for _, _, _, until, _ in kills if entry.began > until), default=None)
            faults.append(f"{entry.op} failed, which was in flight at no kill: {entry.status} {entry.what}, by"
                          f" {balancer.node_of(entry)}, {after} s after one")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.environ.get("KEYLEDGER_TEST_BINARY"))
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="keyledger-killed-"))
    work.chmod(0o711)
    faults, nodes, balancer, topic, mailbox = [], None, None, None, None
    try:
        servers = the_servers()
        mailbox = Mailbox(work / "mailbox")
        nodes = Nodes(options.binary, servers, work, f"killed-{os.getpid()}",
                      KEYLEDGER_SMTP_URL=mailbox.smtp_url, KEYLEDGER_MAIL_FROM="keyledger@example.com",
                      KEYLEDGER_EMAIL_VERIFICATION="required", KEYLEDGER_MAIL_OPEN_RATE_PER_MINUTE="1000000")
        nodes.start()
        balancer = Balancer([node.port for node in nodes.all])
        balancer.start()
        topic = Topic(servers.brokers, nodes.deployment.topic)
        administrator = Administrator(balancer.port, nodes.deployment.administrator_password)
        administrator.log_in()
        people = nodes.register(balancer.port, CALLERS, PASSWORD, mailbox)
        kills = []
        with Load([balancer.port], people, nodes.deployment.introspector, PER_SECOND) as load:
            awaits(30, load.is_on, "the load")
            for number in (1, 2, 3) * ROUNDS:
                led = nodes.holders()[nodes.all[number - 1].name]
                since, until = kill_one(nodes, balancer, load, number)
                times = take_over(administrator, topic, mailbox, until, len(kills))
                node = nodes.all[number - 1]
                node.start()
                node.await_ready()
                balancer.awaits_up(f"node{number}", until)
                kills.append((number, led, since, until, times))
        judged, on_killed = set(), 0
        for number, led, since, until, times in kills:
            in_flight, on_it, failed = judge(balancer, load, number, since, until, faults)
            judged |= {entry.id for entry in failed}
            on_killed += len(on_it)
            shown = ", ".join(f"{name} {took:.2f} s" for name, took in times.items())
            lost = ", ".join(sorted(entry.op for entry in failed)) or "none"
            print(f"node{number} killed, which held {led} locks: {len(in_flight)} requests in flight, {len(on_it)} on"
                  f" it, {len(failed)} lost ({lost}); after it another had {shown}")
            for name, took in times.items():
                if took > MOST_SECONDS:
                    faults.append(f"node{number}: {name} only after {took:.1f} s")
        judge_the_rest(balancer, load, kills, judged, faults)
        if kills[0][1] == 0:
            faults.append("the first node that was killed did nothing for the others: the test shows nothing")
        gap, _ = load.longest_gap({entry.op for entry in load.entries})
        slowest = {name: max(times[name] for *_, times in kills) for name in ("projected", "published", "mailed")}
        print(f"{len(kills)} kills under {load.rate():.0f} requests/s: {len(load.entries)} requests, {on_killed} in"
              f" flight on the node that was killed, {len(load.failed())} lost, {len(balancer.retried())} sent to a"
              f" second node; longest time without an answer {1000 * gap:.0f} ms; at the latest "
              + ", ".join(f"{name} {took:.2f} s" for name, took in slowest.items()) + " after a kill")
    finally:
        if topic:
            topic.stop()
        if balancer:
            balancer.stop()
        if nodes:
            nodes.stop()
        if mailbox:
            mailbox.drop()
        put_away(work, faults)
    return told(faults)


if __name__ == "__main__":
    sys.exit(main())
