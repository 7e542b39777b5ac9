#!/usr/bin/python3
"""Tests of scripts/mailbox: a mail goes in by SMTP and comes out as JSON and as a page."""
import importlib.util
import json
import os
import pathlib
import smtplib
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
from email.message import EmailMessage

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAILBOX = str(ROOT / "scripts/mailbox")
EVIL = '<script>alert(1)</script><img src="http://evil.example/x">'


def mailbox_module():  # by its path: Python has a module of this name
    spec = importlib.util.spec_from_file_location("our_mailbox", ROOT / "scripts/lib/mailbox.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def mail(to, subject="Hello", text="Go to https://a.example/x?t=1 now\n", html=None):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.test", to, subject
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message


class MailboxTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.box = os.path.join(cls.folder.name, "box")
        cls.told = cls.start()

    @classmethod
    def tearDownClass(cls):
        subprocess.run([MAILBOX, "drop", cls.box], check=True)
        cls.folder.cleanup()

    @classmethod
    def start(cls):
        said = subprocess.run([MAILBOX, "start", cls.box], check=True, capture_output=True, text=True).stdout
        return dict(line.split("=", 1) for line in said.splitlines())

    def setUp(self):
        self.ask("/messages", method="DELETE")

    def ask(self, path, method="GET", headers=None):
        request = urllib.request.Request(self.told["MAILBOX_URL"] + path, method=method, headers=headers or {})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
            return answer.read().decode(), answer.headers

    def messages(self, query=""):
        return json.loads(self.ask("/messages" + query)[0])["messages"]

    def send(self, message, tls=False, options=()):
        host, port = self.told["MAILBOX_SMTP_URL"].removeprefix("smtp://").split(":")
        with smtplib.SMTP(host, int(port), timeout=20) as client:
            if tls:
                client.starttls(context=ssl.create_default_context(cafile=self.told["MAILBOX_CA_FILE"]))
            client.send_message(message, mail_options=options)

    def test_gives_mails_as_json(self):
        self.send(mail("Ann@example.test"), tls=True)
        self.send(mail("bob@example.test", html="<p>x</p>"))
        first, second = self.messages()
        self.assertEqual((first["to"], first["subject"], first["tls"]), (["Ann@example.test"], "Hello", True))
        self.assertEqual(first["links"], ["https://a.example/x?t=1"])
        self.assertEqual(first["text"], "Go to https://a.example/x?t=1 now\n")
        self.assertEqual((second["html"], second["tls"]), ("<p>x</p>\n", False))
        self.assertEqual([one["id"] for one in self.messages("?to=ann@EXAMPLE.test")], [first["id"]])
        self.assertEqual(self.messages(f"?after={first['id']}"), [second])
        self.assertEqual(json.loads(self.ask(f"/messages/{first['id']}")[0]), first)

    def test_takes_addresses_beyond_ascii(self):
        self.send(mail("jürgen@example.test", subject="Grüße"), options=["SMTPUTF8"])
        found = self.messages("?to=j%C3%BCrgen@example.test")
        self.assertEqual([(one["to"], one["subject"]) for one in found], [(["jürgen@example.test"], "Grüße")])

    def test_waits_for_a_mail(self):
        began = time.monotonic()
        self.assertEqual(self.messages("?to=ann@example.test&wait=0.2"), [])
        self.assertGreaterEqual(time.monotonic() - began, 0.2)
        sender = threading.Timer(0.2, lambda: self.send(mail("ann@example.test")))
        sender.start()
        self.assertEqual(len(self.messages("?to=ann@example.test&wait=20")), 1)
        sender.join()

    def test_shows_mails_and_runs_nothing_of_them(self):
        self.send(mail("ann@example.test", subject="<b>Hi</b>", text=EVIL, html=EVIL))
        number = self.messages()[0]["id"]
        self.assertIn("&lt;b&gt;Hi&lt;/b&gt;", self.ask("/")[0])
        page, headers = self.ask(f"/mails/{number}")
        self.assertNotIn("<script>", page)
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.assertNotIn("script-src", headers["Content-Security-Policy"])
        shown, headers = self.ask(f"/mail-html/{number}")
        self.assertEqual(shown.strip(), EVIL)
        self.assertTrue(headers["Content-Security-Policy"].startswith("sandbox allow-popups; default-src 'none'"))

    def test_answers_no_page_from_elsewhere(self):
        for method in ("GET", "DELETE"):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                self.ask("/messages", method, {"Host": "evil.example"})
            self.assertIn(refused.exception.code, (403, 404))
            refused.exception.close()
        # A page elsewhere can't read the answer, but could time it.
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self.ask("/messages?wait=20", headers={"Sec-Fetch-Site": "cross-site"})
        self.assertEqual(refused.exception.code, 403)
        refused.exception.close()

    def test_keeps_the_newest_only(self):
        module = mailbox_module()
        box = module.Mailbox()

        class Envelope:
            mail_from, rcpt_tos, smtp_utf8 = "a@example.test", ["b@example.test"], False
            original_content = bytes(mail("b@example.test"))

        for _ in range(module.MOST_MESSAGES + 5):
            box.add(Envelope, False)
        self.assertEqual(len(box.mails), module.MOST_MESSAGES)
        self.assertEqual(box.mails[0][0]["id"], 6)
        Envelope.original_content += b"x" * module.MOST_BYTES
        box.add(Envelope, False)
        self.assertEqual(len(box.mails), 0)

    def test_starts_again_where_it_was(self):
        subprocess.run([MAILBOX, "stop", self.box], check=True)
        self.assertEqual(self.start(), self.told)
        self.assertEqual(self.start(), self.told)  # while it runs
        self.assertEqual(self.messages(), [])

    def test_says_that_a_port_is_taken(self):
        port = self.told["MAILBOX_SMTP_URL"].rsplit(":", 1)[1]
        other = os.path.join(self.folder.name, "other")
        done = subprocess.run([MAILBOX, "start", other, port], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"port {port} is in use", done.stderr)


if __name__ == "__main__":
    unittest.main()
