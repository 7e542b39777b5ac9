#!/usr/bin/env python3
"""Restores a backup that knows somebody who was erased since, and changes the key that wraps all others.

Scenario. Ann and Bob live in the database; `keyledger backup` writes it to a file. Then Ann erases herself, and
`keyledger erasures` lists her. The backup is restored into an empty database together with that list: the log has
another identity, Ann is nowhere to be found, Bob logs in, and refresh tokens of before are refused; the log is
consistent. At last `keyledger keys rotate --kek` wraps every key anew and ends the old one: Bob logs in, and the
backup holds no key that anybody can open."""

import json
import subprocess
import sys

from erased_user import PASSWORD, await_head, call, dump, found, live, log_in, persona
from scenario import Database, arguments, run_scenario


def log_id(database):
    return Database.psql(database.url, "select log_id from keyledger.log")[0]


def point_at(service, database):
    service.environment["KEYLEDGER_OWNER_DATABASE_URL"] = database.url
    service.environment["KEYLEDGER_DATABASE_URL"] = database.service_url()
    service.environment["KEYLEDGER_KAFKA_TOPIC_PREFIX"] = database.name


def story(service, databases, work, expect):
    first, second = databases
    ann, bob = persona("ann"), persona("bob")
    service.start()
    ann_id, token = live(service, ann)
    live(service, bob)
    refresh_token = log_in(service, bob["email"])[1]["refresh_token"]
    backup = str(work / "keyledger.backup")
    service.run("backup", backup)
    text = subprocess.run(["pg_restore", "--file=-", backup], capture_output=True, text=True, check=True).stdout
    expect("in the backup", found(ann, text) + found(bob, text), [])
    status, _ = call(service, "DELETE", "/api/v1/auth/me", {"current_password": PASSWORD}, token)
    expect("erasure", status, 204)
    erasures = work / "erasures"
    erasures.write_text(service.run("erasures").stdout, encoding="utf-8")
    expect("the list of erasures", [line[:36] for line in erasures.read_text().splitlines()], [ann_id, "# end: 1"])
    service.stop()

    for cut in ("", "# end: 1\n"):
        (work / "cut").write_text(cut, encoding="utf-8")
        refused = service.run("restore", backup, "--erasures", str(work / "cut"), check=False)
        expect("a restore by a list that is not whole", (refused.returncode, refused.stdout), (2, ""))
    over = service.run("restore", backup, "--erasures", str(erasures), check=False)
    expect("a restore over a log", over.returncode, 1)
    Database.psql(second.url, "grant connect on database \"" + second.name + "\" to keyledger_service")
    point_at(service, second)
    service.run("restore", backup, "--erasures", str(erasures))
    expect("the identity is another", log_id(second) != log_id(first), True)
    service.start()
    await_head(service, second, None)
    expect("Ann in the restored database", found(ann, dump(second)), [])
    expect("Bob in the restored database", found(bob, dump(second)), ["agent", "email", "renamed", "username"])
    expect("Ann's log-in", log_in(service, ann["email"])[0], 401)
    expect("Bob's log-in", log_in(service, bob["email"])[0], 200)
    refreshed = call(service, "POST", "/api/v1/auth/refresh", {"refresh_token": refresh_token})
    expect("a refresh token of before", refreshed[0], 400)
    service.stop()
    verdict = json.loads(service.run("audit", "verify", "--json", check=False).stdout)
    expect("the restored log", verdict["consistent"], True)

    wrapping = "select distinct key_encryption_key_id from keyledger.subject_keys where destroyed_at is null"
    old = Database.psql(second.url, wrapping)
    service.run("keys", "rotate", "--kek")
    new = Database.psql(second.url, wrapping)
    expect("one key wraps all others", (len(old), len(new), old != new), (1, 1, True))
    states = {key["id"]: key["state"] for key in json.loads(service.run("keys", "list", "--json").stdout)["keys"]}
    expect("the old key", states.get(old[0]), "revoked")
    service.start()
    expect("Bob's log-in under the new key", log_in(service, bob["email"])[0], 200)
    service.stop()


if __name__ == "__main__":
    sys.exit(run_scenario(arguments(__doc__).parse_args(), "restore", story, databases=2))
