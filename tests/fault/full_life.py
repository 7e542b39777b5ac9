"""Somebody who leaves every trace that a user of the service can: registered by mail, with a user name, names, a
language and a second factor, known by devices and places, with codes, links and handles from a real mailbox, and one
more registration that they never completed. What of it is secret, and what personal, is kept to be searched for."""

import base64
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

from authenticator import code_of, seed_of
from mailbox import code_in, token_in
from scenario import die

PASSWORD = "violet tractors hum at noon"
OTHER_PASSWORD = "ochre ladders count the rain"
TAIL = 40  # of a token: its seal
ORIGIN = "https://keyledger.example.com"
AUTHENTICATOR = pathlib.Path(__file__).resolve().parents[2] / "scripts/lib/authenticator.py"


class Life:
    def __init__(self, service, mailbox, name, network):
        self.service, self.mailbox, self.password = service, mailbox, PASSWORD
        self.id = self.token = self.refresh_token = self.device_id = None
        self.last_mail = 0
        self.personal = {  # what it is -> the value
            "address": f"{name}.quill@example.com", "user name": f"{name}quill",
            "first name": f"{name.title()} Quillfeather", "name": f"{name.title()} Quillsworth",
            "agent": f"Quillbrowser/{name}", "network address": f"{network}.77",
            # What nobody has proven is theirs: it goes with the day's anonymous callers (docs/security.md).
            "agent before log-in": f"Quillmobile/{name}", "network address before log-in": f"{network}.88",
            "language": f"de-x-{name[::-1]}tongue"[:13],
            "device's name": f"{name.title()}'s quillbook", "factor's name": f"{name.title()}'s quillphone",
            "passkey's name": f"{name.title()}'s quillkey",
            "other address": f"{name}.second@example.com", "other name": f"{name.title()} Secondfeather"}
        self.secrets = {PASSWORD: "a password", OTHER_PASSWORD: "a password"}  # the value -> what it is
        self.codes = {}  # likewise, of few digits

    # ---- requests ------------------------------------------------------------------------------------------
    def ask(self, method, path, body=None, wanted=200, token=None, **headers):
        """The answer's JSON or None, and its header fields."""
        is_nobody = token is None and wanted != 200
        before = " before log-in" if is_nobody else ""
        fields = {"User-Agent": self.personal[f"agent{before}"], "Accept-Language": self.personal["language"],
                  "X-Forwarded-For": self.personal[f"network address{before}"]}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            fields["Authorization"] = f"Bearer {token}"
        data = None
        if body is not None:
            data, fields["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = urllib.request.Request(f"http://127.0.0.1:{self.service.port}{path}", data, fields, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                status, text, got = answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            status, text, got = error.code, error.read(), error.headers
        if status != wanted:
            die(f"{method} {path} was answered {status}, not {wanted}: {text[:300]}")
        return (json.loads(text) if text else None), got

    def own(self, method, path, body=None, wanted=200):
        return self.ask(method, path, body, wanted, self.token)[0]

    def mail_to(self, address, is_it):
        for _ in range(10):
            mails = self.mailbox.messages(address, self.last_mail, 10)
            for mail in mails:
                self.last_mail = mail["id"]
                if is_it(mail):
                    return mail
        return die(f"no mail came to {address}")

    def keep(self, value, what):
        """Of what is sealed or signed the tail is enough, and is searched for in full all the same."""
        self.secrets[value] = what
        if len(value) > TAIL:
            self.secrets[value[-TAIL:]] = f"{what} (its end)"
        return value

    def keep_mail(self, mail, what, page):
        """The code and the link's token of a mail."""
        code, token = code_in(mail), token_in(mail, page) if page else None
        if code:
            self.codes[code] = f"the code of {what}"
        if token:
            self.keep(token, f"the link's token of {what}")
        return code, token

    # ---- a life --------------------------------------------------------------------------------------------
    def register(self):
        mine = self.personal
        begun, _ = self.ask("POST", "/api/v1/auth/register", {
            "email": mine["address"], "username": mine["user name"], "name": mine["first name"],
            "password": PASSWORD}, 202)
        handle = self.keep(begun["handle"], "the handle of a registration")
        code, _ = self.keep_mail(self.mail_to(mine["address"], code_in), "a registration", "/account/verify-email")
        self.id = self.ask("POST", "/api/v1/auth/verify-email", {"handle": handle, "code": code}, 201)[0]["id"]

    def register_for_nothing(self):
        mine = self.personal
        begun, _ = self.ask("POST", "/api/v1/auth/register", {
            "email": mine["other address"], "name": mine["other name"], "password": OTHER_PASSWORD}, 202)
        self.keep(begun["handle"], "the handle of a registration that nobody completed")
        self.keep_mail(self.mail_to(mine["other address"], code_in), "that registration", "/account/verify-email")

    def keep_tokens(self, answer, fields):
        self.token = self.keep(answer["access_token"], "an access token")
        self.refresh_token = self.keep(answer["refresh_token"], "a refresh token")
        self.keep(fields["Keyledger-Device"], "a device's cookie")

    def log_in(self, **headers):
        answer, fields = self.ask("POST", "/api/v1/auth/login",
                                  {"email": self.personal["address"], "password": self.password}, **headers)
        self.keep_tokens(answer, fields)
        return fields["Keyledger-Device"]

    def use_devices(self):
        device = self.log_in()
        self.log_in(Keyledger_Device=device)
        self.device_id = self.own("GET", "/api/v1/auth/devices")["items"][0]["id"]
        self.own("PUT", f"/api/v1/auth/devices/{self.device_id}", {"name": self.personal["device's name"]}, 204)
        self.own("PUT", "/api/v1/auth/me", {"username": self.personal["user name"], "name": self.personal["name"]})
        self.ask("POST", "/api/v1/auth/login", {"email": self.personal["address"], "password": "no"}, 401)

    def enrol(self):
        """Log-in by a recovery code and by the app's code follow, and a wrong one before each."""
        made = self.own("POST", "/api/v1/auth/mfa/enable",
                        {"current_password": self.password, "name": self.personal["factor's name"]})
        seed, raw = made["secret"], seed_of(made["secret"])
        for text, what in ((seed, "base32"), (raw.hex(), "hexadecimal"),
                           (base64.b64encode(raw).decode()[:24], "base64"),
                           (base64.urlsafe_b64encode(raw).decode()[:24], "base64url")):
            self.secrets[text] = f"the app's seed in {what}"
        self.secrets[raw] = "the app's seed in bytes"
        self.show_code(seed, 0)
        shown = self.own("POST", "/api/v1/auth/mfa/verify", {"code": code_of(seed)})["recovery_codes"]
        for code in shown:
            self.secrets[code] = "a recovery code"
            self.secrets[code.replace("-", "")] = "a recovery code without hyphens"
        for proof in ({"recovery_code": shown[0]}, {"code": self.show_code(seed, 1)}):
            half, _ = self.ask("POST", "/api/v1/auth/login",
                               {"email": self.personal["address"], "password": self.password}, 403)
            self.keep(half["mfa_token"], "the token of half a log-in")
            self.ask("POST", "/api/v1/auth/verify-mfa",
                     {"mfa_token": half["mfa_token"], "recovery_code": "0000-" * 6 + "0000"}, 403)
            self.keep_tokens(*self.ask("POST", "/api/v1/auth/verify-mfa", {"mfa_token": half["mfa_token"], **proof}))
        self.make_passkey(shown[1])

    def make_passkey(self, recovery_code):
        """And log in by it."""
        with tempfile.TemporaryDirectory() as folder:
            asked = self.own("POST", "/api/v1/auth/mfa/passkeys/options",
                             {"current_password": self.password, "recovery_code": recovery_code})
            made = self.by_authenticator("make", folder, asked)
            self.own("POST", "/api/v1/auth/mfa/passkeys", made | {"name": self.personal["passkey's name"]})
            identifier = made["credential"]["id"]
            self.secrets[identifier] = "the passkey's id"
            self.secrets[base64.urlsafe_b64decode(identifier + "==")] = "the passkey's id in bytes"
            asked, _ = self.ask("POST", "/api/v1/auth/passkey/options", {})
            self.keep_tokens(*self.ask("POST", "/api/v1/auth/passkey", self.by_authenticator("sign", folder, asked)))

    def by_authenticator(self, what, folder, asked):
        self.keep(asked["handle"], "the handle of a passkey's challenge")
        done = subprocess.run([sys.executable, AUTHENTICATOR, what, folder, ORIGIN], input=json.dumps(asked), text=True,
                              check=True, capture_output=True)
        return json.loads(done.stdout)

    def show_code(self, seed, steps):
        code = code_of(seed, steps)
        self.codes[code] = "a code of the app"
        return code

    def change_password(self):
        self.own("POST", "/api/v1/auth/change-password",
                 {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}, 204)
        self.password = OTHER_PASSWORD

    def ask_for_mail(self):
        """Codes and links that they have, and do not use; and one wrong code."""
        for path, what, page in (("forgot-password", "a reset", "/account/reset-password"),
                                 ("magic-link", "a log-in by link", "/account/log-in"),
                                 ("login-code", "a log-in by code", None),
                                 ("unlock", "an unlock", "/account/unlock")):
            asked, _ = self.ask("POST", f"/api/v1/auth/{path}", {"email": self.personal["address"]}, 202)
            handle = self.keep(asked["handle"], f"the handle of {what}")
            is_it = (lambda mail, at=page: token_in(mail, at)) if page else code_in
            self.keep_mail(self.mail_to(self.personal["address"], is_it), what, page)
        self.ask("POST", "/api/v1/auth/complete", {"handle": handle, "code": "00000000"}, 400)

    def live(self):
        self.register()
        self.register_for_nothing()
        self.use_devices()
        self.ask_for_mail()
        self.change_password()
        self.enrol()


# ---- the search ------------------------------------------------------------------------------------------------
def forms_of(value):
    """As it is, in hexadecimal, and as a dump or JSON escapes it."""
    raw = value if isinstance(value, bytes) else value.encode()
    forms = {raw.lower(), raw.hex().encode()}
    if isinstance(value, str):
        forms |= {json.dumps(value)[1:-1].lower().encode(), value.replace("'", "''").lower().encode()}
    return forms


def personal_in(life, content):
    lower = content.lower()
    return sorted(what for what, value in life.personal.items() if any(form in lower for form in forms_of(value)))


def secrets_in(life, content):
    """Codes of few digits stand by themselves: in a longer number, a digest or a fraction of a second they are none."""
    lower = content.lower()
    found = {what for value, what in life.secrets.items() if any(form in lower for form in forms_of(value))}
    for code, what in life.codes.items():
        if re.search(rb"(?<![0-9a-z_.+/=-])" + code.encode() + rb"(?![0-9a-z_+/=-])", lower):
            found.add(what)
    return sorted(found)
