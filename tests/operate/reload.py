#!/usr/bin/env python3
"""Settings, clients, certificate and log level change while a node runs, and what is no good changes nothing.

Scenario. A node has its database's URL from a program (KEYLEDGER_SECRETS_COMMAND) and speaks TLS. Each step changes
files as an operator would and sends a SIGHUP. A client that is added may introspect, and one that is removed may not;
with a broken file the clients of before stay, and the log, the metric keyledger_reload_failed and the check `reload`
say so, while the node stays ready. The same with the certificate, and with the program when it fails: what else is good
is taken over all the same. A setting that needs a restart is named. No secret ever stands in the log."""

import base64
import hashlib
import http.client
import json
import pathlib
import secrets
import ssl
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))
# pylint: disable=wrong-import-position
from reloading import SECONDS, check_of_reload, is_ready, metric, reload, replace  # noqa: E402
from scenario import arguments, run_scenario  # noqa: E402
from servers import awaits  # noqa: E402
# pylint: enable=wrong-import-position

SECRET_OF = {name: secrets.token_hex(32) for name in ("first", "second", "third")}


def clients_file(*names):
    clients = [{"client_id": name, "client_secret_sha256": hashlib.sha256(SECRET_OF[name].encode()).hexdigest(),
                "audiences": [], "introspect": "all"} for name in names]
    return json.dumps({"clients": clients, "first_party_audiences": []})


def make_certificate(work, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", f"/CN={name}", "-keyout", work / f"{name}.key",
                    "-out", work / f"{name}.crt"], check=True, capture_output=True)
    return (work / f"{name}.crt").read_text(), (work / f"{name}.key").read_text()


def fingerprint(certificate):
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest()[:16]


def shown_certificate(service):
    return fingerprint(ssl.get_server_certificate(("127.0.0.1", service.port), timeout=5))


def introspection(service, name):
    """The status that a client gets."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # which one is shown is looked at elsewhere
    connection = http.client.HTTPSConnection("127.0.0.1", service.port, timeout=10, context=context)
    pair = base64.b64encode(f"{name}:{SECRET_OF[name]}".encode()).decode()
    connection.request("POST", "/oauth2/introspect", "token=nothing",
                       {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {pair}"})
    status = connection.getresponse().status
    connection.close()
    return status


class Node:
    """A service, and the files that its operator changes."""

    def __init__(self, service, work):
        self.service, self.work = service, work
        self.program, self.given = work / "give-secrets", work / "secrets.json"
        self.certificate, self.key = work / "tls.crt", work / "tls.key"
        self.clients = work / "clients.json"
        self.values = {"KEYLEDGER_DATABASE_URL": service.environment.pop("KEYLEDGER_DATABASE_URL"),
                       "KEYLEDGER_LOG_LEVEL": "info"}
        replace(self.program, '#!/bin/sh\nexec cat "$1"\n', 0o700)
        self.give()
        replace(self.clients, clients_file("first"))
        service.environment.update(KEYLEDGER_SECRETS_COMMAND=f"{self.program} '{self.given}'",
                                   KEYLEDGER_CLIENTS_FILE=str(self.clients),
                                   KEYLEDGER_TLS_CERTIFICATE_FILE=str(self.certificate),
                                   KEYLEDGER_TLS_KEY_FILE=str(self.key))

    def give(self, **more):
        self.values.update(more)
        replace(self.given, json.dumps(self.values))

    def show(self, certificate, key):
        replace(self.certificate, certificate)
        replace(self.key, key)

    def log(self):
        return pathlib.Path(self.service.log.name).read_text(encoding="utf-8", errors="replace")

    def start(self):
        self.service.process = subprocess.Popen([self.service.binary, "serve"], env=self.service.environment,
                                                stderr=self.service.log, stdout=self.service.log)
        awaits(SECONDS, lambda: self.service.process.poll() is not None or is_ready(self.service), "readiness")

    def reloads(self):
        """(whether it failed, what the check says); the node must stay ready."""
        reload(self.service)
        status, good, detail = check_of_reload(self.service)
        failed = metric(self.service, "keyledger_reload_failed")
        if (status, good) != (200, failed == 0):
            return status, good, detail
        return failed == 1, detail


def clients_change(node, expect):
    service = node.service
    answered = lambda *names: tuple(introspection(service, name) for name in names)
    expect("who is in the file may ask", answered("first", "second"), (200, 401))
    replace(node.clients, clients_file("second"))
    expect("another file is taken over", node.reloads()[0], False)
    expect("and who is in it may ask", answered("first", "second"), (401, 200))
    replace(node.clients, clients_file("first")[:-9])
    failed, detail = node.reloads()
    expect("a broken one is not", (failed, "KEYLEDGER_CLIENTS_FILE" in detail, SECRET_OF["first"] in detail),
           (True, True, False))
    expect("those of before stay", answered("first", "second"), (401, 200))
    expect("and the log says so", "reload: KEYLEDGER_CLIENTS_FILE: " in node.log(), True)
    node.clients.write_text(clients_file("first"), encoding="utf-8")
    node.clients.chmod(0o644)
    failed, detail = node.reloads()
    expect("nor is one that others can read", (failed, "chmod 600" in detail, answered("first", "second")),
           (True, True, (401, 200)))
    replace(node.clients, clients_file("first", "second"))
    expect("a good one mends it", (node.reloads()[0], answered("first", "second")), (False, (200, 200)))


def certificate_changes(node, one, other, expect):
    expect("the certificate is shown", shown_certificate(node.service), fingerprint(one[0]))
    node.show(*other)
    expect("another one is taken over", (node.reloads()[0], shown_certificate(node.service)),
           (False, fingerprint(other[0])))
    node.show(one[0], other[1])
    failed, detail = node.reloads()
    expect("one without its key is not", (failed, "KEYLEDGER_TLS_" in detail), (True, True))
    expect("and the one of before stays", shown_certificate(node.service), fingerprint(other[0]))
    node.show(*one)
    expect("a good one mends it", (node.reloads()[0], shown_certificate(node.service)), (False, fingerprint(one[0])))


def settings_change(node, expect):
    before = len(node.log())
    node.give(KEYLEDGER_LOG_LEVEL="debug")
    expect("the log level is taken over", node.reloads()[0], False)
    introspection(node.service, "first")
    awaits(SECONDS, lambda: "debug" in node.log()[before:], "what is logged at that level")
    accesses = node.log().count('"log":"access"')
    node.give(KEYLEDGER_LOG_LEVEL="info", KEYLEDGER_ACCESS_LOG="all")
    expect("the switch of the access log is taken over", node.reloads()[0], False)
    introspection(node.service, "first")
    awaits(SECONDS, lambda: node.log().count('"log":"access"') > accesses, "an access that is told")
    node.give(KEYLEDGER_LOG_LEVEL="info", KEYLEDGER_ACCESS_LOG="off", KEYLEDGER_IO_THREADS="2")
    failed, detail = node.reloads()
    expect("what needs a restart is named", (failed, detail.endswith(": KEYLEDGER_IO_THREADS"), metric(
        node.service, "keyledger_reload_settings_for_next_start")), (False, True, 1))
    node.give(KEYLEDGER_LOG_LEVEL="loud")
    failed, detail = node.reloads()
    expect("a wrong value is not quoted", (failed, "KEYLEDGER_LOG_LEVEL" in detail, "loud" in node.log()),
           (True, True, False))
    node.give(KEYLEDGER_LOG_LEVEL="info", KEYLEDGER_IO_THREADS="")
    expect("a good one mends it", node.reloads()[0], False)


def program_fails(node, expect):
    replace(node.program, "#!/bin/sh\ncat \"$1\"\ncat \"$1\" >&2\nexit 7\n", 0o700)
    replace(node.clients, clients_file("third"))
    failed, detail = node.reloads()
    expect("a program that fails changes nothing", (failed, "' ended with 7" in detail), (True, True))
    expect("and the clients are taken over all the same", introspection(node.service, "third"), 200)
    replace(node.program, "#!/bin/sh\necho 'no JSON'\n", 0o700)
    expect("nor does one that prints something else", node.reloads()[0], True)
    replace(node.program, '#!/bin/sh\nexec cat "$1"\n', 0o700)
    expect("a good one mends it", node.reloads(), (False, "settings and files are in force as they were last read"))


def story(service, _databases, work, expect):
    node = Node(service, work)
    one, other = make_certificate(work, "one"), make_certificate(work, "other")
    node.show(*one)
    checked = service.run("config", "check")
    expect("the program's value is in effect, and masked",
           "KEYLEDGER_DATABASE_URL=********  # KEYLEDGER_SECRETS_COMMAND\n" in checked.stdout, True)
    node.start()
    clients_change(node, expect)
    certificate_changes(node, one, other, expect)
    settings_change(node, expect)
    program_fails(node, expect)
    service.stop()
    password = node.values["KEYLEDGER_DATABASE_URL"].split("@")[0].rsplit(":", 1)[1]
    told = [text for text in (password, *SECRET_OF.values()) if text in node.log()]
    expect("secrets in the log", told, [])


if __name__ == "__main__":
    sys.exit(run_scenario(arguments(__doc__).parse_args(), "reload", story))
