#!/usr/bin/env python3
"""Compares what clients were told with the log, the read models and the topic. Shares no code with the service.

    checker.py DIRECTORY        names each contradiction and exits with 1, or with 0 where there is none

The directory holds what evidence.py and clients.py wrote, one JSON object a line:
    journal.jsonl   each request twice: when it was sent, and when and how it was answered
    events.jsonl, commands.jsonl, streams.jsonl      the tables
    users.jsonl, sessions.jsonl, audit.jsonl         the current generation of the read models
    topic.jsonl     every record that a read_committed consumer gets

Checked:
  log            positions 1, 2, 3 ... (I1), versions of each stream, ids, leaf hashes, the commands that it knows
  acknowledged   every 2xx stands at the position that it told, as the event that was asked for (I3)
  refused        what was refused, or answered "nothing was done", is nowhere; no event that nobody asked for
  once           a request, and an Idempotency-Key however often repeated, took effect at most once (I5)
  passwords      whoever logged in had the password that was good at that position (I4)
  answers        "active" after a command that ended it had returned (I8); "refused" where nothing had ended it
  read models    equal the fold of the log (I7)
  topic          every position once, each record the event's, each subject in order (I9)"""

import json
import pathlib
import sys
import uuid
from collections import defaultdict

from envelope import command_of, metadata_of
from fold import KNOWN_STREAMS, Fold, leaf_hash

# What stands at the position that a 2xx told. An empty list: a question, which tells none.
DONE_BY = {
    "register": ["user.password_set"],
    "login": ["session.started"],
    "wrong_login": [],
    "refresh": ["session.refreshed"],
    "logout": ["session.ended"],
    "revoke_one": ["session.ended"],
    "revoke_all": ["user.sessions_revoked"],
    "change_password": ["user.password_changed"],
    "update_profile": ["user.profile_updated"],
    "disable": ["user.disabled"],
    "enable": ["user.enabled"],
    "introspect": [],
    "me": [],
}
ALWAYS_AN_EFFECT = {"register", "login", "revoke_all", "change_password", "update_profile"}
# What a request may be answered when every server is well; 503 besides.
STATUSES = {
    "register": {201, 409}, "login": {200, 401, 403, 429}, "wrong_login": {401, 403, 429}, "refresh": {200, 400},
    "logout": {204, 401}, "revoke_one": {204, 401}, "revoke_all": {204, 401},
    "change_password": {204, 401, 403, 429}, "update_profile": {200, 401}, "disable": {204, 401},
    "enable": {204, 401}, "introspect": {200}, "me": {200, 401},
}
# Refusals that are recorded.
FAILED_LOG_IN = {"login.failed", "login.locked"}  # the failure, and the lock-out that begins with it
TRACE_OF_REFUSAL = {
    "login": FAILED_LOG_IN, "wrong_login": FAILED_LOG_IN, "change_password": FAILED_LOG_IN,
    "refresh": {"session.ended", "session.refresh_refused"},
}
FAILING = ("login", "wrong_login", "change_password")  # with a password
# Commands of their own.
BESIDES = {"login.failed", "login.locked", "login.failures_cleared", "login.failures_summed", "login.honeypots_summed",
           "login.network_seen", "device.first_seen", "device.seen_again",
           "device.country_first_seen", "user.password_hash_renewed"}
NOT_FROM_A_CLIENT = {"create-admin", "housekeeping"}
MAX_FAILURES_IN_A_ROW = 100  # KEYLEDGER_LOGIN_FAILURES_IN_A_ROW


def read_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines() if line]


def read_journal(path):
    entries = {}
    for line in read_lines(path):
        entries.setdefault(line["request_id"], {}).update(line)
    return entries


class Evidence:
    def __init__(self, directory):
        directory = pathlib.Path(directory)
        self.journal = read_journal(directory / "journal.jsonl")
        for name in ("events", "commands", "streams", "users", "sessions", "audit", "topic"):
            setattr(self, name, read_lines(directory / f"{name}.jsonl"))


class Checker:
    def __init__(self, evidence):
        self.seen = evidence
        self.faults = []
        self.journal = evidence.journal
        self.fold = Fold()
        self.at = {event["position"]: event for event in evidence.events}
        self.by_request = defaultdict(list)  # request id -> its events
        self.by_key = defaultdict(list)      # Idempotency-Key -> entries
        self.failures = defaultdict(list)    # user -> failed log-ins, and what cleared them
        for event in evidence.events:
            if event["event_type"] in ("login.failed", "login.failures_cleared"):
                self.failures[event["payload"].get("user_id") or event["stream_id"]].append(event)
            self.by_request[metadata_of(event)["request_id"]].append(event)
        self.unrecorded = defaultdict(list)  # user -> attempts that failed, or may have, of which the log holds nothing
        for entry in self.journal.values():
            if entry["op"] in FAILING and entry.get("status", 503) in (401, 503) and entry.get("user") \
                    and entry["request_id"] not in self.by_request:
                self.unrecorded[entry["user"]].append(entry)
        for entry in self.journal.values():
            if entry.get("key"):
                self.by_key[entry["key"]].append(entry)

    def wrong(self, sentence):
        self.faults.append(sentence)

    def run(self):
        self.check_log()
        self.check_commands()
        for event in self.seen.events:
            self.fold.apply(event)
        self.faults += self.fold.faults
        for entry in self.journal.values():
            self.check_answer(entry)
        self.check_once()
        self.check_passwords()
        self.check_answers_at_head()
        self.check_read_models()
        self.check_topic()
        return self.faults

    # ---- log -----------------------------------------------------------------------------------------------
    def check_log(self):
        versions, ids, last = {}, set(), 0
        for event in self.seen.events:
            position, stream = event["position"], event["stream_id"]
            if position != last + 1:
                missing = f"position {last + 1} is missing" if position > last + 1 else "it stands twice"
                self.wrong(f"LOG: position {position} follows {last}: {missing}")
            last = position
            if event["version"] != versions.get(stream, 0) + 1:
                self.wrong(f"LOG: position {position}: stream {stream} jumps from version {versions.get(stream, 0)}"
                           f" to {event['version']}")
            versions[stream] = event["version"]
            if event["event_id"] in ids:
                self.wrong(f"LOG: position {position}: event {event['event_id']} stands twice")
            ids.add(event["event_id"])
            if leaf_hash(event) != event["leaf_hash"]:
                self.wrong(f"LOG: position {position}: the leaf hash is not that of the record")
            request = metadata_of(event)["request_id"]
            if event["stream_type"] in KNOWN_STREAMS and request not in self.journal \
                    and request not in NOT_FROM_A_CLIENT:
                self.wrong(f"LOG: position {position}: nobody sent the request '{request}'")
        heads = {row["stream_id"]: row["version"] for row in self.seen.streams}
        if heads != versions:
            differing = [one for one in heads.keys() | versions.keys() if heads.get(one) != versions.get(one)]
            self.wrong(f"LOG: the heads of {len(differing)} streams differ from their events, such as {differing[0]}")

    def check_commands(self):
        """An id that the service made is told by its first event; a row of it is one from before migration 15."""
        made, told = {}, set()  # command id -> first position, count
        for event in self.seen.events:
            command, position = command_of(metadata_of(event)["command_id"]), event["position"]
            if command not in made and command == uuid.UUID(event["event_id"]).hex:
                told.add(command)
            first, count = made.get(command, (position, 0))
            if position != first + count:
                self.wrong(f"LOG: position {position}: command {command} goes on after others came between")
            made[command] = (first, count + 1)
        known = {row["command_id"][:32]: (row["first_position"], row["event_count"]) for row in self.seen.commands}
        for command in sorted(made.keys() | known.keys(), key=lambda one: made.get(one, known.get(one))):
            if made.get(command) != known.get(command) and (command in known or command not in told):
                self.wrong(f"LOG: command {command} made {made.get(command)}, and the table has {known.get(command)}"
                           " (first position, events)")

    # ---- what was told of one request ------------------------------------------------------------------------
    def effects_of(self, entry):
        return [event for event in self.by_request.get(entry["request_id"], [])
                if event["stream_type"] in KNOWN_STREAMS and event["event_type"] not in BESIDES]

    def group_of(self, entry):
        return self.by_key[entry["key"]] if entry.get("key") else [entry]

    def check_answer(self, entry):
        what, status = f"{entry['op']} {entry['request_id']}", entry.get("status")
        if status is None:
            return
        if status == 503:
            return self.check_refused(entry, what) if entry["problem"] != "outcome-unknown" else None
        if status not in STATUSES[entry["op"]]:
            return self.wrong(f"ANSWER: {what} was answered {status} {entry.get('problem')}")
        if status >= 400:
            return self.check_refused(entry, what)
        return self.check_acknowledged(entry, what)

    def check_acknowledged(self, entry, what):
        position, op = entry.get("position"), entry["op"]
        if not DONE_BY[op]:
            return
        if position is None:
            if op in ALWAYS_AN_EFFECT:
                self.wrong(f"ACKNOWLEDGED: {what} was answered {entry['status']} and told no position")
            for event in self.effects_of(entry):
                self.wrong(f"ACKNOWLEDGED: {what} told no position, and did position {event['position']}")
            return
        event = self.at.get(position)
        if event is None:
            return self.wrong(f"LOST: {what} was acknowledged at position {position}, which is not in the log")
        requests = {one["request_id"] for one in self.group_of(entry)}
        if metadata_of(event)["request_id"] not in requests:
            return self.wrong(f"LOST: {what} was acknowledged at position {position}, where '{event['event_type']}' of"
                              f" {metadata_of(event)['request_id']} stands")
        if event["event_type"] not in DONE_BY[op]:
            return self.wrong(f"LOST: {what} was acknowledged at position {position}, where '{event['event_type']}'"
                              " stands")
        told = entry.get("told_session" if op == "login" else "told_user" if op == "register" else "", None)
        if told and told != event["stream_id"]:
            self.wrong(f"LOST: {what} told of {told}, and position {position} is about {event['stream_id']}")

    def check_refused(self, entry, what):
        allowed = TRACE_OF_REFUSAL.get(entry["op"], set()) if entry["status"] != 503 else FAILED_LOG_IN
        for event in self.by_request.get(entry["request_id"], []):
            if event["stream_type"] in KNOWN_STREAMS and event["event_type"] not in allowed:
                self.wrong(f"REFUSED: {what} was answered {entry['status']} {entry.get('problem')}, and did position"
                           f" {event['position']} ({event['event_type']})")

    def check_once(self):
        groups = [[entry] for entry in self.journal.values() if not entry.get("key")] + list(self.by_key.values())
        for group in groups:
            effects = [event for entry in group for event in self.effects_of(entry)]
            commands = {metadata_of(event)["command_id"] for event in effects}
            told = {entry["position"] for entry in group
                    if entry.get("position") is not None and entry["status"] < 300 and DONE_BY[entry["op"]]}
            name = f"{group[0]['op']} {group[0].get('key') or group[0]['request_id']}"
            if len(commands) > 1:
                self.wrong(f"TWICE: {name} was done at positions {[event['position'] for event in effects]}")
            if len(told) > 1:
                self.wrong(f"TWICE: {name} was told to have been done at positions {sorted(told)}")

    # ---- state ---------------------------------------------------------------------------------------------
    def password_history(self):
        """user -> [(position, number, entry that brought it)], the numbers being those of the journal."""
        history = defaultdict(list)
        for event in self.seen.events:
            entry = self.journal.get(metadata_of(event)["request_id"])
            if entry and event["event_type"] == "user.password_set":
                history[event["stream_id"]].append((event["position"], entry["password"], entry))
            if entry and event["event_type"] == "user.password_changed":
                history[event["stream_id"]].append((event["position"], entry["new_password"], entry))
        return history

    def check_passwords(self):
        history = self.password_history()
        for entry in self.journal.values():
            if entry["op"] not in FAILING:
                continue
            for event in self.effects_of(entry):
                user = self.fold.subjects[event["position"]]
                good = [number for position, number, _ in history[user] if position < event["position"]]
                if good and good[-1] != entry["password"]:
                    self.wrong(f"PASSWORD: {entry['op']} {entry['request_id']} passed at position {event['position']}"
                               f" with password {entry['password']} where {good[-1]} was good")
            if entry.get("problem") in ("invalid-credentials", "wrong-password") and entry["op"] != "wrong_login":
                self.check_password_refusal(entry, history)

    def check_password_refusal(self, entry, history):
        """Refused with the password that was good from before it was sent until after it was answered?"""
        recorded = self.by_request.get(entry["request_id"], [])
        if any(event["payload"].get("reason") == "too_many_failures" for event in recorded):
            return None
        if not recorded and self.was_locked_out(entry):
            return None
        for _, number, maker in reversed(history[entry["user"]]):
            if number == entry["password"] and self.acknowledged_at(maker) < entry["sent"]:
                return self.wrong(f"ANSWER: {entry['op']} {entry['request_id']} was answered {entry['problem']} with"
                                  " the password that was good all the time, after"
                                  f" {self.failures_before(entry)} failures in a row at most")
            if self.sent_at(maker) < entry["answered"]:
                return None  # this one may have been good by then
        return None

    def was_locked_out(self, entry):
        """After so many failures in a row nobody is let in, from wherever they failed, and nothing more is recorded on
        the account. Locked at any moment between question and answer will do."""
        return self.failures_before(entry) >= MAX_FAILURES_IN_A_ROW

    def failures_before(self, entry):
        """The most in a row that any node may have counted until the answer. A failure that the log does not hold
        counts too, on the node that had it: the log was away, or a kill came between the answer and the record."""
        most, in_a_row, cleared_at = 0, 0, float("-inf")
        for event in self.failures[entry["user"]]:
            request = self.journal.get(metadata_of(event)["request_id"])
            if request is None or request["sent"] >= entry["answered"]:
                continue
            if event["event_type"] == "login.failed":
                in_a_row += 1
                most = max(most, in_a_row)
                continue
            in_a_row = 0
            if request.get("answered", float("inf")) < entry["sent"]:
                most, cleared_at = 0, max(cleared_at, request["sent"])
        return most + sum(1 for one in self.unrecorded[entry["user"]]
                          if one is not entry and cleared_at <= one["sent"] < entry["answered"])

    def acknowledged_at(self, entry):
        """When somebody was first told that the request, under its key, was done; endless where nobody was."""
        return min((one["answered"] for one in self.group_of(entry) if one.get("status", 599) < 300),
                   default=float("inf"))

    def sent_at(self, entry):
        return min(one["sent"] for one in self.group_of(entry))

    def ender_of(self, session):
        """The request that ended the session, or None; a refusal that ended it counts from its answer on."""
        position = self.fold.ends.get(session)
        return position and self.journal.get(metadata_of(self.at[position])["request_id"])

    def check_answers_at_head(self):
        for entry in self.journal.values():
            session, status = entry.get("session"), entry.get("status")
            if session is None or status is None or status == 503 or entry["op"] in ("login", "register"):
                continue
            good = entry.get("active", status < 300)
            ender = self.ender_of(session)
            what = f"{entry['op']} {entry['request_id']} on session {session}"
            if good and entry["op"] in ("introspect", "me", "refresh"):
                if ender and self.acknowledged_at(ender) < entry["sent"]:
                    self.wrong(f"STALE: {what} was good, after {ender['op']} {ender['request_id']} had ended it")
            refused = not good and (status in (200, 400, 401))
            if refused and (ender is None or self.sent_at(ender) > entry["answered"]):
                self.wrong(f"ANSWER: {what} was refused ({entry.get('problem') or 'inactive'}), and nothing had ended"
                           " the session")
            if entry["op"] == "refresh" and status == 200 and session in self.fold.ends \
                    and entry.get("position", 0) and entry["position"] > self.fold.ends[session]:
                self.wrong(f"STALE: {what} at position {entry['position']}, after its end")
        self.check_other_refusals()

    def check_other_refusals(self):
        registered = {self.journal[request]["email"]: self.journal[request] for request in self.by_request
                      if request in self.journal and self.journal[request]["op"] == "register"}
        for entry in self.journal.values():
            what = f"{entry['op']} {entry['request_id']}"
            if entry.get("problem") == "email-taken":
                holder = registered.get(entry["email"])
                if holder is None or holder["sent"] > entry["answered"]:
                    self.wrong(f"ANSWER: {what} was answered email-taken, and nobody had taken {entry['email']}")
            if entry.get("problem") == "user-disabled":
                sent = [self.journal[metadata_of(self.at[position])["request_id"]]["sent"]
                        for position in self.fold.disabled.get(entry.get("user"), [])]
                if not sent or min(sent) > entry["answered"]:
                    self.wrong(f"ANSWER: {what} was answered user-disabled, and nobody had disabled him")

    # ---- read models ---------------------------------------------------------------------------------------
    def check_read_models(self):
        for name, key in (("users", "id"), ("sessions", "id"), ("audit", "position")):
            rows = {row.pop(key): row for row in map(dict, getattr(self.seen, name))}
            folded = getattr(self.fold, name)
            for missing in sorted(folded.keys() - rows.keys()):
                self.wrong(f"READ MODEL {name}: {missing} is missing")
            for extra in sorted(rows.keys() - folded.keys()):
                self.wrong(f"READ MODEL {name}: {extra} is in no event")
            for one in sorted(rows.keys() & folded.keys()):
                for field, wanted in folded[one].items():
                    if rows[one][field] != wanted:
                        self.wrong(f"READ MODEL {name}: {one} has {field} {rows[one][field]}, the log says {wanted}")

    # ---- topic ---------------------------------------------------------------------------------------------
    def check_topic(self):
        copies, last = defaultdict(list), {}
        for record in sorted(self.seen.topic, key=lambda one: (one["partition"], one["offset"])):
            position = record["position"]
            where = f"partition {record['partition']} offset {record['offset']}"
            copies[position].append(where)
            before = last.get(record["key"], 0)
            if position <= before:
                self.wrong(f"TOPIC: {where}: subject {record['key']} has position {position} after {before}")
            last[record["key"]] = max(position, before)
            self.check_record(record, where)
        for position in sorted(self.at.keys() | copies.keys()):
            if len(copies[position]) != 1:
                self.wrong(f"TOPIC: position {position} is there {len(copies[position])} times"
                           f" ({', '.join(copies[position]) or 'missing'})")

    def check_record(self, record, where):
        event = self.at.get(record["position"])
        if event is None:
            return self.wrong(f"TOPIC: {where}: position {record['position']} is not in the log")
        wanted = {"id": event["event_id"], "type": event["event_type"], "stream": event["stream_id"],
                  "version": event["version"]}
        if event["stream_type"] in KNOWN_STREAMS:
            wanted["key"] = self.fold.subjects[event["position"]]
        for field, value in wanted.items():
            if record[field] != value:
                self.wrong(f"TOPIC: {where}: position {record['position']} has {field} {record[field]}, the log says"
                           f" {value}")
        return None


def check(directory):
    return Checker(Evidence(directory)).run()


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__)
        return 2
    faults = check(sys.argv[1])
    for fault in faults:
        print(f"FAULT: {fault}")
    print(f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
