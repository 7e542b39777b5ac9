#!/usr/bin/env python3
"""Changes the log and a credential as a superuser, and sees that it shows.

Scenario. Two users register and log in, the service stops. Then, each in a fresh copy of the database: one byte of a
payload is changed; a leaf hash is changed; a row is deleted in the middle; two records are swapped. `keyledger audit
verify` must name exactly that position and exit with 4 (I11). At last one user's password hash is replaced by
another's: the log does not name it, so that neither password opens the door."""

import argparse
import json
import os
import pathlib
import shutil
import sys
import tempfile
import urllib.error
import urllib.request

from kill_service import Database, Service, die

PASSWORD = "violet tractors hum at noon"


def post(service, path, body):
    request = urllib.request.Request(f"http://127.0.0.1:{service.port}{path}", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def verify(service, database, name):
    environment = dict(service.environment)
    service.environment["KEYLEDGER_DATABASE_URL"] = environment["KEYLEDGER_DATABASE_URL"].replace(database.name, name)
    done = service.run("audit", "verify", "--json", check=False)
    service.environment = environment
    return done.returncode, json.loads(done.stdout) if done.stdout.startswith("{") else done.stderr


TAMPERINGS = {
    # One byte of the payload of position 2: the last hex digit of the digest that names the credential.
    "a payload byte": (2, "update keyledger.events set payload = jsonb_set(payload, '{sealed_sha256}', to_jsonb("
                          "left(payload->>'sealed_sha256', 63) || case right(payload->>'sealed_sha256', 1)"
                          " when '0' then '1' else '0' end)) where position = 2"),
    "a leaf hash": (3, "update keyledger.events set leaf_hash = set_byte(leaf_hash, 0, get_byte(leaf_hash, 0) # 1)"
                       " where position = 3"),
    "a deleted row": (4, "delete from keyledger.events where position = 4"),
    # Of one stream; two of different streams that change places show only against a tree head.
    "two swapped": (4, "update keyledger.events set position = 99 where position = 4;"
                       "update keyledger.events set position = 4 where position = 5;"
                       "update keyledger.events set position = 5 where position = 99"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.environ.get("KEYLEDGER_TEST_BINARY"))
    options = parser.parse_args()
    for name in ("KEYLEDGER_TEST_DATABASE_URL", "KEYLEDGER_TEST_KAFKA_BROKERS"):
        if not os.environ.get(name):
            die(f"{name} is not set; run this through scripts/test -L fault")
    work = pathlib.Path(tempfile.mkdtemp(prefix="keyledger-tamper-"))
    database = Database(os.environ["KEYLEDGER_TEST_DATABASE_URL"])
    service = None
    faults = []

    def expect(what, got, wanted):
        print(f"{what}: {got}")
        if got != wanted:
            faults.append(f"{what}: expected {wanted}, got {got}")

    try:
        service = Service(options, work, database)
        service.start()
        for user in ("ann", "bob"):
            expect(f"register {user}", post(service, "/api/v1/auth/register",
                                            {"email": f"{user}@example.com", "password": PASSWORD + user}), 201)
            expect(f"log in {user}", post(service, "/api/v1/auth/login",
                                          {"email": f"{user}@example.com", "password": PASSWORD + user}), 200)
        service.stop()
        code, verdict = verify(service, database, database.name)
        expect("untouched", (code, verdict["consistent"], verdict["checked"]), (0, True, 6))
        for what, (position, sql) in TAMPERINGS.items():
            copy = f"{database.name}_copy"
            Database.psql(database.admin_url, f'create database "{copy}" template "{database.name}"')
            try:
                Database.psql(database.of(database.admin_url, copy), sql)
                code, verdict = verify(service, database, copy)
                expect(what, (code, verdict.get("first_bad_position")), (4, position))
            finally:
                Database.psql(database.admin_url, f'drop database "{copy}" with (force)')
        Database.psql(database.url,
                      "with pair as (select credential_id, sealed, lead(sealed) over w as next,"
                      " lag(sealed) over w as previous from keyledger.credentials window w as (order by credential_id))"
                      " update keyledger.credentials c set sealed = coalesce(b.next, b.previous)"
                      " from pair b where b.credential_id = c.credential_id")
        service.start()
        for user, password in (("ann", "ann"), ("ann", "bob"), ("bob", "bob"), ("bob", "ann")):
            body = {"email": f"{user}@example.com", "password": PASSWORD + password}
            expect(f"log in {user} with {password}'s password after the swap",
                   post(service, "/api/v1/auth/login", body), 500)
        service.stop()
    finally:
        if service and service.process and service.process.poll() is None:
            service.process.kill()
            service.process.wait()
        database.drop()
        shutil.rmtree(work, ignore_errors=True)
    for fault in faults:
        print(f"FAULT: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
