#!/usr/bin/env python3
"""Makes what tests/operate/old_logs holds: a small log, its keyring and its people, by an old binary.

    git worktree add OLD COMMIT; cmake -S OLD -B OLD/build/release --preset release
    ninja -C OLD/build/release keyledger
    make_old_log.py --binary OLD/build/release/bin/keyledger --commit COMMIT FOLDER

with KEYLEDGER_TEST_DATABASE_URL, as `scripts/services start postgres` prints it (PG_SUPERUSER_URL).

People register, log in, are refused, refresh, change their name. One changes the password, one logs out, one is
disabled, one erases themselves. One session lasts as long as any can (365 days), one had ended by its time before
anybody could look, one was left by a log-out, and of one a spent refresh token was kept. FOLDER then holds log.sql.gz
(pg_dump, plain, with the read models of then), keyring.json, heads.txt (the tree heads that were signed) and
people.json: everybody with their password, refresh tokens, and what should become of them."""

import argparse
import gzip
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "fault"))

# pylint: disable=wrong-import-position
from erased_user import call
from scenario import Database, die, free_ports
from servers import is_ready

PASSWORD, CHANGED = "violet tractors hum at noon", "seven quiet lanterns drift south"
ADMINISTRATOR = "administrator@example.com"
NAMES = ("ann", "bob", "cleo", "dora", "emil", "finn", "gwen")
ISSUER = "http://keyledger.example.com"
READY_SECONDS = 60
YEAR_SECONDS = 365 * 24 * 3600


def expect(wanted, answer):
    if answer[0] != wanted:
        die(f"expected {wanted}, got {answer}")
    return answer[1]


def log_in(service, email, password=PASSWORD):
    return expect(200, call(service, "POST", "/api/v1/auth/login", {"email": email, "password": password}))


def refresh(service, tokens):
    return expect(200, call(service, "POST", "/api/v1/auth/refresh", {"refresh_token": tokens["refresh_token"]}))


def live(service):
    """{email: {id, email, password, log_in: the status that is expected, refresh_token, refresh}}"""
    people = {}
    for name in NAMES:
        email = f"{name}@example.com"
        user = expect(201, call(service, "POST", "/api/v1/auth/register",
                                {"email": email, "username": f"{name}1", "name": name.title(), "password": PASSWORD}))
        spent = log_in(service, email)
        call(service, "POST", "/api/v1/auth/login", {"email": email, "password": "wrong"})
        tokens = refresh(service, spent)
        expect(200, call(service, "PUT", "/api/v1/auth/me", {"username": f"{name}2", "name": f"{name.title()} Quill"},
                         tokens["access_token"]))
        people[email] = {"id": user["id"], "email": email, "password": PASSWORD, "log_in": 200,
                         "access_token": tokens["access_token"], "refresh_token": tokens["refresh_token"],
                         "refresh": "lasts", "spent": spent["refresh_token"]}
    bob, cleo, dora, emil, finn = (people[f"{name}@example.com"] for name in NAMES[1:6])
    expect(204, call(service, "POST", "/api/v1/auth/change-password",
                     {"current_password": PASSWORD, "new_password": CHANGED}, bob["access_token"]))
    bob["password"] = CHANGED
    expect(204, call(service, "POST", "/api/v1/auth/logout", None, cleo["access_token"]))
    cleo["refresh"] = "ended"
    root = log_in(service, ADMINISTRATOR)["access_token"]
    expect(204, call(service, "POST", f"/api/v1/admin/users/{dora['id']}/deactivate", {"reason": "left"}, root))
    dora |= {"log_in": 403, "refresh": "ended"}
    emil["refresh"] = "spent"
    expect(204, call(service, "DELETE", "/api/v1/auth/me", {"current_password": PASSWORD}, finn["access_token"]))
    finn |= {"log_in": 401, "refresh": "ended"}
    people[ADMINISTRATOR] = {"email": ADMINISTRATOR, "password": PASSWORD, "log_in": 200}
    return people


class Old:
    """The old service, on a database and a keyring of its own."""

    def __init__(self, binary, database, work):
        self.binary, self.work = binary, work
        self.port, management = free_ports(2)
        self.environment = {
            "PATH": os.environ["PATH"], "KEYLEDGER_OWNER_DATABASE_URL": database.url,
            "KEYLEDGER_KEYRING_FILE": str(work / "keyring.json"), "KEYLEDGER_LISTEN": f"127.0.0.1:{self.port}",
            "KEYLEDGER_MANAGEMENT_LISTEN": f"127.0.0.1:{management}", "KEYLEDGER_ADMIN_PASSWORD": PASSWORD,
            "KEYLEDGER_ISSUER": ISSUER, "KEYLEDGER_ARGON2_MEMORY_KIB": "64",
            "KEYLEDGER_ARGON2_ITERATIONS": "1", "KEYLEDGER_ERASURE_GRACE_HOURS": "0",
            "KEYLEDGER_TREE_HEAD_FILE": str(work / "heads.txt"), "KEYLEDGER_TREE_HEAD_SECONDS": "1",
            "KEYLEDGER_SESSION_IDLE_SECONDS": str(YEAR_SECONDS), "KEYLEDGER_ACCESS_TOKEN_SECONDS": "10"}
        self.run("keys", "generate")
        self.run("migrate", "up")
        self.environment["KEYLEDGER_DATABASE_URL"] = database.service_url()
        self.run("users", "create-admin", "--email", ADMINISTRATOR)

    def run(self, *words):
        done = subprocess.run([self.binary, *words], env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            die(f"keyledger {' '.join(words)}: {done.stdout}{done.stderr}")

    def serving(self, session_seconds, use):
        """What `use` returns, called while the service runs; it ends once a tree head covers the whole log."""
        environment = self.environment | {"KEYLEDGER_SESSION_ABSOLUTE_SECONDS": str(session_seconds)}
        with open(self.work / "service.log", "ab") as log:
            process = subprocess.Popen([self.binary, "serve"], env=environment, stdout=log, stderr=log)
            try:
                self.await_that(process, self.is_ready, "ready")
                used = use(self)
                made = self.heads()
                self.await_that(process, lambda: self.heads() >= made + 2, "at two tree heads more")
                return used
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=30)

    def heads(self):
        path = self.work / "heads.txt"
        return path.read_text(encoding="utf-8").count("\n\n") if path.exists() else 0

    def is_ready(self):
        return is_ready(self.port)

    def await_that(self, process, condition, what):
        until = time.monotonic() + READY_SECONDS
        while not condition():
            if process.poll() is not None:
                die(f"the old service ended with {process.returncode}: {(self.work / 'service.log').read_text()}")
            if time.monotonic() > until:
                die(f"the old service was not {what}")
            time.sleep(0.05)  # between two looks at the condition that is awaited


def make(options, database, work):
    old = Old(options.binary, database, work)
    people = old.serving(YEAR_SECONDS, live)
    gwen = people[f"{NAMES[6]}@example.com"]

    def leave(port):
        gwen["refresh_token"], gwen["refresh"] = log_in(port, gwen["email"])["refresh_token"], "over"
    old.serving(1, leave)
    return list(people.values())


def dumped(database):
    dump = subprocess.run(["pg_dump", "--no-owner", "-d", database.url], capture_output=True, check=True).stdout
    # The role of this run is not there where it is read: what it owned belongs to the role that is.
    dump = dump.replace(database.user.encode(), b"keyledger_service")
    # Newer releases of pg_dump write these for psql alone, and older ones of psql don't know them.
    return b"".join(line for line in dump.splitlines(keepends=True)
                    if not line.startswith((b"\\restrict ", b"\\unrestrict ")))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--commit", required=True, help="that the binary was built from")
    parser.add_argument("folder", type=pathlib.Path)
    options = parser.parse_args()
    admin = os.environ.get("KEYLEDGER_TEST_DATABASE_URL") or die("KEYLEDGER_TEST_DATABASE_URL is not set")
    work = pathlib.Path(tempfile.mkdtemp(prefix="keyledger-old-log-"))
    database = Database(admin, f"keyledger_old_{os.getpid()}")
    try:
        people = make(options, database, work)
        options.folder.mkdir(parents=True, exist_ok=True)
        with gzip.GzipFile(options.folder / "log.sql.gz", "wb", mtime=0) as file:
            file.write(dumped(database))
        for name in ("keyring.json", "heads.txt"):
            shutil.copy(work / name, options.folder)
        events = int(Database.psql(database.url, "select count(*) from keyledger.events")[0])
        told = {"commit": options.commit, "issuer": ISSUER, "events": events, "made_at": int(time.time()),
                "people": people}
        (options.folder / "people.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        print(f"{events} events, {(options.folder / 'log.sql.gz').stat().st_size} bytes")
    finally:
        database.drop()
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
