"""What each node takes of the machine, every few seconds: memory, file descriptors, threads, and what of that it can
explain. Read from /proc and from /metrics."""

import json
import pathlib
import re
import threading
import time
import urllib.error
import urllib.request

EVERY_S = 5
METRICS = ("keyledger_http_connections", "keyledger_postgres_sessions", "keyledger_access_sessions",
           "keyledger_access_users", "keyledger_access_bytes", "keyledger_projector_leading",
           "keyledger_heap_allocated_bytes", "keyledger_heap_resident_bytes")
STATUS = {"VmRSS": "rss_kib", "RssAnon": "anonymous_kib", "VmHWM": "peak_kib", "Threads": "threads"}
PATIENCE_S = 1


def of_process(pid):
    """None where it is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        fds = sum(1 for _ in pathlib.Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return None
    found = {name: int(value) for name, value in re.findall(r"^(\w+):\s+(\d+)", text, re.MULTILINE) if name in STATUS}
    if len(found) != len(STATUS):
        return None  # it is ending
    return {STATUS[name]: value for name, value in found.items()} | {"fds": fds}


def of_metrics(port):
    """{} where it does not answer, as while it stands still."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE_S) as answer:
            text = answer.read().decode()
    except (urllib.error.URLError, OSError):
        return {}
    found = re.findall(r"^(keyledger_\w+) (\S+)$", text, re.MULTILINE)
    outputs = re.findall(r"^keyledger_publisher_publishing\{[^}]*\} (\S+)$", text, re.MULTILINE)
    return {"publishes": sum(map(float, outputs)),
            **{name.removeprefix("keyledger_"): float(value) for name, value in found if name in METRICS}}


class Sampler(threading.Thread):
    """`all` are the samples; each is a line of samples.jsonl, too."""

    def __init__(self, nodes, path):
        super().__init__(daemon=True)
        self.nodes, self.all, self.stopping = nodes, [], threading.Event()
        self.file = open(path, "w", encoding="utf-8")
        self.births = {}  # pid -> when it was first seen

    def run(self):
        due = time.monotonic()
        while not self.stopping.is_set():
            for number, node in enumerate(self.nodes.all, 1):
                self.take(number, node)
            due = max(due + EVERY_S, time.monotonic())
            self.stopping.wait(due - time.monotonic())
        self.file.close()

    def take(self, number, node):
        pid = node.process.pid
        seen = of_process(pid)
        if seen is None:
            return
        now = time.monotonic()
        sample = {"at": now, "node": number, "pid": pid, "age": now - self.births.setdefault(pid, now), **seen,
                  **of_metrics(node.management_port)}
        self.all.append(sample)
        self.file.write(json.dumps(sample) + "\n")
        self.file.flush()

    def newest(self, number):
        return next((sample for sample in reversed(self.all) if sample["node"] == number), None)

    def stop(self):
        self.stopping.set()
        self.join()
