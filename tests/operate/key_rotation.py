#!/usr/bin/env python3
"""Rotates the key that access tokens are signed with as an operator does, on three nodes under load.

Scenario. Three nodes share a database; each has a copy of the keyring. Callers ask all three without pause: who
somebody is (a bearer call), and whether a token is active (introspection), with tokens that any of the nodes issued and
whose life is not over; others log in and refresh. Meanwhile `keyledger keys rotate token-signing --lead-seconds` runs
on the first node, the keyring is copied to the others one after the other, and each gets a SIGHUP, all within the lead
time. Then the new key is used, and tokens of before live to their end at every node. When the last of them has ended,
the old key is revoked (with --force: it would end by itself two hours later), copied and told of in the same way. No
call may be refused in between, and no node may sign with a key that another does not publish."""

import base64
import collections
import copy
import hashlib
import http.client
import json
import pathlib
import secrets
import shutil
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))
from reloading import metric, reload  # noqa: E402 pylint: disable=wrong-import-position
from scenario import arguments, die, free_ports, run_scenario  # noqa: E402 pylint: disable=wrong-import-position

PASSWORD = "violet tractors hum at noon"
CLIENT = "gateway"
LIFE_S = 10  # of an access token
LEAD_S = 8
MARGIN_S = 1.5  # before its end a token is not asked about any more: a call takes time
CALLERS_OF_A_NODE = 2
KEPT = 40  # tokens that callers choose from


class Connection:
    """To one node, by one thread."""

    def __init__(self, node, secret):
        self.node = node
        self.basic = "Basic " + base64.b64encode(f"{CLIENT}:{secret}".encode()).decode()
        self.connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=20)

    def call(self, method, path, body=None, form=None, authorization=None):
        headers = {"Content-Type": "application/json"} if form is None else {
            "Content-Type": "application/x-www-form-urlencoded"}
        if authorization:
            headers["Authorization"] = authorization
        data = urllib.parse.urlencode(form) if form is not None else None if body is None else json.dumps(body)
        self.connection.request(method, path, data, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else {}

    def introspect(self, token):
        status, answer = self.call("POST", "/oauth2/introspect", form={"token": token}, authorization=self.basic)
        return status, answer.get("active")

    def who_am_i(self, token):
        return self.call("GET", "/api/v1/auth/me", authorization=f"Bearer {token}")[0]

    def published(self):
        return {key["kid"] for key in self.call("GET", "/.well-known/jwks.json")[1]["keys"]}


def key_of(token):
    head = token.split(".", 1)[0]
    return json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]


class Token:
    def __init__(self, text, asked_at, answered_at):
        self.text, self.key = text, key_of(text)
        self.ends_surely_after = asked_at + LIFE_S - 1  # tokens say whole seconds
        self.ends_surely_before = answered_at + LIFE_S + 1

    def lives(self):
        return time.monotonic() < self.ends_surely_after - MARGIN_S


class Load:
    """Callers of all nodes, until told to stop. What was not as it has to be is in `wrong`."""

    def __init__(self, nodes, secret):
        self.nodes, self.secret = nodes, secret
        self.lock, self.stopping = threading.Lock(), threading.Event()
        self.tokens = collections.deque(maxlen=KEPT)
        self.first_of_key, self.last_of_key = {}, {}
        self.calls, self.issued, self.longest_s = collections.Counter(), 0, 0.0
        self.wrong = []
        self.threads = [threading.Thread(target=self.guarded, args=(self.log_in, node)) for node in nodes]
        self.threads += [threading.Thread(target=self.guarded, args=(self.ask, node))
                         for node in nodes for _ in range(CALLERS_OF_A_NODE)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def guarded(self, work, node):
        try:
            work(Connection(node, self.secret), node)
        except Exception as failure:  # pylint: disable=broad-exception-caught
            self.note(f"a caller of {node.name} gave up: {failure!r}")

    def note(self, sentence):
        with self.lock:
            self.wrong.append(sentence)

    def counted(self, node, what, ask, *words):
        begun = time.monotonic()
        answer = ask(*words)
        with self.lock:
            self.calls[node.name, what] += 1
            self.longest_s = max(self.longest_s, time.monotonic() - begun)
        return answer

    def log_in(self, connection, node):
        """And refresh, without pause: tokens under both keys are there at every moment."""
        others = [Connection(other, self.secret) for other in self.nodes]
        refresh = None
        while not self.stopping.is_set():
            begun = time.monotonic()
            if refresh:
                status, answer = self.counted(node, "refresh", connection.call, "POST", "/api/v1/auth/refresh",
                                              {"refresh_token": refresh})
            else:
                status, answer = self.counted(node, "log-in", connection.call, "POST", "/api/v1/auth/login",
                                              {"email": f"{node.name}@example.com", "password": PASSWORD})
            if status != 200:
                return self.note(f"{node.name} answered {status} to a log-in or refresh: {answer}")
            refresh = answer["refresh_token"] if not refresh else None
            token = Token(answer["access_token"], begun, time.monotonic())
            lacking = [other.node.name for other in others if token.key not in other.published()]
            if lacking:
                self.note(f"{node.name} signs with {token.key}, which {lacking} does not publish")
            with self.lock:
                self.issued += 1
                self.tokens.append(token)
                self.first_of_key.setdefault(token.key, token)
                self.last_of_key[token.key] = token
            self.stopping.wait(0.05)  # the load of logging in, not a condition

    def ask(self, connection, node):
        turn = 0
        while not self.stopping.is_set():
            with self.lock:
                living = [token for token in self.tokens if token.lives()]
            if not living:
                self.stopping.wait(0.01)  # until the first is there
                continue
            token = living[turn % len(living)]
            turn += 7
            status = self.counted(node, "bearer", connection.who_am_i, token.text)
            if status != 200:
                self.note(f"{node.name} answered {status} to a bearer call under {token.key}")
            told = self.counted(node, "introspection", connection.introspect, token.text)
            if told != (200, True):
                self.note(f"{node.name} answered {told} to introspection of a token under {token.key}")


def make_nodes(service, work, secret):
    """The first has the keyring that commands change; the others have copies."""
    clients = work / "clients.json"
    clients.touch(mode=0o600)
    clients.write_text(json.dumps({"clients": [{"client_id": CLIENT, "audiences": [], "introspect": "all",
                                                "client_secret_sha256": hashlib.sha256(secret.encode()).hexdigest()}],
                                   "first_party_audiences": []}), encoding="utf-8")
    nodes = []
    for number in range(3):
        node = service if number == 0 else copy.copy(service)
        node.environment = {**service.environment, "KEYLEDGER_CLIENTS_FILE": str(clients),
                            "KEYLEDGER_ACCESS_TOKEN_SECONDS": str(LIFE_S)}
        node.name = f"node-{number + 1}"
        if number > 0:
            node.port, node.management_port = free_ports(2)
            node.log = open(work / f"{node.name}.log", "ab")
            node.environment.update(KEYLEDGER_LISTEN=f"127.0.0.1:{node.port}",
                                    KEYLEDGER_MANAGEMENT_LISTEN=f"127.0.0.1:{node.management_port}",
                                    KEYLEDGER_KEYRING_FILE=str(work / f"{node.name}.keyring.json"))
        nodes.append(node)
    return nodes


def keyring_of(node):
    return pathlib.Path(node.environment["KEYLEDGER_KEYRING_FILE"])


def spread(nodes):
    """Copies the first node's keyring to the others, and tells every node, one after the other."""
    for node in nodes:
        if node is not nodes[0]:
            beside = keyring_of(node).with_suffix(".new")
            shutil.copyfile(keyring_of(nodes[0]), beside)
            beside.chmod(0o600)
            beside.replace(keyring_of(node))
        reload(node)
        if metric(node, "keyledger_reload_failed") != 0:
            die(f"{node.name} did not take the keyring")


def signing_keys(node):
    """Ids by state."""
    states = collections.defaultdict(list)
    for key in json.loads(node.run("keys", "list", "--json").stdout)["keys"]:
        if key["purpose"] == "token-signing":
            states[key["state"]].append(key["id"])
    return states


def wait_until(moment):
    time.sleep(max(0.0, moment - time.monotonic()))  # a token's end is a time, and nothing tells of it


def rotate(nodes, secret, load, expect):
    first = nodes[0]
    connections = [Connection(node, secret) for node in nodes]
    old, = signing_keys(first)["current"]
    begun = time.monotonic()
    first.run("keys", "rotate", "token-signing", "--lead-seconds", str(LEAD_S))
    new, = (one for ids in signing_keys(first).values() for one in ids if one != old)
    spread(nodes)
    spread_s = time.monotonic() - begun
    expect("every node has both keys within the lead time",
           (spread_s < LEAD_S, [{old, new} <= one.published() for one in connections]), (True, [True] * 3))
    expect("none signs with the new one before", new in load.first_of_key, False)
    until = begun + LEAD_S + 20
    while new not in load.first_of_key and time.monotonic() < until:
        load.stopping.wait(0.02)  # between two looks at the condition that is awaited
    expect("then the new one is used", new in load.first_of_key, True)
    used_s = time.monotonic() - begun

    load.stopping.wait(1)  # a token under the old key may be on its way still
    last = load.last_of_key[old]
    wait_until(last.ends_surely_after - MARGIN_S)
    asked = [(one.who_am_i(last.text), one.introspect(last.text)) for one in connections]
    expect("the last token under the old key lives to its end", asked, [(200, (200, True))] * 3)
    wait_until(last.ends_surely_before)
    asked = [(one.who_am_i(last.text), one.introspect(last.text)) for one in connections]
    expect("and has ended then", asked, [(401, (200, False))] * 3)

    refused = first.run("keys", "revoke", old, check=False)
    expect("nobody ends the old key by accident", (refused.returncode, "Wait until it has ended" in refused.stderr),
           (1, True))
    first.run("keys", "revoke", old, "--force")
    spread(nodes)
    expect("the old key is revoked and published no more",
           ([old in one.published() for one in connections], [new in one.published() for one in connections]),
           ([False] * 3, [True] * 3))
    print(f"keyring on three nodes after {spread_s:.1f} s of {LEAD_S}, new key used after {used_s:.1f} s")
    return old, new


def story(service, _databases, work, expect):
    secret = secrets.token_hex(32)
    nodes = make_nodes(service, work, secret)
    for node in nodes[1:]:
        shutil.copyfile(keyring_of(nodes[0]), keyring_of(node))
        keyring_of(node).chmod(0o600)
    load = Load(nodes, secret)
    try:
        for node in nodes:
            node.start()
        for node in nodes:
            person = {"email": f"{node.name}@example.com", "password": PASSWORD}
            status, answer = Connection(nodes[0], secret).call("POST", "/api/v1/auth/register", person)
            if status != 201:
                die(f"a registration was answered {status}: {answer}")
        begun = time.monotonic()
        load.start()
        try:
            rotate(nodes, secret, load, expect)
        finally:
            load.stop()
        seconds = time.monotonic() - begun
        for node in nodes:
            node.stop()
    finally:
        for node in nodes:
            if node.process and node.process.poll() is None:
                node.process.kill()
                node.process.wait()
    everything = sum(load.calls.values())
    print(f"{everything} calls in {seconds:.1f} s ({everything / seconds:.0f} a second), {load.issued} tokens issued"
          f" under {len(load.first_of_key)} keys, the longest answer {load.longest_s * 1000:.0f} ms")
    asked = {node.name: load.calls[node.name, "bearer"] >= 50 and load.calls[node.name, "introspection"] >= 50
             for node in nodes}
    expect("every node was asked all the time", asked, {node.name: True for node in nodes})
    expect("refused or wrong", (len(load.wrong), load.wrong[:5]), (0, []))


if __name__ == "__main__":
    sys.exit(run_scenario(arguments(__doc__).parse_args(), "rotation", story))
