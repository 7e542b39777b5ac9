#!/usr/bin/python3
"""A real SMTP server that behaves as badly as it is told to, for the tests of mail/.

    tests/mail/smtp_server.py [--help]

Listens on a free port of 127.0.0.1. Says on standard output, a JSON object a line: the port and the CA's file when it
is ready, `connected` for each connection, and each mail that it took, as Python's email package reads it. Ends when
standard input does.
"""
import argparse
import asyncio
import email
import email.errors
import email.policy
import json
import logging
import os
import ssl
import subprocess
import sys

from aiosmtpd.smtp import SMTP, AuthResult

STAGES = ("GREETING", "EHLO", "MAIL", "RCPT", "DATA", "END")


def say(**what):
    print(json.dumps(what), flush=True)


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def make_certificate(folder, names):
    """A CA of its own, and what it signed for these names: the files' paths."""
    authority, key, certificate = (os.path.join(folder, name) for name in ("ca.pem", "key.pem", "certificate.pem"))
    request, authority_key = os.path.join(folder, "request.pem"), os.path.join(folder, "ca-key.pem")
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *new_key, "-keyout", authority_key, "-out", authority, "-days", "2", "-subj", "/CN=tests")
    openssl("req", *new_key, "-keyout", key, "-out", request, "-subj", "/CN=server")
    names_file = os.path.join(folder, "names")
    with open(names_file, "w", encoding="ascii") as file:
        file.write("subjectAltName=" + ",".join(names))
    openssl("x509", "-req", "-in", request, "-CA", authority, "-CAkey", authority_key, "-CAcreateserial", "-days", "2",
            "-extfile", names_file, "-out", certificate)
    return authority, certificate, key


def told(envelope):
    """What a mail program would show, and what it would find wrong."""
    content, policy = envelope.original_content, email.policy.default
    # The package reads fields in UTF-8 (RFC 6532) only from text.
    message = (email.message_from_string(content.decode(), policy=policy) if envelope.smtp_utf8
               else email.message_from_bytes(content, policy=policy))
    parts = [
        {"type": part.get_content_type(), "content": part.get_content().replace("\r\n", "\n"),
         "defects": list(map(str, part.defects))}
        for part in message.iter_parts()
    ]
    return {
        "from": envelope.mail_from, "to": envelope.rcpt_tos, "options": envelope.mail_options,
        "fields": [[name, str(value)] for name, value in message.items()],
        "addresses": [[a.display_name, a.addr_spec] for name in ("From", "To") for a in message[name].addresses],
        "date_s": int(message["Date"].datetime.timestamp()), "type": message.get_content_type(), "parts": parts,
        "defects": [str(defect) for holder in (message, *message.values()) for defect in holder.defects
                    if not isinstance(defect, email.errors.NonASCIILocalPartDefect)],  # which RFC 6532 allows
        "longest_line": max(map(len, content.split(b"\r\n"))),
        "bare_breaks": sum(map(content.replace(b"\r\n", b"").count, (b"\r", b"\n"))),
    }


class Handler:
    async def handle_DATA(self, server, session, envelope):
        tls = server.transport.get_extra_info("sslcontext") is not None
        say(mail=told(envelope), tls=tls, user=session.auth_data or "")
        return "250 2.0.0 taken"


class Server(SMTP):
    """Faults are set for the class: {stage: action}. An action is a reply, `stall`, or `drop`."""

    faults = {}
    mails_before_close = 0

    def connection_made(self, transport):
        super().connection_made(transport)
        if self.session.ssl is None:  # STARTTLS begins anew on the same connection
            say(connected=True)
        self.taken = 0

    async def push(self, status):
        # What it would say first, and after a mail.
        text = status.decode() if isinstance(status, bytes) else status
        if text.startswith("220 mail.") and await self.misbehave("GREETING"):
            return
        if text == "250 2.0.0 taken" and await self.misbehave("END"):
            return
        await super().push(status)
        self.taken += text == "250 2.0.0 taken"
        if self.mails_before_close and self.taken == self.mails_before_close:
            self.transport.close()

    async def misbehave(self, stage):
        action = self.faults.get(stage)
        if action is None:
            return False
        if action == "stall":
            await asyncio.Event().wait()
        if action == "drop":
            self.transport.abort()
            return True
        await super().push(action)
        return True

    async def smtp_EHLO(self, hostname):
        if not await self.misbehave("EHLO"):
            await super().smtp_EHLO(hostname)

    smtp_EHLO.__smtp_syntax__ = ""

    async def smtp_MAIL(self, arg):
        if not await self.misbehave("MAIL"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg):
        if not await self.misbehave("RCPT"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg):
        if self.faults.get("DATA") == "drop":
            await super().push("354 go on")
            await self._reader.readuntil(b"\r\n")
            self.transport.abort()
        elif not await self.misbehave("DATA"):
            await super().smtp_DATA(arg)


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", required=True, help="for certificates")
    parser.add_argument("--tls", choices=("none", "starttls", "implicit"), default="none")
    parser.add_argument("--names", default="DNS:localhost,IP:127.0.0.1", help="that the certificate is for")
    parser.add_argument("--user", default="", help="name:password; others are refused")
    parser.add_argument("--fault", action="append", default=[], metavar="STAGE=ACTION", help=f"of {', '.join(STAGES)}")
    parser.add_argument("--mails-before-close", type=int, default=0)
    parser.add_argument("--ascii", action="store_true", help="without SMTPUTF8")
    return parser.parse_args()


async def serve(chosen):
    contexts, authority = {}, ""
    if chosen.tls != "none":
        authority, certificate, key = make_certificate(chosen.folder, chosen.names.split(","))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        contexts = {chosen.tls: context}
    Server.faults = dict(fault.split("=", 1) for fault in chosen.fault)
    Server.mails_before_close = chosen.mails_before_close

    def authenticate(_server, _session, _envelope, _mechanism, data):
        said = f"{data.login.decode()}:{data.password.decode()}"
        return AuthResult(success=said == chosen.user, handled=False, auth_data=data.login.decode())

    def make():
        return Server(
            Handler(), hostname="mail.example.test", enable_SMTPUTF8=not chosen.ascii, loop=loop,
            tls_context=contexts.get("starttls"), require_starttls="starttls" in contexts,
            authenticator=authenticate if chosen.user else None, auth_required=bool(chosen.user),
            auth_require_tls=chosen.tls == "starttls",
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(make, "127.0.0.1", 0, ssl=contexts.get("implicit"))
    say(port=server.sockets[0].getsockname()[1], ca=authority)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()
    os._exit(0)  # whatever connections still wait for


if __name__ == "__main__":
    logging.disable()  # what goes wrong is meant to
    asyncio.run(serve(options()))
