#!/usr/bin/env python3
"""Erases a user and looks for their data everywhere that it could have gone (I10).

Scenario. Ann and Bob live a whole life each (full_life.py). What is said of Ann is found in the read models before she
is erased, so that the search is known to work; what is secret (passwords, tokens, seeds, codes, links, handles,
recovery codes, device cookies) is found nowhere, at no time, nor is what stands in the log. Then she erases herself. A
search for all of it in a dump of the whole database (log, jobs, credentials, read models), in every topic and in the
service's log must find nothing; Bob's are still there. Of what a user owns nothing is left: no credential and no claim
of any kind, no key, no column of a read model. `keyledger audit verify` passes, her tokens open nothing, the audit
trail still says what happened to her id, and the address can be registered by somebody new."""

import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

import leaks
from full_life import ORIGIN, Life, personal_in, secrets_in
from mailbox import Mailbox
from places_file import places_file
from scenario import Database, arguments, die, run_scenario
from servers import awaits

PASSWORD = "violet tractors hum at noon"
ADMINISTRATOR = "administrator@example.com"
SECONDS = 60
CITY = "Quittenwerder an der Probe"
# What somebody did before it was shown who they are is told of the day's anonymous callers, and goes with their key.
AS_NOBODY = ["agent before log-in", "network address before log-in"]
IN_READ_MODELS = sorted(["address", "agent", "city", "name", "network address", "user name", *AS_NOBODY])
OWNED = ["claim email", "claim username", "credential former_passwords", "credential passkey", "credential password",
         "credential totp", "key"]
COLUMNS = ["audit.client_address", "audit.user_agent", "sessions.city", "sessions.client_address", "sessions.country",
           "sessions.user_agent", "users.email", "users.name", "users.username"]
PERSONAL_COLUMNS = {"email", "username", "name", "locale", "former_email", "client_address", "user_agent",
                    "agent_words", "country", "city"}
READ_MODELS = {"audit", "consents", "deadlines", "erasures", "permissions", "sessions", "users"}


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


def everywhere(service, database, work):
    """What there is to search, by its name. Of topics keys, headers and values, also of transactions that failed."""
    url, brokers = database.url, os.environ["KEYLEDGER_TEST_KAFKA_BROKERS"]
    places = {"the log and its tables": leaks.dump_database(url, work / "log.sql", f"-N{leaks.READ_MODELS}"),
              "the read models": leaks.dump_database(url, work / "models.sql", f"-n{leaks.READ_MODELS}")}
    for path in leaks.dump_topics(brokers, database.name, work):
        places[f"the topic of {path.name.removeprefix(database.name + '.').partition('.')[0]}"] = path
    service.log.flush()
    places["the service's log"] = work / "service.log"
    return {name: path.read_bytes() for name, path in places.items()}


def expect_only(when, ann, contents, of_models, expect):
    """Nothing secret anywhere, and personal values in the read models alone."""
    for name, content in contents.items():
        expect(f"{when}, her secrets in {name}", secrets_in(ann, content), [])
        wanted = of_models if name == "the read models" else []
        expect(f"{when}, of her in {name}", personal_in(ann, content), wanted)


def owned_by(database, user_id):
    """Rows of hers, by what they are: credentials and claims of each kind, and keys that open something."""
    sql = (f"select 'credential ' || split_part(kind, '.', 1) from keyledger.credentials where owner = '{user_id}'"
           f" union all select 'claim ' || kind from keyledger.claims where owner = '{user_id}'"
           f" union all select 'key' from keyledger.subject_keys where subject = '{user_id}' and destroyed_at is null")
    return sorted(set(Database.psql(database.url, sql)))


def credential_kinds():
    """Those that users can have, by the code's own table: a new one has to come up in this life."""
    header = pathlib.Path(__file__).parents[2] / "commands/credentials/named_credential.hpp"
    listed = re.search(r"kCredentialKinds\[\] = \{([^}]*)\}", header.read_text(encoding="utf-8"))[1]
    return sorted(f"credential {kind}" for kind in re.findall(r'"(\w+)"', listed) if kind != "client_secret")


def told_in_columns(database, user_id):
    """Where a read model says anything personal of her: columns that are empty for somebody who was erased. Entries of
    the audit trail that nobody has proven to be hers are the day's."""
    told = []
    for model, generation in (row.split("|") for row in Database.psql(database.url, "select model, generation from"
                                                                      " read_models.current")):
        owner = {"users": "id", "sessions": "user_id", "audit": "subject"}.get(model)
        if owner is None:
            continue
        table = f"read_models.{model}_{generation}"
        proven = " and actor_type <> 'anonymous'" if model == "audit" else ""
        for column in PERSONAL_COLUMNS & set(columns_of(database, f"{model}_{generation}")):
            rows = Database.psql(database.url, f"select count(*) from {table} where {owner} = '{user_id}' and"
                                               f" {column} is not null{proven}")
            told += [f"{model}.{column}"] if rows != ["0"] else []
    return sorted(told)


def columns_of(database, table):
    return Database.psql(database.url, "select column_name from information_schema.columns where table_schema ="
                                       f" 'read_models' and table_name = '{table}'")


def configure(service, mailbox, work):
    (work / "places.mmdb").write_bytes(places_file({"192.0.2.0/24": ("LI", CITY), "198.51.100.0/24": ("DE", "Berlin")}))
    service.environment |= {
        "KEYLEDGER_ADMIN_PASSWORD": PASSWORD, "KEYLEDGER_SMTP_URL": mailbox.smtp_url,
        "KEYLEDGER_MAIL_FROM": "accounts@example.com", "KEYLEDGER_EMAIL_VERIFICATION": "required",
        "KEYLEDGER_LOG_IN_BY_MAIL": "both", "KEYLEDGER_PLACES_FILE": str(work / "places.mmdb"),
        "KEYLEDGER_TRUSTED_PROXIES": "127.0.0.0/8", "KEYLEDGER_PASSWORD_HISTORY": "2",
        "KEYLEDGER_PASSKEY_DOMAIN": "keyledger.example.com", "KEYLEDGER_PASSKEY_ORIGINS": ORIGIN,
        "KEYLEDGER_KAFKA_STATE_TOPICS": "on", "KEYLEDGER_SESSIONS_AT_ONCE": "10"}


def story(service, databases, work, expect):
    mailbox = Mailbox(work / "mailbox")
    try:
        configure(service, mailbox, work)
        tell(service, databases[0], mailbox, work, expect)
    finally:
        mailbox.drop()


def tell(service, database, mailbox, work, expect):
    ann, bob = Life(service, mailbox, "ann", "192.0.2"), Life(service, mailbox, "bob", "198.51.100")
    ann.personal["city"] = CITY
    service.run("users", "create-admin", "--email", ADMINISTRATOR)
    service.start()
    # Registration looks into a read model, which a new database has yet to get.
    awaits(SECONDS, lambda: current_models(database) >= READ_MODELS, "the read models' beginning")
    for life in (ann, bob):
        life.live()
    status, answer = log_in(service, ADMINISTRATOR)
    root = answer["access_token"]
    await_head(service, database, root)
    planted = b"\n".join(value if isinstance(value, bytes) else value.encode() for value in (*ann.secrets, *ann.codes))
    expect("secrets that are found where they are planted", secrets_in(ann, planted),
           sorted({*ann.secrets.values(), *ann.codes.values()}))
    before = everywhere(service, database, work)
    expect_only("before", ann, before, IN_READ_MODELS, expect)
    expect("hers, before", owned_by(database, ann.id), OWNED)
    passkeys = "select count(*) from keyledger.claims where kind = 'passkey'"
    expect("passkeys, before", Database.psql(database.url, passkeys), ["2"])
    expect("kinds of credentials that users have", [what for what in OWNED if "credential" in what], credential_kinds())
    expect("columns that tell of her, before", told_in_columns(database, ann.id), COLUMNS)
    jobs = f"select count(*) > 0 from keyledger.jobs where subject = '{ann.id}'"
    expect("jobs about her id", Database.psql(database.url, jobs), ["t"])

    ann.own("DELETE", "/api/v1/auth/me", {"current_password": "wrong password"}, 403)
    ann.own("DELETE", "/api/v1/auth/me", {"current_password": ann.password}, 204)
    await_head(service, database, root)
    expect("passkeys, after", Database.psql(database.url, passkeys), ["1"])
    after = everywhere(service, database, work)
    expect_only("after", ann, after, AS_NOBODY, expect)
    expect("hers, after", owned_by(database, ann.id), [])
    expect("columns that tell of her, after", told_in_columns(database, ann.id), [])
    bobs = [what for what in IN_READ_MODELS if what != "city"]
    expect("after, of Bob in the read models", personal_in(bob, after["the read models"]), bobs)
    expect("Bob's, after", owned_by(database, bob.id), OWNED)
    expect("Ann in the events' topic by her id", ann.id in topic(database), True)
    look_back(service, ann, bob, root, expect)
    service.stop()


def look_back(service, ann, bob, root, expect):
    email = ann.personal["address"]
    expect("her token", call(service, "GET", "/api/v1/auth/me", token=ann.token)[0], 401)
    credentials = {"email": email, "password": ann.password}
    expect("her log-in", call(service, "POST", "/api/v1/auth/login", credentials)[0], 401)
    expect("she in the list", call(service, "GET", f"/api/v1/admin/users/{ann.id}", token=root)[0], 404)
    _, page = call(service, "GET", f"/api/v1/admin/audit?user={ann.id}&limit=200", token=root)
    types = [entry["type"] for entry in page["items"]]
    # The passkey's end stands in the same append, for it takes the claim of its id with it.
    expect("the audit trail's newest entries", sorted(types[:2]), ["factor.removed", "user.erased"])
    expect("the audit trail's oldest entry", types[-1], "registration.completed")
    status, _ = call(service, "DELETE", "/api/v1/auth/me", {"current_password": PASSWORD}, root)
    expect("the administrator", status, 409)
    expect("Bob, by the administrator", call(service, "DELETE", f"/api/v1/admin/users/{bob.id}", token=root)[0], 204)
    verdict = json.loads(service.run("audit", "verify", "--json", check=False).stdout)
    expect("the log", verdict["consistent"], True)
    somebody_new = Life(service, ann.mailbox, "ann", "203.0.113")
    somebody_new.last_mail = ann.last_mail
    somebody_new.register()
    expect("registering her address again", somebody_new.id != ann.id, True)


if __name__ == "__main__":
    sys.exit(run_scenario(arguments(__doc__).parse_args(), "erasure", story))
