#!/usr/bin/env python3
"""Erases a user and looks for their data everywhere that it could have gone.

Scenario. Ann and Bob register, log in from an agent of their own, change their profiles and fail a log-in. What is
said of Ann is found in the database before she is erased, so that the search is known to work. Then she erases
herself. A search for her e-mail address, user name, names and agent in a dump of the whole database, in every record
of the topic and in the service's log must find nothing; Bob's are still there. `keyledger audit verify` passes, her
tokens open nothing, the audit trail still says what happened to her id, and the address can be registered by somebody
new."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

from scenario import Database, arguments, die, run_scenario

PASSWORD = "violet tractors hum at noon"
ADMINISTRATOR = "administrator@example.com"
SECONDS = 60
READ_MODELS = {"audit", "erasures", "permissions", "sessions", "users"}


def persona(name):
    return {"email": f"{name}.quill@example.com", "username": f"{name}quill", "name": f"{name.title()} Quillfeather",
            "renamed": f"{name.title()} Quillsworth", "agent": f"Quillbrowser/{name}"}


def call(service, method, path, body=None, token=None, agent="erased_user.py"):
    """Status, and the answer's JSON or None."""
    headers = {"User-Agent": agent}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"http://127.0.0.1:{service.port}{path}", data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read()
    return status, json.loads(text) if text else None


def log_in(service, email, agent="erased_user.py"):
    return call(service, "POST", "/api/v1/auth/login", {"email": email, "password": PASSWORD}, agent=agent)


def live(service, person):
    """Registers, logs in, changes the name and fails a log-in. The user's id and an access token."""
    registration = {key: person[key] for key in ("email", "username", "name")} | {"password": PASSWORD}
    status, user = call(service, "POST", "/api/v1/auth/register", registration, agent=person["agent"])
    if status != 201:
        die(f"registration was answered {status}")
    _, tokens = log_in(service, person["email"], person["agent"])
    token = tokens["access_token"]
    profile = {"username": person["username"], "name": person["renamed"]}
    status, _ = call(service, "PUT", "/api/v1/auth/me", profile, token, person["agent"])
    if status != 200:
        die(f"the profile was answered {status}")
    call(service, "POST", "/api/v1/auth/login", {"email": person["email"], "password": "no"})
    return user["id"], token


def dump(database):
    done = subprocess.run(["pg_dump", "-d", database.url], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        die(f"pg_dump: {done.stderr.strip()}")
    return done.stdout


def topic(database):
    done = subprocess.run(["kcat", "-C", "-b", os.environ["KEYLEDGER_TEST_KAFKA_BROKERS"], "-t",
                           f"{database.name}.events.v1", "-o", "beginning", "-e", "-q", "-f", "%k %h %s\n"],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        die(f"kcat: {done.stderr.strip()}")
    return done.stdout


def found(person, text):
    lower = text.lower()
    return sorted(what for what, value in person.items() if value.lower() in lower)


def current_models(database):
    """Those that the projector has made tables for; in a new or restored database it has yet to begin."""
    if Database.psql(database.url, "select to_regclass('read_models.current') is not null") != ["t"]:
        return set()
    return set(Database.psql(database.url, "select model from read_models.current"))


def await_head(service, database, token):
    """Until every read model and the topic hold what the log does."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        head = int(Database.psql(database.url, "select max(position) from keyledger.events")[0])
        if current_models(database) >= READ_MODELS:
            behind = Database.psql(database.url, "select reader from keyledger.checkpoints c where position <"
                                   f" {head} and (c.reader, c.generation) not in (select model, generation from"
                                   " read_models.generations except select model, generation from"
                                   " read_models.current)")
            if not behind and topic(database).count("\n") >= head:
                return
        time.sleep(0.05)  # between two looks at the condition that is awaited
    die(f"the read models or the topic did not follow within {SECONDS} s")


def story(service, databases, work, expect):
    database, = databases
    service.environment["KEYLEDGER_ADMIN_PASSWORD"] = PASSWORD
    ann, bob = persona("ann"), persona("bob")
    service.run("users", "create-admin", "--email", ADMINISTRATOR)
    service.start()
    ann_id, token = live(service, ann)
    bob_id, _ = live(service, bob)
    status, answer = log_in(service, ADMINISTRATOR)
    root = answer["access_token"]
    await_head(service, database, root)
    before = dump(database)
    expect("Ann before, in the database", found(ann, before), ["agent", "email", "renamed", "username"])

    status, _ = call(service, "DELETE", "/api/v1/auth/me", {"current_password": "wrong password"}, token)
    expect("erasure with a wrong password", status, 403)
    status, _ = call(service, "DELETE", "/api/v1/auth/me", {"current_password": PASSWORD}, token, ann["agent"])
    expect("erasure", status, 204)
    await_head(service, database, root)
    after = dump(database)
    expect("Ann after, in the database", found(ann, after), [])
    expect("Bob after, in the database", found(bob, after), ["agent", "email", "renamed", "username"])
    expect("Ann in the topic", found(ann, topic(database)), [])
    expect("Ann in the topic by her id", ann_id in topic(database), True)
    expect("Ann in the log lines", found(ann, (work / "service.log").read_text(errors="replace")), [])

    expect("her token", call(service, "GET", "/api/v1/auth/me", token=token)[0], 401)
    expect("her log-in", log_in(service, ann["email"])[0], 401)
    expect("she in the list", call(service, "GET", f"/api/v1/admin/users/{ann_id}", token=root)[0], 404)
    status, page = call(service, "GET", f"/api/v1/admin/audit?user={ann_id}", token=root)
    types = [entry["type"] for entry in page["items"]]
    expect("the audit trail's newest entry", types[0], "user.erased")
    expect("the audit trail's oldest entry", types[-1] if len(types) < 50 else "", "user.registered")
    status, _ = call(service, "DELETE", "/api/v1/auth/me", {"current_password": PASSWORD}, root)
    expect("the administrator", status, 409)
    expect("Bob, by the administrator", call(service, "DELETE", f"/api/v1/admin/users/{bob_id}", token=root)[0], 204)
    verdict = json.loads(service.run("audit", "verify", "--json", check=False).stdout)
    expect("the log", verdict["consistent"], True)
    again, _ = call(service, "POST", "/api/v1/auth/register",
                    {"email": ann["email"], "username": ann["username"], "password": PASSWORD})
    expect("registering her address again", again, 201)
    service.stop()


if __name__ == "__main__":
    sys.exit(run_scenario(arguments(__doc__).parse_args(), "erasure", story))
