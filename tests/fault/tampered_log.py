#!/usr/bin/env python3
"""Changes the log and a credential as a superuser, and sees that it shows.

Scenario. Two users register and log in, the service stops. Then, each in a fresh copy of the database: one byte of a
payload is changed; a leaf hash is changed; a row is deleted in the middle; two records are swapped. `keyledger audit
verify` must name exactly that position and exit with 4 (I11). Then by somebody who mends every hash and number that
they can reach: a byte changed and its leaf hash made anew, a row deleted and those behind it renumbered, two records
of different streams swapped, the tail cut off. The changed byte shows by the record's MAC, which nobody can mend
without the keyring; the others leave a log that is consistent by itself. Against the heads that the service wrote to
a file the verifier names the interval between two of them, and `serve` refuses the log that was cut.
Go's own implementation of notes and Merkle trees holds the heads against an export, and so do the heads in the topic.
At last one user's password hash is replaced by another's: the log does not name it, so that neither password opens the
door."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request

from scenario import Database, arguments, die, run_scenario

PASSWORD = "violet tractors hum at noon"


def post(service, path, body):
    request = urllib.request.Request(f"http://127.0.0.1:{service.port}{path}", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def run_on(service, database, name, *words):
    environment = dict(service.environment)
    service.environment["KEYLEDGER_DATABASE_URL"] = database.of(environment["KEYLEDGER_DATABASE_URL"], name)
    done = service.run(*words, check=False)
    service.environment = environment
    return done


def verify(service, database, name, *words):
    done = run_on(service, database, name, "audit", "verify", "--json", *words)
    return done.returncode, json.loads(done.stdout) if done.stdout.startswith("{") else {"error": done.stderr}


TAMPERINGS = {
    # One byte of the payload of position 2: the last hex digit of the digest that names the credential.
    "a payload byte": (2, "update keyledger.events set payload_text = replace(payload_text, digest, left(digest, 63) ||"
                          " case right(digest, 1) when '0' then '1' else '0' end) from (select payload_text::jsonb"
                          "->>'sealed_sha256' as digest from keyledger.events where position = 2) as one"
                          " where position = 2"),
    "a leaf hash": (3, "update keyledger.events set leaf_hash = set_byte(leaf_hash, 0, get_byte(leaf_hash, 0) # 1)"
                       " where position = 3"),
    "a deleted row": (4, "delete from keyledger.events where position = 4"),
    # Of one stream; two of different streams that change places show only against a tree head.
    "two swapped": (6, "update keyledger.events set position = 99 where position = 6;"
                       "update keyledger.events set position = 6 where position = 7;"
                       "update keyledger.events set position = 7 where position = 99"),
}


def await_head(heads, size):
    """Until the file has a tree head of that size."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        notes = pathlib.Path(heads).read_text().split("\n\n") if pathlib.Path(heads).exists() else []
        if any(int(note.split("\n")[1]) >= size for note in notes if note.startswith("keyledger/")):
            return
        time.sleep(0.05)  # between two looks at the condition that is awaited
    die(f"no tree head of size {size} came")


def await_published(service, position):
    """Until the publisher says that Kafka has the event."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with urllib.request.urlopen(f"http://127.0.0.1:{service.management_port}/metrics", timeout=5) as answer:
            told = re.search(r"^keyledger_publisher_position\S* (\d+)$", answer.read().decode(), re.MULTILINE)
            if told and int(told[1]) >= position:
                return
        time.sleep(0.05)  # between two looks at the condition that is awaited
    die(f"position {position} was not published")


def mended_leaf(url, position):
    """Computes the leaf hash of a record as RFC 6962 and RFC 8785 have it, and writes it over the stored one."""
    row = json.loads(Database.psql(url, "select jsonb_build_object('event_id', event_id, 'event_type', event_type,"
                                        " 'metadata', metadata_text::jsonb, 'payload', payload_text::jsonb,"
                                        " 'recorded_at_ms',"
                                        " (extract(epoch from recorded_at) * 1000)::bigint, 'schema_version',"
                                        " schema_version, 'stream_id', stream_id, 'stream_type', stream_type, 'tenant',"
                                        " tenant, 'version', version) from keyledger.events"
                                        f" where position = {position}")[0])
    text = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(b"\0" + text.encode()).hexdigest()
    Database.psql(url, f"update keyledger.events set leaf_hash = '\\x{digest}' where position = {position}")


def renumber(url, first, by):
    Database.psql(url, "alter table keyledger.events drop constraint events_position_check;"
                       f"update keyledger.events set position = -(position + {by}) where position >= {first};"
                       "update keyledger.events set position = -position where position < 0")


def swap(url, one, other):
    Database.psql(url, f"update keyledger.events set position = 99 where position = {one};"
                       f"update keyledger.events set position = {one} where position = {other};"
                       f"update keyledger.events set position = {other} where position = 99")


def change_byte(url):
    Database.psql(url, TAMPERINGS["a payload byte"][1])
    mended_leaf(url, 2)


def delete_row(url):
    Database.psql(url, "delete from keyledger.events where position = 3")
    renumber(url, 4, -1)


def cut_tail(url):
    Database.psql(url, "delete from keyledger.events where position = 10; delete from keyledger.tree_heads")


# Position 3 is Ann's session and 8 is Bob's, streams of one event each. The heads are at 5 and 10, and perhaps between.
MENDED = {
    "a byte changed and its leaf hash mended": (2, change_byte),
    "a row deleted and the others renumbered": (3, delete_row),
    "two swapped that are no stream's neighbours": (3, lambda url: swap(url, 3, 8)),
    "the tail cut off": (10, cut_tail),
}


def check_mended(service, database, heads, expect):
    for what, (position, tamper) in MENDED.items():
        copy = f"{database.name}_copy"
        Database.psql(database.admin_url, f'create database "{copy}" template "{database.name}"')
        try:
            tamper(Database.of(database.admin_url, copy))
            code, verdict = verify(service, database, copy)
            # Whoever changes a record can mend its hash, and has no key for its MAC. Those that only move keep theirs.
            found = tamper is change_byte
            expect(f"{what}: alone", (code, verdict.get("consistent"), verdict.get("first_bad_position")),
                   (4, False, position) if found else (0, True, None))
            code, verdict = verify(service, database, copy, "--against", heads)
            interval = verdict.get("bad_interval", {})
            if found:
                interval = {"first": verdict.get("first_bad_position"), "last": verdict.get("first_bad_position")}
            print(f"{what}: the verifier names positions {interval.get('first')} to {interval.get('last')}")
            expect(f"{what}: against the heads",
                   (code, interval.get("first", 99) <= position <= interval.get("last", 0)), (4, True))
            if tamper is cut_tail:
                refused = run_on(service, database, copy, "serve")
                expect("serve refuses the log that was cut",
                       (refused.returncode != 0, "events are missing" in refused.stderr), (True, True))
        finally:
            Database.psql(database.admin_url, f'drop database "{copy}" with (force)')


def check_topic(service, work, database, expect):
    """The heads in Kafka are as good as those in the file, and the events there fold to the same state."""
    brokers, topic = os.environ["KEYLEDGER_TEST_KAFKA_BROKERS"], f"{database.name}.tree-heads.v1"
    read = subprocess.run(["kcat", "-C", "-b", brokers, "-t", topic, "-e", "-q", "-f", "%s\n"], capture_output=True,
                          text=True, check=True)
    (work / "topic").write_text(read.stdout)
    code, verdict = verify(service, database, database.name, "--against", str(work / "topic"))
    # One that the broker did not take in time is made up for by the next.
    expect("against the topic's heads", (code, verdict["consistent"], verdict["tree_heads"] >= 1), (0, True, True))
    from_log = service.run("audit", "replay", "--json").stdout
    from_topic = service.run("audit", "replay", "--kafka", "--json").stdout
    expect("replay from the topic and from the log", from_topic == from_log, True)


def check_with_go(service, work, heads, expect):
    go = shutil.which("go")
    packages = pathlib.Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/note")
    if go is None or not packages.is_dir():
        die("Go and golang.org/x/mod are not installed; scripts/install go")
    key, export = work / "key", work / "log.ndjson"
    key.write_text(service.run("audit", "key").stdout)
    service.run("audit", "export", str(export))
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "",
                   "GOTOOLCHAIN": "local"}
    program = str(pathlib.Path(__file__).with_name("treeheads.go"))
    done = subprocess.run([go, "run", program, str(key), heads, str(export)], env=environment, capture_output=True,
                          text=True, check=False)
    print(done.stdout.strip() or done.stderr.strip())
    expect("Go's notes and trees agree", done.returncode, 0)
    changed = pathlib.Path(heads).read_text().replace("\n10\n", "\n9\n")
    (work / "changed").write_text(changed)
    done = subprocess.run([go, "run", program, str(key), str(work / "changed"), str(export)], env=environment,
                          capture_output=True, text=True, check=False)
    expect("Go refuses a changed head", done.returncode, 1)


def story(service, databases, work, expect):
    database, = databases
    heads = str(work / "heads")
    service.environment.update(KEYLEDGER_TREE_HEAD_FILE=heads, KEYLEDGER_TREE_HEAD_SECONDS="1")
    service.start()
    for user in ("ann", "bob"):
        expect(f"register {user}", post(service, "/api/v1/auth/register",
                                        {"email": f"{user}@example.com", "password": PASSWORD + user}), 201)
        expect(f"log in {user}", post(service, "/api/v1/auth/login",
                                      {"email": f"{user}@example.com", "password": PASSWORD + user}), 200)
        await_head(heads, 5 if user == "ann" else 10)
    await_published(service, 10)
    service.stop()
    code, verdict = verify(service, database, database.name)
    expect("untouched", (code, verdict["consistent"], verdict["checked"]), (0, True, 10))
    code, verdict = verify(service, database, database.name, "--against", heads)
    expect("untouched, against the heads", (code, verdict["consistent"], verdict["tree_heads"] >= 2),
           (0, True, True))
    check_topic(service, work, database, expect)
    check_mended(service, database, heads, expect)
    check_with_go(service, work, heads, expect)
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


if __name__ == "__main__":
    sys.exit(run_scenario(arguments(__doc__).parse_args(), "tamper", story))
