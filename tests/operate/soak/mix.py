"""The load of the soak test: a fixed number of people whose sessions begin, are refreshed a bounded number of times,
and end, and newcomers who are erased again, so that the service's state is the same at the end as at the beginning.

Runs in a process of its own (run), told by a pipe what to do: ("closed", callers), ("open", requests a second),
("stop",).
In an open loop a request is due at its time whether or not those before it were answered, and its latency counts from
then. What was not answered for certain is asked again: under its Idempotency-Key where one is taken, a refresh with the
same token, a log-in anew. Written into `directory`:

  operations.bin     RECORD of each operation: when it was due, when answered for good, which, how, in how many attempts
  failed.jsonl       each attempt that got no good answer
  acknowledged.tsv   position, operation, and the ids of its requests, of each command that was answered as done; with
                     position 0 of one that was refused as whoever ended their session is: it must have been done
  wrong.jsonl        answers that nothing explains, and stale ones"""

import array
import asyncio
import base64
import collections
import dataclasses
import json
import pathlib
import random
import sys
import threading
import time
import typing
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from load import PASSWORD, Connection  # noqa: E402 pylint: disable=wrong-import-position

# Of ten thousand. A session's end and the next log-in come out of `refresh`.
SHARES = {"me": 3200, "introspect": 2600, "evaluate": 2200, "refresh": 1100, "change": 880, "token": 12, "visit": 8}
OPS = ("me", "introspect", "evaluate", "refresh", "change", "token", "login", "logout", "register", "erase")
COMMANDS = {"refresh", "change", "token", "login", "logout", "register", "erase"}
ENDS_SESSION = {"logout", "erase"}  # the caller's own: a repeat is refused
REFRESHES = (60, 120)      # of a session, then it ends
PATIENCE_S = 20            # for one attempt
INSIST_S = 90              # until an operation is given up
LAST_S = 30                # the same, once the run is over
GRACE_S = 9                # so long a refresh token is presented again; the service takes it for ten
PAUSE_S = 0.25             # between two attempts
AT_ONCE = 600              # connections at most; HAProxy takes 1,000 of one network
IDLE_S = 20                # an idle connection older than that is not used: HAProxy ends it after 60
TOKEN_S = 240              # younger than access tokens get
FIELDS = 5                 # of an operation in operations.bin, all of them doubles


@dataclasses.dataclass
class Person:
    email: str
    id: str
    may_read: bool = False
    access: str = None
    refresh: str = None
    issued: float = 0
    refreshes_left: int = 0
    session: int = 0        # counts sessions: which one a question was about
    ending: float = None    # since when the session is being ended
    ended: float = None     # when its end was acknowledged

    def takes(self, answer, chance):
        self.access, self.refresh, self.issued = answer["access_token"], answer["refresh_token"], time.monotonic()
        if self.ending is not None or self.session == 0:
            self.session += 1
            self.refreshes_left = chance.randint(*REFRESHES)
        self.ending = self.ended = None

    def is_live(self):
        return self.access is not None and self.ending is None and time.monotonic() - self.issued < TOKEN_S


@dataclasses.dataclass
class Outcome:
    """Of an operation: what the last attempt was answered; `ids` of all its requests."""
    status: int = 0
    answer: dict = None
    problem: str = ""
    attempts: int = 0
    ids: list = dataclasses.field(default_factory=list)
    uncertain: bool = False  # an attempt before may have been carried out
    may_have_ended: typing.Callable[[], bool] = lambda: False  # the session that it was asked with: 401 is right then

    def is_good(self):
        return 200 <= self.status < 300


class Pool:
    def __init__(self, port):
        self.port, self.idle, self.places = port, [], asyncio.Semaphore(AT_ONCE)

    async def ask(self, method, path, headers, body, may_repeat):
        """A kept connection that is found closed has heard nothing, or might have: only `may_repeat` is sent again."""
        async with self.places:
            # As clients do: one that the other side has closed meanwhile is not used.
            while self.idle and (time.monotonic() - self.idle[-1][0] > IDLE_S or self.idle[-1][1].reader.at_eof()):
                self.idle.pop()[1].close()
            kept = bool(self.idle)
            connection = self.idle.pop()[1] if kept else Connection(self.port)
            try:
                answer = await self.exchange(connection, method, path, headers, body)
            except (OSError, EOFError):
                if not (kept and may_repeat):
                    raise
                connection = Connection(self.port)
                answer = await self.exchange(connection, method, path, headers, body)
            if connection.writer is not None:
                self.idle.append((time.monotonic(), connection))
            return answer

    @staticmethod
    async def exchange(connection, *words):
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await connection.ask(*words)
        except BaseException:
            connection.close()
            raise


class Mix:
    def __init__(self, settings, pipe):
        self.settings, self.pipe = settings, pipe
        self.chance = random.Random(f"{settings['seed']}/mix")
        self.people = [Person(*one) for one in settings["people"]]
        self.idle, self.takers = list(self.people), collections.deque()
        self.client = basic(settings["client"])
        self.services = [basic(one) for one in settings["services"]]
        directory = pathlib.Path(settings["directory"])
        self.operations = open(directory / "operations.bin", "wb")
        self.failures, self.acknowledged, self.wrong = (open(directory / name, "w", encoding="utf-8") for name in
                                                        ("failed.jsonl", "acknowledged.tsv", "wrong.jsonl"))
        self.rows = array.array("d")
        self.count = self.newcomers = self.in_flight = self.done = self.failed = self.given_up = 0
        self.order, self.tasks, self.callers = ("wait",), set(), []
        self.pool = None

    # ---- one operation -------------------------------------------------------------------------------------
    async def insist(self, op, due, method, path, body, *, authorization=None, key=False, until=INSIST_S, **more):
        """Until it is known what came of it, or `until` seconds have gone by."""
        outcome = Outcome(**more)
        self.count += 1
        name = f"{op}-{self.settings['seed']}-{self.count}"
        headers, data = {}, b""
        if isinstance(body, str):
            data, headers["Content-Type"] = body.encode(), "application/x-www-form-urlencoded"
        elif body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        if authorization:
            headers["Authorization"] = authorization
        if key:
            headers["Idempotency-Key"] = name
        began = time.monotonic()
        while True:
            outcome.attempts += 1
            outcome.ids.append(f"soak-{name}-{outcome.attempts}")
            position = await self.attempt(op, outcome, method, path, headers, data, key)
            if 0 < outcome.status < 500 and outcome.status != 429:
                break
            outcome.uncertain = True
            if time.monotonic() - began > (until if self.order[0] != "stop" else min(until, LAST_S)):
                break
            await asyncio.sleep(PAUSE_S)
        self.note(op, due, outcome, position)
        return outcome

    async def attempt(self, op, outcome, method, path, headers, data, key):
        began, status, what, fields, text = time.monotonic(), 0, "", {}, b""
        headers["X-Request-Id"] = outcome.ids[-1]
        may_repeat = (key and op not in ENDS_SESSION) or op in ("me", "introspect", "evaluate")
        try:
            status, fields, text = await self.pool.ask(method, path, headers, data, may_repeat)
        except (OSError, EOFError, asyncio.TimeoutError) as failure:
            what = f"{type(failure).__name__}: {failure}"
        outcome.status = status
        outcome.answer = {}
        if 200 <= status < 300:
            outcome.answer = json.loads(text) if text else {}
            return int(fields.get("keyledger-position", 0))
        if status == 401 and outcome.may_have_ended():
            return 0
        self.failed += 1
        what = what or text[:200].decode(errors="replace")
        outcome.problem = what
        self.failures.write(json.dumps({"began": began, "ended": time.monotonic(), "op": op, "status": status,
                                        "id": outcome.ids[-1], "what": what}) + "\n")
        return 0

    def note(self, op, due, outcome, position):
        self.rows.extend((due, time.monotonic(), OPS.index(op), outcome.status, outcome.attempts))
        self.done += 1
        if not 0 < outcome.status < 500:
            self.given_up += 1
        if position and op in COMMANDS:
            self.acknowledged.write(f"{position}\t{op}\t{','.join(outcome.ids)}\n")

    def fault(self, what, **more):
        line = {"at": time.monotonic(), "what": what, **more}
        self.wrong.write(json.dumps(line) + "\n")
        self.wrong.flush()
        self.pipe.send({"wrong": line})

    # ---- questions, about anybody's session ------------------------------------------------------------------
    def somebody(self):
        person = self.chance.choice(self.people)
        return person if person.is_live() else None

    def check_session(self, person, session, asked, good, what):
        """A session that nobody is ending must be good, and one whose end was acknowledged before must not."""
        if good is False and person.session == session and person.ending is None:
            self.fault(f"WRONG: {what} of a live session", who=person.email)
        if good and person.session == session and person.ended is not None and person.ended < asked:
            self.fault(f"STALE: {what} of a session whose end had been acknowledged", who=person.email)

    async def me(self, due):
        person = self.somebody()
        if person is None:
            return await self.refresh(due)
        session, asked = person.session, time.monotonic()
        # Somebody may end it while the question is on its way.
        outcome = await self.insist("me", due, "GET", "/api/v1/auth/me", None, authorization=f"Bearer {person.access}",
                                    may_have_ended=lambda: person.session != session or person.ending is not None)
        good = True if outcome.is_good() else False if outcome.status == 401 else None
        self.check_session(person, session, asked, good, f"`me`, {outcome.status} {outcome.problem},")

    async def introspect(self, due):
        person = self.somebody()
        if person is None:
            return await self.refresh(due)
        session, asked = person.session, time.monotonic()
        outcome = await self.insist("introspect", due, "POST", "/oauth2/introspect",
                                    urllib.parse.urlencode({"token": person.access}), authorization=self.client)
        if outcome.is_good():
            self.check_session(person, session, asked, outcome.answer["active"], "introspection")

    async def evaluate(self, due):
        person = self.chance.choice(self.people)
        question = {"subject": {"type": "user", "id": person.id}, "resource": {"type": "invoices", "id": "1"},
                    "action": {"name": "read"}}
        outcome = await self.insist("evaluate", due, "POST", "/access/v1/evaluation", question,
                                    authorization=self.client)
        if outcome.is_good() and outcome.answer["decision"] is not person.may_read:
            self.fault(f"WRONG: {person.email} may read: {outcome.answer['decision']}, not {person.may_read}")

    # ---- commands, of somebody who does nothing else meanwhile -------------------------------------------------
    async def take(self):
        if not self.idle:  # as when nothing is answered: it stays due
            self.takers.append(asyncio.get_running_loop().create_future())
            return await self.takers[-1]
        index = self.chance.randrange(len(self.idle))
        self.idle[index], self.idle[-1] = self.idle[-1], self.idle[index]
        return self.idle.pop()

    def give_back(self, person):
        if self.takers:
            self.takers.popleft().set_result(person)
        else:
            self.idle.append(person)

    async def refresh(self, due):
        """Whatever is next in somebody's life: a log-in, a refresh, or the end of a session."""
        person = await self.take()
        try:
            await self.go_on(person, due)
        finally:
            self.give_back(person)

    async def go_on(self, person, due):
        if person.access is None:
            await self.log_in(person, due)
        elif person.refreshes_left <= 0:
            await self.log_out(person, due)
        else:
            await self.refresh_one(person, due)

    async def log_in(self, person, due):
        outcome = await self.insist("login", due, "POST", "/api/v1/auth/login",
                                    {"email": person.email, "password": PASSWORD})
        if outcome.is_good():
            person.takes(outcome.answer, self.chance)
        elif outcome.status < 500 and outcome.status:
            self.fault(f"WRONG: a log-in was answered {outcome.status} {outcome.problem}", who=person.email)

    async def refresh_one(self, person, due):
        outcome = await self.insist("refresh", due, "POST", "/api/v1/auth/refresh",
                                    {"refresh_token": person.refresh}, until=GRACE_S)
        if outcome.is_good():
            person.takes(outcome.answer, self.chance)
            person.refreshes_left -= 1
            return
        if outcome.status == 400 and not outcome.uncertain:
            self.fault(f"WRONG: a refresh was answered {outcome.status} {outcome.problem}", who=person.email)
        # Nobody knows whether it was carried out, and the time for asking again is over: they log in anew.
        person.ending = due
        person.access = None

    async def log_out(self, person, due):
        person.ending = time.monotonic()
        outcome = await self.insist("logout", due, "POST", "/api/v1/auth/logout", None,
                                    authorization=f"Bearer {person.access}", key=True)
        if outcome.is_good():
            person.ended = time.monotonic()
            return await self.ask_after_end(person)
        self.was_done(outcome, "logout")
        person.access = None

    async def ask_after_end(self, person):
        """At once, of whichever node the balancer chooses."""
        outcome = await self.insist("introspect", time.monotonic(), "POST", "/oauth2/introspect",
                                    urllib.parse.urlencode({"token": person.access}), authorization=self.client)
        if outcome.is_good() and outcome.answer["active"]:
            self.fault("STALE: introspection, right after the end was acknowledged", who=person.email)
        person.access = None

    async def change(self, due):
        person = await self.take()
        try:
            if not person.is_live():
                return await self.go_on(person, due)
            outcome = await self.insist("change", due, "PUT", "/api/v1/auth/me", {"name": f"Somebody {self.count}"},
                                        authorization=f"Bearer {person.access}", key=True)
            if 400 <= outcome.status < 500 and time.monotonic() - person.issued < TOKEN_S:
                self.fault(f"WRONG: a change was answered {outcome.status} {outcome.problem}", who=person.email)
        finally:
            self.give_back(person)

    async def token(self, due):
        service = self.chance.choice(self.services)
        outcome = await self.insist("token", due, "POST", "/oauth2/token", "grant_type=client_credentials",
                                    authorization=service)
        if 400 <= outcome.status < 500:
            self.fault(f"WRONG: client credentials were answered {outcome.status} {outcome.problem}")

    async def visit(self, due):
        """Somebody registers, logs in, and has themselves erased."""
        self.newcomers += 1
        email = f"visitor{self.newcomers}@example.com"
        person = Person(email, "")
        outcome = await self.insist("register", due, "POST", "/api/v1/auth/register",
                                    {"email": email, "password": PASSWORD})
        if not outcome.is_good() and not (outcome.status == 409 and outcome.uncertain):
            if 400 <= outcome.status < 500:
                self.fault(f"WRONG: a registration was answered {outcome.status} {outcome.problem}", who=email)
            return
        await self.log_in(person, time.monotonic())
        if person.access is None:
            return
        outcome = await self.insist("erase", time.monotonic(), "DELETE", "/api/v1/auth/me",
                                    {"current_password": PASSWORD}, authorization=f"Bearer {person.access}", key=True)
        self.was_done(outcome, "erase")

    def was_done(self, outcome, op):
        """Nobody but the caller repeats what ends their session. Whoever got no answer and asks again is told 401 if it
        was carried out; whoever asked once never is. The log tells whether it was."""
        if outcome.status == 401 and outcome.uncertain:
            self.acknowledged.write(f"0\t{op}\t{','.join(outcome.ids)}\n")
        elif 400 <= outcome.status < 500:
            self.fault(f"WRONG: {op} was answered {outcome.status} {outcome.problem}")

    # ---- loops -------------------------------------------------------------------------------------------------
    async def perform(self, due):
        op = self.chance.choices(NAMES, WEIGHTS)[0]
        self.in_flight += 1
        try:
            await getattr(self, op)(due)
        except Exception as broken:  # a bug of this test, which the other side is told; pylint: disable=broad-except
            self.pipe.send({"broken": repr(broken)})
            raise
        finally:
            self.in_flight -= 1

    async def call(self, order):
        while self.order is order:
            await self.perform(time.monotonic())

    async def arrive(self, order):
        """At random times, as many people who know nothing of each other do (a Poisson process)."""
        due = time.monotonic()
        while self.order is order:
            due += self.chance.expovariate(order[1])
            pause = due - time.monotonic()
            if pause > -0.05 or self.count % 16 == 0:
                await asyncio.sleep(max(0, pause))
            task = asyncio.create_task(self.perform(due))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def tell(self):
        """Once a second: how many, how slow, how many are waiting."""
        told = time.monotonic()
        while self.order[0] != "end":
            self.operations.write(self.rows.tobytes())
            took = sorted(self.rows[i + 1] - self.rows[i] for i in range(0, len(self.rows), FIELDS))
            self.pipe.send({"at": time.monotonic(), "done": len(took), "failed": self.failed, "waiting": self.in_flight,
                            "p99": took[int(0.99 * (len(took) - 1))] if took else None, "given_up": self.given_up,
                            "visitors": self.newcomers, "live": sum(one.is_live() for one in self.people),
                            "seconds": time.monotonic() - told})
            told = time.monotonic()
            del self.rows[:]
            await asyncio.sleep(1)

    async def main(self):
        self.pool = Pool(self.settings["port"])
        teller = asyncio.create_task(self.tell())
        working, seen = [], None
        while self.order[0] != "stop":
            if self.order is not seen:
                seen = self.order
                if seen[0] == "closed":
                    working = [asyncio.create_task(self.call(seen)) for _ in range(seen[1])]
                elif seen[0] == "open":
                    working = [asyncio.create_task(self.arrive(seen))]
            await asyncio.sleep(0.02)
        await asyncio.gather(*working, *self.tasks, return_exceptions=True)
        await asyncio.sleep(1.1)  # the last second is told
        self.order = ("end",)
        await teller
        self.operations.write(self.rows.tobytes())
        for file in (self.operations, self.failures, self.acknowledged, self.wrong):
            file.close()
        self.pipe.send({"ended": True})


NAMES, WEIGHTS = list(SHARES), list(SHARES.values())


def basic(pair):
    return "Basic " + base64.b64encode(":".join(pair).encode()).decode()


def run(settings, pipe):
    mix = Mix(settings, pipe)

    def listen():
        try:
            while mix.order[0] not in ("stop", "end"):
                mix.order = pipe.recv()
        except EOFError:
            mix.order = ("stop",)
    threading.Thread(target=listen, daemon=True).start()
    asyncio.run(mix.main())
