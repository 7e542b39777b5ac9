#!/usr/bin/env python3
"""Serves through PgBouncer where that can be, and refuses to where it can't.

Scenario. PgBouncer stands between two nodes and PostgreSQL. With pool_mode = session they serve: a person registers,
logs in on one node and is known to the other at once, lists are brought up to date by the one node that follows the
log, events come to Kafka; then PgBouncer is killed and started again, and all of that goes on. With pool_mode =
transaction or statement two sessions could hold one lock, and none would hear what is appended: `serve` and
`config check` say so, and what to set, and nothing is served. Nor is it with a pool that has room for one session."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit, urlunsplit

from load import PASSWORD
from nodes import Nodes, awaits, free_ports, put_away, the_servers, told
from kill_service import read_topic  # of tests/fault; pylint: disable=wrong-import-order

PGBOUNCER = "/usr/sbin/pgbouncer"
PATIENCE_S = 30
SESSIONS = 100  # of two nodes, with room


class Pooler:
    """PgBouncer in front of the database that a URL of the service's role names."""

    def __init__(self, work, url, mode, sessions=SESSIONS):
        self.folder, self.port = work / f"pgbouncer-{mode}-{sessions}", free_ports(1)[0]
        self.folder.mkdir(mode=0o755)
        parts = urlsplit(url)
        self.url = urlunsplit((parts.scheme, f"{parts.username}:{parts.password}@127.0.0.1:{self.port}", parts.path,
                               parts.query, ""))
        (self.folder / "users").write_text(f'"{parts.username}" "{parts.password}"\n', encoding="utf-8")
        (self.folder / "pgbouncer.ini").write_text(
            f"[databases]\n* = host=127.0.0.1 port={parts.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {self.port}\nunix_socket_dir =\nauth_type = scram-sha-256\n"
            f"auth_file = {self.folder}/users\n"
            f"pool_mode = {mode}\ndefault_pool_size = {sessions}\nmax_client_conn = {4 * SESSIONS}\n"
            "ignore_startup_parameters = extra_float_digits\n", encoding="utf-8")
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "postgres:", str(self.folder)], check=True)
        self.process = None

    def start(self):
        who = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        self.process = subprocess.Popen([PGBOUNCER, "--quiet", str(self.folder / "pgbouncer.ini")], cwd="/",
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, **who)
        awaits(PATIENCE_S, self.answers, "PgBouncer's answer")

    def answers(self):
        asks = ["pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(asks, check=False).returncode == 0

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def call(port, method, path, body=None, token=None, **headers):
    """Status, JSON and position."""
    fields = {"Content-Type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        fields["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, fields, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else {}, int(answer.headers.get("Keyledger-Position") or 0)
    except urllib.error.HTTPError as error:
        return error.code, {}, 0
    except (urllib.error.URLError, OSError) as error:
        return None, {"error": str(error)}, 0


def live(nodes, name, faults):
    """On one node, and at once on the other; then in a list, and in Kafka."""
    one, other = (node.port for node in nodes.all)
    person = {"email": f"{name}@example.com", "password": PASSWORD}
    status, _, _ = call(one, "POST", "/api/v1/auth/register", person)
    logged_in, session, _ = call(other, "POST", "/api/v1/auth/login", person)
    token = session.get("access_token")
    changed, _, position = call(one, "PUT", "/api/v1/auth/me", {"name": "Somebody"}, token)
    told_by_other = call(other, "GET", "/api/v1/auth/me", None, token)[1].get("name")
    if (status, logged_in, changed, told_by_other) != (201, 200, 200, "Somebody"):
        faults.append(f"{name}: registered {status}, logged in {logged_in}, changed {changed}, is {told_by_other}")
        return
    ended, _, _ = call(other, "POST", "/api/v1/auth/logout", None, token)
    after = call(one, "GET", "/api/v1/auth/me", None, token)[0]
    if (ended, after) != (204, 401):
        faults.append(f"{name}: ended {ended}, and then {after}")
    _, root, _ = call(one, "POST", "/api/v1/auth/login", {"email": "administrator@example.com",
                                                         "password": nodes.deployment.administrator_password})
    listed, _, _ = call(one, "GET", "/api/v1/admin/users?limit=1", None, root.get("access_token"),
                        Keyledger_Min_Position=str(position))
    if listed != 200:
        faults.append(f"{name}: the list of users answered {listed}")
    awaits(PATIENCE_S, lambda: any(record[3] == position for record in read_topic(
        nodes.deployment.servers.brokers, nodes.deployment.topic)), f"{name}: position {position} in Kafka")


def serves(nodes, pooler, faults):
    pooler.start()
    for node in nodes.all:
        separator = "&" if "?" in pooler.url else "?"
        node.environment["KEYLEDGER_DATABASE_URL"] = f"{pooler.url}{separator}application_name={node.name}"
    nodes.start()
    live(nodes, "ann", faults)
    began = time.monotonic()
    pooler.stop()
    awaits(PATIENCE_S, lambda: not any(node.is_ready() for node in nodes.all), "readiness without PgBouncer")
    pooler.start()
    awaits(PATIENCE_S, lambda: all(node.is_ready() for node in nodes.all), "readiness with PgBouncer")
    print(f"PgBouncer, pool_mode = session: both nodes serve, and again {time.monotonic() - began:.1f} s after it was"
          " killed")
    live(nodes, "bob", faults)
    for node in nodes.all:
        if node.stop() != 0:
            faults.append(f"{node.name} did not end well")


def refuses(nodes, pooler, words, faults):
    pooler.start()
    environment = {**nodes.all[0].environment, "KEYLEDGER_DATABASE_URL": pooler.url}
    for command in (["serve"], ["config", "check"]):
        began = time.monotonic()
        try:
            done = subprocess.run([nodes.deployment.binary, *command], env=environment, capture_output=True, text=True,
                                  check=False, timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            faults.append(f"{' '.join(command)} goes on with {pooler.folder.name}")
            continue
        said = [line for line in (done.stdout + done.stderr).splitlines() if words in line]
        print(f"{pooler.folder.name}, {' '.join(command)}: {done.returncode} after {time.monotonic() - began:.1f} s:"
              f" {said[-1] if said else done.stderr.strip()[-300:]}")
        if done.returncode == 0 or not said:
            faults.append(f"{' '.join(command)} does not refuse {pooler.folder.name}")
    pooler.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.environ.get("KEYLEDGER_TEST_BINARY"))
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="keyledger-pooler-"))
    work.chmod(0o711)
    faults, nodes, poolers = [], None, []
    try:
        nodes = Nodes(options.binary, the_servers(), work, f"pooler-{os.getpid()}", count=2,
                      KEYLEDGER_DRAIN_SECONDS="0")
        url = nodes.deployment.service_url
        poolers = [Pooler(work, url, "session"), Pooler(work, url, "transaction"), Pooler(work, url, "statement"),
                   Pooler(work, url, "session", 1)]
        serves(nodes, poolers[0], faults)
        refuses(nodes, poolers[1], "pool_mode", faults)
        refuses(nodes, poolers[2], "pool_mode", faults)
        refuses(nodes, poolers[3], "hold all sessions", faults)
    finally:
        if nodes:
            nodes.stop(drop=False)
        for pooler in poolers:
            pooler.stop()
        if nodes:
            nodes.stop()
        put_away(work, faults)
    return told(faults)


if __name__ == "__main__":
    sys.exit(main())
