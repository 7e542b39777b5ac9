#!/usr/bin/env python3
"""What the service tells its supervisor (sd_notify), and `keyledger health`.

Scenario. While nobody listens, `keyledger health` exits 1. The service is started with NOTIFY_SOCKET, as systemd does;
once it said READY=1, it is live, and health soon exits 0. A SIGHUP is told as RELOADING=1 with a time, then READY=1
again; SIGTERM as STOPPING=1. While the database is away, a second start asks for more time instead of being ready."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "fault"))
from scenario import arguments, die, run_scenario  # noqa: E402

SECONDS = 30


class Supervisor:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(SECONDS)
        self.path = str(path)

    def next(self):
        try:
            return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().splitlines())
        except TimeoutError:
            die(f"nothing was told within {SECONDS} s")


def health(service, *words):
    done = subprocess.run([service.binary, "health", *words], env=service.environment, capture_output=True, text=True,
                          check=False)
    return done.returncode, done.stdout + done.stderr


def story(service, _databases, work, expect):
    supervisor = Supervisor(work / "notify")
    service.environment.pop("KEYLEDGER_KAFKA_BROKERS")  # none is needed
    service.environment["NOTIFY_SOCKET"] = supervisor.path
    expect("health while nobody listens", health(service)[0], 1)
    service.process = subprocess.Popen([service.binary, "serve"], env=service.environment, stderr=service.log,
                                       stdout=service.log)
    told = supervisor.next()
    expect("told when it serves", told.get("READY"), "1")
    expect("live then", health(service, "--live")[0], 0)
    service_ready(service)
    code, text = health(service)
    expect("health", (code, '"ready"' in text), (0, True))

    service.process.send_signal(signal.SIGHUP)
    told = supervisor.next()
    expect("told at SIGHUP", (told.get("RELOADING"), bool(re.fullmatch(r"\d+", told.get("MONOTONIC_USEC", "")))),
           ("1", True))
    expect("told after it", supervisor.next().get("READY"), "1")

    service.process.send_signal(signal.SIGTERM)
    expect("told at SIGTERM", supervisor.next().get("STOPPING"), "1")
    expect("its exit", service.process.wait(timeout=SECONDS), 0)
    expect("health afterwards", health(service)[0], 1)

    waits_for_the_database(service, supervisor, expect)


def service_ready(service):
    """Its probe has looked once."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if health(service)[0] == 0:
            return
    die(f"not ready: {health(service)[1]}")


def waits_for_the_database(service, supervisor, expect):
    nobody = socket.socket()
    nobody.bind(("127.0.0.1", 0))  # held and not listened on
    url = f"postgresql://nobody@127.0.0.1:{nobody.getsockname()[1]}/none"
    service.process = subprocess.Popen([service.binary, "serve"], stderr=service.log, stdout=service.log,
                                       env={**service.environment, "KEYLEDGER_DATABASE_URL": url,
                                            "KEYLEDGER_START_PATIENCE_SECONDS": "60"})
    told = supervisor.next()
    expect("told while the database is away", (int(told.get("EXTEND_TIMEOUT_USEC", 0)) > 1_000_000, "READY" in told),
           (True, False))
    service.process.send_signal(signal.SIGTERM)
    expect("its exit before it served", service.process.wait(timeout=SECONDS), 0)


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(run_scenario(arguments(__doc__).parse_args(), "notify", story))
