"""Changes something on one node and asks another one at the moment the answer is there: what it says must be from after
the change. Nodes die, stand still and lose their database meanwhile: a change is asked for, under one Idempotency-Key,
until some node acknowledged it; a question that is not answered is asked again, and any answer must be right.

Runs in a process of its own (run). Tells by the pipe how many changes and questions there were, and what was stale."""

import base64
import dataclasses
import http.client
import json
import random
import threading
import time
import urllib.parse

PASSWORD = "violet tractors hum at noon"
ATTEMPT_S = 12        # longer than the service's own deadline
PAUSE_S = 0.1
FRESH_S = 200         # an administrator's token is used for so long
TELL_EVERY_S = 1
SHARES = {"assign_and_withdraw": 10, "join_and_leave": 6, "log_out": 1, "revoke_all": 1}


@dataclasses.dataclass
class Counts:
    changes: int = 0
    questions: int = 0
    unanswered: int = 0
    stale: int = 0


class Stopped(Exception):
    pass


class Prober:
    def __init__(self, settings, pipe):
        self.settings, self.pipe = settings, pipe
        self.ports = settings["ports"]
        self.chance = random.Random(f"{settings['seed']}/prober")
        self.client = "Basic " + base64.b64encode(":".join(settings["client"]).encode()).decode()
        self.connections, self.counts = {}, Counts()
        self.number, self.root, self.root_since, self.told = 0, None, 0, 0
        self.stopping = threading.Event()

    # ---- one request -----------------------------------------------------------------------------------------
    def ask(self, port, method, path, body=None, authorization=None, key=None):
        """(status, answer); (None, why) where there was none."""
        headers = {"Authorization": authorization} if authorization else {}
        self.number += 1
        headers["X-Request-Id"] = f"probe-{self.settings['seed']}-{self.number}"
        if key:
            headers["Idempotency-Key"] = key
        data = body
        if isinstance(body, str):
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif body is not None:
            data, headers["Content-Type"] = json.dumps(body), "application/json"
        kept = self.connections.pop(port, None)
        connection = kept or http.client.HTTPConnection("127.0.0.1", port, timeout=ATTEMPT_S)
        try:
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as failure:
            connection.close()
            return None, repr(failure)
        if answer.will_close:
            connection.close()
        else:
            self.connections[port] = connection
        return answer.status, json.loads(text) if text else {}

    def look(self):
        if self.stopping.is_set():
            raise Stopped
        if time.monotonic() - self.told > TELL_EVERY_S:
            self.told = time.monotonic()
            self.pipe.send({"probe": dataclasses.asdict(self.counts)})

    def change(self, *words, key=True, authorization=None):
        """(the node that acknowledged it, its answer). The nodes are asked in turn, from a random one on."""
        name = f"probe-{self.settings['seed']}-key-{self.number}" if key else None
        turn = self.chance.randrange(len(self.ports))
        while True:
            self.look()
            port = self.ports[turn % len(self.ports)]
            status, answer = self.ask(port, *words, authorization=authorization or self.administrator(port), key=name)
            if status is not None and 200 <= status < 300:
                self.counts.changes += 1
                return port, answer
            if status is not None and 400 <= status < 500 and status not in (401, 429):
                raise RuntimeError(f"{words[0]} {words[1]} was answered {status} {answer}")
            if status == 401:
                self.root = None
            turn += 1
            time.sleep(PAUSE_S)  # a node that is down, between two attempts

    def administrator(self, port):
        if self.root is None or time.monotonic() - self.root_since > FRESH_S:
            old = self.root
            status, answer = self.ask(port, "POST", "/api/v1/auth/login",
                                      {"email": self.settings["administrator"][0],
                                       "password": self.settings["administrator"][1]})
            if status != 200:
                return f"Bearer {old}"
            self.root, self.root_since = answer["access_token"], time.monotonic()
            if old:
                self.ask(port, "POST", "/api/v1/auth/logout", authorization=f"Bearer {old}")
        return f"Bearer {self.root}"

    def question(self, acknowledged_by, what, wanted, *words, field):
        """Of another node than the one that acknowledged the change."""
        others = [port for port in self.ports if port != acknowledged_by]
        self.chance.shuffle(others)
        since = time.monotonic()
        while True:
            for port in others:
                self.look()
                asked = time.monotonic()
                status, answer = self.ask(port, *words, authorization=self.client)
                if status == 200:
                    self.counts.questions += 1
                    if answer[field] is not wanted:
                        self.counts.stale += 1
                        self.pipe.send({"wrong": {
                            "at": time.monotonic(), "what": f"STALE: {what}: {field} is {answer[field]}, asked of port"
                            f" {port} {asked - since:.3f} s after port {acknowledged_by} had acknowledged it, answered"
                            f" in {time.monotonic() - asked:.3f} s"}})
                    return
                self.counts.unanswered += 1
            time.sleep(PAUSE_S)

    # ---- what is asked ---------------------------------------------------------------------------------------
    def is_active(self, by, token, wanted, what):
        self.question(by, what, wanted, "POST", "/oauth2/introspect", urllib.parse.urlencode({"token": token}),
                      field="active")

    def may(self, by, wanted, what):
        self.question(by, what, wanted, "POST", "/access/v1/evaluation",
                      {"subject": {"type": "user", "id": self.settings["user"][1]},
                       "resource": {"type": "ledgers", "id": "1"}, "action": {"name": "read"}}, field="decision")

    def log_in(self):
        by, answer = self.change("POST", "/api/v1/auth/login", {"email": self.settings["user"][0],
                                                                "password": PASSWORD}, key=False, authorization="none")
        self.is_active(by, answer["access_token"], True, "a session that was started")
        return answer["access_token"]

    def log_out(self):
        token = self.log_in()
        by, _ = self.change("POST", "/api/v1/auth/logout", authorization=f"Bearer {token}")
        self.is_active(by, token, False, "a session that was logged out")

    def revoke_all(self):
        token = self.log_in()
        by, _ = self.change("DELETE", f"/api/v1/admin/users/{self.settings['user'][1]}/sessions")
        self.is_active(by, token, False, "a session that was revoked")

    def give_and_take(self, path, given, taken):
        by, _ = self.change("PUT", path)
        self.may(by, True, given)
        by, _ = self.change("DELETE", path)
        self.may(by, False, taken)

    def assign_and_withdraw(self):
        self.give_and_take(f"/api/v1/admin/users/{self.settings['user'][1]}/roles/{self.settings['role']}",
                           "a role that was assigned", "a role that was withdrawn")

    def join_and_leave(self):
        self.give_and_take(f"/api/v1/admin/groups/{self.settings['group']}/members/{self.settings['user'][1]}",
                           "what a group's member may", "what somebody may who left the group")

    def run(self):
        names, weights = list(SHARES), list(SHARES.values())
        due = time.monotonic()
        try:
            while not self.stopping.is_set():
                getattr(self, self.chance.choices(names, weights)[0])()
                due = max(due + self.settings["every_s"], time.monotonic() - self.settings["every_s"])
                self.stopping.wait(max(0, due - time.monotonic()))
        except Stopped:
            pass
        except Exception as broken:  # a bug of this test, or an answer that nothing explains
            self.pipe.send({"broken": repr(broken)})
            raise
        finally:
            self.pipe.send({"probe": dataclasses.asdict(self.counts), "ended": True})


def run(settings, pipe):
    prober = Prober(settings, pipe)

    def listen():
        try:
            pipe.recv()
        except EOFError:
            pass
        prober.stopping.set()
    threading.Thread(target=listen, daemon=True).start()
    prober.run()
