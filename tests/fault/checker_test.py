#!/usr/bin/env python3
"""Plants bugs in small evidence and sees that the fault loop's checker names each of them, and nothing else.

The evidence is a story of two people, told as the service would have written it: what the clients were told, the log,
the tables, the topic. Untouched, the checker finds nothing in it."""

import base64
import json
import pathlib
import tempfile
import unittest
import uuid

import checker
from envelope import command_of, metadata_of
from fold import Fold, leaf_hash

ANN, BOB = "0190aaaa-0000-7000-8000-000000000001", "0190aaaa-0000-7000-8000-000000000002"
ONE, TWO, THREE = (f"0190bbbb-0000-7000-8000-00000000000{number}" for number in (1, 2, 3))


class Story:
    """Requests and what they did, in order; a request takes one second of the clients' clock and one of the log's."""

    def __init__(self):
        self.journal, self.events, self.versions, self.clock = [], [], {}, 0.0

    def happened(self, request, command, stream_type, stream, event_type, actor, **payload):
        self.versions[stream] = self.versions.get(stream, 0) + 1
        position = len(self.events) + 1
        event = {
            "position": position, "tenant": "default", "stream_type": stream_type, "stream_id": stream,
            "version": self.versions[stream], "event_type": event_type, "schema_version": 1,
            "event_id": str(uuid.UUID(int=position)), "payload": payload, "recorded_at_ms": 1000 * position,
            "metadata": {"occurred_at_ms": 1000 * position, "actor_type": "user", "actor_id": actor,
                         "request_id": request, "session_id": None,
                         "command_id": base64.urlsafe_b64encode(command.encode()).decode().rstrip("=")}}
        event["leaf_hash"] = leaf_hash(event)
        self.events.append(event)
        return position

    def asked(self, op, status, events=(), **facts):
        """`events`: of one command, as (stream type, stream, event type, payload)."""
        request, sent = f"r{len(self.journal) + 1}", self.clock
        position = None
        for stream_type, stream, event_type, payload in events:
            position = self.happened(request, f"command-{request}", stream_type, stream, event_type,
                                     facts.get("user", stream), **payload)
        self.clock += 1
        entry = {"request_id": request, "op": op, "sent": sent, **facts}
        if status:
            entry.update(answered=self.clock, status=status)
            if position and status < 300:
                entry["position"] = position
        self.clock += 1
        self.journal.append(entry)
        return entry

    def register(self, user, email):
        self.asked("register", 201, [("user", user, "user.registered", {}), ("user", user, "user.password_set", {})],
                   email=email, password=1, told_user=user, key=f"register-{email}")

    def login(self, user, session, password=1):
        started = {"user_id": user, "client_id": "first-party", "expires_at_ms": 10**9}
        self.asked("login", 200, [("session", session, "session.started", started)], user=user, password=password,
                   told_session=session)

    def refresh(self, user, session, generation):
        self.asked("refresh", 200, [("session", session, "session.refreshed", {"generation": generation})], user=user,
                   session=session)

    def logout(self, user, session, status=204, **facts):
        self.asked("logout", status, [("session", session, "session.ended", {"reason": "logged_out"})], user=user,
                   session=session, **facts)

    def change_password(self, user, session, new):
        changed = {"credential_id": "c", "sealed_sha256": "d", "kept_session": session}
        self.asked("change_password", 204, [("user", user, "user.password_changed", changed)], user=user,
                   session=session, password=new - 1, new_password=new)

    def disable(self, user, session):
        self.asked("disable", 204, [("user", user, "user.disabled", {"reason": ""})], user=user, session=session)

    def introspect(self, session, active):
        self.asked("introspect", 200, session=session, active=active)

    def drop(self, position):
        """As if its command had never been stored: those behind it move up."""
        gone = self.events.pop(position - 1)
        for event in self.events:
            event["position"] -= event["position"] > position
            if event["stream_id"] == gone["stream_id"] and event["version"] > gone["version"]:
                event["version"] -= 1
                event["leaf_hash"] = leaf_hash(event)

    def tables(self):
        """What the service would have made of these events."""
        fold, commands, heads, topic = Fold(), {}, {}, []
        for event in self.events:
            fold.apply(event)
            row = commands.setdefault(command_of(event["metadata"]["command_id"]), [event["position"], 0])
            row[1] += 1
            heads[event["stream_id"]] = event["version"]
            topic.append({"partition": 0, "offset": len(topic), "key": fold.subjects[event["position"]],
                          "position": event["position"], "id": event["event_id"], "type": event["event_type"],
                          "stream": event["stream_id"], "version": event["version"]})
        return {
            "journal": list(self.journal), "events": self.events, "topic": topic,
            "commands": [{"command_id": one, "first_position": first, "event_count": count}
                         for one, (first, count) in commands.items()],
            "streams": [{"stream_id": stream, "version": version} for stream, version in heads.items()],
            "users": [{"id": user, **row} for user, row in fold.users.items()],
            "sessions": [{"id": session, **row} for session, row in fold.sessions.items()],
            "audit": [{"position": position, **row} for position, row in fold.audit.items()]}


def good_story():
    story = Story()
    story.register(ANN, "ann@example.com")     # positions 1, 2
    story.register(BOB, "bob@example.com")     # 3, 4
    story.login(ANN, ONE)                      # 5
    story.refresh(ANN, ONE, 2)                 # 6
    story.login(BOB, TWO)                      # 7
    story.change_password(ANN, ONE, 2)         # 8
    story.login(ANN, THREE, password=2)        # 9
    story.introspect(ONE, True)
    story.logout(ANN, ONE, key="leave")        # 10
    story.introspect(ONE, False)
    story.disable(BOB, THREE)                  # 11
    return story


def check(tables):
    with tempfile.TemporaryDirectory() as directory:
        for name, rows in tables.items():
            path = pathlib.Path(directory) / f"{name}.jsonl"
            path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return checker.check(directory)


class PlantedBugs(unittest.TestCase):
    def names(self, tables, *wanted):
        """Each wanted text is in a fault, and each fault has one of them."""
        faults = check(tables)
        for text in wanted:
            self.assertTrue(any(text in fault for fault in faults), f"'{text}' is not in {faults}")
        for fault in faults:
            self.assertTrue(any(text in fault for text in wanted), f"unexpected: {fault}")

    def test_nothing_is_found_in_a_good_story(self):
        self.assertEqual(check(good_story().tables()), [])

    # ---- the three that the fault loop must catch ----------------------------------------------------------
    def test_a_skipped_position_in_the_log(self):
        tables = good_story().tables()
        for table in ("events", "topic", "audit"):
            for row in tables[table]:
                row["position"] += row["position"] > 10
        for row in tables["commands"]:
            row["first_position"] += row["first_position"] > 10
        for row in tables["users"] + tables["sessions"]:
            row["position"] += row["position"] > 10
            if row.get("ended_position"):
                row["ended_position"] += row["ended_position"] > 10
        tables["journal"][-1]["position"] += 1
        self.names(tables, "LOG: position 12 follows 10: position 11 is missing")

    def test_a_position_that_the_topic_skips(self):
        tables = good_story().tables()
        del tables["topic"][6]
        self.names(tables, "TOPIC: position 7 is there 0 times (missing)")

    def test_a_record_doubled_in_the_topic(self):
        tables = good_story().tables()
        tables["topic"].append({**tables["topic"][8], "offset": 99})
        self.names(tables, "TOPIC: position 9 is there 2 times (partition 0 offset 8, partition 0 offset 99)",
                   f"TOPIC: partition 0 offset 99: subject {ANN} has position 9 after 10")

    def test_a_command_that_was_stored_twice(self):
        story = good_story()
        story.happened("r6", "command-again", "user", ANN, "user.password_changed", ANN, kept_session=None,
                       credential_id="c", sealed_sha256="e")
        self.names(story.tables(), "TWICE: change_password r6 was done at positions [8, 12]",
                   "PASSWORD: change_password r6 passed at position 12 with password 1 where 2 was good")

    def test_a_command_that_its_first_event_tells_needs_no_row(self):
        story = good_story()
        event = story.events[5]
        event["metadata"]["command_id"] = event["event_id"]
        event["leaf_hash"] = leaf_hash(event)
        tables, told = story.tables(), uuid.UUID(event["event_id"]).hex
        self.assertEqual([row["first_position"] for row in tables["commands"] if row["command_id"] == told], [6])
        self.assertEqual(check(tables), [])
        tables["commands"] = [row for row in tables["commands"] if row["command_id"] != told]
        self.assertEqual(check(tables), [])
        tables["commands"].append({"command_id": told, "first_position": 6, "event_count": 2})
        self.names(tables, f"LOG: command {told} made (6, 1), and the table has (6, 2)")

    def test_a_command_of_a_client_without_its_row(self):
        tables = good_story().tables()
        gone = tables["commands"].pop(4)
        self.names(tables, f"LOG: command {gone['command_id']} made ({gone['first_position']}, 1),"
                           " and the table has None")

    def test_a_lost_acknowledgement_at_the_end_of_the_log(self):
        story = good_story()
        story.drop(11)
        self.names(story.tables(), "LOST: disable r11 was acknowledged at position 11, which is not in the log")

    def test_a_lost_acknowledgement_whose_position_another_took(self):
        story = good_story()
        story.drop(6)
        self.names(story.tables(), "LOST: refresh r4 was acknowledged at position 6, where 'session.started'",
                   "LOST: login r5", "LOST: change_password r6", "LOST: login r7", "LOST: logout r9",
                   "LOST: disable r11")

    # ---- the other promises --------------------------------------------------------------------------------
    def test_a_refusal_that_was_done(self):
        story = good_story()
        story.asked("logout", 401, [("session", THREE, "session.ended", {"reason": "logged_out"})], user=ANN,
                    session=THREE, problem="invalid-token")
        self.names(story.tables(), "REFUSED: logout r12 was answered 401 invalid-token, and did position 12")

    def test_an_outcome_that_nobody_knows_may_be_either(self):
        story = good_story()
        story.logout(ANN, THREE, status=None)
        story.asked("refresh", 503, user=ANN, session=THREE, problem="outcome-unknown")
        self.assertEqual(check(story.tables()), [])

    def test_nothing_was_done_was_not_true(self):
        story = good_story()
        story.logout(ANN, THREE, status=503, problem="unavailable")
        self.names(story.tables(), "REFUSED: logout r12 was answered 503 unavailable, and did position 12")

    def test_one_key_that_took_effect_twice(self):
        story = good_story()
        story.logout(ANN, THREE, key="leave")
        self.names(story.tables(), "TWICE: logout leave was done at positions [10, 12]",
                   "TWICE: logout leave was told to have been done at positions [10, 12]")

    def test_an_old_password_that_passes(self):
        story = good_story()
        story.login(ANN, "0190bbbb-0000-7000-8000-000000000009", password=1)
        self.names(story.tables(), "PASSWORD: login r12 passed at position 12 with password 1 where 2 was good")

    def test_a_good_password_that_is_refused(self):
        story = good_story()
        story.asked("login", 401, user=ANN, password=2, problem="invalid-credentials")
        self.names(story.tables(), "ANSWER: login r12 was answered invalid-credentials with the password that was")

    def test_a_good_password_of_one_who_is_locked_out(self):
        """Nothing is recorded of a refusal for too many failures; the failures before it are what tells."""
        for failures, names in ((100, False), (99, True)):
            story = good_story()
            failed = ("login_attempts", "0190bbbb-0000-7000-8000-00000000000a", "login.failed",
                      {"user_id": ANN, "reason": "wrong_password"})
            for _ in range(failures):
                story.asked("wrong_login", 401, [failed], user=ANN, password=-1, problem="invalid-credentials")
            story.asked("login", 401, user=ANN, password=2, problem="invalid-credentials")
            refused = [f"ANSWER: login r{12 + failures} was answered"] if names else []
            self.names(story.tables(), *refused)

    def test_a_good_password_of_one_whose_failures_the_log_does_not_hold(self):
        """They count on the node that had them until it was killed."""
        for unrecorded, names in ((40, False), (39, True)):
            story = good_story()
            failed = ("login_attempts", "0190bbbb-0000-7000-8000-00000000000a", "login.failed",
                      {"user_id": ANN, "reason": "wrong_password"})
            for number in range(60 + unrecorded):
                story.asked("wrong_login", 401, [failed] if number < 60 else [], user=ANN, password=-1,
                            problem="invalid-credentials")
            story.asked("login", 401, user=ANN, password=2, problem="invalid-credentials")
            refused = [f"ANSWER: login r{72 + unrecorded} was answered invalid-credentials with the password that was"
                       " good all the time, after 99 failures in a row at most"] if names else []
            self.names(story.tables(), *refused)

    def test_an_ended_session_that_is_called_active(self):
        story = good_story()
        story.introspect(ONE, True)
        self.names(story.tables(), f"STALE: introspect r12 on session {ONE} was good, after logout r9 had ended it")

    def test_a_live_session_that_is_refused(self):
        story = good_story()
        story.introspect(THREE, False)
        self.names(story.tables(), f"ANSWER: introspect r12 on session {THREE} was refused (inactive), and nothing had")

    def test_a_disabled_user_who_logs_in(self):
        story = good_story()
        story.login(BOB, "0190bbbb-0000-7000-8000-000000000008")
        self.names(story.tables(), "position 12 (session.started): a session of a disabled user")

    def test_an_event_that_nobody_asked_for(self):
        story = good_story()
        story.happened("nobody", "command-nobody", "user", ANN, "user.sessions_revoked", ANN, kept_session=THREE)
        self.names(story.tables(), "LOG: position 12: nobody sent the request 'nobody'")

    def test_a_changed_payload(self):
        tables = good_story().tables()
        tables["events"][0]["payload"]["more"] = 1
        self.names(tables, "LOG: position 1: the leaf hash is not that of the record")

    def test_a_read_model_that_differs(self):
        tables = good_story().tables()
        next(row for row in tables["users"] if row["id"] == BOB)["status"] = "active"
        del tables["audit"][3]
        self.names(tables, f"READ MODEL users: {BOB} has status active, the log says disabled",
                   "READ MODEL audit: 4 is missing")

    def test_records_out_of_order(self):
        tables = good_story().tables()
        tables["topic"][4]["offset"], tables["topic"][5]["offset"] = 5, 4
        self.names(tables, f"TOPIC: partition 0 offset 5: subject {ANN} has position 5 after 6")


class Envelopes(unittest.TestCase):
    """What the service's own codec reads, form by form, the checker reads too."""

    def test_every_form_says_the_same(self):
        event = {"event_id": str(uuid.UUID(int=3)), "stream_type": "session",
                 "stream_id": "0192e4a0-0000-7abc-8def-000000000002"}
        told = []
        for form in sorted((pathlib.Path(__file__).parents[1] / "golden/envelopes").glob("*.json")):
            told.append(metadata_of({**event, "metadata": json.loads(form.read_text(encoding="utf-8"))}))
        self.assertGreaterEqual(len(told), 3)
        self.assertEqual(told, [told[0]] * len(told))
        self.assertEqual(told[0]["session_id"], event["stream_id"])

    def test_an_id_that_the_service_made_is_that_of_its_first_event(self):
        event = {"event_id": "0192e4a0-0000-7abc-8def-000000000003", "stream_type": "user", "stream_id": ANN,
                 "metadata": {"at": 1, "actor": "system"}}
        self.assertEqual(command_of(metadata_of(event)["command_id"]), "0192e4a000007abc8def000000000003")
        self.assertIsNone(metadata_of(event)["session_id"])


if __name__ == "__main__":
    unittest.main()
