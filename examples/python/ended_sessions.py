#!/usr/bin/env python3
"""Keeps the set of ended sessions from Keyledger's events topic, in a file.

    ended_sessions.py --brokers 127.0.0.1:9092 --state ended.json [--topic keyledger.events.v1]

A service that verifies access tokens by itself asks such a set whether a token's session (`sid`) has ended since the
token was issued. Runs until SIGTERM or SIGINT. It can be killed at any moment and goes on where it was: what it knows
and where it stood are one file, replaced by a rename. The partitions are merged by position: a record is applied once
all before it were, so that one that comes twice is recognised, and one that is missing is waited for.

Needs confluent-kafka (Debian: python3-confluent-kafka). docs/consumers.md says why it does what it does.
"""
import argparse
import json
import os
import signal
import sys
from collections import Counter

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

BATCH = 500
POLL_SECONDS = 0.5
METADATA_SECONDS = 10
AHEAD = 10_000  # records of one partition that wait for those of others; then it is not read on for a while
# The newest schema version of each type that this programme understands. A type that is not here is none of its
# business; a newer version of one that is must not be guessed at.
UNDERSTOOD = {
    "session.started": 3,
    "session.ended": 1,
    "user.password_changed": 1,
    "user.password_reset": 1,
    "user.one_time_password_set": 1,
    "user.email_changed": 1,
    "user.email_change_undone": 1,
    "user.second_factor_given_back": 1,
    "user.identity_unlinked": 1,
    "user.sessions_revoked": 1,
    "user.disabled": 1,
    "user.erasure_requested": 1,
    "user.erased": 1,
}


class Refused(Exception):
    """Going on would make the set wrong: a person has to look."""


class EndedSessions:
    def __init__(self, path):
        self.path = path
        self.log_id = None
        self.position = 0  # all up to it were applied
        self.partitions = {}  # number: {"next_offset": where to go on}
        self.live = {}  # session: {"user", "position" at which it began}
        self.ended = {}  # session: position at which it ended
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                saved = json.load(file)
            if saved["partitions"] and "position" not in saved:
                raise Refused(f"{path} is of an earlier version of this programme: begin with an empty state")
            for name, value in saved.items():
                setattr(self, name, value)
        self.read = {number: place["next_offset"] for number, place in self.partitions.items()}
        self.waiting = {}  # position: a record that came before one of a lower position

    def save(self):
        """All or nothing, also when the power fails: what was applied and where it stood move together. What waits is
        not kept, but read again."""
        self.partitions = {number: {"next_offset": offset} for number, offset in self.read.items()}
        for partition, offset, *_ in self.waiting.values():
            place = self.partitions[partition]
            place["next_offset"] = min(place["next_offset"], offset)
        state = {name: getattr(self, name) for name in ("log_id", "position", "partitions", "live", "ended")}
        with open(self.path + ".next", "w", encoding="utf-8") as file:
            json.dump(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(self.path + ".next", self.path)
        folder = os.open(os.path.dirname(os.path.abspath(self.path)), os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def take(self, partition, offset, headers, value):
        """One record. Those of a partition come in the order of their positions; over all, none is left out."""
        log_id = headers["ce_logid"]
        if self.log_id not in (None, log_id):
            raise Refused(f"the topic now holds log {log_id}, not {self.log_id}: begin with an empty state")
        self.log_id = log_id
        number = str(partition)
        self.read[number] = max(self.read.get(number, 0), offset + 1)
        position = int(headers["ce_sequence"])
        if position <= self.position or position in self.waiting:
            return
        self.waiting[position] = (number, offset, headers, value)
        while self.position + 1 in self.waiting:
            *_, headers, value = self.waiting.pop(self.position + 1)
            self.apply(headers["ce_type"], self.position + 1, headers["ce_subject"], json.loads(value))
            self.position += 1

    def ahead(self):
        """The partitions of which so much waits that reading on would only fill the memory."""
        counts = Counter(number for number, *_ in self.waiting.values())
        return {int(number) for number, count in counts.items() if count >= AHEAD}

    def apply(self, kind, position, subject, event):
        if kind not in UNDERSTOOD:
            return
        if event["schema_version"] > UNDERSTOOD[kind]:
            raise Refused(f"position {position}: {kind} of schema version {event['schema_version']} is too new")
        session = event["stream"]["id"]
        if kind == "session.started":
            self.live[session] = {"user": event["data"]["user_id"], "position": position}
        elif kind == "session.ended":
            self.end(session, position)
        else:  # on the user: it ends all of the user's earlier sessions, except perhaps one
            kept = event["data"].get("kept_session")
            for other in [id for id, one in self.live.items() if one["user"] == subject and id != kept]:
                self.end(other, position)

    def end(self, session, position):
        self.live.pop(session, None)
        self.ended.setdefault(session, position)


def consume(sessions, brokers, topic, stopping):
    consumer = Consumer({
        "bootstrap.servers": brokers,
        "group.id": "ended-sessions",  # unused: where it stands is in its own file
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "auto.offset.reset": "error",  # offsets that are gone are not skipped
        "allow.auto.create.topics": False,
    })
    metadata = consumer.list_topics(topic, METADATA_SECONDS).topics[topic]
    if metadata.error:
        raise Refused(f"topic {topic}: {metadata.error}")
    consumer.assign([
        TopicPartition(topic, number, sessions.partitions.get(str(number), {}).get("next_offset", OFFSET_BEGINNING))
        for number in metadata.partitions
    ])
    paused = set()
    try:
        while not stopping():
            messages = consumer.consume(BATCH, POLL_SECONDS)
            for message in messages:
                if message.error():
                    if message.error().code() == KafkaError._AUTO_OFFSET_RESET:
                        raise Refused(f"records are gone: {message.error()}")
                    print(f"ended_sessions: {message.error()}", file=sys.stderr)  # the client tries again by itself
                    continue
                headers = {name: text.decode() for name, text in message.headers() or [] if text is not None}
                sessions.take(message.partition(), message.offset(), headers, message.value())
            if messages:
                sessions.save()
            ahead = sessions.ahead()
            consumer.pause([TopicPartition(topic, number) for number in ahead - paused])
            consumer.resume([TopicPartition(topic, number) for number in paused - ahead])
            paused = ahead
    finally:
        consumer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brokers", required=True)
    parser.add_argument("--state", required=True)
    parser.add_argument("--topic", default="keyledger.events.v1")
    arguments = parser.parse_args()
    asked = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.append(True))
    try:
        consume(EndedSessions(arguments.state), arguments.brokers, arguments.topic, lambda: bool(asked))
    except Refused as refused:
        sys.exit(f"ended_sessions: {refused}")


if __name__ == "__main__":
    main()
