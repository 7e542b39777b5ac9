#!/usr/bin/env python3
"""Calls `append` as the service's database role, and sees that nobody believes it.

Scenario. An administrator and Mallory are there, two nodes serve, heads are signed. Somebody who got the password of
the service's role, and no keyring, appends what makes Mallory administrator: as actor `system`, by the very function,
once with a right leaf hash and a made-up MAC and once with a leaf of noise. Before anything else stood there they put
records of another type under the ids of the log's own stream and of Mallory's assignments. Mallory must be
administrator nowhere: not for commands, not in the memory that answers checks, not in the read models, not in Kafka, on
neither node, before and after a restart; `log.disavowed` names all these records before a tree head covers them; the
verifier lists them and says good, with and without the keyring; a rebuild equals the live tables. The stream goes on
behind them: the administrator makes Mallory one in the ordinary way, and that is believed."""

import copy
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid

from scenario import Database, arguments, die, free_ports, run_scenario

PASSWORD = "violet tractors hum at noon"
ADMINISTRATOR = "root@example.com"
ROLE = "6b65796c-6564-8065-8072-6f6c65000001"
LOG_STREAM = "6b65796c-6564-8067-806c-6f676b657001"


def ask(service, method, path, body=None, token=None):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"http://127.0.0.1:{service.port}{path}", data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"{}")


def log_in(service, email):
    status, answer = ask(service, "POST", "/api/v1/auth/login", {"email": email, "password": PASSWORD})
    if status != 200:
        die(f"log in {email}: {status} {answer}")
    return answer["access_token"]


def awaited(what, condition):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.05)  # between two looks at the condition that is awaited
    die(f"{what} did not come")


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def assignments_of(user):
    stream = list(uuid.UUID(user).bytes)
    stream[6] = 0x80 | stream[6] & 0x0F
    return str(uuid.UUID(bytes=bytes(stream)))


def forged(stream, key_id, user, version, recorded_at_ms, leaf=None):
    """The SQL that appends role.assigned to a stream (type and id), and the leaf hash that it stores."""
    stream_type, stream_id = stream
    event_id = str(uuid.uuid4())
    payload = canonical({"role_id": ROLE, "subject_id": user, "subject_type": "user"})
    metadata = canonical({"actor_id": "", "actor_type": "system", "causation_id": "", "client_address": None,
                          "command_id": "", "correlation_id": "", "device": None, "occurred_at_ms": recorded_at_ms,
                          "request_id": "", "session_id": None, "traceparent": "", "user_agent": None})
    record = canonical({"event_id": event_id, "event_type": "role.assigned", "metadata": json.loads(metadata),
                        "payload": json.loads(payload), "recorded_at_ms": recorded_at_ms, "schema_version": 2,
                        "stream_id": stream_id, "stream_type": stream_type, "tenant": "default",
                        "version": version + 1})
    leaf = leaf or hashlib.sha256(b"\0" + record.encode()).hexdigest()
    empty = ["guard_commands", "guard_streams", "claim_commands", "claim_takes", "claim_kinds", "claim_key_ids",
             "claim_digests", "claim_owners", "credential_commands", "credential_ids", "credential_owners",
             "credential_kinds", "credential_revisions", "credential_sealed", "read_key_subjects", "read_key_ids",
             "use_commands", "use_keys", "new_key_commands", "new_key_subjects", "new_key_ids", "new_key_wrapped",
             "new_key_encryption_key_ids", "destroyed_key_commands", "destroyed_key_subjects", "destroyed_key_ids",
             "spent_commands", "spent_digests", "spent_made", "spent_expiries"]
    given = {
        "for_tenant": "'default'", "at_time": f"to_timestamp({recorded_at_ms} / 1000.0)", "mac_key": f"'{key_id}'",
        "command_ids": f"array['\\x{os.urandom(32).hex()}'::bytea]", "fingerprints": f"array['\\x{'00' * 32}'::bytea]",
        "command_hours": "array[0::smallint]", "stream_ids": f"array['{stream_id}'::uuid]",
        "stream_types": f"array['{stream_type}']", "stream_versions": f"array[{version}]", "stream_writers": "array[1]",
        "event_streams": "array[1]", "event_versions": f"array[{version + 1}]", "event_types": "array['role.assigned']",
        "event_schemas": "array[2::smallint]", "event_ids": f"array['{event_id}'::uuid]",
        "event_payloads": f"array['{payload}']", "event_metadatas": f"array['{metadata}']",
        "event_leaves": f"array['\\x{leaf}'::bytea]", "event_macs": f"array['\\x{os.urandom(16).hex()}'::bytea]",
        **{name: "'{}'" for name in empty}}
    call = ", ".join(f"{name} => {value}" for name, value in given.items())
    return f"select outcome, first_position from keyledger.append({call})"


def second_node(service):
    node = copy.copy(service)
    node.process = None
    node.port, node.management_port = free_ports(2)
    node.environment = {**service.environment, "KEYLEDGER_LISTEN": f"127.0.0.1:{node.port}",
                        "KEYLEDGER_MANAGEMENT_LISTEN": f"127.0.0.1:{node.management_port}"}
    return node


def records_of(database):
    read = subprocess.run(["kcat", "-C", "-b", os.environ["KEYLEDGER_TEST_KAFKA_BROKERS"], "-t",
                           f"{database.name}.events.v1", "-e", "-q", "-X", "isolation.level=read_committed", "-f",
                           "%h\t%s\n"], capture_output=True, text=True, check=False)
    records = {}
    for line in read.stdout.splitlines():
        headers, value = line.split("\t", 1)
        records[json.loads(value)["position"]] = (dict(part.split("=", 1) for part in headers.split(",")), value)
    return records


def check_nowhere(nodes, mallory, expect, when):
    for number, node in enumerate(nodes, 1):
        token = log_in(node, "mallory@example.com")
        listed = ask(node, "GET", "/api/v1/admin/users", token=token)[0]
        expect(f"{when}, node {number}: Mallory lists users", listed, 403)
        admin = log_in(node, ADMINISTRATOR)
        roles = ask(node, "GET", f"/api/v1/admin/users/{mallory}/roles", token=admin)
        expect(f"{when}, node {number}: Mallory's roles", [role["name"] for role in roles[1].get("items", [])], [])


def story(service, databases, work, expect):
    database, = databases
    heads = str(work / "heads")
    service.environment.update(KEYLEDGER_TREE_HEAD_FILE=heads, KEYLEDGER_TREE_HEAD_SECONDS="1",
                               KEYLEDGER_KAFKA_STATE_TOPICS="on", KEYLEDGER_ADMIN_PASSWORD=PASSWORD)
    service.run("users", "create-admin", "--email", ADMINISTRATOR)
    role_url = service.environment["KEYLEDGER_DATABASE_URL"]
    positions, right = [], []

    def append(stream, user, version, leaf):
        last = Database.psql(database.url, "select mac_key_id, (extract(epoch from recorded_at) * 1000)::bigint"
                                           " from keyledger.events order by position desc limit 1")
        key_id, newest = last[0].split("|")
        now = max(int(time.time() * 1000), int(newest))
        # The service may have appended something newer in between.
        return Database.psql(role_url, forged(stream, key_id, user, version, now, leaf),
                             unless="stamped before the newest event")

    def forge(stream, user, version, leaf):
        appended = awaited("a forged event of its own time", lambda: append(stream, user, version, leaf))
        outcome, position = appended[0].split("|")
        expect("the role can append", outcome, "0")
        positions.append(int(position))
        if leaf is None:
            right.append(int(position))

    forge(("user", LOG_STREAM), str(uuid.uuid4()), 0, os.urandom(32).hex())
    service.start()
    other = second_node(service)
    other.start()
    nodes = (service, other)
    try:
        _, registered = ask(service, "POST", "/api/v1/auth/register",
                            {"email": "mallory@example.com", "password": PASSWORD})
        mallory = registered["id"]
        check_nowhere(nodes, mallory, expect, "before")

        forge(("user", assignments_of(mallory)), mallory, 0, os.urandom(32).hex())
        forge(("assignments", assignments_of(mallory)), mallory, 1, None)
        forge(("assignments", assignments_of(mallory)), mallory, 2, os.urandom(32).hex())
        check_nowhere(nodes, mallory, expect, "forged")

        says = ("select payload_text::jsonb->>'position' from keyledger.events where event_type = 'log.disavowed'"
                " order by 1")
        awaited("log.disavowed for all", lambda: Database.psql(database.url, says) == sorted(map(str, positions)))
        published = awaited("the records in Kafka", lambda: (
            lambda found: found if all(position in found for position in positions) else None)(records_of(database)))
        for position in positions:
            headers, value = published[position]
            expect("Kafka has no data there", (headers["ce_type"], ROLE in value, "data" in json.loads(value)),
                   ("log.record_disavowed", False, True))
        awaited("a head over them", lambda: pathlib.Path(heads).exists() and max(
            int(note.split("\n")[1]) for note in pathlib.Path(heads).read_text().split("\n\n") if
            note.startswith("keyledger/")) >= positions[-1])
    finally:
        other.stop()
    service.stop()

    listed = [{"position": position} for position in positions]
    for what, words in (("alone", []), ("against the heads", ["--against", heads])):
        verdict = json.loads(service.run("audit", "verify", "--json", *words, check=False).stdout)
        expect(f"the verifier, {what}", (verdict["consistent"], verdict["authenticated"],
                                         [{"position": one["position"]} for one in verdict["disavowed"]]),
               (True, True, listed))
    export, key = work / "log.ndjson", work / "key"
    service.run("audit", "export", str(export))
    key.write_text(service.run("audit", "key").stdout)
    keyless = {name: value for name, value in service.environment.items() if "KEYRING" not in name}
    replayed = [json.loads(line) for line in service.run("audit", "replay", "--file", str(export), "--user", mallory,
                                                         "--json").stdout.splitlines()]
    expect("a replay of the export", any(ROLE in json.dumps(one) for one in replayed), False)
    words = ["audit", "verify", str(export), "--against", heads, "--key", str(key), "--json"]
    done = subprocess.run([service.binary, *words], env=keyless, capture_output=True, text=True, check=False)
    verdict = json.loads(done.stdout)
    expect("the verifier, of an export without a keyring", (verdict["consistent"], [
        one["position"] for one in verdict["disavowed"]]), (True, [at for at in positions if at not in right]))

    expect("the tables equal a replay", service.run("projections", "verify", check=False).returncode, 0)
    rebuilt = service.run("projections", "rebuild", "--all", "--compare", check=False)
    expect("they equal a rebuild", rebuilt.returncode, 0)
    expect("no read model knows them",
           Database.psql(database.url, "select count(*) from read_models.audit_2 where position in ("
                                       + ",".join(map(str, positions)) + ")"), ["0"])
    service.start()
    other = second_node(service)
    other.start()
    try:
        check_nowhere((service, other), mallory, expect, "after a restart")
        admin = log_in(service, ADMINISTRATOR)
        expect("the administrator makes Mallory one",
               ask(service, "PUT", f"/api/v1/admin/users/{mallory}/roles/{ROLE}", token=admin)[0] in (200, 204), True)
        for number, node in enumerate((service, other), 1):
            expect(f"node {number}: believed",
                   ask(node, "GET", "/api/v1/admin/users", token=log_in(node, "mallory@example.com"))[0], 200)
    finally:
        other.stop()
    service.stop()


if __name__ == "__main__":
    sys.exit(run_scenario(arguments(__doc__).parse_args(), "forge", story))
