#!/usr/bin/env python3
"""Asks one node about what another one just did, at the moment its answer is there (I8).

Scenario. Two nodes on one database. On the first, an administrator and a user change something: log out, revoke
all sessions, withdraw a role, also from everyone, deny, leave a group, take groups apart, disable; a service's
token is revoked, its account put into a group and out of it, and disabled. When the command's answer has arrived,
the second node is asked at once whether the session or token is active or the permission held, over a connection
that is open already; each change is undone, and that must be known at once too. Not one answer may be from before.

Then every session of the second node that reads the log is stopped (SIGSTOP to the database's own process for it),
something is revoked on the first node, and the second is asked: it must answer 503, never "active". Once the sessions
go on, it must answer that the token is not active. At last the nodes end, and the second begins anew from the snapshot
that it left."""

import base64
import copy
import hashlib
import http.client
import json
import os
import re
import secrets
import signal
import sys
import time
import urllib.parse

from scenario import Database, arguments, die, free_ports, run_scenario

PASSWORD = "violet tractors hum at noon"
ADMINISTRATOR = "administrator@example.com"
CLIENT = "resource-server"
EVERYONE = "1890da4a-9342-538d-9991-739cb9baada4"
SECONDS = 60
TIMEOUT_MS = 2000


class Node:
    """One process, asked over one connection."""

    def __init__(self, service, client_secret):
        self.service, self.secret = service, client_secret
        self.connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)

    def call(self, method, path, body=None, token=None, form=None):
        headers = {}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            data = urllib.parse.urlencode(form)
        else:
            headers["Content-Type"] = "application/json"
            data = None if body is None else json.dumps(body)
        if token:
            headers["Authorization"] = f"Bearer {token}"
        else:
            pair = base64.b64encode(f"{CLIENT}:{self.secret}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        self.connection.request(method, path, data, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else {}

    def must(self, wanted, *words, **more):
        status, answer = self.call(*words, **more)
        if status != wanted:
            die(f"{words[0]} {words[1]} was answered {status}: {answer}")
        return answer

    def log_in(self, email):
        return self.must(200, "POST", "/api/v1/auth/login", {"email": email, "password": PASSWORD})

    def active(self, token):
        return self.must(200, "POST", "/oauth2/introspect", form={"token": token})["active"]

    def may(self, subject, resource, action, kind="user"):
        question = {"subject": {"type": kind, "id": subject}, "resource": {"type": resource, "id": "1"},
                    "action": {"name": action}}
        return self.must(200, "POST", "/access/v1/evaluation", question)["decision"]


    def get_token(self, account):
        """A token of a service account, of (id, secret)."""
        pair = base64.b64encode(f"{account[0]}:{account[1]}".encode()).decode()
        self.connection.request("POST", "/oauth2/token", "grant_type=client_credentials",
                                {"Content-Type": "application/x-www-form-urlencoded",
                                 "Authorization": f"Basic {pair}"})
        answer = self.connection.getresponse()
        body = json.loads(answer.read())
        if answer.status != 200:
            die(f"a service account's log-in was answered {answer.status}: {body}")
        return body["access_token"]


class Story:
    def __init__(self, first, second):
        self.first, self.second = first, second
        self.stale, self.asked = [], 0
        self.root = first.log_in(ADMINISTRATOR)["access_token"]
        user = first.must(201, "POST", "/api/v1/auth/register", {"email": "ann@example.com", "password": PASSWORD})
        self.ann = user["id"]
        role = first.must(201, "POST", "/api/v1/admin/roles", {"name": "clerk", "permissions": ["invoices:read"]},
                          token=self.root)
        self.role = f"/api/v1/admin/users/{self.ann}/roles/{role['id']}"
        denial = first.must(201, "POST", "/api/v1/admin/roles", {"name": "kept-from", "permissions": [],
                                                                 "deny": ["invoices:*"]}, token=self.root)
        self.denial = f"/api/v1/admin/users/{self.ann}/roles/{denial['id']}"
        upper, lower = (first.must(201, "POST", "/api/v1/admin/groups", {"name": name}, token=self.root)["id"]
                        for name in ("staff", "interns"))
        self.nesting = f"/api/v1/admin/groups/{upper}/groups/{lower}"
        self.member = f"/api/v1/admin/groups/{lower}/members/{self.ann}"
        first.must(204, "PUT", f"/api/v1/admin/groups/{upper}/roles/{role['id']}", token=self.root)
        first.must(204, "PUT", self.nesting, token=self.root)
        guest = first.must(201, "POST", "/api/v1/admin/roles", {"name": "guest", "permissions": ["lobby:enter"]},
                           token=self.root)
        self.default = f"/api/v1/admin/groups/{EVERYONE}/roles/{guest['id']}"
        accounts = "/api/v1/admin/service-accounts"
        account = first.must(201, "POST", accounts, {"name": "billing", "audiences": []}, token=self.root)["id"]
        self.account = f"{accounts}/{account}"
        secret = first.must(201, "POST", f"{self.account}/secrets", token=self.root)
        self.service = (account, secret["client_secret"])
        self.service_member = f"/api/v1/admin/groups/{lower}/service-accounts/{account}"

    def expect(self, what, got, wanted):
        self.asked += 1
        if got != wanted:
            self.stale.append(f"{what}: {got}")

    def log_in(self):
        token = self.first.log_in("ann@example.com")["access_token"]
        self.expect("a session that was started", self.second.active(token), True)
        return token

    def log_out(self):
        token = self.log_in()
        self.first.must(204, "POST", "/api/v1/auth/logout", token=token)
        self.expect("a session that was logged out", self.second.active(token), False)

    def revoke_all(self):
        one, other = self.log_in(), self.log_in()
        self.first.must(204, "DELETE", f"/api/v1/admin/users/{self.ann}/sessions", token=self.root)
        for token in (one, other):
            self.expect("a session that was revoked", self.second.active(token), False)

    def withdraw(self):
        self.first.must(204, "PUT", self.role, token=self.root)
        self.expect("a role that was assigned", self.second.may(self.ann, "invoices", "read"), True)
        self.first.must(204, "DELETE", self.role, token=self.root)
        self.expect("a role that was withdrawn", self.second.may(self.ann, "invoices", "read"), False)

    def withdraw_from_everyone(self):
        self.first.must(204, "PUT", self.default, token=self.root)
        self.expect("what everyone may", self.second.may(self.ann, "lobby", "enter"), True)
        self.first.must(204, "DELETE", self.default, token=self.root)
        self.expect("what everyone may no more", self.second.may(self.ann, "lobby", "enter"), False)

    def leave_group(self):
        self.first.must(204, "PUT", self.member, token=self.root)
        self.expect("what a group's member may", self.second.may(self.ann, "invoices", "read"), True)
        self.first.must(204, "DELETE", self.member, token=self.root)
        self.expect("who left a group", self.second.may(self.ann, "invoices", "read"), False)

    def take_groups_apart(self):
        self.first.must(204, "PUT", self.member, token=self.root)
        self.first.must(204, "DELETE", self.nesting, token=self.root)
        self.expect("groups that were taken apart", self.second.may(self.ann, "invoices", "read"), False)
        self.first.must(204, "PUT", self.nesting, token=self.root)
        self.expect("groups that were nested", self.second.may(self.ann, "invoices", "read"), True)
        self.first.must(204, "DELETE", self.member, token=self.root)

    def deny(self):
        self.first.must(204, "PUT", self.role, token=self.root)
        self.first.must(204, "PUT", self.denial, token=self.root)
        self.expect("what was denied", self.second.may(self.ann, "invoices", "read"), False)
        self.first.must(204, "DELETE", self.denial, token=self.root)
        self.expect("what was denied no more", self.second.may(self.ann, "invoices", "read"), True)
        self.first.must(204, "DELETE", self.role, token=self.root)

    def disable(self):
        token = self.log_in()
        self.first.must(204, "PUT", self.role, token=self.root)
        self.first.must(204, "POST", f"/api/v1/admin/users/{self.ann}/deactivate", {"reason": "left"}, token=self.root)
        self.expect("a user who was disabled", self.second.active(token), False)
        self.expect("what he may", self.second.may(self.ann, "invoices", "read"), False)
        self.first.must(204, "POST", f"/api/v1/admin/users/{self.ann}/activate", token=self.root)
        self.expect("what he may again", self.second.may(self.ann, "invoices", "read"), True)
        self.expect("his session", self.second.active(token), False)
        self.first.must(204, "DELETE", self.role, token=self.root)


    def revoke_services(self):
        token = self.first.get_token(self.service)
        self.expect("a service's token that was issued", self.second.active(token), True)
        self.first.must(200, "POST", "/oauth2/revoke", form={"token": token})
        self.expect("a service's token that was revoked", self.second.active(token), False)

    def leave_group_as_service(self):
        account = self.service[0]
        self.first.must(204, "PUT", self.service_member, token=self.root)
        self.expect("what a service in a group may",
                    self.second.may(account, "invoices", "read", "service_account"), True)
        self.first.must(204, "DELETE", self.service_member, token=self.root)
        self.expect("a service that left a group",
                    self.second.may(account, "invoices", "read", "service_account"), False)

    def disable_service(self):
        token = self.second.get_token(self.service)
        for status in ("disabled", "enabled"):
            self.first.must(204, "PUT", self.account, {"name": "billing", "audiences": [], "status": status},
                            token=self.root)
            self.expect(f"the token of a service account that was {status}", self.second.active(token), False)
        self.expect("its next token", self.first.active(self.second.get_token(self.service)), True)


def metric(service, name):
    """One of keyledger_access_..., as a number."""
    connection = http.client.HTTPConnection("127.0.0.1", service.management_port, timeout=5)
    connection.request("GET", "/metrics")
    found = re.search(rf"^keyledger_access_{name} (\S+)$", connection.getresponse().read().decode(), re.MULTILINE)
    return float(found.group(1)) if found else 0


def await_memory(service):
    """Until the node answers from memory."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if metric(service, "caught_up") == 1:
            return
        time.sleep(0.02)  # between two looks at the condition that is awaited
    die(f"the node did not read the log within {SECONDS} s")


def readers_of(database, name):
    """The database's processes that serve the node's sessions on which it reads the log."""
    rows = Database.psql(database.admin_url, "select pid from pg_stat_activity where datname ="
                         f" '{database.name}' and application_name = '{name}' and query like '%leaf_hash%'"
                         " and query like '%position%' and state = 'idle'")
    return [int(row) for row in rows]


def second_node(service, work):
    """Another process on the same database, which answers and neither projects nor publishes."""
    other = copy.copy(service)
    other.port, other.management_port = free_ports(2)
    other.log = open(work / "second.log", "ab")
    separator = "&" if "?" in service.environment["KEYLEDGER_DATABASE_URL"] else "?"
    other.environment = {
        **service.environment,
        "KEYLEDGER_LISTEN": f"127.0.0.1:{other.port}",
        "KEYLEDGER_MANAGEMENT_LISTEN": f"127.0.0.1:{other.management_port}",
        "KEYLEDGER_ROLES": "api",
        "KEYLEDGER_DATABASE_URL": f"{service.environment['KEYLEDGER_DATABASE_URL']}{separator}application_name=second",
    }
    return other


def run_story(service, other, database, work, expect, commands):
    secret = secrets.token_hex(32)
    clients = work / "clients.json"
    clients.touch(mode=0o600)
    clients.write_text(json.dumps({"clients": [{"client_id": CLIENT, "audiences": [], "introspect": "all",
                                                "client_secret_sha256": hashlib.sha256(secret.encode()).hexdigest(),
                                                "revoke": "all", "evaluate": "all"}], "first_party_audiences": []}))
    for one in (service, other):
        one.environment.update(KEYLEDGER_ACCESS_SNAPSHOT_FILE=str(work / f"snapshot-{one.port}"),
                               KEYLEDGER_CLIENTS_FILE=str(clients), KEYLEDGER_REQUEST_TIMEOUT_MS=str(TIMEOUT_MS),
                               KEYLEDGER_ADMIN_PASSWORD=PASSWORD)
    service.run("users", "create-admin", "--email", ADMINISTRATOR)
    for one in (service, other):
        one.start()
    for one in (service, other):
        await_memory(one)
    first, second = Node(service, secret), Node(other, secret)
    story = Story(first, second)
    done = 0
    shares = ((story.log_out, 3), (story.withdraw, 2), (story.withdraw_from_everyone, 1), (story.revoke_all, 1),
              (story.disable, 1), (story.leave_group, 2), (story.take_groups_apart, 1), (story.deny, 1),
              (story.revoke_services, 3), (story.leave_group_as_service, 1), (story.disable_service, 2))
    whole = sum(share for _, share in shares)
    passed = 0
    for ask, share in shares:
        passed += share
        while done < commands * passed // whole:  # rounded so that all of them are as many as were asked for
            ask()
            done += 1
    print(f"{done} changes and as many undone on one node, {story.asked} questions to the other:"
          f" {len(story.stale)} stale answers")
    expect("stale answers", story.stale[:5], [])

    token = story.log_in()
    pids = readers_of(database, "second")
    expect("sessions that read the log were found", bool(pids), True)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        first.must(204, "POST", "/api/v1/auth/logout", token=token)
        status, answer = second.call("POST", "/oauth2/introspect", form={"token": token})
        expect("with its feed stopped it says nothing", (status, answer.get("active")), (503, None))
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    expect("and knows afterwards", second.active(token), False)
    live = story.log_in()
    first.must(204, "PUT", story.default, token=story.root)
    for one in (service, other):
        one.stop()

    # From what it left on its disk, and what was appended since.
    other.start()
    await_memory(other)
    again = Node(other, secret)
    expect("a new start begins with the snapshot", metric(other, "snapshot_position") > 0, True)
    expect("and knows who is there", (again.active(live), again.active(token)), (True, False))
    expect("and what everyone may", again.may(story.ann, "lobby", "enter"), True)
    other.stop()


def main():
    parser = arguments(__doc__)
    parser.add_argument("--commands", type=int, default=400, help="changes on one node that the other is asked about")
    options = parser.parse_args()

    def story(service, databases, work, expect):
        other = second_node(service, work)
        try:
            run_story(service, other, databases[0], work, expect, options.commands)
        finally:
            if other.process and other.process.poll() is None:
                other.process.kill()
                other.process.wait()

    return run_scenario(options, "stale", story)


if __name__ == "__main__":
    sys.exit(main())
