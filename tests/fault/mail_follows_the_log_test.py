#!/usr/bin/env python3
"""Plants losses and doublings in a small log, its jobs and its mail, and sees that mail_follows_the_log.py names each
of them, and nothing else."""

import collections
import unittest

import mail_follows_the_log

ANN, NOBODYS, ONE, TWO, THREE = (f"0190aaaa-0000-7000-8000-00000000000{number}" for number in range(5))
EVENTS = [
    {"position": 1, "version": 1, "event_type": "user.registered", "stream_id": ANN, "event_id": ONE, "payload": {}},
    {"position": 2, "version": 2, "event_type": "user.password_set", "stream_id": ANN, "event_id": TWO, "payload": {}},
    {"position": 3, "version": 1, "event_type": "challenge.asked", "stream_id": NOBODYS, "event_id": THREE,
     "payload": {"purpose": "unlock", "language": "de"}},
]


class Told(unittest.TestCase):
    def setUp(self):
        self.jobs = {(1, 0): {"kind": "welcome", "subject": ANN, "attempts": 1},
                     (3, 0): {"kind": "challenge", "subject": NOBODYS, "attempts": 1}}
        self.received = mail_follows_the_log.Received(None)
        self.mail(ONE)

    def mail(self, event_id, reader="ann@example.com"):
        name = f"<{event_id}.0@example.com>"
        self.received.times[name] += 1
        self.received.readers.setdefault(name, set()).add(reader)

    def named(self):
        faults = collections.OrderedDict()

        def expect(what, got, wanted):
            if got != wanted:
                faults[what] = got
        self.twice = mail_follows_the_log.compare(EVENTS, self.jobs, self.received, {ANN: "ann@example.com"}, expect)
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

    def test_a_mail_to_somebody_else(self):
        self.mail(ONE, "bob@example.com")
        self.jobs[1, 0]["attempts"] = 2
        self.assertEqual(list(self.named()), ["mails to somebody else"])

    def test_a_mail_that_came_twice(self):
        self.mail(ONE)
        self.assertEqual(list(self.named()), ["mails that came more often than they were attempted"])
        self.jobs[1, 0]["attempts"] = 2
        self.assertEqual(self.named(), {})
        self.assertEqual(len(self.twice), 1)


if __name__ == "__main__":
    unittest.main()
