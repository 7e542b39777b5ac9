#!/usr/bin/env python3
"""Measures what a long log costs: the auditor's and the operator's commands, the start of the service, its memory.

    bench/large.py commands BINARY [replay,export,rebuild,compare]
    bench/large.py serve BINARY LOAD
    bench/large.py sessions BINARY

The log is there already (bench/fill_log.cpp), and the environment tells of it as it tells the service. Each figure is
printed as a JSON object; whatever can't be measured, or answers other than it should, ends this with an error. Of the
commands `audit verify` is always measured, of the others those that are named; all by default.
"""

import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

READY_SECONDS = 30
IDLE_SECONDS = 180
STARTS = 3
COMMANDS = ("replay", "export", "rebuild", "compare")
TICKS = os.sysconf("SC_CLK_TCK")


class Wrong(Exception):
    pass


def figure(**values):
    print(json.dumps(values), flush=True)


# ---- commands --------------------------------------------------------------------------------------------------------
class Timed:
    """One run of a command: what it took and what it printed."""

    def __init__(self, binary, words, out):
        begun = time.monotonic()
        process = subprocess.Popen([binary, *words], stdout=out, stderr=subprocess.PIPE, text=True)
        self.words = []
        for line in process.stderr:
            self.words.append(line)
            sys.stderr.write(line)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.seconds = time.monotonic() - begun
        self.cpu_seconds = usage.ru_utime + usage.ru_stime
        self.peak_mib = usage.ru_maxrss / 1024
        if process.returncode != 0:
            raise Wrong(f"`keyledger {' '.join(words)}` ended with {process.returncode}")


class Commands:
    def __init__(self, binary):
        self.binary = binary
        self.events = 0

    def run(self, *words):
        """Its answer as JSON, and what it took."""
        with tempfile.TemporaryFile("w+") as out:
            timed = Timed(self.binary, [*words, "--json"], out)
            out.seek(0)
            return json.load(out), timed

    def tell(self, what, timed, **more):
        seconds, cpu = round(timed.seconds, 2), round(timed.cpu_seconds, 2)
        figure(figure="large", what=what, events=self.events, seconds=seconds, rate=round(self.events / timed.seconds),
               cpu_seconds=cpu, rate_a_core=round(self.events / timed.cpu_seconds), peak_mib=round(timed.peak_mib),
               **more)

    def verify(self, what, *words):
        answer, timed = self.run("audit", "verify", *words)
        self.events = self.events or answer["checked"]
        if not answer["consistent"] or answer["checked"] != self.events:
            raise Wrong(f"{what}: {answer}")
        self.tell(what, timed)

    def replay(self, what, *words):
        """All streams are printed; `fold_seconds` is without that."""
        with open(os.devnull, "w") as out:
            timed = Timed(self.binary, ["audit", "replay", *words], out)
        last = timed.words[-1].split()  # Up to position N: folded N events of M streams in S s.
        if "folded" not in last or int(last[last.index("folded") + 1]) != self.events:
            raise Wrong(f"{what}: {' '.join(last)}")
        self.tell(what, timed, streams=int(last[last.index("of") + 1]), fold_seconds=float(last[last.index("in") + 1]))

    def rebuild(self):
        models = [model["name"] for model in self.run("projections", "status")[0]["projections"]]
        if not models:
            raise Wrong("there are no read models")
        for model in models:
            _, timed = self.run("projections", "rebuild", model)
            self.tell(f"rebuild {model}", timed)

    def compare(self):
        answer, timed = self.run("projections", "verify")
        if not answer["equal"] or any(model["position"] != self.events for model in answer["projections"]):
            raise Wrong(f"projections verify: {answer}")
        self.tell("projections verify", timed, rows=sum(model["rows"] for model in answer["projections"]))


def measure_export(commands):
    with tempfile.TemporaryDirectory(prefix="keyledger-large.") as folder:
        path = os.path.join(folder, "log.ndjson")
        answer, timed = commands.run("audit", "export", path)
        if answer["events"] != commands.events:
            raise Wrong(f"audit export: {answer}")
        commands.tell("audit export", timed, mib=round(os.path.getsize(path) / 1048576))
        commands.verify("audit verify of the export", path)
        commands.replay("audit replay of the export", "--file", path)


def measure_commands(binary, wanted):
    commands = Commands(binary)
    commands.verify("audit verify")
    if "replay" in wanted:
        commands.replay("audit replay")
    if "export" in wanted:
        measure_export(commands)
    if "rebuild" in wanted:
        commands.rebuild()
    if "compare" in wanted:
        commands.compare()


# ---- the service -----------------------------------------------------------------------------------------------------
class Service:
    """A service of our own, with the environment's settings; `ready_ms` is from its start to its first good answer."""

    def __init__(self, binary, log):
        address, _, port = os.environ["KEYLEDGER_LISTEN"].rpartition(":")
        self.endpoint = (address, int(port))
        begun = time.monotonic()
        self.process = subprocess.Popen([binary, "serve"], stdout=log, stderr=log)
        try:
            while not self.answers():
                if self.process.poll() is not None or time.monotonic() - begun > READY_SECONDS:
                    raise Wrong("the service did not become ready; its log is above")
                time.sleep(0.002)
        except BaseException:
            self.stop()
            raise
        self.ready_ms = (time.monotonic() - begun) * 1000

    def answers(self):
        connection = http.client.HTTPConnection(*self.endpoint, timeout=2)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def metric(self, name):
        page = urllib.request.urlopen(f"http://{os.environ['KEYLEDGER_MANAGEMENT_LISTEN']}/metrics", timeout=10)
        for line in page.read().decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        raise Wrong(f"the service has no metric {name}")

    def wait_until_remembered(self):
        """Seconds from here until answers come from memory."""
        begun = time.monotonic()
        while not self.metric("keyledger_access_caught_up"):
            if time.monotonic() - begun > IDLE_SECONDS:
                raise Wrong(f"answers do not come from memory after {IDLE_SECONDS} s")
            time.sleep(0.002)
        return time.monotonic() - begun

    def memory_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return round(int(status.split("VmRSS:")[1].split()[0]) / 1024, 1)

    def ticks(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def settle(self):
        """Waits until it takes less than 3 % of a core for two seconds: the tree head has then been made, too."""
        begun = time.monotonic()
        while True:
            before = self.ticks()
            time.sleep(2)
            if self.ticks() - before < 0.03 * 2 * TICKS:
                return time.monotonic() - begun
            if time.monotonic() - begun > IDLE_SECONDS:
                raise Wrong(f"the service is still busy after {IDLE_SECONDS} s without a request")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def log_in_and_ask(load):
    """Log-ins at full cost, refreshes, introspections and evaluations; how many were answered well."""
    counts = {"--logins": 200, "--refreshes": 400, "--introspections": 200, "--evaluations": 200}
    words = [load, "--json", "--registered", "--users", "1000", "--connections", "8",
             "--port", os.environ["KEYLEDGER_LISTEN"].rpartition(":")[2]]
    for option, count in counts.items():
        words += [option, str(count)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        raise Wrong(f"the load failed: {done.stdout}{done.stderr}")
    return sum(counts.values())


def measure_service(binary, load):
    starts = []
    with tempfile.TemporaryFile("w+") as log:
        try:
            for start in range(STARTS):
                service = Service(binary, log)
                try:
                    starts.append(service.ready_ms)
                    figure(figure="large start", start=start + 1, ms=round(service.ready_ms),
                           memory_mib=service.memory_mib())
                    if start + 1 < STARTS:
                        continue
                    settled = service.settle()
                    figure(figure="large memory", when="idle", mib=service.memory_mib(), after_s=round(settled))
                    requests = log_in_and_ask(load)
                    figure(figure="large memory", when="after requests", requests=requests, mib=service.memory_mib())
                finally:
                    service.stop()
                if service.process.returncode != 0:
                    raise Wrong(f"the service ended with {service.process.returncode}")
        except Wrong:
            log.seek(0)
            sys.stderr.write("".join(log.readlines()[-20:]))
            raise


def measure_sessions(binary):
    """Starts without and with what the one before remembered, on a log full of live sessions."""
    snapshot = pathlib.Path(os.environ["KEYLEDGER_ACCESS_SNAPSHOT_FILE"])
    snapshot.unlink(missing_ok=True)
    with tempfile.TemporaryFile("w+") as log:
        try:
            for kind in ("reading the log", "from a snapshot"):
                service = Service(binary, log)
                try:
                    level_ms = service.ready_ms + 1000 * service.wait_until_remembered()
                    sessions, held = (service.metric(f"keyledger_access_{name}") for name in ("sessions", "bytes"))
                    service.settle()
                    figure(figure="sessions start", kind=kind, ready_ms=round(service.ready_ms),
                           remembered_ms=round(level_ms), sessions=int(sessions), mib=service.memory_mib(),
                           bytes_a_session=round(held / sessions))
                finally:
                    begun = time.monotonic()
                    service.stop()
                figure(figure="sessions stop", kind=kind, seconds=round(time.monotonic() - begun, 2),
                       snapshot_mib=round(snapshot.stat().st_size / 1048576, 1))
        except (Wrong, OSError):
            log.seek(0)
            sys.stderr.write("".join(log.readlines()[-20:]))
            raise


def main():
    try:
        if len(sys.argv) in (3, 4) and sys.argv[1] == "commands":
            wanted = sys.argv[3].split(",") if len(sys.argv) == 4 else COMMANDS
            unknown = set(wanted) - set(COMMANDS)
            if unknown:
                sys.exit(f"large: there is no {', '.join(sorted(unknown))}; name some of {', '.join(COMMANDS)}")
            measure_commands(sys.argv[2], wanted)
        elif len(sys.argv) == 4 and sys.argv[1] == "serve":
            measure_service(sys.argv[2], sys.argv[3])
        elif len(sys.argv) == 3 and sys.argv[1] == "sessions":
            measure_sessions(sys.argv[2])
        else:
            sys.exit(__doc__)
    except Wrong as wrong:
        sys.exit(f"large: {wrong}")


if __name__ == "__main__":
    main()
