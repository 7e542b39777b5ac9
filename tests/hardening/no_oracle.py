#!/usr/bin/env python3
"""Whether an address has an account is told to nobody (I14): not by what is answered, nor by how long that takes.

Every route that takes an address from anybody is asked about addresses of each sort (nobody's, a user's, a locked and a
disabled user's), interleaved in random order, each address once. Then

  * status, header fields and body are the same for all sorts, byte for byte, but for what is made up anew for each
    answer (ids, sealed values): of that, the lengths are the same;
  * the times of each sort and of nobody's addresses have one distribution, by the rank test of Mann and Whitney. All
    comparisons of one run together find a difference by mere chance once in a hundred runs.

Needs KEYLEDGER_TEST_DATABASE_URL (a superuser of a throw-away cluster)."""

import argparse
import http.client
import json
import math
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time
from types import SimpleNamespace

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "fault"))
from servers import ADMINISTRATOR, Deployment, Instance  # noqa: E402 pylint: disable=wrong-import-position

CHANCE_OF_A_RUN = 0.01
PASSWORD, WRONG = "violet anchors drift at noon", "violet anchors drift at dawn"
NOBODY, KNOWN, LOCKED, DISABLED = "nobody", "known", "locked", "disabled"
FAILURES_TO_LOCK = 3
SETTINGS = {
    "KEYLEDGER_LOGIN_FAILURES_IN_A_ROW": str(FAILURES_TO_LOCK),
    "KEYLEDGER_LOGIN_KNOWN_NETWORK_DAYS": "0",
    "KEYLEDGER_LOG_IN_BY_MAIL": "both",
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

    def ask(self, method, path, body=None, token=None):
        fields = {"Content-Type": "application/json"} if body is not None else {}
        if token:
            fields["Authorization"] = f"Bearer {token}"
        text = json.dumps(body) if body is not None else None
        answer = self.once(method, path, text, fields)
        while answer.status == 429:  # a limit of the installation: of all addresses alike
            time.sleep(int(dict(answer.fields)["Retry-After"]))
            answer = self.once(method, path, text, fields)
        return answer

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


class People:
    """Addresses of each sort, each of which is asked about once on each route."""

    def __init__(self, instance, deployment, count):
        self.of = {sort: [f"{sort}{i}@example.com" for i in range(count)] for sort in (NOBODY, KNOWN, LOCKED, DISABLED)}
        caller = Caller(instance.port)
        login = caller.ask("POST", "/api/v1/auth/login",
                           {"email": ADMINISTRATOR, "password": deployment.administrator_password})
        token = json.loads(login.body)["access_token"]
        for sort in (KNOWN, LOCKED, DISABLED):
            for address in self.of[sort]:
                made = caller.ask("POST", "/api/v1/auth/register", {"email": address, "password": PASSWORD})
                if made.status != 201:
                    sys.exit(f"could not register {address}: {made.status} {made.body!r}")
                if sort == DISABLED:
                    user = json.loads(made.body)["id"]
                    done = caller.ask("POST", f"/api/v1/admin/users/{user}/deactivate", {}, token)
                    if done.status not in (200, 204):
                        sys.exit(f"could not disable {address}: {done.status} {done.body!r}")
        for address in self.of[LOCKED]:
            for _ in range(FAILURES_TO_LOCK):
                caller.ask("POST", "/api/v1/auth/login", {"email": address, "password": WRONG})


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
    def registration(address):
        return {"email": address, "password": PASSWORD}
    def guess(handle):
        return {"handle": handle, "code": "000000", "new_password": "ochre ladders count the rain"}
    return {
        "log-in": asked(caller, "/api/v1/auth/login", login),
        "register": asked(caller, "/api/v1/auth/register", registration),
        "resend": with_handle(caller, "/api/v1/auth/register", registration, "/api/v1/auth/resend-otp",
                              lambda handle: {"handle": handle}),
        "forgot": asked(caller, "/api/v1/auth/forgot-password", email),
        "reset": with_handle(caller, "/api/v1/auth/forgot-password", email, "/api/v1/auth/reset-password", guess),
        "magic link": asked(caller, "/api/v1/auth/magic-link", email),
        "log-in code": asked(caller, "/api/v1/auth/login-code", email),
        "unlock": asked(caller, "/api/v1/auth/unlock", email),
    }


def play(instance, people, options):
    count, chance = options.samples, random.Random(options.seed)
    table = routes(Caller(instance.port))
    for name in set(table) - set(options.only or table):
        del table[name]
    comparisons = len(table) * (len(people.of) - 1)
    print(f"{'route':12} {'sort':9} {'samples':>7} {'median ms':>9} {'longer':>7} {'chance':>8}", flush=True)
    for name, ask in table.items():
        order = [(sort, address) for sort, addresses in people.of.items() for address in addresses[:count]]
        chance.shuffle(order)
        times = {sort: [] for sort in people.of}
        answers = {sort: {} for sort in people.of}
        for sort, address in order:
            answer = ask(address)
            times[sort].append(answer.seconds)
            answers[sort].setdefault(masked(answer), address)
        for sort in people.of:
            if set(answers[sort]) != set(answers[NOBODY]):
                other = next(iter(set(answers[sort]) ^ set(answers[NOBODY])))
                fault(f"{name}: {sort} is answered otherwise than nobody: {other[0]} {other[2][:300]!r}")
            p, longer = rank_test(times[sort], times[NOBODY]) if sort != NOBODY else (1.0, 0.5)
            median = sorted(times[sort])[len(times[sort]) // 2] * 1000
            print(f"{name:12} {sort:9} {len(times[sort]):7} {median:9.2f} {longer:7.3f} {p:8.4f}", flush=True)
            if p < CHANCE_OF_A_RUN / comparisons:
                fault(f"{name}: the time tells {sort} from nobody (of two, {sort} takes longer in {longer:.1%})")


def start_mailbox(directory):
    """scripts/mailbox: where to send, and by which authority."""
    script = str(HERE.parents[1] / "scripts" / "mailbox")
    done = subprocess.run([script, "start", directory], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"the mailbox did not start: {done.stdout}{done.stderr}")
    told = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    settings = {"KEYLEDGER_SMTP_URL": told["MAILBOX_SMTP_URL"], "KEYLEDGER_SMTP_CA_FILE": told["MAILBOX_CA_FILE"],
                "KEYLEDGER_MAIL_FROM": "accounts@example.test"}
    return settings, [script, "stop", directory]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--samples", type=int, default=2000, help="of each sort, on each route")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="of the order")
    parser.add_argument("--only", action="append", help="of the routes, by the name in the table; may be repeated")
    options = parser.parse_args()
    servers = SimpleNamespace(database_url=os.environ["KEYLEDGER_TEST_DATABASE_URL"], brokers="")
    with tempfile.TemporaryDirectory(prefix="keyledger-oracle.") as directory:
        mail, stop_mail = start_mailbox(f"{directory}/mailbox")
        deployment = Deployment(options.binary, servers, pathlib.Path(directory), f"oracle-{os.getpid()}")
        instance = Instance(deployment, 1)
        instance.environment.update(SETTINGS)
        try:
            print(f"seed {options.seed}; making {3 * options.samples} accounts", flush=True)
            instance.environment["KEYLEDGER_EMAIL_VERIFICATION"] = "off"
            instance.start()
            instance.await_ready()
            people = People(instance, deployment, options.samples)
            instance.stop()
            instance.environment.update({**mail, "KEYLEDGER_EMAIL_VERIFICATION": "required"})
            instance.start()
            instance.await_ready()
            play(instance, people, options)
            if instance.stop() != 0:
                fault("the service did not end well")
        finally:
            if not instance.has_ended():
                instance.kill()
            deployment.drop()
            subprocess.run(stop_mail, check=False, stdout=subprocess.DEVNULL)
    print("no oracle: " + (f"{len(faults)} fault(s)" if faults else "nothing tells whose an address is"))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
