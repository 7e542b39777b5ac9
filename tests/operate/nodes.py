"""Several nodes of the service, and HAProxy in front of them with the file that operators deploy."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time
import types
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/fault"))

# pylint: disable=wrong-import-position
from mailbox import code_in  # noqa: E402
from scenario import die, free_ports, need_servers  # noqa: E402
from servers import Deployment, Instance, awaits, is_free, query  # noqa: E402

HAPROXY_FILE = ROOT / "deploy/haproxy/haproxy.cfg"
HAPROXY = "/usr/sbin/haproxy"
UP_SECONDS = 60
# As docs/operate/several-nodes.md says it: longer than HAProxy takes to notice.
DRAIN_SECONDS = 5
# Of log-format in haproxy.cfg: server, time of the whole, status, retries, captured id.
LINE = re.compile(r"nodes/(\S+) [-0-9]+/[-0-9]+/[-0-9]+/[-0-9]+/(\S+) (-?\d+) \d+ (\S+) (\+?\d+) \{([^}]*)\}")
CHANGE = re.compile(r"Server nodes/(node\d) is (UP|DOWN)")


def the_servers():
    """Those that scripts/test started."""
    need_servers()
    return types.SimpleNamespace(database_url=os.environ["KEYLEDGER_TEST_DATABASE_URL"],
                                 brokers=os.environ["KEYLEDGER_TEST_KAFKA_BROKERS"])


def ask(port, path, timeout=5):
    """Status and text of a GET; (None, why) where there was no answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except (urllib.error.URLError, OSError) as error:
        return None, str(error)


class Balancer:
    """HAProxy with deploy/haproxy/haproxy.cfg. What it logs is kept: which node had a request, and which are up."""

    def __init__(self, ports):
        self.port = free_ports(1)[0]
        self.environment = {"PATH": os.environ["PATH"], "KEYLEDGER_UNPRIVILEGED": "1",
                            "KEYLEDGER_BIND": f"127.0.0.1:{self.port}"}
        for number, port in enumerate(ports, 1):
            self.environment[f"KEYLEDGER_NODE_{number}"] = f"127.0.0.1:{port}"
        self.requests, self.changes, self.words = {}, [], []
        self.process = None

    def check(self):
        done = subprocess.run([HAPROXY, "-c", "-f", HAPROXY_FILE], env=self.environment, capture_output=True, text=True,
                              check=False)
        return (done.returncode, "warning" in (done.stdout + done.stderr).lower())

    def start(self):
        self.process = subprocess.Popen([HAPROXY, "-db", "-f", HAPROXY_FILE], env=self.environment, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        threading.Thread(target=self.read, daemon=True).start()
        awaits(UP_SECONDS, lambda: ask(self.port, "/health/ready")[0] == 200, "an answer through HAProxy")

    def read(self):
        """Until it ends."""
        for line in self.process.stdout:
            found = LINE.search(line)
            if found:
                server, _, status, state, retries, request = found.groups()
                self.requests[request] = types.SimpleNamespace(server=server, status=int(status), state=state,
                                                               retries=int(retries.lstrip("+")))
                continue
            change = CHANGE.search(line)
            if change:
                self.changes.append((time.monotonic(), change[1], change[2]))
            self.words.append(line)

    def awaits_up(self, name, since):
        """That it was seen to come up after that moment."""
        awaits(UP_SECONDS, lambda: any(at >= since and who == name and how == "UP" for at, who, how in self.changes),
               f"HAProxy's finding {name} up")

    def are_all_up(self):
        """As far as it has said: it takes nodes to be up when it starts."""
        return "DOWN" not in {name: how for _, name, how in list(self.changes)}.values()

    def node_of(self, entry):
        known = self.requests.get(entry.id)
        return known.server if known else None

    def retried(self):
        return [request for request, known in self.requests.items() if known.retries > 0]

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Nodes:
    """Three nodes on one database, with people who have registered. `more` is for the environment of each."""

    def __init__(self, binary, servers, work, name, count=3, **more):
        self.deployment = Deployment(binary, servers, work, name)
        self.deployment.environment |= {"KEYLEDGER_DRAIN_SECONDS": str(DRAIN_SECONDS),
                                        "KEYLEDGER_TRUSTED_PROXIES": "127.0.0.1", **more}
        self.all = [Instance(self.deployment, number) for number in range(1, count + 1)]

    def start(self):
        """One after the other: the first is then the one that projects, publishes and so on."""
        for node in self.all:
            node.start()
            node.await_ready()

    def register(self, port, count, password, mailbox=None):
        """address -> id. With a mailbox, where addresses have to be proven."""
        def post(path, body):
            request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/auth/{path}", json.dumps(body).encode(),
                                             {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.loads(answer.read())
        emails = [f"caller{number}@example.com" for number in range(count)]
        people = {email: post("register", {"email": email, "password": password}) for email in emails}
        for email, begun in people.items() if mailbox else ():
            code = code_in(mailbox.messages(email, 0, UP_SECONDS)[0])
            people[email] = post("verify-email", {"handle": begun["handle"], "code": code})
        return {email: answer["id"] for email, answer in people.items()}

    def holders(self):
        """Which node holds how many of the locks by which they agree who does what."""
        rows = query(self.deployment.servers.database_url,
                     "select a.application_name from pg_locks l join pg_stat_activity a using (pid) where l.locktype ="
                     f" 'advisory' and l.granted and a.datname = '{self.deployment.database.name}'")
        return {node.name: sum(row.startswith(node.name) for row in rows) for node in self.all}

    def stop(self, drop=True):
        for node in self.all:
            if node.process and node.process.poll() is None:
                node.kill()
        if drop:
            self.deployment.drop()


def put_away(work, faults):
    """The folder of a test that is over, unless somebody has to look into it."""
    if faults:
        print(f"logs are in {work}")
    else:
        shutil.rmtree(work, ignore_errors=True)


def told(faults):
    """Of a test that collects what was not as it should be: its exit status."""
    for fault in faults:
        print(f"FAULT: {fault}")
    return 1 if faults else 0


__all__ = ["Balancer", "Nodes", "the_servers", "put_away", "told", "ask", "awaits", "die", "query", "free_ports",
           "is_free", "DRAIN_SECONDS", "UP_SECONDS"]
