"""Three Kafka brokers of a test's own, which can be killed one at a time, and a consumer that tells what it saw."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))

# pylint: disable=wrong-import-position
from scenario import die
from servers import STOP_SECONDS, Servers, awaits, is_gone

BROKERS = 3
IN_SYNC_SECONDS = 120
MOST_BEGINNINGS = 20  # of a consumer
LOOK_S = 0.1


class ClusterServers(Servers):
    """Of PostgreSQL one, of Kafka a cluster."""

    def start_kafka(self):
        self.brokers = self.call("start", "kafka-cluster", str(self.directory / "kafka"))["KAFKA_BROKERS"]

    def folder(self, number):
        return self.directory / "kafka" / str(number)

    def kill_broker(self, number):
        pid = int((self.folder(number) / "pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        awaits(STOP_SECONDS, lambda: is_gone(pid), f"the end of broker {number}")

    def start_broker(self, number):
        self.call("start", "kafka-broker", str(self.folder(number)), attempts=2)

    def partitions(self):
        """{(topic, partition): (brokers that have it, of these in sync)}; empty while no broker answers."""
        done = subprocess.run(["kcat", "-L", "-J", "-b", self.brokers, "-m", "5"], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            return {}
        return {(topic["topic"], one["partition"]): (len(one["replicas"]), len(one["isrs"]))
                for topic in json.loads(done.stdout)["topics"] for one in topic["partitions"]}

    def is_in_sync(self):
        found = self.partitions()
        return bool(found) and all(in_sync == BROKERS for _, in_sync in found.values())

    def await_in_sync(self):
        awaits(IN_SYNC_SECONDS, self.is_in_sync, "every partition in sync on every broker")

    def drop(self):
        self.call("drop", "kafka-cluster", str(self.directory / "kafka"))
        self.call("drop", "postgres", str(self.directory / "postgres"))


class Watcher(threading.Thread):
    """A read_committed consumer from the topic's beginning; `seen` is the highest position that it was given."""

    def __init__(self, brokers, topic):
        super().__init__(daemon=True)
        self.seen, self.begun, self.is_stopping = 0, 0, threading.Event()
        self.command = ["kcat", "-C", "-u", "-q", "-b", brokers, "-t", topic, "-o", "beginning", "-X",
                        "isolation.level=read_committed", "-X", "topic.metadata.refresh.interval.ms=1000",
                        "-f", "%h\n"]
        self.process = self.begin()
        self.start()

    def begin(self):
        self.begun += 1
        return subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def run(self):
        """kcat ends when it finds that no broker answers it at one moment; a consumer that is to live begins again."""
        while True:
            for line in self.process.stdout:
                for part in line.rstrip("\n").split(","):
                    name, _, value = part.partition("=")
                    if name == "ce_sequence":
                        self.seen = max(self.seen, int(value))
            if self.is_stopping.is_set() or self.begun == MOST_BEGINNINGS:
                return
            self.process.wait()
            self.process = self.begin()

    def await_beyond(self, position, seconds):
        """How long it took until it saw a later one."""
        started = time.monotonic()
        while self.seen <= position:
            if not self.is_alive():
                die(f"the consumer ended {self.begun} times")
            if time.monotonic() - started > seconds:
                die(f"no event behind position {position} was published within {seconds} s")
            time.sleep(0.01)  # between two looks at the condition that is awaited
        return time.monotonic() - started

    def stop(self):
        self.is_stopping.set()
        while self.is_alive():
            self.process.terminate()
            self.join(LOOK_S)
        self.process.wait()
