#!/usr/bin/env python3
"""One of the consumers in examples/, killed at random while events and duplicates of them come.

    consumer_test.py python|node --publisher PROGRAM

Scenario. Half of the events are published. The consumer is started, killed (SIGKILL) and started again and again;
meanwhile the other half is published by a publisher that is killed as well, which leaves aborted transactions in the
topic, and records that were published before are written to their partitions again, as a producer without transactions
or a mirrored topic might. In the end its file must hold exactly the sessions that the
script of the events ended, and it must stop when asked. After every kill its file must be whole.
"""
import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SEED, HALF, ALL, KILLS, COPIES = 4711, 1500, 3000, 6, 40
PATIENCE_S = 120


def python_with_client():
    """The first Python that has the client: Debian's package belongs to Debian's own."""
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-c", "import confluent_kafka"], capture_output=True).returncode == 0:
            return python
    sys.exit("python3-confluent-kafka is not installed: run scripts/install examples (scripts/test does)")


def command_of(language, python):
    if language == "python":
        return [python, "-B", os.path.join(ROOT, "examples/python/ended_sessions.py")]
    if not shutil.which("node") or not os.path.isdir(os.path.join(ROOT, "examples/node/node_modules/kafkajs")):
        sys.exit("node or kafkajs is not there: run scripts/install examples (scripts/test does)")
    return ["node", os.path.join(ROOT, "examples/node/ended_sessions.mjs")]


def duplicate(python, brokers, topic):
    """Writes the topic's first records again, each to the partition that it is in. Run by the Python that can."""
    script = f"""
import confluent_kafka as kafka
consumer = kafka.Consumer({{"bootstrap.servers": "{brokers}", "group.id": "duplicates",
                           "isolation.level": "read_committed", "enable.auto.commit": False}})
consumer.assign([kafka.TopicPartition("{topic}", partition, kafka.OFFSET_BEGINNING) for partition in range(4)])
records = []
while len(records) < {COPIES}:
    message = consumer.poll(60)
    assert message is not None, "the topic has too few records"
    if not message.error():
        records.append(message)
consumer.close()
producer = kafka.Producer({{"bootstrap.servers": "{brokers}"}})
for record in records:
    producer.produce("{topic}", key=record.key(), value=record.value(), headers=record.headers(),
                     partition=record.partition())
assert producer.flush(60) == 0
"""
    subprocess.run([python, "-c", script], check=True, timeout=PATIENCE_S)


class Consumer:
    def __init__(self, command, folder):
        self.state = os.path.join(folder, "ended.json")
        self.command = [*command, "--state", self.state]
        self.process = None

    def start(self):
        self.process = subprocess.Popen(self.command)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.saved()  # whole, or not there yet

    def saved(self):
        if not os.path.exists(self.state):
            return {"ended": {}, "live": {}, "partitions": {}}
        with open(self.state, encoding="utf-8") as file:
            return json.load(file)

    def await_saved(self, holds, what):
        deadline = time.monotonic() + PATIENCE_S
        while not holds(self.saved()):
            if self.process.poll() is not None:
                sys.exit(f"the consumer ended by itself with {self.process.returncode}")
            if time.monotonic() > deadline:
                sys.exit(f"after {PATIENCE_S} s {what(self.saved())}")
            time.sleep(0.1)

    def await_sessions(self, wanted):
        def difference(saved):
            return ", ".join(
                f"{kind}: {len(ids - set(saved[kind]))} missing, {len(set(saved[kind]) - ids)} too many"
                for kind, ids in wanted.items()
            )

        self.await_saved(lambda saved: all(set(saved[kind]) == ids for kind, ids in wanted.items()), difference)

    def stop(self):
        self.process.terminate()
        code = self.process.wait(PATIENCE_S)
        if code != 0:
            sys.exit(f"the consumer did not stop well when asked: exit code {code}")


def run(language, publisher, brokers, folder):
    prefix = f"example-{language}-{os.getpid()}-{random.SystemRandom().randrange(1 << 30)}"
    topic = f"{prefix}.events.v1"
    python = python_with_client()
    consumer = Consumer([*command_of(language, python), "--brokers", brokers, "--topic", topic], folder)

    def publish(count):
        said = subprocess.run([publisher, brokers, prefix, str(SEED), str(count)], check=True, timeout=PATIENCE_S,
                              capture_output=True, text=True).stdout.splitlines()
        return {kind: {line.split()[1] for line in said if line.startswith(kind)} for kind in ("ended", "live")}

    dice = random.Random(SEED)
    publish(HALF)
    for kill in range(KILLS):
        publishing = subprocess.Popen([publisher, brokers, prefix, str(SEED), str(ALL)], stdout=subprocess.DEVNULL)
        consumer.start()
        time.sleep(dice.uniform(0.2, 2.5 + kill))  # at a random moment is the point
        consumer.kill()
        publishing.kill()
        publishing.wait()
        if kill == 2:
            duplicate(python, brokers, topic)
    wanted = publish(ALL)
    consumer.start()
    consumer.await_sessions(wanted)
    before = consumer.saved()
    duplicate(python, brokers, topic)

    def offsets(saved):
        return sum(place["next_offset"] for place in saved["partitions"].values())

    consumer.await_saved(
        lambda saved: offsets(saved) >= offsets(before) + COPIES, lambda _: "the duplicates were not read"
    )
    consumer.stop()
    after = consumer.saved()
    if any(after[kind] != before[kind] for kind in wanted):
        sys.exit("duplicates changed what the consumer knows")
    print(f"{language}: {len(wanted['ended'])} ended sessions, {KILLS} kills, {2 * COPIES} duplicates")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("language", choices=["python", "node"])
    parser.add_argument("--publisher", required=True)
    arguments = parser.parse_args()
    brokers = os.environ.get("KEYLEDGER_TEST_KAFKA_BROKERS")
    if not brokers:
        sys.exit("KEYLEDGER_TEST_KAFKA_BROKERS is not set: run the tests with scripts/test, which starts a broker")
    with tempfile.TemporaryDirectory(prefix="keyledger-example-") as folder:
        run(arguments.language, arguments.publisher, brokers, folder)


if __name__ == "__main__":
    main()
