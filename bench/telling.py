#!/usr/bin/env python3
"""Measures what the log of accesses and traces cost: the same refreshes with neither and with each, in turn, on one
database, so that the ratio does not depend on what the machine does meanwhile.

    bench/telling.py BINARY LOAD [--rounds N] [--refreshes N] [--connections N]

The environment tells of the database, Kafka and the keys as it tells the service. Each figure is printed as a JSON
object. The collector is a process of its own that reads and forgets.
"""

import argparse
import http.server
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from large import Service, Wrong, figure  # noqa: E402 pylint: disable=wrong-import-position

WAYS = {
    "neither": {"KEYLEDGER_ACCESS_LOG": "off"},
    "errors alone in the access log": {"KEYLEDGER_ACCESS_LOG": "errors"},
    "every access in the log": {"KEYLEDGER_ACCESS_LOG": "all"},
    "traces of 1 in 100": {"KEYLEDGER_ACCESS_LOG": "off", "KEYLEDGER_TRACES_RATIO": "0.01"},
    "traces of all": {"KEYLEDGER_ACCESS_LOG": "off", "KEYLEDGER_TRACES_RATIO": "1"},
}


class Forgetful(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def collect(ports):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forgetful)
    server.daemon_threads = True
    ports.put(server.server_port)
    server.serve_forever()


def rate_of(options, way, endpoint, is_registered):
    """Refreshes a second, and the service's processor time for each."""
    for name in ("KEYLEDGER_ACCESS_LOG", "KEYLEDGER_TRACES_RATIO", "KEYLEDGER_TRACES_ENDPOINT"):
        os.environ.pop(name, None)
    os.environ.update(WAYS[way])
    if "KEYLEDGER_TRACES_RATIO" in WAYS[way]:
        os.environ["KEYLEDGER_TRACES_ENDPOINT"] = endpoint
    with tempfile.TemporaryFile() as log:
        service = Service(options.binary, log)
        try:
            words = [options.load, "--port", str(service.endpoint[1]), "--json", "--users", "100", "--logins", "200",
                     "--refreshes", str(options.refreshes), "--connections", str(options.connections)]
            if is_registered:
                words.append("--registered")
            before = processor_seconds(service.process.pid)
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise Wrong(f"load ended with {done.returncode}: {done.stderr}")
            used = processor_seconds(service.process.pid) - before
        finally:
            service.stop()
    for line in done.stdout.splitlines():
        told = json.loads(line)
        if str(told.get("phase", "")).startswith("refresh"):
            return told["rate"], 1e6 * used / options.refreshes
    raise Wrong(f"load told nothing of refreshes: {done.stdout}")


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("load")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--refreshes", type=int, default=20_000)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    ports = multiprocessing.Queue()
    collector = multiprocessing.Process(target=collect, args=(ports,), daemon=True)
    collector.start()
    endpoint = f"http://127.0.0.1:{ports.get(timeout=10)}/v1/traces"
    begun = time.monotonic()
    rate_of(options, "neither", endpoint, False)  # registers people, and warms all up
    rates, costs = {way: [] for way in WAYS}, {way: [] for way in WAYS}
    for number in range(options.rounds):
        ways = list(WAYS)
        for way in ways if number % 2 == 0 else reversed(ways):
            rate, cost = rate_of(options, way, endpoint, True)
            rates[way].append(rate)
            costs[way].append(cost)
    for way in WAYS:
        ratios = [one / base for one, base in zip(rates[way], rates["neither"])]
        figure(figure="telling", what=way, rate=round(statistics.median(rates[way])),
               ratio=round(statistics.median(ratios), 3), least_ratio=round(min(ratios), 3),
               processor_us=round(statistics.median(costs[way]), 1), rounds=options.rounds,
               refreshes=options.refreshes, connections=options.connections)
    figure(figure="telling", what="the whole run", seconds=round(time.monotonic() - begun))
    collector.terminate()


if __name__ == "__main__":
    try:
        main()
    except Wrong as wrong:
        print(f"telling.py: {wrong}", file=sys.stderr)
        sys.exit(1)
