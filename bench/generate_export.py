#!/usr/bin/env python3
"""Writes an export of a log that never was, for measuring `keyledger audit verify` and `audit replay`.

    bench/generate_export.py EVENTS FILE

Users register and set a password, log in, and refresh their sessions: one user to about ten events. Deterministic. Leaf
hashes (RFC 8785, RFC 6962) and the manifest's root are made here, by code that it shares with nobody."""

import hashlib
import json
import random
import sys
import uuid

START_MS = 1_700_000_000_000


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Tree:
    """The root of RFC 6962 from the roots of complete subtrees, largest first."""

    def __init__(self):
        self.size, self.edge = 0, []

    def append(self, leaf):
        self.edge.append(leaf)
        low = self.size
        while low & 1:
            right = self.edge.pop()
            self.edge[-1] = hashlib.sha256(b"\x01" + self.edge[-1] + right).digest()
            low >>= 1
        self.size += 1

    def root(self):
        root = self.edge[-1]
        for left in reversed(self.edge[:-1]):
            root = hashlib.sha256(b"\x01" + left + root).digest()
        return root


class Log:
    def __init__(self, out):
        self.out, self.tree, self.random, self.versions = out, Tree(), random.Random(1), {}

    def new_id(self):
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def append(self, stream_type, stream, event_type, payload, actor):
        version = self.versions[stream] = self.versions.get(stream, 0) + 1
        at_ms = START_MS + 10 * self.tree.size
        sealed = "A" * 96
        metadata = canonical({
            "occurred_at_ms": at_ms, "actor_type": "user", "actor_id": actor, "command_id": "c" * 43,
            "correlation_id": "r" * 22, "causation_id": "", "request_id": "r" * 22, "traceparent": "",
            "session_id": None, "client_address": sealed, "user_agent": sealed, "device": None})
        payload, event_id = canonical(payload), self.new_id()
        record = (f'{{"event_id":"{event_id}","event_type":"{event_type}","metadata":{metadata},"payload":{payload},'
                  f'"recorded_at_ms":{at_ms},"schema_version":1,"stream_id":"{stream}","stream_type":"{stream_type}",'
                  f'"tenant":"default","version":{version}}}')
        leaf = hashlib.sha256(b"\0" + record.encode()).digest()
        self.tree.append(leaf)
        self.out.write(f'{{"position":{self.tree.size},"recorded_at_ms":{at_ms},"leaf_hash":"{leaf.hex()}",'
                       f'"tenant":"default","stream_type":"{stream_type}","stream_id":"{stream}","version":{version},'
                       f'"type":"{event_type}","schema_version":1,"event_id":"{event_id}","payload":{payload},'
                       f'"metadata":{metadata}}}\n')


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    events, path = int(sys.argv[1]), sys.argv[2]
    with open(path, "w", encoding="utf-8") as out:
        log, sessions = Log(out), []
        while log.tree.size < events:
            choice = log.random.random()
            if choice < 0.06 or not sessions:
                user, session = log.new_id(), log.new_id()
                sealed = "B" * 96
                log.append("user", user, "user.registered", {"email": sealed, "username": None, "name": sealed}, user)
                log.append("user", user, "user.password_set",
                           {"credential_id": log.new_id(), "sealed_sha256": "0" * 64}, user)
                log.append("session", session, "session.started",
                           {"user_id": user, "client_id": "keyledger", "audiences": ["https://id.example"],
                            "security_stamp": 1, "device": "d" * 22,
                            "expires_at_ms": START_MS + 10**12}, user)
                sessions.append([session, user, 1])
            else:
                entry = log.random.choice(sessions)
                entry[2] += 1
                log.append("session", entry[0], "session.refreshed",
                           {"generation": entry[2], "device": "d" * 22}, entry[1])
    manifest = {"keyledger_export": 1, "log_id": "00000000-0000-4000-8000-000000000001", "events": log.tree.size,
                "root_hash": log.tree.root().hex(), "exported_at_ms": START_MS, "tree_head": ""}
    with open(path + ".manifest.json", "w", encoding="utf-8") as out:
        json.dump(manifest, out)


if __name__ == "__main__":
    main()
