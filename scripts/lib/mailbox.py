#!/usr/bin/python3
"""A mailbox on loopback: takes every mail by SMTP, keeps the newest in memory, shows them in a browser and as JSON.

    scripts/lib/mailbox.py [--help]        scripts/mailbox starts and stops it

GET /                          what there is, newest first
GET /mails/ID                  a mail to read
GET /messages?to=&after=&wait= JSON: {"messages": [...]}, oldest first; of this address, with an id above `after`. If
                               there is none it waits for one, `wait` seconds (60 at most)
GET /messages/ID               JSON: id, from, to, subject, fields, text, html, links, tls, received_at
DELETE /messages               throws all away
GET /health                    204

It shows what strangers wrote: mail in HTML runs no script and loads nothing, and only pages of this machine may ask.
"""
import argparse
import asyncio
import datetime
import email
import email.policy
import html
import http.server
import json
import logging
import re
import ssl
import sys
import threading
import time
import urllib.parse

from aiosmtpd.smtp import SMTP

MOST_MESSAGES, MOST_BYTES, MOST_MESSAGE_BYTES, MOST_WAIT_S = 1000, 64 * 1024 * 1024, 1024 * 1024, 60
LINK = re.compile(r"https?://[^\s<>\"']+")
STYLE = """:root { color-scheme: light dark }
body { font: 16px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .3em .6em; border-bottom: 1px solid #8886 }
pre { white-space: pre-wrap; overflow-wrap: anywhere } iframe { width: 100%; height: 30em; border: 1px solid #8886 }"""
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'"
MAIL_POLICY = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def body_of(message, kind):
    part = message.get_body(preferencelist=(kind,))
    return part.get_content().replace("\r\n", "\n") if part else ""


def read_mail(number, envelope, is_tls):
    content, policy = envelope.original_content, email.policy.default
    # The package reads fields in UTF-8 (RFC 6532) only from text.
    message = (email.message_from_string(content.decode(errors="replace"), policy=policy) if envelope.smtp_utf8
               else email.message_from_bytes(content, policy=policy))
    text = body_of(message, "plain")
    now = datetime.datetime.now(datetime.timezone.utc)
    return {
        "id": number, "received_at": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "from": envelope.mail_from, "to": envelope.rcpt_tos, "subject": str(message["Subject"] or ""), "tls": is_tls,
        "fields": [[name, str(value)] for name, value in message.items()],
        "text": text, "html": body_of(message, "html"), "links": LINK.findall(text),
    }


class Mailbox:
    """What is there. Any thread."""

    def __init__(self):
        self.changed, self.mails, self.bytes, self.last = threading.Condition(), [], 0, 0

    def add(self, envelope, is_tls):
        with self.changed:
            self.last += 1
            mail, size = read_mail(self.last, envelope, is_tls), len(envelope.original_content)
            self.mails.append((mail, size))
            self.bytes += size
            while len(self.mails) > MOST_MESSAGES or self.bytes > MOST_BYTES:
                self.bytes -= self.mails.pop(0)[1]
            self.changed.notify_all()

    def clear(self):
        with self.changed:
            self.mails, self.bytes = [], 0

    def one(self, number):
        return next((mail for mail, _ in self.mails if mail["id"] == number), None)

    def some(self, to, after, wait_s):
        def found():
            return [mail for mail, _ in self.mails
                    if mail["id"] > after and (not to or to in (address.lower() for address in mail["to"]))]

        deadline = time.monotonic() + wait_s
        with self.changed:
            while not (mails := found()) and (left := deadline - time.monotonic()) > 0:
                self.changed.wait(left)
            return mails


class Handler:
    def __init__(self, mailbox):
        self.mailbox = mailbox

    async def handle_DATA(self, server, _session, envelope):
        is_tls = server.transport.get_extra_info("sslcontext") is not None
        try:
            self.mailbox.add(envelope, is_tls)
        except Exception as fault:  # what no parser reads is nobody's to lose
            return f"554 5.6.0 can't be read: {type(fault).__name__}"
        return "250 2.0.0 taken"


class Page(http.server.BaseHTTPRequestHandler):
    mailbox = None
    server_version, sys_version, protocol_version, timeout = "mailbox", "", "HTTP/1.1", 90

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        asked = dict(urllib.parse.parse_qsl(url.query))
        number = re.fullmatch(r"/(mails|messages|mail-html)/(\d{1,12})", url.path)
        if not self.is_from_here():
            return self.answer(403, "text/plain", "ask 127.0.0.1 or localhost\n")
        if url.path.startswith("/messages") and self.headers.get("Sec-Fetch-Site") == "cross-site":
            return self.answer(403, "text/plain", "not for other pages: how long it takes would tell of mail\n")
        if url.path == "/health":
            return self.answer(204, "text/plain", "")
        if url.path == "/":
            return self.answer(200, "text/html", self.list_page(), PAGE_POLICY)
        if url.path == "/messages":
            return self.give_messages(asked)
        mail = self.mailbox.one(int(number[2])) if number else None
        if mail is None:
            return self.answer(404, "text/plain", "there is no such mail\n")
        if number[1] == "messages":
            return self.answer(200, "application/json", json.dumps(mail, ensure_ascii=False))
        if number[1] == "mail-html":
            return self.answer(200, "text/html", mail["html"], MAIL_POLICY)
        return self.answer(200, "text/html", self.mail_page(mail), PAGE_POLICY)

    def do_DELETE(self):
        if not self.is_from_here() or self.path != "/messages":
            return self.answer(404, "text/plain", "only /messages can be deleted\n")
        self.mailbox.clear()
        return self.answer(204, "text/plain", "")

    def is_from_here(self):  # else a web page could read mail by a name that leads to 127.0.0.1
        return self.headers.get("Host", "").rsplit(":", 1)[0] in ("127.0.0.1", "localhost")

    def give_messages(self, asked):
        try:
            after, wait_s = int(asked.get("after", 0)), float(asked.get("wait", 0))
        except ValueError:
            return self.answer(400, "text/plain", "after and wait are numbers\n")
        mails = self.mailbox.some(asked.get("to", "").lower(), after, min(max(wait_s, 0), MOST_WAIT_S))
        return self.answer(200, "application/json", json.dumps({"messages": mails}, ensure_ascii=False))

    def list_page(self):
        rows = "".join(
            f'<tr><td>{mail["received_at"][11:19]}<td>{html.escape(", ".join(mail["to"]))}'
            f'<td><a href="/mails/{mail["id"]}">{html.escape(mail["subject"] or "(no subject)")}</a>'
            for mail, _ in reversed(list(self.mailbox.mails))
        )
        return whole_page("Mailbox", "<table><tr><th>UTC<th>To<th>Subject" + rows + "</table>" if rows
                          else "<p>No mail yet. Load this page again when there should be one.")

    def mail_page(self, mail):
        fields = "".join(f"<tr><th>{html.escape(name)}<td>{html.escape(value)}" for name, value in mail["fields"])
        shown = f'<iframe sandbox="allow-popups" src="/mail-html/{mail["id"]}" title="HTML"></iframe>'
        return whole_page(mail["subject"] or "(no subject)", (
            f'<p><a href="/">All mail</a><pre>{html.escape(mail["text"])}</pre>{shown if mail["html"] else ""}'
            f"<table>{fields}</table>"))

    def answer(self, status, kind, text, policy="default-src 'none'"):
        body = text.encode()
        self.send_response(status)
        for name, value in (("Content-Type", f"{kind}; charset=utf-8"), ("Content-Length", str(len(body))),
                            ("Content-Security-Policy", policy), ("Cache-Control", "no-store"),
                            ("Referrer-Policy", "no-referrer"), ("X-Content-Type-Options", "nosniff")):
            if status != 204 or not name.startswith("Content-Length"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def whole_page(title, body):
    return (f'<!DOCTYPE html><html lang="en"><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width">'
            f"<title>{html.escape(title)}</title><style>{STYLE}</style><h1>{html.escape(title)}</h1>{body}</html>\n")


async def serve(chosen):
    mailbox, loop = Mailbox(), asyncio.get_running_loop()
    context = None
    if chosen.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chosen.certificate, chosen.key)

    def make():
        return SMTP(Handler(mailbox), hostname="mailbox.localhost", enable_SMTPUTF8=True, loop=loop,
                    tls_context=context, data_size_limit=MOST_MESSAGE_BYTES, timeout=300)

    await loop.create_server(make, "127.0.0.1", chosen.smtp_port)
    Page.mailbox = mailbox
    pages = http.server.ThreadingHTTPServer(("127.0.0.1", chosen.page_port), Page)
    pages.daemon_threads = True
    await loop.run_in_executor(None, pages.serve_forever)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--page-port", type=int, required=True)
    parser.add_argument("--certificate", help="PEM: offers STARTTLS with it")
    parser.add_argument("--key", help="PEM: of the certificate")
    chosen = parser.parse_args()
    logging.disable()  # addresses and mails
    try:
        asyncio.run(serve(chosen))
    except OSError as fault:
        sys.exit(f"mailbox: {fault}")


if __name__ == "__main__":
    main()
