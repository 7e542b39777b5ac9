#!/usr/bin/env python3
"""Plants losses and doublings in a small log, its jobs and its mail, and sees that mail_follows_the_log.py names each
of them, and nothing else."""

import collections
import unittest

import mail_follows_the_log
from owed_mail import OPERATOR

ANN, NOBODYS, ASKED, ADMINISTRATORS, ONE, TWO, THREE, FOUR, FIVE, SIX, SEVEN, EIGHT, NINE, FACTORS, TEN, ELEVEN = (
    f"0190aaaa-0000-7000-8000-{number:012}" for number in range(16))
FIRST, SECOND, OPERATORS = "ann@example.com", "ann@example.net", "operator@example.com"
EVENTS = [{"position": at, "version": version, "event_type": event_type, "stream_type": event_type.split(".")[0],
           "stream_id": stream_id, "event_id": event_id, "payload": payload,
           "metadata": {"at": 0, "actor": "user", "actor_id": ANN} if at == 1 else {"at": 0, "actor": "system"}}
          for at, version, event_type, stream_id, event_id, payload in (
    (1, 1, "user.registered", ANN, ONE, {}),
    (2, 2, "user.password_set", ANN, TWO, {}),
    (3, 1, "challenge.asked", NOBODYS, THREE, {"purpose": "unlock", "language": "de"}),
    (4, 3, "user.email_verified", ANN, FOUR, {}),
    (5, 1, "challenge.asked", ASKED, FIVE, {"purpose": "change_email", "language": "en", "subject": ANN}),
    (6, 4, "user.email_changed", ANN, SIX, {}),
    (7, 5, "user.email_change_undone", ANN, SEVEN, {}),
    (8, 6, "user.one_time_password_set", ANN, EIGHT, {}),
    (9, 1, "administrators.joined", ADMINISTRATORS, NINE, {"user_id": ANN}),
    (10, 1, "factor.enrolled", FACTORS, TEN, {"user_id": ANN}),
    (11, 2, "factor.recovery_codes_made", FACTORS, ELEVEN, {"user_id": ANN}))]


class Told(unittest.TestCase):
    def setUp(self):
        jobs = [(1, 0, "welcome", ANN), (3, 0, "challenge", NOBODYS), (5, 0, "email-change", ASKED),
                (6, 0, "former-address", ANN), (6, 1, "new-address", ANN), (8, 0, "password-changed", ANN),
                (8, 1, "alert-recovery", ANN), (9, 0, "alert-administrator", ADMINISTRATORS),
                (7, 0, "changes-undone", ANN), (10, 0, "factor-added", ANN), (11, 0, "recovery-codes-made", ANN)]
        self.jobs = {(position, ordinal): {"kind": kind, "subject": subject, "attempts": 1}
                     for position, ordinal, kind, subject in jobs}
        self.events = list(EVENTS)
        self.received = mail_follows_the_log.Received(None)
        self.mail(ONE)
        self.mail(FIVE, SECOND)
        self.mail(SIX)
        self.mail(SIX, SECOND, 1)
        self.mail(SEVEN)
        self.mail(TEN)
        self.mail(EIGHT)
        self.mail(EIGHT, OPERATORS, 1)
        self.mail(NINE, OPERATORS)

    def mail(self, event_id, reader=FIRST, ordinal=0):
        name = f"<{event_id}.{ordinal}@example.com>"
        self.received.times[name] += 1
        self.received.readers.setdefault(name, set()).add(reader)

    def named(self):
        faults = collections.OrderedDict()

        def expect(what, got, wanted):
            if got != wanted:
                faults[what] = got
        addresses = {ANN: [FIRST, SECOND], OPERATOR: [OPERATORS]}
        self.twice = mail_follows_the_log.compare(self.events, self.jobs, self.received, addresses, expect)
        return faults

    def test_nothing_of_a_good_run(self):
        self.assertEqual(self.named(), {})
        self.assertEqual(self.twice, [])

    def test_a_job_that_was_not_planned(self):
        del self.jobs[1, 0]
        self.assertEqual(list(self.named()), ["events that owe a job and have none"])

    def test_a_job_of_an_event_that_owes_none(self):
        self.jobs[2, 0] = {"kind": "password-changed", "subject": ANN, "attempts": 1}
        self.assertEqual(self.named(), {"jobs that no event owes": [(2, 0)]})

    def test_a_second_job_of_one_event(self):
        self.jobs[1, 1] = self.jobs[1, 0]
        self.assertEqual(self.named(), {"jobs that no event owes": [(1, 1)]})

    def test_a_job_of_another_kind(self):
        self.jobs[1, 0]["kind"] = "locked"
        self.assertEqual(list(self.named()), ["jobs that are another's"])

    def test_a_mail_that_was_lost(self):
        self.received.times.clear()
        self.assertEqual(list(self.named()), ["jobs that brought no mail"])

    def test_a_mail_for_nobody(self):
        self.mail(THREE)
        self.assertEqual(list(self.named()), ["jobs for nobody that brought one"])

    def test_a_mail_that_another_one_makes_needless(self):
        self.mail(ELEVEN)
        self.assertEqual(list(self.named()), ["jobs for nobody that brought one"])

    def test_a_mail_to_somebody_else(self):
        self.mail(ONE, "bob@example.com")
        self.jobs[1, 0]["attempts"] = 2
        self.assertEqual(list(self.named()), ["mails to somebody else"])

    def test_mails_to_the_other_address(self):
        for at, event_id in ((0, SIX), (1, SIX), (0, FIVE), (0, EIGHT)):
            name, readers = f"<{event_id}.{at}@example.com>", self.received.readers
            with self.subTest(name):
                before = readers[name]
                readers[name] = {FIRST} if before == {SECOND} else {SECOND}
                self.assertEqual(list(self.named()), ["mails to somebody else"])
                readers[name] = before

    def test_a_mail_to_an_address_from_before_that_nobody_proved(self):
        self.events = [event for event in EVENTS if event["event_type"] != "user.email_verified"]
        self.assertEqual(self.named(), {"jobs for nobody that brought one": ["user.email_changed at 6.0"]})

    def test_a_second_job_of_an_event_that_was_not_planned(self):
        for position in (6, 8):
            with self.subTest(position):
                job = self.jobs.pop((position, 1))
                self.assertEqual(list(self.named()), ["events that owe a job and have none"])
                self.jobs[position, 1] = job

    def test_jobs_in_another_order(self):
        self.jobs[8, 0], self.jobs[8, 1] = self.jobs[8, 1], self.jobs[8, 0]
        self.assertEqual(list(self.named()), ["jobs that are another's"])

    def test_an_alert_to_whom_it_is_about(self):
        self.received.readers[f"<{NINE}.0@example.com>"] = {FIRST}
        self.assertEqual(list(self.named()), ["mails to somebody else"])

    def test_a_mail_that_came_twice(self):
        self.mail(ONE)
        self.assertEqual(list(self.named()), ["mails that came more often than they were attempted"])
        self.jobs[1, 0]["attempts"] = 2
        self.assertEqual(self.named(), {})
        self.assertEqual(len(self.twice), 1)


if __name__ == "__main__":
    unittest.main()
