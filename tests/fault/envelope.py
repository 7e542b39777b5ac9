"""The envelope of an event in whole names, whichever form it is stored in (docs/auditors.md). Nothing sealed."""

import base64
import uuid

SEALED = ("client_address", "user_agent", "device", "sealed", "sealed_for")


def bytes_of(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def uuid_of(text):
    return str(uuid.UUID(bytes=bytes_of(text)))


def trace_of(text):
    digits = bytes_of(text).hex()
    return f"00-{digits[:32]}-{digits[32:48]}-{digits[48:]}"


def metadata_of(event):
    stored = {name: value for name, value in event["metadata"].items() if name not in SEALED}
    if "at" not in stored:
        whole = stored
        whole.setdefault("command_id", "")
        whole.setdefault("traceparent", "")
        whole.setdefault("request_id", "")
        whole.setdefault("session_id", None)
    else:
        actor, _, identifier = stored["actor"].partition(":")
        trace = trace_of(stored["trace"]) if "trace" in stored else stored.get("traceparent", "")
        of_trace = trace[3:35] if "trace" in stored else ""
        session = event["stream_id"] if event["stream_type"] == "session" else None
        if "session" in stored:
            session = stored["session"] and uuid_of(stored["session"])
        whole = {
            "occurred_at_ms": stored["at"], "actor_type": actor,
            "actor_id": uuid_of(identifier) if identifier else stored.get("actor_id", ""),
            "command_id": (uuid_of(stored["command"]) if "command" in stored
                           else stored.get("command_id", event["event_id"])),
            "traceparent": trace, "session_id": session,
            "request_id": (bytes_of(stored["request"]).hex() if "request" in stored
                           else stored.get("request_id", of_trace))}
        whole.update({name: stored[name] for name in ("causation_id", "correlation_id") if name in stored})
    whole.setdefault("actor_id", "")
    whole.setdefault("causation_id", whole["command_id"])
    whole.setdefault("correlation_id", whole["request_id"])
    return whole


def command_of(text):
    """What its row in the table of commands begins with, in hexadecimal digits: an id that the service made is told as
    that of the first event that it brought about, which begins alike."""
    try:
        return uuid.UUID(text).hex if len(text) == 36 else bytes_of(text).hex()[:32]
    except ValueError:
        return text
