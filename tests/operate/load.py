"""A steady load of what people and resource servers ask, with exact books: what is in flight at any moment, and what
came of each request.

Callers keep their connections, but for a share that opens one for each request. Each has a person of its own, so that
none gets in another's way: whatever is not answered as it should be is the service's or the balancer's. All run in one
thread, so the books need no lock; whoever kills a node reads them from another one after the load has ended."""

import asyncio
import base64
import dataclasses
import json
import random
import threading
import time
import urllib.parse

# Of a thousand requests.
SHARES = {"me": 330, "introspect": 250, "evaluate": 200, "refresh": 100, "change": 110, "login": 10}
PASSWORD = "violet tractors hum at noon"
PATIENCE_S = 20
EVERY_FRESH = 4  # of so many callers one opens a connection for each request


@dataclasses.dataclass
class Entry:
    """One request. `ended` and `status` are None while it is in flight; `status` stays None where no answer came."""
    id: str
    op: str
    began: float
    ended: float = None
    status: int = None
    what: str = ""
    position: int = None
    server: str = ""

    def is_good(self):
        return self.status is not None and 200 <= self.status < 300

    def was_in_flight(self, since, until):
        return self.began < until and (self.ended is None or self.ended > since)


class Connection:
    def __init__(self, port):
        self.port, self.reader, self.writer = port, None, None

    async def ask(self, method, path, headers, body):
        """Status, header fields and body. Raises OSError or EOFError where no whole answer came."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        head = f"{method} {path} HTTP/1.1\r\nHost: keyledger.example.com\r\nContent-Length: {len(body)}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.writer.write(head.encode() + b"\r\n" + body)
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = (line.partition(":") for line in lines[1:] if line)
        fields = {name.lower(): value.strip() for name, _, value in pairs}
        text = await self.reader.readexactly(int(fields.get("content-length", 0)))
        if fields.get("connection", "").lower() == "close":
            self.close()
        return int(lines[0].split(" ", 2)[1]), fields, text

    def close(self):
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


class Caller:
    def __init__(self, load, number, person):
        self.load, self.number, self.person = load, number, person
        self.connection = Connection(load.ports[number % len(load.ports)])
        self.is_fresh = number % EVERY_FRESH == 0
        self.chance = random.Random(f"{load.seed}/{number}")
        self.count = 0
        self.access = self.refresh_token = None

    async def run(self):
        names, weights = list(SHARES), list(SHARES.values())
        await asyncio.sleep(self.load.pause * self.chance.random())
        due = time.monotonic()
        while not self.load.stopping:
            op = self.chance.choices(names, weights)[0] if self.access else "login"
            await getattr(self, op)()
            due = max(due + self.load.pause, time.monotonic() - self.load.pause)
            await asyncio.sleep(max(0, due - time.monotonic()))
        self.connection.close()

    async def ask(self, op, method, path, body=None, **headers):
        self.count += 1
        entry = Entry(f"load-{self.number}-{self.count}", op, time.monotonic())
        fields = {"X-Request-Id": entry.id} | {name.replace("_", "-"): value for name, value in headers.items()}
        data = b""
        if isinstance(body, str):
            data, fields["Content-Type"] = body.encode(), "application/x-www-form-urlencoded"
        elif body is not None:
            data, fields["Content-Type"] = json.dumps(body).encode(), "application/json"
        self.load.entries.append(entry)
        answer = {}
        try:
            exchange = self.connection.ask(method, path, fields, data)
            entry.status, got, text = await asyncio.wait_for(exchange, PATIENCE_S)
            answer = json.loads(text) if text and entry.is_good() else {}
            if entry.is_good() and "keyledger-position" in got:
                entry.position = int(got["keyledger-position"])
            if not entry.is_good():
                entry.what = text[:200].decode(errors="replace")
        except (OSError, EOFError, asyncio.TimeoutError) as failure:
            entry.what = f"{type(failure).__name__}: {failure}"
            self.connection.close()
        entry.ended = time.monotonic()
        if self.is_fresh:
            self.connection.close()
        return entry, answer

    def bearer(self):
        return f"Bearer {self.access}"

    async def login(self):
        entry, answer = await self.ask("login", "POST", "/api/v1/auth/login",
                                       {"email": self.person, "password": PASSWORD})
        if entry.is_good():
            self.access, self.refresh_token = answer["access_token"], answer["refresh_token"]

    async def refresh(self):
        entry, answer = await self.ask("refresh", "POST", "/api/v1/auth/refresh",
                                       {"refresh_token": self.refresh_token})
        # Whether a refresh without an answer was carried out nobody knows: they log in again, as clients do.
        self.access = self.refresh_token = None
        if entry.is_good():
            self.access, self.refresh_token = answer["access_token"], answer["refresh_token"]

    async def me(self):
        await self.ask("me", "GET", "/api/v1/auth/me", Authorization=self.bearer())

    async def change(self):
        name = f"Somebody {self.number} {self.count}"
        await self.ask("change", "PUT", "/api/v1/auth/me", {"name": name}, Authorization=self.bearer(),
                       Idempotency_Key=f"change-{self.load.seed}-{self.number}-{self.count}")

    async def introspect(self):
        entry, answer = await self.ask("introspect", "POST", "/oauth2/introspect",
                                       urllib.parse.urlencode({"token": self.access}), Authorization=self.load.basic)
        if entry.is_good() and answer["active"] is not True:
            entry.status, entry.what = None, "a token of a live session was said not to be active"

    async def evaluate(self):
        question = {"subject": {"type": "user", "id": self.load.people[self.person]},
                    "resource": {"type": "invoices", "id": "1"}, "action": {"name": "read"}}
        entry, answer = await self.ask("evaluate", "POST", "/access/v1/evaluation", question,
                                       Authorization=self.load.basic)
        if entry.is_good() and answer["decision"] is not False:
            entry.status, entry.what = None, "somebody without roles may read invoices"


class Load:
    """`people` is address -> id; each is one caller's, who asks at one of the ports. `client` may introspect and
    evaluate."""

    def __init__(self, ports, people, client, per_second, seed=7):
        self.ports, self.people, self.seed = ports, people, seed
        self.pause = len(people) / per_second
        self.basic = "Basic " + base64.b64encode(":".join(client).encode()).decode()
        self.entries, self.stopping, self.broken = [], False, None
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        async def all_of_them():
            await asyncio.gather(*(Caller(self, number, person).run() for number, person in enumerate(self.people)))
        try:
            asyncio.run(all_of_them())
        except Exception as error:  # a bug of this test; stop() tells
            self.broken = error
            raise

    def start(self):
        self.thread.start()

    def stop(self):
        self.stopping = True
        self.thread.join(PATIENCE_S + 5)
        if self.broken or self.thread.is_alive():
            raise RuntimeError(f"the load broke: {self.broken!r}")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def is_on(self):
        """Every caller has been answered."""
        return sum(entry.ended is not None for entry in list(self.entries)) > 2 * len(self.people)

    def failed(self):
        return [entry for entry in self.entries if not entry.is_good()]

    def rate(self):
        good = [entry for entry in self.entries if entry.is_good()]
        return len(good) / (max(entry.ended for entry in good) - min(entry.began for entry in good))

    def slowest_ms(self, share=0.99):
        took = sorted(entry.ended - entry.began for entry in self.entries if entry.is_good())
        return 1000 * took[int(share * (len(took) - 1))]

    def longest_gap(self, ops):
        """(seconds, when it began): between two answers that were good, of these operations."""
        ends = sorted(entry.ended for entry in self.entries if entry.op in ops and entry.is_good())
        return max((later - earlier, earlier) for earlier, later in zip(ends, ends[1:]))
