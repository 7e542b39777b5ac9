"""Which jobs each event of the log owes, as docs/mail.md and docs/events.md have it, and who reads their mail: told
here once more, from the stored events alone, and by none of the service's code."""

import collections

from envelope import metadata_of

FEW_RECOVERY_CODES = 3
NOBODYS_LANGUAGE = "de"  # in which mailed_people.py asks for addresses that nobody has: planned, and not sent
NOW, FORMER, WANTED = "now", "former", "wanted"  # of a user's addresses, behind the event
OPERATOR = "whoever runs the service"  # reads the alerts


class Owed:
    """A job: its kind, whom it is about, whether somebody is to be written to at all, and who reads that at which of
    their addresses. `unless`: what has to be known of the events before it to say that another mail tells the same."""

    def __init__(self, kind, subject, is_sent=True, reader=None, at=NOW, unless=lambda reading: False):
        self.kind, self.subject, self.is_sent, self.reader, self.at = kind, subject, is_sent, reader or subject, at
        self.unless = unless


def always(kind):
    return lambda event: [Owed(kind, event["stream_id"])]


def to_its_user(kind, when=lambda event: True):
    return lambda event: [Owed(kind, event["payload"]["user_id"])] if when(event) else []


def alerts(event):
    return event["payload"]["alert"] == "mail"


def is_own(event):
    own = metadata_of(event)
    return own["actor_type"] == "user" and own["actor_id"] == event["stream_id"]


def registered(event):
    """Whom somebody else made a user is told by what lets them in."""
    return [Owed("welcome", event["stream_id"])] if is_own(event) else []


def sessions_revoked(event):
    return [] if is_own(event) else [Owed("sessions-revoked", event["stream_id"])]


def session_ended(event):
    reason, by_user = event["payload"]["reason"], metadata_of(event)["actor_type"] == "user"
    is_told = reason == "refresh_token_reused" or (reason == "revoked" and not by_user)
    return [Owed("session-revoked", event["stream_id"])] if is_told else []


def mailed(event):
    """To whoever has the address, if anybody."""
    is_sent = event["payload"]["language"] != NOBODYS_LANGUAGE
    return Owed("challenge", event["stream_id"], is_sent)


def mailed_to_user(event):
    return Owed("challenge", event["stream_id"], reader=event["payload"]["subject"])


def address_wanted(event):
    """To that address: a code, or word to whoever has it."""
    return Owed("email-change", event["stream_id"], reader=event["payload"]["subject"], at=WANTED)


def asked(event):
    rule = PURPOSES.get(event["payload"]["purpose"])
    return [rule(event)] if rule else []


def address_changed(event):
    user = event["stream_id"]
    return [Owed("former-address", user, at=FORMER), Owed("new-address", user)]


def was_there_before(event):
    """Whoever was made with a one-time password had no other, and lost none."""
    return event["version"] > 2


def one_time_password_set(event):
    return [Owed("password-changed" if was_there_before(event) else "account-made", event["stream_id"])]


def given_back(event):
    user = event["stream_id"]
    return [Owed("changes-undone", user, unless=lambda reading: user in reading.changing)]


def recovery_codes_made(event):
    """The first ones come with a factor."""
    return [Owed("recovery-codes-made", event["payload"]["user_id"],
                 unless=lambda reading: reading.before == "factor.enrolled")]


def recovered(event):
    """At the machine."""
    is_told = metadata_of(event)["actor_type"] == "system" and was_there_before(event)
    return [Owed("alert-recovery", event["stream_id"], reader=OPERATOR)] if is_told else []


def administrator_joined(event):
    return [Owed("alert-administrator", event["stream_id"], reader=OPERATOR)]


def few_left(event):
    return event["payload"]["left"] <= FEW_RECOVERY_CODES


PURPOSES = {  # of challenges
    "reset_password": mailed, "log_in_by_link": mailed, "log_in_by_code": mailed, "unlock": mailed,
    "invite": mailed_to_user, "verify_email": mailed_to_user, "change_email": address_wanted,
}
OWES = {
    "registration.begun": always("registration"),
    "registration.begun_by_provider": always("registration"),
    "registration.mail_asked": always("registration"),
    "challenge.asked": asked,
    "user.registered": registered,
    "user.email_changed": address_changed,
    "user.email_change_undone": always("changes-undone"),
    "user.second_factor_given_back": given_back,
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
    "factor.recovery_codes_made": recovery_codes_made,
    "factor.recovery_code_used": to_its_user("recovery-codes-low", few_left),
    "device.first_seen": to_its_user("new-device", alerts),
    "device.country_first_seen": to_its_user("new-device", alerts),
}
# Not of guesses and filled forms: mailed_people.py sends too few.
ALERTS = {"administrators.joined": administrator_joined, "user.one_time_password_set": recovered}


def owed_by(event):
    """By ordinal: alerts are the last."""
    rules = (table.get(event["event_type"]) for table in (OWES, ALERTS))
    return [owed for rule in rules if rule for owed in rule(event)]


def sort_of(event):
    """Its type, and of a challenge what it is for."""
    purpose = event["payload"]["purpose"] if event["event_type"] == "challenge.asked" else None
    return f"challenge.asked to {purpose}" if purpose else event["event_type"]


SORTS = (set(OWES) | set(ALERTS)) - {"challenge.asked"} | {f"challenge.asked to {purpose}" for purpose in PURPOSES}


class Readers:
    """Who reads a mail, as far as the log has been followed. `addresses`: those of each user, in the order in which
    they wanted them. A change makes the next one theirs, and undone it makes theirs what was before."""

    def __init__(self, addresses):
        self.addresses = addresses
        self.changes, self.now, self.former = (collections.Counter() for _ in range(3))  # places in that order
        self.proven, self.changing = set(), set()  # the users whose change can still be undone
        self.before, self.newest = None, {}  # types of events: of the one before in the same stream, and by stream

    def follow(self, event):
        user, event_type = event["stream_id"], event["event_type"]
        self.before, self.newest[user] = self.newest.get(user), event_type
        if event_type == "user.email_changed":
            self.changes[user] += 1
            self.former[user], self.now[user] = self.now[user], self.changes[user]
            self.changing.add(user)
        elif event_type == "user.email_change_undone":
            self.now[user] = self.former[user]
        if event_type in ("user.email_change_undone", "user.former_email_released"):
            self.changing.discard(user)
        if event_type in ("user.email_verified", "user.email_changed"):
            self.proven.add((user, self.now[user]))

    def are_written_to(self, owed):
        """An address from before may be a stranger's, if nobody proved it."""
        is_proven = (owed.reader, self.former[owed.reader]) in self.proven
        return owed.is_sent and not owed.unless(self) and (owed.at != FORMER or is_proven)

    def address(self, owed):
        """None: whose it is, the events do not say."""
        known, user = self.addresses.get(owed.reader), owed.reader
        places = {NOW: self.now[user], FORMER: self.former[user], WANTED: self.changes[user] + 1}
        return known[places[owed.at]] if known else None
