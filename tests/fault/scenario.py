"""What the fault tests share: a database of their own in the test cluster, a service on it, and a scenario that is run
on both and tells what was not as expected."""

import argparse
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit, urlunsplit

READY_SECONDS = 30


def die(sentence):
    print(f"{pathlib.Path(sys.argv[0]).stem}: {sentence}", file=sys.stderr)
    sys.exit(1)


def free_ports(count):
    """All held until the last is chosen, or one could be given twice."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def free_port():
    return free_ports(1)[0]


class Database:
    """A database of its own in the test cluster; the service's role logs in with a password made here."""

    def __init__(self, admin_url, name):
        self.name = name
        self.admin_url = admin_url
        self.url = self.of(admin_url, self.name)
        self.psql(admin_url, f'create database "{self.name}"')

    @staticmethod
    def of(url, name, user=None, password=None):
        parts = urlsplit(url)
        host = parts.netloc.rsplit("@", 1)[-1]
        netloc = parts.netloc if user is None else f"{user}:{password}@{host}"
        return urlunsplit((parts.scheme, netloc, "/" + name, parts.query, ""))

    @staticmethod
    def psql(url, sql, unless=None):
        """The rows; None where it is refused with a message that has `unless` in it."""
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0 and unless and unless in done.stderr:
            return None
        if done.returncode != 0:
            die(f"psql: {done.stderr.strip()}")
        return [line for line in done.stdout.splitlines() if line]

    def service_url(self):
        user = f"{self.name}_service"
        password = os.urandom(12).hex()
        self.psql(self.url, f"create role {user} login password '{password}' in role keyledger_service")
        self.user = user
        return self.of(self.url, self.name, user, password)

    def drop(self):
        self.psql(self.admin_url, f'drop database "{self.name}" with (force)')
        if getattr(self, "user", None):
            self.psql(self.admin_url, f"drop role {self.user}")


class Service:
    def __init__(self, options, work, database):
        self.binary = options.binary
        self.port, self.management_port = free_ports(2)
        self.log = open(work / "service.log", "ab")
        self.process = None
        self.environment = {
            "PATH": os.environ["PATH"],
            "KEYLEDGER_OWNER_DATABASE_URL": database.url,
            "KEYLEDGER_KAFKA_BROKERS": os.environ["KEYLEDGER_TEST_KAFKA_BROKERS"],
            "KEYLEDGER_KAFKA_TOPIC_PREFIX": database.name,
            "KEYLEDGER_KEYRING_FILE": str(work / "keyring.json"),
            "KEYLEDGER_LISTEN": f"127.0.0.1:{self.port}",
            "KEYLEDGER_MANAGEMENT_LISTEN": f"127.0.0.1:{self.management_port}",
            "KEYLEDGER_ISSUER": f"http://127.0.0.1:{self.port}",
            "KEYLEDGER_EMAIL_VERIFICATION": "off",
            "KEYLEDGER_OWN_ERASURE_GRACE_HOURS": "0",
            "KEYLEDGER_ARGON2_MEMORY_KIB": "64",
            "KEYLEDGER_ARGON2_ITERATIONS": "1",
            "KEYLEDGER_LOGIN_NETWORK_RATE_PER_MINUTE": "1000000",
            "KEYLEDGER_LOGIN_NETWORK_BURST": "1000000",
            "KEYLEDGER_WRITE_RATE_PER_MINUTE": "1000000",
            "KEYLEDGER_STEP_UP_SECONDS": "86400",
            "KEYLEDGER_WRITE_BURST": "1000000",
            "KEYLEDGER_ACCESS_LOG": "all",  # secrets are looked for in it, too
        }
        self.run("keys", "generate")
        self.run("migrate", "up")
        self.environment["KEYLEDGER_DATABASE_URL"] = database.service_url()

    def run(self, *words, check=True):
        done = subprocess.run([self.binary, *words], env=self.environment, capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            die(f"keyledger {' '.join(words)}: {done.stderr.strip()}")
        return done

    def start(self):
        self.process = subprocess.Popen([self.binary, "serve"], env=self.environment, stderr=self.log, stdout=self.log)
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                die(f"the service ended with {self.process.returncode}; see its log")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=1) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.02)  # between two looks at the condition that is awaited
        die(f"the service was not ready within {READY_SECONDS} s")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            if self.process.wait(timeout=30) != 0:
                die(f"the service stopped with {self.process.returncode}")


def need_servers():
    for name in ("KEYLEDGER_TEST_DATABASE_URL", "KEYLEDGER_TEST_KAFKA_BROKERS"):
        if not os.environ.get(name):
            die(f"{name} is not set; run this through scripts/test -L fault")


def arguments(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.environ.get("KEYLEDGER_TEST_BINARY"))
    return parser


class Expectations:
    """Called with what was looked at, what was found and what should be. `faults` are those that were not met."""

    def __init__(self):
        self.faults = []

    def __call__(self, what, got, wanted):
        print(f"{what}: {got}", flush=True)
        if got != wanted:
            self.faults.append(f"{what}: expected {wanted}, got {got}")

    def exit_status(self):
        for fault in self.faults:
            print(f"FAULT: {fault}")
        return 1 if self.faults else 0


def run_scenario(options, name, story, databases=1):
    """Calls story(service, databases, work, expect) with the service stopped and its first database migrated, and
    clears everything away. The exit status: 1 if an expectation was not met."""
    need_servers()
    work = pathlib.Path(tempfile.mkdtemp(prefix=f"keyledger-{name}-"))
    made = []
    service = None
    expect = Expectations()
    try:
        for number in range(databases):
            made.append(Database(os.environ["KEYLEDGER_TEST_DATABASE_URL"], f"keyledger_{name}_{os.getpid()}_{number}"))
        service = Service(options, work, made[0])
        story(service, made, work, expect)
    finally:
        if service and service.process and service.process.poll() is None:
            service.process.kill()
            service.process.wait()
        for database in made:
            database.drop()
        shutil.rmtree(work, ignore_errors=True)
    return expect.exit_status()
