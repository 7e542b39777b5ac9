"""What the fault loop kills: a PostgreSQL and a Kafka broker of its own, and one or two instances of the service on
them. Every process is known by its id; nothing else is ever signalled."""

import hashlib
import json
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from scenario import Database, die, free_ports

READY_SECONDS = 180
STOP_SECONDS = 60
START_ATTEMPTS = 3
ADMINISTRATOR = "administrator@example.com"
INTROSPECTOR = "introspector"
NAPS = 0.02  # between two looks at a condition that is awaited


def awaits(seconds, condition, what):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            die(f"{what}: not within {seconds} s")
        time.sleep(NAPS)


def query(url, sql):
    """The rows; waits while PostgreSQL recovers, as it does after each death of a backend."""
    until = time.monotonic() + READY_SECONDS
    while True:
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql],
                              capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return [line for line in done.stdout.splitlines() if line]
        # 2: no connection; another status is an error of the statement.
        if done.returncode != 2 or time.monotonic() > until:
            die(f"psql: {done.stderr.strip()}")
        time.sleep(NAPS)


def is_gone(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1]
    except OSError:
        return True
    return state.split()[0] == "Z"


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Servers:
    """PostgreSQL and Kafka in a directory, started by scripts/services and always on the ports they first had."""

    def __init__(self, services, directory):
        self.services, self.directory = services, directory
        self.database_url = self.brokers = None
        self.ports = {}

    def call(self, *words, attempts=1):
        for _ in range(attempts):
            done = subprocess.run([self.services, *words], capture_output=True, text=True, check=False,
                                  stdin=subprocess.DEVNULL)
            if done.returncode == 0:
                break
        else:
            die(f"services {' '.join(words)}: {done.stdout}{done.stderr}")
        return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)

    def start(self, server):
        """On a machine that is very busy it may need longer than scripts/services waits for it. Started again, it has
        to be where the service looks for it: a port that somebody took meanwhile is waited for."""
        port = self.ports.get(server)
        if port:
            awaits(READY_SECONDS, lambda: is_free(port), f"port {port}, which {server} had and another process took")
        words = [str(port)] if port else []
        return self.call("start", server, str(self.directory / server), *words, attempts=START_ATTEMPTS)

    def start_postgres(self):
        self.database_url = self.start("postgres")["PG_SUPERUSER_URL"]
        self.ports["postgres"] = urllib.parse.urlsplit(self.database_url).port

    def start_kafka(self):
        self.brokers = self.start("kafka")["KAFKA_BROKERS"]
        self.ports["kafka"] = int(self.brokers.rsplit(":", 1)[1])

    def kill_postgres(self):
        """An immediate shutdown: no checkpoint, every backend ends where it stands."""
        pid = int((self.directory / "postgres/home/pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        awaits(STOP_SECONDS, lambda: is_gone(pid), "the end of PostgreSQL")

    def kill_kafka(self):
        pid = int((self.directory / "kafka/pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        awaits(STOP_SECONDS, lambda: is_gone(pid), "the end of Kafka")

    def drop(self):
        for server in ("kafka", "postgres"):
            self.call("drop", server, str(self.directory / server))


class Deployment:
    """A database, a topic prefix and a keyring of its own; what the instances of the service share."""

    def __init__(self, binary, servers, directory, name):
        self.binary, self.servers, self.directory, self.name = binary, servers, directory, name
        self.database = Database(servers.database_url, f"fault_{name.replace('-', '_')}")
        self.topic = f"{self.database.name}.events.v1"
        self.introspector = (INTROSPECTOR, secrets.token_hex(32))
        self.environment = {
            "PATH": os.environ["PATH"],
            "KEYLEDGER_KAFKA_BROKERS": servers.brokers,
            "KEYLEDGER_KAFKA_TOPIC_PREFIX": self.database.name,
            "KEYLEDGER_KEYRING_FILE": str(directory / "keyring.json"),
            "KEYLEDGER_CLIENTS_FILE": str(directory / "clients.json"),
            "KEYLEDGER_ISSUER": "http://keyledger.example.com",
            "KEYLEDGER_EMAIL_VERIFICATION": "off",
            "KEYLEDGER_OWN_ERASURE_GRACE_HOURS": "0",
            "KEYLEDGER_ARGON2_MEMORY_KIB": "64",
            "KEYLEDGER_ARGON2_ITERATIONS": "1",
            "KEYLEDGER_LOGIN_NETWORK_RATE_PER_MINUTE": "1000000",
            "KEYLEDGER_LOGIN_NETWORK_BURST": "1000000",
            "KEYLEDGER_LOGIN_NAME_BURST": "1000000",
            "KEYLEDGER_WRITE_RATE_PER_MINUTE": "1000000",
            "KEYLEDGER_STEP_UP_SECONDS": "86400",
            "KEYLEDGER_WRITE_BURST": "1000000",
            "KEYLEDGER_NETWORK_CONNECTIONS": "1000000",  # all callers are at one address
            "KEYLEDGER_REQUEST_TIMEOUT_MS": "4000",
            "KEYLEDGER_ACCESS_LOG": "all",  # secrets are looked for in it, too
            "KEYLEDGER_POSITIONS": "clear",  # what was acknowledged is looked for where it was told to be
        }
        self.write_clients()
        self.run("keys", "generate")
        self.run("migrate", "up", KEYLEDGER_OWNER_DATABASE_URL=self.database.url)
        self.service_url = self.database.service_url()
        self.administrator_password = "nine copper lanterns hum softly"
        self.run("users", "create-admin", "--email", ADMINISTRATOR, KEYLEDGER_DATABASE_URL=self.service_url,
                 KEYLEDGER_ADMIN_PASSWORD=self.administrator_password)

    def write_clients(self):
        path = self.directory / "clients.json"
        digest = hashlib.sha256(self.introspector[1].encode()).hexdigest()
        path.touch(mode=0o600)
        path.write_text(json.dumps({"clients": [{"client_id": INTROSPECTOR, "client_secret_sha256": digest,
                                                 "audiences": [], "introspect": "all", "evaluate": "all"}],
                                    "first_party_audiences": []}), encoding="utf-8")

    def run(self, *words, **settings):
        done = subprocess.run([self.binary, *words], env={**self.environment, **settings}, capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            die(f"keyledger {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def backends(self, instance=None):
        """Process ids of the service's sessions, of one instance if told."""
        which = f"application_name = '{instance.name}'" if instance else "application_name like 'instance-%'"
        rows = query(self.servers.database_url, "select pid from pg_stat_activity where datname ="
                     f" '{self.database.name}' and {which} order by pid")
        return [int(row) for row in rows]

    def terminate(self, pids):
        for pid in pids:
            query(self.servers.database_url, f"select pg_terminate_backend({pid})")

    def drop(self):
        self.database.drop()


def is_ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


class Instance:
    """One process of the service. `process` is replaced at every start."""

    def __init__(self, deployment, number):
        self.deployment, self.name = deployment, f"instance-{number}"
        self.port, self.management_port = free_ports(2)
        self.log = open(deployment.directory / f"{self.name}.log", "ab")
        self.process = None
        separator = "&" if "?" in deployment.service_url else "?"
        self.environment = {
            **deployment.environment,
            "KEYLEDGER_DATABASE_URL": f"{deployment.service_url}{separator}application_name={self.name}",
            "KEYLEDGER_LISTEN": f"127.0.0.1:{self.port}",
            "KEYLEDGER_MANAGEMENT_LISTEN": f"127.0.0.1:{self.management_port}",
        }

    def start(self):
        self.process = subprocess.Popen([self.deployment.binary, "serve"], env=self.environment, stderr=self.log,
                                        stdout=self.log, stdin=subprocess.DEVNULL)

    def has_ended(self):
        return self.process is not None and self.process.poll() is not None

    def is_ready(self):
        return is_ready(self.port)

    def await_ready(self):
        """Starts it again, as a supervisor would, while it finds no database to start with."""
        def ready():
            if self.has_ended():
                time.sleep(NAPS)
                self.start()
            return self.is_ready()
        awaits(READY_SECONDS, ready, f"readiness of {self.name}; its log is {self.log.name}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        """Asks it to end; returns its exit status, or None if it had to be killed."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return None
