#!/usr/bin/env python3
"""What supervisors and balancers see of a node that starts before its database, and of one that ends.

Scenario. `serve` is started while nothing listens where its database should be: it lives, is not ready, and says what
it waits for, at the management listener; at the API's address nobody listens yet. Then something accepts there and
answers nothing, and then the database is there: the node becomes ready. When the time is over without a database, it
ends with a sentence, and a SIGTERM ends the waiting at once, also while a program is asked for secrets, which is ended
with it.

Told to stop, a node with KEYLEDGER_DRAIN_SECONDS is not ready at either listener, lives, and answers all the same, on
connections that are kept and on new ones, each of which it ends with its answer (`Connection: close`). When the time is
over nobody listens any more. A second signal ends it at once.

A node that starts knows the origins of applications when it says that it is ready, though its memory has not read the
log, and no longer those that are taken away meanwhile.

What does not stop the service makes no node unready: a broker that is away, a mail server that is away. It is told."""

import argparse
import http.client
import json
import os
import pathlib
import signal
import socket
import sys
import tempfile
import threading
import time
from urllib.parse import urlsplit, urlunsplit

from nodes import Nodes, ask, awaits, free_ports, is_free, put_away, the_servers
from scenario import Expectations

PATIENCE_S = 30
SHORT_S = 2
PAGE = "https://page.example"


class Gate:
    """In front of the database, at an address where nobody listens before open(), and mute before answer()."""

    def __init__(self, port):
        self.port, self.server = free_ports(1)[0], port
        self.listener, self.answering = None, threading.Event()
        self.held = []

    def url(self, url):
        parts = urlsplit(url)
        netloc = f"{parts.username}:{parts.password}@127.0.0.1:{self.port}"
        return urlunsplit((parts.scheme, netloc, parts.path, parts.query, ""))

    def open(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.held.append(client)
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        self.answering.wait()
        try:
            server = socket.create_connection(("127.0.0.1", self.server))
        except OSError:
            client.close()
            return
        threading.Thread(target=self.pump, args=(server, client), daemon=True).start()
        self.pump(client, server)

    @staticmethod
    def pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.answering.set()
        if self.listener:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()


def checks(port):
    """Status, and what each check of readiness says."""
    status, text = ask(port, "/health/ready")
    if status is None:
        return None, {}
    return status, {check["name"]: check for check in json.loads(text)["checks"]}


def log_of(node):
    return pathlib.Path(node.log.name).read_text(encoding="utf-8", errors="replace")


def starts(node, gate, expect):
    node.start()
    def of_database():
        return checks(node.management_port)[1].get("database", {}).get("detail", "")
    awaits(PATIENCE_S, lambda: "does not answer" in of_database(), "the word that the database does not answer")
    expect("alive without a database", ask(node.management_port, "/health/live")[0], 200)
    expect("ready without a database", checks(node.management_port)[0], 503)
    expect("metrics without a database", ask(node.management_port, "/metrics")[0], 503)
    expect("the API's address is free without a database", is_free(node.port), True)
    gate.open()
    expect("alive with a database that is mute", ask(node.management_port, "/health/live")[0], 200)
    expect("ready with a database that is mute", checks(node.management_port)[0], 503)
    gate.answering.set()
    node.await_ready()
    awaits(PATIENCE_S, lambda: checks(node.management_port)[0] == 200, "readiness at the management listener")
    expect("metrics then", ask(node.management_port, "/metrics")[0], 200)


def gives_up(node, url, expect):
    before = dict(node.environment)
    port = free_ports(1)[0]
    parts = urlsplit(url)
    node.environment |= {"KEYLEDGER_DATABASE_URL": urlunsplit((
        parts.scheme, f"{parts.username}:{parts.password}@127.0.0.1:{port}", parts.path, "", "")),
        "KEYLEDGER_START_PATIENCE_SECONDS": str(SHORT_S)}
    began = time.monotonic()
    node.start()
    expect("serve without a database, when the time is over", node.process.wait(timeout=PATIENCE_S), 1)
    expect("it says which setting", "KEYLEDGER_START_PATIENCE_SECONDS" in log_of(node), True)
    print(f"gave up after {time.monotonic() - began:.1f} s of {SHORT_S} s")
    node.environment["KEYLEDGER_START_PATIENCE_SECONDS"] = "600"
    node.start()
    awaits(PATIENCE_S, lambda: ask(node.management_port, "/health/live")[0] == 200, "a node that waits")
    began = time.monotonic()
    expect("SIGTERM while it waits", node.stop(), 0)
    expect("it ends soon then", time.monotonic() - began < 2 * SHORT_S, True)
    node.environment = before


def is_gone(process):
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def ends_while_it_reads_secrets(node, work, expect):
    """By a program that never ends, and has begun another."""
    left, program = work / "left", work / "secrets"
    program.write_text(f"#!/bin/sh\ntrap '' TERM INT HUP\nsleep 1000 &\necho $$ $! >{left}.new\nmv {left}.new {left}\n"
                       "sleep 1000\n", encoding="utf-8")
    program.chmod(0o700)
    before = dict(node.environment)
    node.environment |= {"KEYLEDGER_SECRETS_COMMAND": str(program), "KEYLEDGER_SECRETS_TIMEOUT_SECONDS": "120"}
    node.start()
    awaits(PATIENCE_S, left.exists, "the program that prints secrets")
    began = time.monotonic()
    node.process.send_signal(signal.SIGTERM)
    ended = node.process.wait(timeout=PATIENCE_S)
    took = time.monotonic() - began
    print(f"ended {took:.1f} s after SIGTERM, while secrets were read for the first time")
    expect("SIGTERM while secrets are read", ended in (0, -signal.SIGTERM), True)
    expect("it ends soon then, too", took < 2 * SHORT_S, True)
    processes = left.read_text(encoding="ascii").split()
    expect("processes that the program had", len(processes), 2)
    awaits(PATIENCE_S, lambda: all(is_gone(process) for process in processes), "the end of the program that it ran")
    node.environment = before


def ask_on(connection):
    """Status, and whether the answer ends the connection."""
    connection.request("GET", "/health/live")
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.getheader("Connection") == "close"


def drains(node, seconds, expect):
    kept, idle = (http.client.HTTPConnection("127.0.0.1", node.port, timeout=5) for _ in range(2))
    expect("an answer before", [ask_on(kept), ask_on(idle)], [(200, False)] * 2)
    began = time.monotonic()
    node.process.send_signal(signal.SIGTERM)
    awaits(PATIENCE_S, lambda: checks(node.management_port)[0] == 503, "readiness turning red")
    expect("ready at the API's port while it drains", checks(node.port)[0], 503)
    expect("alive while it drains", ask(node.management_port, "/health/live")[0], 200)
    expect("why not", checks(node.management_port)[1]["serving"]["good"], False)
    expect("an answer on a kept connection", ask_on(kept), (200, True))
    new = http.client.HTTPConnection("127.0.0.1", node.port, timeout=5)
    expect("an answer on a new connection", ask_on(new), (200, True))
    expect("an answer on one that was idle", ask_on(idle), (200, True))
    expect("it goes on until the time is over", node.process.poll(), None)
    expect("its end", node.process.wait(timeout=PATIENCE_S), 0)
    took = time.monotonic() - began
    print(f"drained and ended {took:.1f} s after SIGTERM, of which {seconds} s are KEYLEDGER_DRAIN_SECONDS")
    expect("not before", took >= seconds, True)
    expect("nobody listens then", is_free(node.port), True)


def drains_no_longer_than_told(node, expect):
    began = time.monotonic()
    node.process.send_signal(signal.SIGTERM)
    awaits(PATIENCE_S, lambda: checks(node.management_port)[0] == 503, "readiness turning red")
    node.process.send_signal(signal.SIGTERM)
    expect("the end after a second signal", node.process.wait(timeout=PATIENCE_S), 0)
    took = time.monotonic() - began
    print(f"ended {took:.1f} s after SIGTERM, for it was told twice")
    expect("soon", took < PATIENCE_S / 2, True)


def does_without(node, expect):
    """Broker and mail server are away."""
    nowhere = free_ports(2)
    node.environment |= {"KEYLEDGER_KAFKA_BROKERS": f"127.0.0.1:{nowhere[0]}",
                         "KEYLEDGER_SMTP_URL": f"smtp://127.0.0.1:{nowhere[1]}",
                         "KEYLEDGER_MAIL_FROM": "keyledger@example.com"}
    node.start()
    node.await_ready()
    awaits(PATIENCE_S, lambda: not checks(node.management_port)[1]["publisher"]["good"], "the word of the publisher")
    status, told_by = checks(node.management_port)
    expect("ready without a broker", status, 200)
    print(f"publisher: {told_by['publisher']['detail']}")
    expect("reasons at the API's port", any("detail" in check for check in checks(node.port)[1].values()), False)


def let_in(node):
    """Whether a preflight of the page is answered with its origin."""
    connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=5)
    connection.request("OPTIONS", "/oauth2/token", headers={"Origin": PAGE, "Access-Control-Request-Method": "POST"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.getheader("Access-Control-Allow-Origin") == PAGE


def apply(nodes, work, status):
    file = work / "applications.yaml"
    file.write_text(f"""applications:
  0190f3a2-6d1c-7c1e-9a57-3f0c5b1d2e4f:
    name: Page
    application_type: spa
    authentication: none
    grant_types: [authorization_code]
    scopes: [openid]
    redirect_uris: ["{PAGE}/callback"]
    status: {status}
""", encoding="utf-8")
    nodes.deployment.run("applications", "apply", str(file), KEYLEDGER_DATABASE_URL=nodes.deployment.service_url)


def knows_origins(nodes, node, work, expect):
    """A start on a long log: its memory stands at the file for its snapshot, a pipe into which nobody writes yet."""
    pipe = work / "snapshot"
    os.mkfifo(pipe, 0o600)
    node.start()
    node.await_ready()
    apply(nodes, work, "enabled")
    awaits(PATIENCE_S, lambda: let_in(node), "the page of an application")
    expect("the end before a long log", node.stop(), 0)
    node.environment["KEYLEDGER_ACCESS_SNAPSHOT_FILE"] = str(pipe)
    began = time.monotonic()
    node.start()
    node.await_ready()
    print(f"ready {time.monotonic() - began:.2f} s after its start, before its memory is")
    expect("a page's preflight, at the first readiness", let_in(node), True)
    expect("its memory", checks(node.management_port)[1]["access"]["detail"].split(",")[0], "reads the log")
    apply(nodes, work, "disabled")
    awaits(PATIENCE_S, lambda: not let_in(node), "the end of an origin on a node that still reads")
    with open(pipe, "wb"):
        pass
    awaits(PATIENCE_S, lambda: checks(node.management_port)[1]["access"]["detail"].startswith("answers from memory"),
           "answers from memory")
    expect("the page, when memory is level", let_in(node), False)
    expect("the end after a long log", node.stop(), 0)
    del node.environment["KEYLEDGER_ACCESS_SNAPSHOT_FILE"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.environ.get("KEYLEDGER_TEST_BINARY"))
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="keyledger-starting-"))
    work.chmod(0o711)
    expect, nodes, gate = Expectations(), None, None
    try:
        servers = the_servers()
        nodes = Nodes(options.binary, servers, work, f"starting-{os.getpid()}", count=1,
                      KEYLEDGER_DRAIN_SECONDS=str(SHORT_S))
        node, url = nodes.all[0], nodes.deployment.service_url
        gate = Gate(urlsplit(url).port)
        gives_up(node, url, expect)
        ends_while_it_reads_secrets(node, work, expect)
        node.environment["KEYLEDGER_DATABASE_URL"] = gate.url(url)
        starts(node, gate, expect)
        drains(node, SHORT_S, expect)
        node.environment["KEYLEDGER_DRAIN_SECONDS"] = "600"
        node.start()
        node.await_ready()
        drains_no_longer_than_told(node, expect)
        node.environment["KEYLEDGER_DRAIN_SECONDS"] = "0"
        knows_origins(nodes, node, work, expect)
        does_without(node, expect)
        expect("the end", node.stop(), 0)
    finally:
        if nodes:
            nodes.stop(drop=False)
        if gate:
            gate.close()
        if nodes:
            nodes.stop()
        put_away(work, expect.faults)
    return expect.exit_status()


if __name__ == "__main__":
    sys.exit(main())
