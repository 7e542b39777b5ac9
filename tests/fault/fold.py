"""An independent fold of the log: what the events alone say about users, sessions and passwords.

Shares no code with the service. It reads what stands in the clear in the events table (no sealed field), and states
each rule that no log may break: who is disabled starts no session, an ended session is not refreshed, generations
follow one another. `faults` names every position that breaks one."""

import base64
import hashlib
import json

from envelope import metadata_of

# What the load can bring about. Another stream type is held against the rules that every stream obeys, and no other.
KNOWN_STREAMS = ("user", "session", "login_attempts")


def canonical(value):
    """JCS (RFC 8785) for what the log holds: ASCII member names, no fractions."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def leaf_hash(event):
    record = {name: event[name] for name in ("tenant", "stream_type", "stream_id", "version", "event_type",
                                             "schema_version", "event_id", "recorded_at_ms", "payload", "metadata")}
    return hashlib.sha256(b"\0" + canonical(record).encode()).hexdigest()


def hex_of_base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).hex()


class Fold:
    """The state after every event that `apply` was given, in the order of the log."""

    def __init__(self):
        self.faults = []
        self.users = {}     # id -> row as in read_models.users
        self.sessions = {}  # id -> row as in read_models.sessions
        self.audit = {}     # position -> row as in read_models.audit
        self.owners = {}    # session id -> user id
        self.ends = {}      # session id -> position of the event that ended it
        self.disabled = {}  # user id -> positions at which the user was disabled
        self.subjects = {}  # position -> who it is about, as Kafka's key
        self.sessions_of = {}

    def wrong(self, event, what):
        self.faults.append(f"position {event['position']} ({event['event_type']}): {what}")

    def apply(self, event):
        self.subjects[event["position"]] = event["stream_id"]
        handler = getattr(self, event["event_type"].replace(".", "_"), None)
        if handler is not None:  # else it is of a kind that the load does not bring about
            handler(event, event["payload"], event["stream_id"], metadata_of(event)["occurred_at_ms"])
        self.touch_user(event)
        self.write_audit(event)

    def touch_user(self, event):
        if event["stream_type"] != "user" or event["stream_id"] not in self.users:
            return
        row = self.users[event["stream_id"]]
        row["updated_at_ms"] = metadata_of(event)["occurred_at_ms"]
        row["version"], row["position"] = event["version"], event["position"]

    def write_audit(self, event):
        metadata, payload = metadata_of(event), event["payload"]
        failed = {"login.failed", "login.locked", "session.refresh_refused"}
        reused = payload.get("reason") == "refresh_token_reused"
        self.audit[event["position"]] = {
            "occurred_at_ms": metadata["occurred_at_ms"], "type": event["event_type"],
            "stream_type": event["stream_type"], "stream_id": event["stream_id"],
            "actor_type": metadata["actor_type"], "request_id": metadata["request_id"] or None,
            "session_id": metadata["session_id"],
            "outcome": "failure" if event["event_type"] in failed or reused else "success"}

    # ---- users ---------------------------------------------------------------------------------------------
    def user_registered(self, event, _payload, user, at_ms):
        if user in self.users:
            self.wrong(event, "the user exists")
        self.users[user] = {"status": "active", "created_at_ms": at_ms}

    def user_imported(self, event, payload, user, at_ms):
        if user in self.users:
            self.wrong(event, "the user exists")
        registered_at_ms = payload["registered_at_ms"]
        self.users[user] = {"status": payload["status"],
                            "created_at_ms": at_ms if registered_at_ms is None else registered_at_ms}

    def known_user(self, event, user):
        if user not in self.users:
            self.wrong(event, "nobody registered this user")
            self.users[user] = {"status": "active", "created_at_ms": None}
        return self.users[user]

    def user_password_set(self, event, _payload, user, _at_ms):
        self.known_user(event, user)

    def user_password_hash_renewed(self, event, _payload, user, _at_ms):
        self.known_user(event, user)

    def user_profile_updated(self, event, _payload, user, _at_ms):
        if self.known_user(event, user)["status"] != "active":
            self.wrong(event, "the user is disabled")

    def user_made_administrator(self, event, _payload, user, _at_ms):
        self.known_user(event, user)

    def role_assigned(self, event, payload, _stream, at_ms):
        """The load assigns none; the first administrator's changes the row too."""
        if payload["subject_id"] in self.users:
            self.users[payload["subject_id"]].update(updated_at_ms=at_ms, position=event["position"])

    def user_password_changed(self, event, payload, user, at_ms):
        if self.known_user(event, user)["status"] != "active":
            self.wrong(event, "the user is disabled")
        self.end_together(event, user, payload["kept_session"], "password_changed", at_ms)

    def user_sessions_revoked(self, event, payload, user, at_ms):
        self.known_user(event, user)
        self.end_together(event, user, payload["kept_session"], "sessions_revoked", at_ms)

    def user_disabled(self, event, _payload, user, at_ms):
        if self.known_user(event, user)["status"] == "disabled":
            self.wrong(event, "the user is disabled already")
        self.users[user]["status"] = "disabled"
        self.disabled.setdefault(user, []).append(event["position"])
        self.end_together(event, user, None, "user_disabled", at_ms)

    def user_enabled(self, event, _payload, user, _at_ms):
        if self.known_user(event, user)["status"] == "active":
            self.wrong(event, "the user is active already")
        self.users[user]["status"] = "active"

    def end_together(self, event, user, kept, reason, at_ms):
        for session in self.sessions_of.get(user, ()):
            row = self.sessions[session]
            if session != kept and row["ended_position"] is None:
                self.end(session, event["position"], reason, at_ms)
                row["position"] = event["position"]

    # ---- sessions ------------------------------------------------------------------------------------------
    def session_started(self, event, payload, session, at_ms):
        user = payload["user_id"]
        self.owners[session] = self.subjects[event["position"]] = user
        if session in self.sessions:
            self.wrong(event, "the session exists")
        if self.known_user(event, user)["status"] != "active":
            self.wrong(event, "a session of a disabled user")
        self.sessions_of.setdefault(user, []).append(session)
        self.sessions[session] = {
            "user_id": user, "client_id": payload["client_id"], "started_at_ms": at_ms, "refreshed_at_ms": at_ms,
            "expires_at_ms": payload["expires_at_ms"], "generation": 1, "ended_at_ms": None, "end_reason": None,
            "ended_position": None, "first_position": event["position"], "position": event["position"]}

    def known_session(self, event, session):
        row = self.sessions.get(session)
        if row is None:
            self.wrong(event, "nobody started this session")
            return None
        self.subjects[event["position"]] = row["user_id"]
        row["position"] = event["position"]
        return row

    def session_refreshed(self, event, payload, session, at_ms):
        row = self.known_session(event, session)
        if row is None:
            return
        if row["ended_position"] is not None:
            self.wrong(event, f"the session ended at position {row['ended_position']}")
        if payload["generation"] != row["generation"] + 1:
            self.wrong(event, f"generation {payload['generation']} follows {row['generation']}")
        row["generation"], row["refreshed_at_ms"] = payload["generation"], at_ms

    def session_refresh_refused(self, event, _payload, session, _at_ms):
        self.known_session(event, session)

    def session_ended(self, event, payload, session, at_ms):
        row = self.known_session(event, session)
        if row is None:
            return
        if row["ended_position"] is not None:
            self.wrong(event, f"the session ended at position {row['ended_position']}")
            return
        self.end(session, event["position"], payload["reason"], at_ms)

    def end(self, session, position, reason, at_ms):
        self.sessions[session].update(ended_at_ms=at_ms, end_reason=reason, ended_position=position)
        self.ends[session] = position

    # ---- log-in attempts -----------------------------------------------------------------------------------
    def login_failed(self, event, payload, stream, _at_ms):
        self.subjects[event["position"]] = payload["user_id"] or stream

    def login_failures_summed(self, event, _payload, stream, _at_ms):
        self.subjects[event["position"]] = stream

    def login_honeypots_summed(self, event, _payload, stream, _at_ms):
        self.subjects[event["position"]] = stream

    def login_failures_cleared(self, event, payload, _stream, _at_ms):
        self.subjects[event["position"]] = payload["user_id"]

    def login_network_seen(self, event, payload, _stream, _at_ms):
        self.subjects[event["position"]] = payload["user_id"]

    login_locked = login_network_seen
    device_first_seen = device_seen_again = device_country_first_seen = login_network_seen
