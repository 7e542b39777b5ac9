#!/usr/bin/env python3
"""Kills the service again and again while people register, and counts their mail.

Scenario. A service with a mailbox of its own is killed (SIGKILL) at random moments while users register; what was
answered 201 is in the log, and so may be more. When it runs again, each registration in the log has its job once, every
job comes to be done, and everybody got their welcome: at least one mail, and those that came twice, because the service
was killed between sending and saying so, have one Message-ID."""

import collections
import json
import pathlib
import random
import subprocess
import sys
import threading
import time
import urllib.request

from erased_user import PASSWORD, call
from scenario import Database, arguments, die, run_scenario

KILLS = 12
SECONDS = 90
MAILBOX = pathlib.Path(__file__).parents[2] / "scripts" / "mailbox"


class Mailbox:
    def __init__(self, directory):
        self.directory = directory
        done = subprocess.run([MAILBOX, "start", directory], capture_output=True, text=True, check=True)
        said = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
        self.smtp_url, self.url = said["MAILBOX_SMTP_URL"], said["MAILBOX_URL"]
        self.last, self.times = 0, collections.Counter()

    def take(self):
        """Counts what came by its Message-ID. The mailbox keeps 1000: often enough, then."""
        with urllib.request.urlopen(f"{self.url}/messages?after={self.last}", timeout=20) as answer:
            for mail in json.loads(answer.read())["messages"]:
                self.last = mail["id"]
                self.times[dict(mail["fields"])["Message-ID"]] += 1
        return self.times

    def drop(self):
        subprocess.run([MAILBOX, "drop", self.directory], check=True, capture_output=True)


def register_until(service, stop, registered):
    number = 0
    while not stop.is_set():
        number += 1
        email = f"user{number}@example.com"
        try:
            status, _ = call(service, "POST", "/api/v1/auth/register", {"email": email, "password": PASSWORD})
        except OSError:
            time.sleep(0.02)  # the service is not there: between two tries
            continue
        if status == 201:
            registered.append(email)


def awaits(condition, what):
    until = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > until:
            die(f"{what} did not come true within {SECONDS} s")
        time.sleep(0.1)  # between two looks at the condition that is awaited


def count(database, sql):
    return int(Database.psql(database.url, sql)[0])


def story(service, databases, work, expect):
    database = databases[0]
    mailbox = Mailbox(str(work / "mailbox"))
    try:
        tell(service, database, mailbox, expect)
    finally:
        mailbox.drop()


def tell(service, database, mailbox, expect):
    chance = random.Random(7)
    service.environment |= {"KEYLEDGER_KAFKA_BROKERS": "", "KEYLEDGER_SMTP_URL": mailbox.smtp_url,
                            "KEYLEDGER_MAIL_FROM": "keyledger@example.com"}
    service.start()
    awaits(lambda: count(database, "select count(*) from keyledger.checkpoints where reader like 'reactor.mail.%'"),
           "the planner's beginning")
    stop, registered = threading.Event(), []
    people = threading.Thread(target=register_until, args=(service, stop, registered))
    people.start()
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.05, 0.6))  # the moment at which it is killed is what is random here
        service.kill()
        service.start()
        mailbox.take()
    stop.set()
    people.join()

    owed = "select count(*) from keyledger.events where event_type = 'user.registered'"
    planned = "select count(*) from keyledger.jobs where kind = 'welcome'"
    awaits(lambda: count(database, planned) == count(database, owed), "a job for each registration")
    # What a killed process had claimed is somebody else's when its lease ends: by hand, for that takes two minutes.
    Database.psql(database.url, "update keyledger.jobs set due_at = now() where state = 'due' and attempts > 0")
    open_jobs = "select count(*) from keyledger.jobs where state <> 'done'"
    awaits(lambda: mailbox.take() is not None and count(database, open_jobs) == 0, "every job's end")

    by_event = mailbox.take()
    events = count(database, owed)
    expect("acknowledged registrations that are in the log", len(registered) <= events, True)
    expect("events that owe a mail and got none", events - len(by_event), 0)
    twice = [name for name, times in by_event.items() if times > 1]
    print(f"{KILLS} kills, {events} registrations, {sum(by_event.values())} mails, {len(twice)} twice")
    expect("mails more than twice", [name for name, times in by_event.items() if times > 2], [])
    service.stop()


if __name__ == "__main__":
    sys.exit(run_scenario(arguments(__doc__).parse_args(), "mail", story))
