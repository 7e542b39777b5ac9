#!/usr/bin/env python3
"""Kills the service again and again while people do all that somebody is written to about, and counts their mail.

Scenario. A service with a mailbox of its own is killed (SIGKILL), half of the times at a random moment and half at the
moment at which a mail arrived, while people register, forget passwords, enrol factors, are locked out and disabled,
travel, lose their address to a thief and get it back, and so on (mailed_people.py). What was acknowledged is in the
log, and so may be more. When it runs again,

  * each event of the log that owes a mail (owed_mail.py, a rule of its own) has its jobs, each once, and no other
    event has any;
  * every job comes to be done, and nothing was held back by a cap;
  * every job brought one mail, to whom it concerns, and those for addresses that nobody has brought none. What came
    twice is named: SMTP can't tell a service that died, or lost its connection, behind its mail whether it was taken.
    Such a job was attempted that often, and its mails have one Message-ID."""

import collections
import hashlib
import json
import random
import sys
import time

import evidence
from mailbox import Mailbox, message_id
from mailed_people import (ALERTS_TO, OF_PROVIDERS, OWES_LATE, PASSWORD, PLACES, REVOKER, SETTINGS, STORIES, Person,
                           Storyteller, World)
from owed_mail import OPERATOR, SORTS, Readers, owed_by, sort_of
from places_file import places_file
from scenario import Database, arguments, die, run_scenario
from servers import query

ADMINISTRATOR = "administrator@example.com"
STORYTELLERS = 6
PATIENCE_S = 120
SHOWN = 10
KILLS_A_LINE = 20


class Received:
    """Every mail that came, by its Message-ID. The mailbox keeps a thousand: taken often enough, then."""

    def __init__(self, mailbox):
        self.mailbox, self.last, self.times, self.readers = mailbox, 0, collections.Counter(), {}

    def take(self, wait_s=0):
        mails = self.mailbox.messages(after=self.last, wait_s=wait_s)
        if mails and self.last and mails[0]["id"] > self.last + 1:
            die("the mailbox forgot mail before it was counted")
        for mail in mails:
            self.last = mail["id"]
            self.times[message_id(mail)] += 1
            self.readers.setdefault(message_id(mail), set()).update(mail["to"])
        return len(mails)

    def of(self, event, ordinal):
        """How often, and to whom."""
        name = f"<{event['event_id']}.{ordinal}@example.com>"
        return self.times[name], self.readers.get(name, set())


def awaits(condition, what):
    until = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > until:
            die(f"{what() if callable(what) else what} did not come true within {PATIENCE_S} s")
        time.sleep(0.1)  # between two looks at the condition that is awaited


def count(database, sql):
    return int(Database.psql(database.url, sql)[0])


def configure(service, mailbox, work):
    clients, places = work / "clients.json", work / "places.mmdb"
    clients.touch(mode=0o600)
    clients.write_text(json.dumps({"clients": [{
        "client_id": REVOKER[0], "client_secret_sha256": hashlib.sha256(REVOKER[1].encode()).hexdigest(),
        "audiences": [], "revoke": "all"}], "first_party_audiences": []}), encoding="utf-8")
    places.write_bytes(places_file(PLACES))
    service.environment |= SETTINGS | {
        "KEYLEDGER_KAFKA_BROKERS": "", "KEYLEDGER_SMTP_URL": mailbox.smtp_url,
        "KEYLEDGER_MAIL_FROM": "keyledger@example.com", "KEYLEDGER_CLIENTS_FILE": str(clients),
        "KEYLEDGER_PLACES_FILE": str(places)}


def kill_again_and_again(service, world, received, kills):
    chance = random.Random(7)
    for number in range(1, kills + 1):
        if chance.random() < 0.5:
            received.take(wait_s=1)  # as soon as a mail is there, perhaps before the service has noted that
        else:
            time.sleep(chance.uniform(0.05, 0.8))  # the moment at which it is killed is what is random here
        service.kill()
        service.start()
        received.take()
        if world.broken:
            die(f"a storyteller broke: {world.broken!r}")
        if number % KILLS_A_LINE == 0:
            print(f"    {number} kills, {sum(world.acknowledged.values())} acknowledged events", flush=True)


def events_since(database, position):
    """Those that the reactor was there for, in the order of the log."""
    sql = f"select * from ({evidence.TABLES['events']}) as e where position > {position} order by position"
    return [json.loads(row) for row in query(database.url, f"select to_json(t) from ({sql}) as t")]


def jobs_of(database):
    rows = query(database.url, "select to_json(j) from keyledger.jobs j where reactor = 'mail'")
    return {(job["position"], job["ordinal"]): job for job in map(json.loads, rows)}


def compare(events, jobs, received, addresses, expect):
    """Each event by itself with its jobs, and each job with its mails. What came twice."""
    missing, other, unsent, unwanted, elsewhere, unexplained, twice = [], [], [], [], [], [], []
    surplus, reading = set(jobs), Readers(addresses)
    for event in events:
        reading.follow(event)
        for ordinal, owed in enumerate(owed_by(event)):
            name = f"{event['event_type']} at {event['position']}.{ordinal}"
            job = jobs.get((event["position"], ordinal))
            surplus.discard((event["position"], ordinal))
            if job is None:
                missing.append(name)
                continue
            if (job["kind"], job["subject"]) != (owed.kind, owed.subject):
                other.append(f"{name}: {job['kind']} about {job['subject']}")
            times, readers = received.of(event, ordinal)
            if not reading.are_written_to(owed):
                unwanted += [name] if times else []
                continue
            unsent += [name] if times == 0 else []
            unexplained += [name] if times > job["attempts"] else []
            twice += [f"{name} ({times} mails, {job['attempts']} attempts)"] if times > 1 else []
            address = reading.address(owed)
            elsewhere += [name] if len(readers) > 1 or (address and times and readers != {address}) else []
    expect("events that owe a job and have none", missing[:SHOWN], [])
    expect("jobs that no event owes", sorted(surplus)[:SHOWN], [])
    expect("jobs that are another's", other[:SHOWN], [])
    expect("jobs that brought no mail", unsent[:SHOWN], [])
    expect("jobs for nobody that brought one", unwanted[:SHOWN], [])
    expect("mails to somebody else", elsewhere[:SHOWN], [])
    expect("mails that came more often than they were attempted", unexplained[:SHOWN], [])
    return twice


def verdict(database, began, world, received, expect):
    events, jobs = events_since(database, began), jobs_of(database)
    twice = compare(events, jobs, received, world.addresses, expect)
    in_log = collections.Counter(event["event_type"] for event in events)
    sorts = collections.Counter(sort_of(event) for event in events)
    owing = collections.Counter(sort_of(event) for event in events if owed_by(event))
    expect("acknowledged events that are not in the log",
           {name: times - in_log[name] for name, times in world.acknowledged.items() if times > in_log[name]}, {})
    states = collections.Counter((job["state"], job["error_code"]) for job in jobs.values())
    expect("how jobs ended", set(states), {("done", None)})
    foreign = set(received.times) - {f"<{event['event_id']}.{at}@example.com>" for event in events
                                     for at, _ in enumerate(owed_by(event))}
    expect("mails of no event", sorted(foreign)[:SHOWN], [])
    expect("events that owe mail and did not happen", sorted(SORTS - set(owing) - OWES_LATE - OF_PROVIDERS), [])
    for name in sorted(SORTS):
        print(f"    {name}: {owing[name]} of {sorts[name]} owe mail")
    for name in twice:
        print(f"    twice: {name}")
    print(f"{sum(owing.values())} events that owe mail, {len(jobs)} jobs, {sum(received.times.values())} mails"
          f" of {len(received.times)} jobs, {len(twice)} more than once")


def tell(service, database, mailbox, kills, expect):
    service.start()
    awaits(lambda: count(database, "select count(*) from keyledger.checkpoints where reader like 'reactor.mail.%'"),
           "the planner's beginning")
    began = count(database, "select coalesce(max(position), 0) from keyledger.events")
    world, received = World(service, mailbox, Person(ADMINISTRATOR)), Received(mailbox)
    world.addresses[OPERATOR] = [ALERTS_TO]
    people = [Storyteller(world, number) for number in range(STORYTELLERS)]
    for one in people:
        one.start()
    try:
        kill_again_and_again(service, world, received, kills)
        def untold():
            received.take()
            return [] if world.broken else sorted({story.__name__ for story in STORIES} - set(world.told))
        awaits(lambda: not untold(), lambda: f"{untold()} (given up: {world.given_up.most_common(SHOWN)})")
    finally:
        world.stop.set()
        for one in people:
            one.join()
    if world.broken:
        die(f"a storyteller broke: {world.broken!r}")
    print(f"{kills} kills, {sum(world.told.values())} stories told, {sum(world.given_up.values())} given up:")
    for why, times in world.given_up.most_common(SHOWN):
        print(f"    {times} x {why}")

    head = count(database, "select max(position) from keyledger.events")
    awaits(lambda: count(database, "select position from keyledger.checkpoints where reader like 'reactor.mail.%'")
           >= head, "the planner's end")
    # What a killed process had claimed is somebody else's when its lease ends: by hand, for that takes four minutes.
    Database.psql(database.url, "update keyledger.jobs set due_at = now() where state = 'due' and attempts > 0")
    def unfinished():
        return [job for job in jobs_of(database).values() if job["state"] == "due"]
    awaits(lambda: received.take() is not None and not unfinished(), lambda: f"the end of {unfinished()[:SHOWN]}")
    received.take()
    verdict(database, began, world, received, expect)
    service.stop()


def main():
    parser = arguments(__doc__)
    parser.add_argument("--kills", type=int, default=12)
    options = parser.parse_args()

    def story(service, databases, work, expect):
        mailbox = Mailbox(work / "mailbox")
        try:
            configure(service, mailbox, work)
            service.environment["KEYLEDGER_ADMIN_PASSWORD"] = PASSWORD
            service.run("users", "create-admin", "--email", ADMINISTRATOR)
            tell(service, databases[0], mailbox, options.kills, expect)
        finally:
            mailbox.drop()
    return run_scenario(options, "mail", story)


if __name__ == "__main__":
    sys.exit(main())
