#!/usr/bin/env python3
"""Rotates the key that events are believed by, while the service runs, and closes the old one.

Scenario. A user registers; the key for event-macs is rotated and the node gets a SIGHUP. Within a minute or so the log
says that there is another key, and what is appended from then on carries its MAC. The old key is closed: nothing can be
appended under it any more, and the log says up to where it counts. All that was there before is believed still: after
a restart the user logs in, the verifier says good, and the read models equal a replay. With a keyring that lacks the
new key, which was announced, the verifier says which key is missing. Then the user's key is destroyed, as `append` does
it, and brought back by the owner."""

import json
import os
import pathlib
import signal
import sys
import time
import urllib.error
import urllib.request

from scenario import Database, arguments, die, run_scenario

PASSWORD = "violet tractors hum at noon"


def ask(service, path, body):
    request = urllib.request.Request(f"http://127.0.0.1:{service.port}{path}", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def awaited(what, condition, seconds=120):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.2)  # between two looks at the condition that is awaited
    die(f"{what} did not come")


def story(service, databases, work, expect):
    database, = databases
    keyring = pathlib.Path(service.environment["KEYLEDGER_KEYRING_FILE"])
    service.environment.update(KEYLEDGER_TREE_HEAD_FILE=str(work / "heads"), KEYLEDGER_TREE_HEAD_SECONDS="1")
    person = {"email": "ann@example.com", "password": PASSWORD}
    service.start()
    expect("register", ask(service, "/api/v1/auth/register", person), 201)
    newest = "select mac_key_id from keyledger.events order by position desc limit 1"
    old, = Database.psql(database.url, newest)
    before = keyring.read_text()
    refused = service.run("keys", "close", old, check=False)
    expect("the only key can't be closed", (refused.returncode, "rotate" in refused.stderr), (1, True))
    expect("nor revoked", service.run("keys", "revoke", old, check=False).returncode, 1)
    service.run("keys", "rotate", "event-macs")
    service.process.send_signal(signal.SIGHUP)
    awaited("the announcement", lambda: Database.psql(
        database.url, "select 1 from keyledger.events where event_type = 'log.mac_key_added'"))
    awaited("an event under the new key", lambda: ask(service, "/api/v1/auth/login", person) == 200
            and Database.psql(database.url, newest) != [old])
    awaited("the end of the old key", lambda: service.run("keys", "close", old, check=False).returncode == 0)
    again = service.run("keys", "close", old, check=False).returncode
    closed = "select count(*) from keyledger.events where event_type = 'log.mac_key_closed'"
    expect("no key is closed twice in the log", (again, Database.psql(database.url, closed)), (0, ["1"]))
    expect("log in", ask(service, "/api/v1/auth/login", person), 200)
    service.stop()
    verdict = json.loads(service.run("audit", "verify", "--json", check=False).stdout)
    expect("the verifier", (verdict["consistent"], verdict["authenticated"], verdict["disavowed"]), (True, True, []))
    service.start()
    expect("log in after a restart", ask(service, "/api/v1/auth/login", person), 200)
    expect("the tables equal a replay", service.run("projections", "verify", check=False).returncode, 0)
    service.stop()

    now = keyring.read_text()
    keyring.write_text(before)
    looked = service.run("audit", "verify", "--json", check=False)
    verdict = json.loads(looked.stdout)
    lacking, = Database.psql(database.url, newest)
    expect("without the new key it can't be looked at, which is no sign of tampering",
           (looked.returncode, verdict["consistent"], verdict.get("keyring_lacks")), (1, False, lacking))
    keyring.write_text(now)

    subject, = Database.psql(database.url, "select subject from keyledger.subject_keys s where exists (select from"
                                           " keyledger.streams t where t.stream_id = s.subject)")
    Database.psql(database.url, "insert into keyledger.graveyard (subject, tenant, key_id, wrapped_key,"
                                " key_encryption_key_id) select subject, tenant, key_id, wrapped_key,"
                                f" key_encryption_key_id from keyledger.subject_keys where subject = '{subject}';"
                                " update keyledger.subject_keys set wrapped_key = '', destroyed_at = now()"
                                f" where subject = '{subject}'")
    service.run("keys", "undestroy", subject)
    expect("a second time there is nothing", service.run("keys", "undestroy", subject, check=False).returncode, 1)
    service.start()
    expect("log in with the key that is back", ask(service, "/api/v1/auth/login", person), 200)
    service.stop()


if __name__ == "__main__":
    os.umask(0o077)  # the keyring is written here, too
    sys.exit(run_scenario(arguments(__doc__).parse_args(), "rotate", story))
