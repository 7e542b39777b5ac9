"""The mixed load: many clients at once on few people, each request in a journal with what was answered.

A worker picks a person, a session and an instance of the service at random (from the seed and its own number), so that
clients get in each other's way: one changes the password while another logs in with the old one. What is not answered
for certain is repeated under its Idempotency-Key; some requests are repeated although they were answered."""

import base64
import http.client
import json
import random
import threading
import time
import urllib.parse

REQUEST_SECONDS = 12       # longer than the service's own deadline
TOKEN_SECONDS = 200        # younger than the service's access tokens, so that none is refused for its age
ATTEMPTS = 6               # of one Idempotency-Key
PEOPLE_AT_MOST = 60
SESSIONS_AT_MOST = 8       # that a person's clients remember
TOKENS_AT_MOST = 3000      # that are searched for afterwards
TOKEN_TAIL = 40            # of each: its seal or signature
PAUSE_SECONDS = 0.05       # after a refused connection: the service may be down

OPERATIONS = {  # weights
    "login": 20, "wrong_login": 4, "refresh": 28, "logout": 5, "change_password": 5, "update_profile": 4,
    "revoke_one": 5, "revoke_all": 3, "disable": 2, "enable": 9, "introspect": 18, "me": 8, "register": 3,
}


class Journal:
    """Two lines a request: when it was sent, and when and how it was answered. Written before anything else happens."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8")
        self.lock = threading.Lock()
        self.acknowledged = self.sent = 0

    def write(self, line):
        with self.lock:
            self.file.write(json.dumps(line) + "\n")
            self.sent += "sent" in line
            self.acknowledged += line.get("status", 599) < 300

    def close(self):
        self.file.close()


class Session:
    def __init__(self, session_id, access, refresh):
        self.id, self.access, self.refresh = session_id, access, refresh
        self.issued = time.monotonic()

    def is_fresh(self):
        return time.monotonic() - self.issued < TOKEN_SECONDS


class Person:
    """What the clients of one user know together."""

    def __init__(self, email):
        self.email, self.id = email, None
        self.password = 1            # the number of the one that was good when last heard of
        self.passwords = 1           # that were ever thought of
        self.sessions = []
        self.lock = threading.Lock()

    def next_password(self):
        with self.lock:
            self.passwords += 1
            return self.passwords

    def add(self, session):
        with self.lock:
            self.sessions = (self.sessions + [session])[-SESSIONS_AT_MOST:]

    def drop(self, session):
        with self.lock:
            self.sessions = [one for one in self.sessions if one is not session]

    def text_of(self, number):
        return f"violet tractors hum {number} times at noon"


class People:
    def __init__(self, journal, seed):
        self.journal, self.seed = journal, seed
        self.lock = threading.Lock()
        self.all, self.numbers = [], 0
        self.administrator = None
        self.introspector = ("introspector", "")
        self.user_agent = f"fault-loop-{seed:x}"
        self.names = set()
        self.secrets = {"not this one at all": "a wrong password"}  # value -> what it is

    def next_request_id(self, worker):
        with self.lock:
            self.numbers += 1
            return f"f{self.seed:x}-{worker}-{self.numbers}"

    def newcomer(self):
        with self.lock:
            self.numbers += 1
            return Person(f"person{self.numbers}@example.com")

    def keep_token(self, token, what):
        with self.lock:
            if len(self.secrets) < TOKENS_AT_MOST:
                self.secrets[token[-TOKEN_TAIL:]] = what

    def all_secrets(self):
        passwords = {person.text_of(number): "a password" for person in self.all + [self.administrator]
                     for number in range(1, person.passwords + 1)}
        return {**self.secrets, **passwords, self.introspector[1]: "a client's secret"}

    def all_personal(self):
        addresses = {person.email: "an e-mail address" for person in self.all + [self.administrator]}
        names = {name: "a person's name" for name in self.names}
        return {**addresses, **names, self.user_agent: "a user agent"}

    def known(self, chance):
        with self.lock:
            return chance.choice(self.all) if self.all else None


class Worker(threading.Thread):
    """`ports()` tells where instances listen; some of them may be down."""

    def __init__(self, number, people, ports, seed):
        super().__init__(daemon=True)
        self.number, self.people, self.ports = number, people, ports
        self.chance = random.Random(f"{seed}/{number}")
        self.connections = {}
        self.stopping = threading.Event()
        self.broken = None

    def run(self):
        names, weights = list(OPERATIONS), list(OPERATIONS.values())
        try:
            while not self.stopping.is_set():
                getattr(self, self.chance.choices(names, weights)[0])()
        except Exception as error:  # a bug of this test; the loop looks at it
            self.broken = error
            raise

    # ---- one request ---------------------------------------------------------------------------------------
    def ask(self, op, method, path, body=None, token=None, basic=None, **facts):
        """Sends it once; returns the journal's entry. `status` is missing where no answer came."""
        entry = {"request_id": self.people.next_request_id(self.number), "op": op, **facts}
        headers = {"X-Request-Id": entry["request_id"], "User-Agent": self.people.user_agent}
        if entry.get("key"):
            headers["Idempotency-Key"] = entry["key"]
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if basic:
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(basic).encode()).decode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            data = urllib.parse.urlencode(body)
        elif body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body)
        else:
            data = None
        port = self.chance.choice(self.ports())
        entry["port"], entry["sent"] = port, time.monotonic()
        self.people.journal.write(entry)
        answer = self.exchange(port, method, path, data, headers)
        if answer is None:
            self.stopping.wait(PAUSE_SECONDS)
            return entry
        entry.update(answered=time.monotonic(), **answer)
        told = {name: entry[name] for name in ("request_id", "answered", "status", "position", "problem",
                                               "told_user", "told_session", "active") if name in entry}
        self.people.journal.write(told)
        return entry

    def exchange(self, port, method, path, data, headers):
        connection = self.connections.pop(port, None) or http.client.HTTPConnection("127.0.0.1", port,
                                                                                   timeout=REQUEST_SECONDS)
        try:
            connection.request(method, path, data, headers)
            response = connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return None
        if response.will_close:
            connection.close()
        else:
            self.connections[port] = connection
        body = json.loads(text) if text else {}
        for name in ("access_token", "refresh_token"):
            if name in body:
                self.people.keep_token(body[name], f"an {name}" if name[0] == "a" else f"a {name}")
        return self.facts_of(response, body)

    @staticmethod
    def facts_of(response, body):
        facts = {"status": response.status, "body": body}
        if response.getheader("Keyledger-Position"):
            facts["position"] = int(response.getheader("Keyledger-Position"))
        if response.status >= 400:
            facts["problem"] = str(body.get("type", "")).rsplit("/", 1)[-1].rsplit(":", 1)[-1]
        if "active" in body:
            facts["active"] = body["active"]
        if "session_id" in body:
            facts["told_session"] = body["session_id"]
        if response.status == 201:
            facts["told_user"] = body["id"]
        return facts

    def insist(self, op, method, path, body, token, **facts):
        """Until it is known whether it was done, always under one key; sometimes once more."""
        key = f"{self.number}-{self.chance.getrandbits(64):x}" if self.chance.random() < 0.8 else None
        if key:
            facts["key"] = key
        for _ in range(ATTEMPTS):
            entry = self.ask(op, method, path, body, token, **facts)
            certain = "status" in entry and entry["status"] != 503
            if key is None or certain or self.stopping.is_set():
                break
        if key and self.chance.random() < 0.2:
            entry = self.ask(op, method, path, body, token, **facts)
        return entry

    # ---- operations ----------------------------------------------------------------------------------------
    def somebody(self):
        person = self.people.known(self.chance)
        if person is None:
            self.register()
        return person

    def session_of_somebody(self):
        person = self.somebody()
        with_tokens = [one for one in person.sessions if one.is_fresh()] if person else []
        if person and not with_tokens:
            self.login(person)
            return None, None
        return (person, self.chance.choice(with_tokens)) if person else (None, None)

    def register(self):
        if len(self.people.all) >= PEOPLE_AT_MOST:
            return
        person = self.people.newcomer()
        # Once: no key would be heard, and whose outcome is not known is nobody that the others know of.
        entry = self.ask("register", "POST", "/api/v1/auth/register",
                         {"email": person.email, "password": person.text_of(1)}, email=person.email, password=1)
        if entry.get("status") == 201:
            person.id = entry["told_user"]
            with self.people.lock:
                self.people.all.append(person)

    def login(self, person=None):
        person = person or self.somebody()
        if person is None:
            return
        # Sometimes with an old password, which must not be good any more.
        number = person.password if self.chance.random() < 0.9 else self.chance.randint(1, person.passwords)
        entry = self.ask("login", "POST", "/api/v1/auth/login",
                         {"email": person.email, "password": person.text_of(number)}, user=person.id, password=number)
        if entry.get("status") == 200:
            body = entry["body"]
            person.password = number
            person.add(Session(body["session_id"], body["access_token"], body["refresh_token"]))
        elif entry.get("problem") == "invalid-credentials":
            # Somebody's change may have gone through although nobody was told.
            person.password = self.chance.randint(1, person.passwords)

    def wrong_login(self):
        person = self.somebody()
        if person:
            body = {"email": person.email, "password": "not this one at all"}
            self.ask("wrong_login", "POST", "/api/v1/auth/login", body, user=person.id, password=-1)

    def refresh(self):
        person, session = self.session_of_somebody()
        if person is None:
            return
        entry = self.ask("refresh", "POST", "/api/v1/auth/refresh", {"refresh_token": session.refresh}, user=person.id,
                         session=session.id)
        if entry.get("status") == 200:
            session.refresh, session.access = entry["body"]["refresh_token"], entry["body"]["access_token"]
            session.issued = time.monotonic()
        elif entry.get("status") == 400:
            person.drop(session)

    def with_bearer(self, op, method, path, body=None, **facts):
        person, session = self.session_of_somebody()
        if person is None:
            return None, None, {}
        entry = self.insist(op, method, path, body, session.access, user=person.id, session=session.id, **facts)
        if entry.get("status") == 401 or (op == "logout" and entry.get("status") == 204):
            person.drop(session)
        return person, session, entry

    def logout(self):
        self.with_bearer("logout", "POST", "/api/v1/auth/logout")

    def revoke_all(self):
        self.with_bearer("revoke_all", "DELETE", "/api/v1/auth/sessions")

    def revoke_one(self):
        person, session = self.session_of_somebody()
        if person is None:
            return
        target = self.chance.choice(person.sessions or [session])
        entry = self.insist("revoke_one", "DELETE", f"/api/v1/auth/sessions/{target.id}", None, session.access,
                            user=person.id, session=session.id, target=target.id)
        if entry.get("status") in (204, 401):
            person.drop(target if entry["status"] == 204 else session)

    def change_password(self):
        person, session = self.session_of_somebody()
        if person is None:
            return
        old, new = person.password, person.next_password()
        body = {"current_password": person.text_of(old), "new_password": person.text_of(new)}
        entry = self.insist("change_password", "POST", "/api/v1/auth/change-password", body, session.access,
                            user=person.id, session=session.id, password=old, new_password=new)
        if entry.get("status") == 204:
            person.password = new
        elif entry.get("problem") == "wrong-password":
            person.password = self.chance.randint(1, person.passwords)
        elif entry.get("status") == 401:
            person.drop(session)

    def update_profile(self):
        name = f"Somebody {self.chance.getrandbits(32):x}"
        self.people.names.add(name)
        self.with_bearer("update_profile", "PUT", "/api/v1/auth/me", {"name": name})

    def me(self):
        person, session = self.session_of_somebody()
        if person is None:
            return
        entry = self.ask("me", "GET", "/api/v1/auth/me", None, session.access, user=person.id, session=session.id)
        if entry.get("status") == 401:
            person.drop(session)

    def introspect(self):
        person, session = self.session_of_somebody()
        if person:
            self.ask("introspect", "POST", "/oauth2/introspect", {"token": session.access}, None,
                     self.people.introspector, user=person.id, session=session.id)

    # ---- the administrator's -------------------------------------------------------------------------------
    def administer(self, op, path):
        administrator, person = self.people.administrator, self.somebody()
        fresh = [one for one in administrator.sessions if one.is_fresh()]
        if person is None:
            return
        if not fresh:
            self.login(administrator)
            return
        session = fresh[-1]
        entry = self.insist(op, "POST", f"/api/v1/admin/users/{person.id}/{path}", None, session.access,
                            user=person.id, session=session.id)
        if entry.get("status") == 401:
            administrator.drop(session)

    def disable(self):
        self.administer("disable", "deactivate")

    def enable(self):
        self.administer("enable", "activate")
