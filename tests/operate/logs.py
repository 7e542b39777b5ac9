#!/usr/bin/env python3
"""What the service writes about itself: each line of its log is one JSON object with what docs/operate/logs.md names;
accesses are told by route and never by path, query, address, secret or personal value; errors of 5xx always, the rest
by the share that was asked for; what administrators did stands on lines of its own, from their events, and in a file of
its own where one is named. A log that nobody reads holds up nobody. Text is as it was."""

import base64
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "fault"))
from scenario import Database, arguments, die, run_scenario  # noqa: E402 pylint: disable=wrong-import-position

PASSWORD = "violet tractors hum at noon"
ADMINISTRATOR = "administrator@example.com"
ANN = "ann.quill@example.com"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SECONDS = 20


class Caller:
    def __init__(self, service):
        self.connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
        self.secrets = [PASSWORD]

    def call(self, method, path, body=None, token=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text[:1] == b"{" else text

    def must(self, wanted, *words, **more):
        status, answer = self.call(*words, **more)
        if status != wanted:
            die(f"{words[0]} {words[1]} was answered {status}: {answer}")
        return answer

    def log_in(self, email):
        tokens = self.must(200, "POST", "/api/v1/auth/login", {"email": email, "password": PASSWORD},
                           User_Agent="Quillbrowser/7")
        self.secrets += [tokens["access_token"], tokens["refresh_token"]]
        return tokens["access_token"]


def lines_of(path):
    """Every line as an object: whatever is none ends the test."""
    entries = []
    for line in path.read_bytes().splitlines():
        try:
            entry = json.loads(line.decode("utf-8"))
        except ValueError:
            die(f"{path.name} has a line that is no JSON: {line!r}")
        missing = [name for name in ("time", "level", "log", "message") if not isinstance(entry.get(name), str)]
        if missing or not TIME.match(entry["time"]):
            die(f"{path.name} has a line without {missing or 'a time'}: {line!r}")
        entries.append(entry)
    return entries


def awaited(look, what):
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        time.sleep(0.02)  # between two looks at the condition that is awaited
    return die(f"{what}: not within {SECONDS} s")


def accesses(path, **wanted):
    return [entry for entry in lines_of(path) if entry["log"] == "access"
            and all(entry.get(name) == value for name, value in wanted.items())]


def serve(service, work, name, **settings):
    """On a log file of its own."""
    service.environment.update({f"KEYLEDGER_{key}": value for key, value in settings.items()})
    service.log = open(work / f"{name}.log", "ab")
    service.start()
    return work / f"{name}.log"


def live_and_administer(caller):
    """What a day brings, by whom, and which secrets and personal values were in it."""
    root = caller.log_in(ADMINISTRATOR)
    registration = {"email": ANN, "password": PASSWORD, "name": "Ann Quillfeather"}
    ann = caller.must(201, "POST", "/api/v1/auth/register", registration)
    token = caller.log_in(ANN)
    caller.must(200, "PUT", "/api/v1/auth/me", {"username": "annquill", "name": "Ann Quillsworth"}, token=token)
    role = caller.must(201, "POST", "/api/v1/admin/roles", {"name": "clerk", "permissions": ["invoices:read"]},
                       token=root, X_Request_Id="make-a-role")
    caller.must(204, "PUT", f"/api/v1/admin/users/{ann['id']}/roles/{role['id']}", token=root)
    account = caller.must(201, "POST", "/api/v1/admin/service-accounts", {"name": "billing", "audiences": []},
                          token=root)
    secret = caller.must(201, "POST", f"/api/v1/admin/service-accounts/{account['id']}/secrets", token=root)
    caller.secrets.append(secret["client_secret"])
    pair = base64.b64encode(f"{account['id']}:{secret['client_secret']}".encode()).decode()
    caller.secrets.append(pair)
    caller.connection.request("POST", "/oauth2/token", "grant_type=client_credentials",
                              {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {pair}"})
    answer = caller.connection.getresponse()
    granted = json.loads(answer.read())
    if answer.status != 200:
        die(f"a service account's log-in was answered {answer.status}: {granted}")
    caller.secrets.append(granted["access_token"])
    return {"root": root, "ann": ann["id"], "token": token, "role": role["id"], "account": account["id"]}


def search(caller, paths, expect, what):
    personal = [ANN, "annquill", "Ann Quill", "Quillbrowser"]
    for path in paths:
        text = path.read_text(encoding="utf-8", errors="replace").lower()
        found = [value for value in caller.secrets + personal if value.lower() in text]
        expect(f"secrets and personal values in {what} ({path.name})", found, [])


def check_accesses(service, log, caller, day, expect):
    user = f"/api/v1/admin/users/{day['ann']}"
    awaited(lambda: caller.call("GET", user, token=day["root"])[0] == 200, "the user in the read model")
    caller.must(200, "GET", user, token=day["root"], X_Request_Id="look-at-ann",
                traceparent=f"00-{TRACE}-00f067aa0ba902b7-00")
    caller.call("GET", "/nowhere/with-a-secret?code=hidden-code", X_Request_Id="nowhere")
    caller.secrets += ["with-a-secret", "hidden-code"]
    look = awaited(lambda: accesses(log, request_id="look-at-ann"), "the line of a request")[0]
    expect("what is told of an answer", {name: look.get(name) for name in ("method", "route", "status", "trace_id")},
           {"method": "GET", "route": "/api/v1/admin/users/{id}", "status": 200, "trace_id": TRACE})
    expect("how long and how many", [type(look.get(name)) for name in ("duration_us", "bytes")], [int, int])
    expect("a body's bytes are told", look["bytes"] > 100, True)
    expect("no address unless a setting says so", "address" in look, False)
    nowhere = awaited(lambda: accesses(log, request_id="nowhere"), "the line of what no route has")[0]
    expect("what no route has", (nowhere.get("route"), nowhere["operation"], nowhere["status"]),
           (None, "unmatched", 404))
    expect("a client that proved itself is named",
           {entry.get("client_id") for entry in accesses(log, route="/oauth2/token")}, {day["account"]})
    raw = log.read_text(encoding="utf-8")
    expect("no id of a path is in a line of an access",
           any(day["ann"] in json.dumps(entry) for entry in accesses(log)), False)
    expect("no address of a caller", '"127.0.0.1"' in raw, False)


def check_refused_client(log, caller, expect):
    """Who proves nothing is not named, whatever they call themselves."""
    pair = base64.b64encode(b"somebody-else:wrong").decode()
    caller.connection.request("POST", "/oauth2/token", "grant_type=client_credentials",
                              {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {pair}",
                               "X-Request-Id": "wrong-client"})
    answer = caller.connection.getresponse()
    answer.read()
    expect("a client with a wrong secret", answer.status, 401)
    entry = awaited(lambda: accesses(log, request_id="wrong-client"), "its line")[0]
    expect("it is not named", "client_id" in entry, False)


def check_odd_texts(log, caller, expect):
    """What a caller chose can't begin a line, end a text or break the encoding."""
    caller.call("GET", "/health/ready", X_Request_Id='odd"id\\with\ttabs')
    caller.call("GET", "/%22%0a%7b%7d%ff", X_Request_Id="odd-path")
    awaited(lambda: accesses(log, request_id="odd-path"), "the line of an odd path")
    expect("an odd id is told as events have it", len(accesses(log, request_id="odd_id_with_tabs")), 1)


def check_admin(entries, day, database, expect):
    acts = [entry for entry in entries if entry["log"] == "admin"]
    made = [entry for entry in acts if entry.get("request_id") == "make-a-role"]
    expect("a role that was made has a line", len(made) >= 1, True)
    first = made[0]
    expect("by whom, of what, when asked for", (first["actor_type"], first["target_id"], first["request_id"],
                                                first["outcome"]),
           ("user", day["role"], "make-a-role", "appended"))
    rows = Database.psql(database.url, "select position, event_type from keyledger.events where event_id = "
                                       f"'{first['event_id']}'")
    expect("it names its event", rows, [f"{first['position']}|{first['action']}"])
    assigned = [entry for entry in acts if entry["action"] == "role.assigned" and entry.get("subject_id") == day["ann"]]
    expect("a role that was assigned, and to whom", len(assigned), 1)
    expect("the administrator's id", {entry["actor_id"] for entry in acts} - {first["actor_id"]}, set())
    own = [entry for entry in acts if entry["actor_id"] == day["ann"]]
    expect("what people do to themselves is no act of an administrator", own, [])


def check_errors(service, work, caller_of, database, expect):
    """The database takes no connection any more: answers of 5xx are told although nothing else is."""
    log = serve(service, work, "errors", ACCESS_LOG="errors")
    caller = caller_of(service)
    caller.call("GET", "/health/live", X_Request_Id="a-good-one")
    Database.psql(database.admin_url, f'alter database "{database.name}" allow_connections false')
    Database.psql(database.admin_url, "select pg_terminate_backend(pid) from pg_stat_activity where datname = "
                                      f"'{database.name}'")
    try:
        def failed():
            caller.call("POST", "/api/v1/auth/login", {"email": ADMINISTRATOR, "password": PASSWORD})
            return [entry for entry in accesses(log)
                    if entry["status"] == 503 and entry["route"] != "/health/ready"]  # asked for while it started
        entry = awaited(failed, "a 503 in the log")[0]
        expect("its route and level", (entry["route"], entry["level"]), ("/api/v1/auth/login", "error"))
        expect("and nothing that went well", accesses(log, request_id="a-good-one"), [])
    finally:
        Database.psql(database.admin_url, f'alter database "{database.name}" allow_connections true')
    service.stop()
    search(caller, [log], expect, "the log of errors")


def check_share(service, work, caller_of, expect):
    log = serve(service, work, "share", ACCESS_LOG="0.2")
    caller = caller_of(service)
    for _ in range(1000):
        caller.call("GET", "/health/live")
    service.stop()
    told = len(accesses(log))
    # Beyond 9 standard deviations of a binomial distribution.
    expect(f"a fifth of 1,000 answers is told, about ({told})", 85 < told < 315, True)


def check_nobody_reads(service, expect):
    """Whoever should read standard error has stopped: requests are answered all the same."""
    reader, writer = os.pipe()
    service.environment["KEYLEDGER_ACCESS_LOG"] = "all"
    service.log = os.fdopen(writer, "ab")
    service.start()
    caller = Caller(service)
    answered = sum(caller.call("GET", "/health/live")[0] == 200 for _ in range(3000))
    expect("answers while nobody reads a full pipe", answered, 3000)
    service.process.send_signal(signal.SIGKILL)
    service.process.wait()
    os.close(reader)


def story(service, databases, work, expect):
    service.environment["KEYLEDGER_ADMIN_PASSWORD"] = PASSWORD
    service.run("users", "create-admin", "--email", ADMINISTRATOR)
    log = serve(service, work, "all", ACCESS_LOG="all")
    caller = Caller(service)
    day = live_and_administer(caller)
    check_accesses(service, log, caller, day, expect)
    check_refused_client(log, caller, expect)
    check_odd_texts(log, caller, expect)
    service.stop()
    entries = lines_of(log)
    expect("the service says when it began and ended",
           [any(entry["message"].startswith(word) for entry in entries if entry["log"] == "service")
            for word in ("serving log ", "stopped")], [True, True])
    check_admin(entries, day, databases[0], expect)
    search(caller, [log], expect, "the log")

    file = work / "admin.jsonl"
    log = serve(service, work, "apart", ACCESS_LOG="off", ADMIN_LOG_FILE=str(file), ACCESS_LOG_ADDRESS="on")
    again = Caller(service)
    again.secrets = caller.secrets
    root = again.log_in(ADMINISTRATOR)
    again.must(201, "POST", "/api/v1/admin/groups", {"name": "staff"}, token=root)
    os.rename(file, work / "admin.jsonl.1")  # as whoever rotates it does
    again.must(201, "POST", "/api/v1/admin/groups", {"name": "interns"}, token=root)
    service.stop()
    before, after = lines_of(work / "admin.jsonl.1"), lines_of(file)
    expect("acts in a file of their own, also behind a rotation",
           [[entry["target_type"] for entry in part] for part in (before, after)], [["group"], ["group"]])
    expect("the file is nobody else's", oct(file.stat().st_mode & 0o777), "0o600")
    expect("and in the log there is none", [entry for entry in lines_of(log) if entry["log"] != "service"], [])
    done = service.run("users", "recover", "--email", ANN, check=False)
    if done.returncode == 0:
        machine = [entry for entry in lines_of(file) if entry["actor_type"] == "system"]
        expect("what is done at the machine is told, too", len(machine) > 0, True)
    search(again, [file, work / "admin.jsonl.1", log], expect, "the acts of administrators")
    del service.environment["KEYLEDGER_ADMIN_LOG_FILE"]

    log = serve(service, work, "text", LOG_FORMAT="text", ACCESS_LOG="all")
    Caller(service).call("GET", "/health/live", X_Request_Id="as-text")
    service.stop()
    text = log.read_text(encoding="utf-8")
    expect("text: the service's lines are as they were",
           bool(re.search(r"^\S+Z info serving log \S+ on .* after \d+ ms$", text, re.MULTILINE)), True)
    expect("text: and an access",
           bool(re.search(r"^\S+Z info access: GET /health/live 200 .*request_id=as-text", text, re.MULTILINE)), True)
    expect("text: with the address, as the setting says", " address=127.0.0.1" in text, True)
    service.environment.update({"KEYLEDGER_LOG_FORMAT": "auto", "KEYLEDGER_ACCESS_LOG_ADDRESS": "off"})

    failed = subprocess.run([service.binary, "serve"], capture_output=True, text=True, check=False, timeout=60,
                            env={**service.environment, "KEYLEDGER_START_PATIENCE_SECONDS": "0",
                                 "KEYLEDGER_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"})
    told = [json.loads(line) for line in failed.stderr.splitlines()]
    expect("why it can't start is JSON, too", (failed.returncode != 0, told[-1]["level"]), (True, "critical"))

    check_share(service, work, Caller, expect)
    check_nobody_reads(service, expect)
    check_errors(service, work, Caller, databases[0], expect)


if __name__ == "__main__":
    OPTIONS = arguments(__doc__).parse_args()
    sys.exit(run_scenario(OPTIONS, "logs", story))
