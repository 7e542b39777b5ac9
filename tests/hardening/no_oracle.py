#!/usr/bin/env python3
"""Whether an address has an account is told to nobody (I14): not by what is answered, nor by how long that takes.

Every route that takes an address from anybody is asked about addresses of each sort (nobody's, a user's whose address
is proven or is not, a locked and a disabled user's), interleaved in random order, each address once. Then

  * status, header fields and body are the same for all sorts, byte for byte, but for what is made up anew for each
    answer (ids, sealed values): of that, the lengths are the same; and no header field tells a position;
  * the times of each sort and of nobody's addresses have one distribution, by the rank test of Mann and Whitney. All
    comparisons of one run together find a difference by mere chance as often as --chance says.

Besides, for an address of each sort: each route says 429 after equally many asks; and who probes in two steps, by a
user name that may be taken or by an Idempotency-Key that may be known, gets the same answers.

What the installation takes in a minute is bounded, and meant for more time than this has. So the service is started
anew every few hundred addresses, and what it counted is thrown away. Then it has nobody in memory.

Needs KEYLEDGER_TEST_DATABASE_URL (a superuser of a throw-away cluster)."""

import argparse
import http.client
import json
import math
import os
import pathlib
import random
import re
import sys
import tempfile
import threading
import time
from types import SimpleNamespace

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "fault"))
from mailbox import Mailbox, code_in  # noqa: E402 pylint: disable=wrong-import-position
from servers import ADMINISTRATOR, Deployment, Instance, query  # noqa: E402 pylint: disable=wrong-import-position

PASSWORD, WRONG, NEW = "violet anchors drift at noon", "violet anchors drift at dawn", "ochre ladders count the rain"
NOBODY, PROVEN, UNPROVEN, LOCKED, DISABLED = "nobody", "proven", "unproven", "locked", "disabled"
SORTS = (NOBODY, PROVEN, UNPROVEN, LOCKED, DISABLED)
ACTORS, MAIL_S, MOST_ASKS = 8, 30, 60
NETWORK_BURST = 12
AT_ONCE = 500  # of what an installation takes 600 of in a minute
# Of a no, which takes a step of 100 ms; the other routes are asked about one address after the other.
CALLERS = {"log-in": 8, "replace": 8, "reset": 8}
FAILURES_TO_LOCK = 3
SETTINGS = {
    "KEYLEDGER_LOGIN_FAILURES_IN_A_ROW": str(FAILURES_TO_LOCK),
    "KEYLEDGER_LOGIN_KNOWN_NETWORK_DAYS": "0",
    "KEYLEDGER_LOG_IN_BY_MAIL": "both",
    "KEYLEDGER_MAIL_FROM": "accounts@example.test",
    "KEYLEDGER_MAIL_OPEN_RATE_PER_MINUTE": "1000000",
}
# What is new in each answer: long runs of base64url, ids, times.
MADE_UP = re.compile(rb"[A-Za-z0-9_-]{20,}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[0-9:.]{8,}Z")
FIELDS_OF_THEIR_OWN = {"date", "x-request-id", "ratelimit", "ratelimit-policy"}  # of the network, not of the address

faults = []


def fault(sentence):
    faults.append(sentence)
    print(f"  FAULT: {sentence}", flush=True)


class Caller:
    """One connection that is kept, so that what is timed is the answer alone."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.network = None

    def ask(self, method, path, body=None, token=None, **headers):
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.network:
            fields["X-Forwarded-For"] = self.network
        if body is not None:
            fields["Content-Type"] = "application/json"
        if token:
            fields["Authorization"] = f"Bearer {token}"
        text = json.dumps(body) if body is not None else None
        return self.once(method, path, text, fields)

    def once(self, method, path, text, fields):
        start = time.perf_counter()
        self.connection.request(method, path, text, fields)
        answer = self.connection.getresponse()
        content = answer.read()
        taken = time.perf_counter() - start
        return SimpleNamespace(status=answer.status, fields=answer.getheaders(), body=content, seconds=taken)


def masked(answer):
    """Without what is made up for each answer: of that the length stays."""
    body = MADE_UP.sub(lambda found: b"<%d>" % len(found.group()), answer.body)
    fields = tuple((name.lower(), MADE_UP.sub(lambda found: b"<%d>" % len(found.group()), value.encode()))
                   for name, value in answer.fields if name.lower() not in FIELDS_OF_THEIR_OWN)
    return answer.status, fields, body


def rank_test(first, second):
    """The chance that samples of one distribution differ so much or more, and how often one of the first is the longer:
    Mann and Whitney's U by its normal approximation, with ties."""
    ranked = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    total, ties, at = 0.0, 0.0, 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        rank = (at + 1 + end) / 2
        total += rank * sum(1 for _, which in ranked[at:end] if which == 0)
        ties += (end - at) ** 3 - (end - at)
        at = end
    n, m = len(first), len(second)
    u = total - n * (n + 1) / 2
    variance = n * m / 12 * ((n + m + 1) - ties / ((n + m) * (n + m - 1)))
    z = (u - n * m / 2) / math.sqrt(variance)
    return math.erfc(abs(z) / math.sqrt(2)), u / (n * m)


def newcomer(address):
    """With a user name, which somebody has from then on."""
    return {"email": address, "password": PASSWORD, "username": address.partition("@")[0]}


class World:
    """The service, and addresses of each sort."""

    def __init__(self, deployment, instance, mailbox, count):
        self.deployment, self.instance, self.mailbox = deployment, instance, mailbox
        self.of = {sort: [f"{sort}{i}@example.com" for i in range(count)] for sort in SORTS}

    def caller(self):
        return Caller(self.instance.port)

    def start(self, **settings):
        self.instance.environment.update(settings)
        self.instance.start()
        self.instance.await_ready()

    def start_anew(self):
        """What was counted is forgotten: by the process, in the table, and of the registrations that are open."""
        if self.instance.stop() != 0:
            fault("the service did not end well")
        url = self.deployment.database.url
        query(url, "truncate keyledger.limits")
        for generation in query(url, "select generation from read_models.current where model = 'deadlines'"):
            query(url, f"delete from read_models.deadlines_{generation}")
        self.start()

    def make_accounts(self):
        caller = self.caller()
        login = caller.ask("POST", "/api/v1/auth/login",
                           {"email": ADMINISTRATOR, "password": self.deployment.administrator_password})
        token = json.loads(login.body)["access_token"]
        for sort in (UNPROVEN, LOCKED, DISABLED):
            for address in self.of[sort]:
                made = caller.ask("POST", "/api/v1/auth/register", newcomer(address))
                if made.status != 201:
                    sys.exit(f"could not register {address}: {made.status} {made.body!r}")
                if sort == DISABLED:
                    user = json.loads(made.body)["id"]
                    done = caller.ask("POST", f"/api/v1/admin/users/{user}/deactivate", {}, token)
                    if done.status not in (200, 204):
                        sys.exit(f"could not disable {address}: {done.status} {done.body!r}")
        self.by_many(self.lock, self.of[LOCKED])

    def by_many(self, act, addresses):
        """At once: each answer waits."""
        acting = [threading.Thread(target=act, args=(addresses[i::ACTORS],)) for i in range(ACTORS)]
        for one in acting:
            one.start()
        for one in acting:
            one.join()

    def lock(self, addresses):
        caller = self.caller()
        for address in addresses:
            for _ in range(FAILURES_TO_LOCK):
                caller.ask("POST", "/api/v1/auth/login", {"email": address, "password": WRONG})

    def prove(self, addresses):
        """Registers them by mail; a few hundred at a time, for the installation takes no more."""
        caller = self.caller()
        for address in addresses:
            begun = caller.ask("POST", "/api/v1/auth/register", newcomer(address))
            mails = self.mailbox.messages(address, wait_s=MAIL_S) if begun.status == 202 else []
            if not mails:
                fault(f"{address} could not be registered: {begun.status}, {len(mails)} mails")
                return
            proven = caller.ask("POST", "/api/v1/auth/verify-email",
                                {"handle": json.loads(begun.body)["handle"], "code": code_in(mails[0])})
            if proven.status != 201:
                fault(f"{address} could not be proven: {proven.status}")

    def make_proven_accounts(self):
        for first in range(0, len(self.of[PROVEN]), AT_ONCE):
            self.by_many(self.prove, self.of[PROVEN][first:first + AT_ONCE])
            self.start_anew()


def asked(caller, path, body_of):
    return lambda address: caller.ask("POST", path, body_of(address))


def with_handle(caller, ask_path, ask_body, then_path, then_body):
    """Two steps: what the first one handed out is sent to the second, which is timed."""
    def both(address):
        first = caller.ask("POST", ask_path, ask_body(address))
        handle = json.loads(first.body)["handle"]
        return caller.ask("POST", then_path, then_body(handle))
    return both


def routes(caller):
    def email(address):
        return {"email": address}
    def login(address):
        return {"email": address, "password": WRONG}
    def replacement(address):
        return {"email": address, "password": WRONG, "new_password": NEW}
    def registration(address):
        return {"email": address, "password": PASSWORD}
    def guess(handle):
        return {"handle": handle, "code": "000000", "new_password": NEW}
    return {
        "log-in": asked(caller, "/api/v1/auth/login", login),
        "replace": asked(caller, "/api/v1/auth/replace-password", replacement),
        "register": asked(caller, "/api/v1/auth/register", registration),
        "resend": with_handle(caller, "/api/v1/auth/register", registration, "/api/v1/auth/resend-otp",
                              lambda handle: {"handle": handle}),
        "forgot": asked(caller, "/api/v1/auth/forgot-password", email),
        "reset": with_handle(caller, "/api/v1/auth/forgot-password", email, "/api/v1/auth/reset-password", guess),
        "magic link": asked(caller, "/api/v1/auth/magic-link", email),
        "log-in code": asked(caller, "/api/v1/auth/login-code", email),
        "unlock": asked(caller, "/api/v1/auth/unlock", email),
    }


def compare(name, answers):
    """`answers`: sort -> what it was answered, masked -> an example."""
    for sort in SORTS:
        if set(answers[sort]) != set(answers[NOBODY]):
            other = next(iter(set(answers[sort]) ^ set(answers[NOBODY])))
            fault(f"{name}: {sort} is answered otherwise than nobody: {str(other)[:500]}")
        for answer in answers[sort]:
            if "position" in str(answer).lower():
                fault(f"{name}: {sort} is told a position: {str(answer)[:500]}")


def ask_about(world, name, some, take):
    """Some addresses, of all sorts in turn; `take` gets each sort with its answer."""
    waiting = list(reversed(some))

    def go_on():
        ask = routes(world.caller())[name]
        while waiting:
            try:
                sort, address = waiting.pop()
            except IndexError:
                return
            take(sort, ask(address))

    callers = [threading.Thread(target=go_on) for _ in range(CALLERS.get(name, 1))]
    for one in callers:
        one.start()
    for one in callers:
        one.join()
    if waiting:
        sys.exit(f"{name}: it was not asked about all addresses")


def play(world, options):
    """Every route about every address: the same answers, in the same time."""
    count, chance = options.samples, random.Random(options.seed)
    table = [name for name in routes(world.caller()) if name in (options.only or [name])]
    comparisons = len(table) * (len(SORTS) - 1)
    print(f"{'route':12} {'sort':9} {'samples':>7} {'median ms':>9} {'longer':>7} {'chance':>8}", flush=True)
    for name in table:
        order = [(sort, address) for sort in SORTS for address in world.of[sort][:count]]
        chance.shuffle(order)
        times, answers = {sort: [] for sort in SORTS}, {sort: {} for sort in SORTS}

        def take(sort, answer):
            times[sort].append(answer.seconds)  # pylint: disable=cell-var-from-loop
            answers[sort].setdefault(masked(answer), sort)  # pylint: disable=cell-var-from-loop
        for first in range(0, len(order), AT_ONCE):
            world.start_anew()
            ask_about(world, name, order[first:first + AT_ONCE], take)
        compare(name, answers)
        for sort in SORTS:
            p, longer = rank_test(times[sort], times[NOBODY]) if sort != NOBODY else (1.0, 0.5)
            median = sorted(times[sort])[len(times[sort]) // 2] * 1000
            print(f"{name:12} {sort:9} {len(times[sort]):7} {median:9.2f} {longer:7.3f} {p:8.4f}", flush=True)
            if p < options.chance / comparisons:
                fault(f"{name}: the time tells {sort} from nobody (of two, {sort} takes longer in {longer:.1%})")


def count_asks(world):
    """After how many asks about one address each route says 429, and how: equally for all sorts. A sort and a route
    have a network of their own, which may try so many passwords at once."""
    world.instance.environment.update({"KEYLEDGER_LOGIN_NETWORK_BURST": str(NETWORK_BURST),
                                       "KEYLEDGER_LOGIN_NETWORK_RATE_PER_MINUTE": "1",
                                       "KEYLEDGER_TRUSTED_PROXIES": "127.0.0.0/8"})
    world.start_anew()
    caller = world.caller()
    for route, (name, ask) in enumerate(routes(caller).items()):
        if name in ("resend", "reset"):
            continue  # their first step is another route's
        counts, refusals = {}, {sort: {} for sort in SORTS}
        for number_of_sort, sort in enumerate(SORTS):
            caller.network = f"192.0.2.{16 * route + number_of_sort}"
            address = world.of[sort][-1]
            for number in range(MOST_ASKS):
                answer = ask(address)
                if answer.status == 429:
                    counts[sort] = number
                    refusals[sort].setdefault(masked(without_times(answer)), address)
                    break
        print(f"{name}: 429 after {', '.join(f'{counts.get(sort)} ({sort})' for sort in SORTS)}", flush=True)
        if len({counts.get(sort) for sort in SORTS}) != 1 or None in counts.values() or not counts:
            fault(f"{name}: 429 after so many asks: {counts}")
        compare(f"{name}, 429", refusals)


def without_times(answer):
    """How long to wait follows from when it was asked."""
    answer.fields = [(name, "") if name.lower() == "retry-after" else (name, value) for name, value in answer.fields]
    return answer


def probe_in_two_steps(world):
    """By a user name that may be taken, and by an Idempotency-Key that may have been used for the address."""
    caller = world.caller()
    answers = {sort: {} for sort in SORTS}
    for sort in SORTS:
        address, key = world.of[sort][-2], f"probe-{os.getpid()}-{sort:-<10}"
        body = newcomer(address)
        told = tuple(masked(caller.ask("POST", path, what, Idempotency_Key=key)) for path, what in (
            ("/api/v1/auth/register", body),
            ("/api/v1/auth/register", body),
            ("/api/v1/auth/register", {**body, "password": WRONG}),
            ("/api/v1/auth/register", {**body, "email": f"other-{sort}@example.com"}),
            ("/api/v1/auth/login", {"username": body["username"], "password": WRONG}),
            ("/api/v1/auth/forgot-password", {"email": address}),
            ("/api/v1/auth/forgot-password", {"email": address}),
            ("/api/v1/auth/login", {"email": address, "password": WRONG}),
            ("/api/v1/auth/login", {"email": address, "password": WRONG})))
        answers[sort][told] = address
    compare("two steps", answers)
    print("two steps: " + ", ".join(str(status) for status, _, _ in next(iter(answers[NOBODY]))), flush=True)


def run(world, options):
    print(f"seed {options.seed}; making {4 * options.samples} accounts", flush=True)
    world.start(KEYLEDGER_EMAIL_VERIFICATION="off")  # and without mail: nobody waits behind thousands of welcomes
    world.make_accounts()
    world.instance.stop()
    world.start(KEYLEDGER_EMAIL_VERIFICATION="required", KEYLEDGER_SMTP_URL=world.mailbox.smtp_url,
                KEYLEDGER_SMTP_CA_FILE=world.mailbox.ca_file)
    world.make_proven_accounts()
    if faults:
        return
    play(world, options)
    if not options.only:
        probe_in_two_steps(world)
        count_asks(world)
    if world.instance.stop() != 0:
        fault("the service did not end well")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--samples", type=int, default=2000, help="of each sort, on each route")
    parser.add_argument("--chance", type=float, default=0.01, help="that a run finds a difference where there is none")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="of the order")
    parser.add_argument("--only", action="append", help="of the routes, by the name in the table; may be repeated")
    options = parser.parse_args()
    servers = SimpleNamespace(database_url=os.environ["KEYLEDGER_TEST_DATABASE_URL"], brokers="")
    with tempfile.TemporaryDirectory(prefix="keyledger-oracle.") as directory:
        mailbox = Mailbox(f"{directory}/mailbox")
        deployment = Deployment(options.binary, servers, pathlib.Path(directory), f"oracle-{os.getpid()}")
        instance = Instance(deployment, 1)
        instance.environment.update(SETTINGS)
        try:
            run(World(deployment, instance, mailbox, options.samples), options)
        finally:
            if not instance.has_ended():
                instance.kill()
            deployment.drop()
            mailbox.drop()
    print("no oracle: " + (f"{len(faults)} fault(s)" if faults else "nothing tells whose an address is"))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
