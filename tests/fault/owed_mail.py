"""Which jobs each event of the log owes, as docs/mail.md and docs/events.md have it: told here once more, from the
stored events alone, and by none of the service's code."""

from envelope import metadata_of

FEW_RECOVERY_CODES = 3
NOBODYS_LANGUAGE = "de"  # in which mailed_people.py asks for addresses that nobody has: planned, and not sent


class Owed:
    """A job: its kind, whom it is about, and whether somebody is to be written to at all."""

    def __init__(self, kind, subject, is_sent=True):
        self.kind, self.subject, self.is_sent = kind, subject, is_sent


def always(kind):
    return lambda event: Owed(kind, event["stream_id"])


def to_its_user(kind, when=lambda event: True):
    return lambda event: Owed(kind, event["payload"]["user_id"]) if when(event) else None


def alerts(event):
    return event["payload"]["alert"] == "mail"


def sessions_revoked(event):
    own = metadata_of(event)
    is_own = own["actor_type"] == "user" and own["actor_id"] == event["stream_id"]
    return None if is_own else Owed("sessions-revoked", event["stream_id"])


def session_ended(event):
    reason, by_user = event["payload"]["reason"], metadata_of(event)["actor_type"] == "user"
    is_told = reason == "refresh_token_reused" or (reason == "revoked" and not by_user)
    return Owed("session-revoked", event["stream_id"]) if is_told else None


def asked(event):
    if event["payload"]["purpose"] not in ("reset_password", "log_in_by_link", "log_in_by_code", "unlock"):
        return None
    return Owed("challenge", event["stream_id"], event["payload"]["language"] != NOBODYS_LANGUAGE)


def one_time_password_set(event):
    """Whoever was made with it had no other before."""
    return Owed("password-changed", event["stream_id"]) if event["version"] > 2 else None


def few_left(event):
    return event["payload"]["left"] <= FEW_RECOVERY_CODES


OWES = {
    "registration.begun": always("registration"),
    "registration.mail_asked": always("registration"),
    "challenge.asked": asked,
    "user.registered": always("welcome"),
    "user.password_changed": always("password-changed"),
    "user.password_reset": always("password-changed"),
    "user.one_time_password_set": one_time_password_set,
    "user.disabled": always("account-disabled"),
    "user.enabled": always("account-enabled"),
    "user.sessions_revoked": sessions_revoked,
    "user.erasure_requested": always("erasure-requested"),
    "user.erasure_withdrawn": always("erasure-withdrawn"),
    "session.ended": session_ended,
    "login.locked": to_its_user("locked", alerts),
    "login.unlocked": to_its_user("unlocked"),
    "factor.enrolled": to_its_user("factor-added"),
    "factor.removed": to_its_user("factor-removed"),
    "factor.recovery_code_used": to_its_user("recovery-codes-low", few_left),
    "device.first_seen": to_its_user("new-device", alerts),
    "device.country_first_seen": to_its_user("new-device", alerts),
}


def owed_by(event):
    """By ordinal. No event owes more than one yet."""
    rule = OWES.get(event["event_type"])
    owed = rule(event) if rule else None
    return [owed] if owed else []
