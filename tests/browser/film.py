#!/usr/bin/env python3
"""One person's way through the service in a real browser (Chromium with its virtual authenticator), step by step:
registers, proves the address by the code of a mail, makes a passkey, logs in by it at an application, agrees, sees the
sessions of the account, and logs out everywhere, of which the application hears. Needs what `scripts/install browser`
gets.

--pictures FOLDER keeps a picture of each step, at the width of a desk and of a telephone, for docs/pictures/film.md.
"""

import base64
import http.server
import json
import pathlib
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = HERE / "node_modules/.python/bin/python3"  # with what requirements.txt names
if pathlib.Path(sys.prefix) != PYTHON.parents[1] and PYTHON.exists():
    sys.exit(subprocess.call([PYTHON, "-B", *sys.argv]))
sys.path.insert(0, str(HERE.parent / "fault"))
# pylint: disable=wrong-import-position
from browser_pages import (ADMINISTRATOR, ANN, BROWSER, NARROW, PASSWORD, PATIENCE_MS, VERIFIER, Shop, call, log_in,
                           request_of)  # noqa: E402
from browser_passkeys import Authenticator  # noqa: E402
from mailbox import Mailbox, code_in  # noqa: E402
from scenario import arguments, die, run_scenario  # noqa: E402

# pylint: enable=wrong-import-position

WIDE = {"width": 1000, "height": 720}
MAIL_S = 20
TOLD_S = 20
SCROLLS = "at => at ? document.querySelector(at).scrollIntoView({block: 'center'}) : scrollTo(0, 0)"
# Or this authenticator, which asks nobody, would answer before anybody sees the page.
OFFERS_NOTHING = "PublicKeyCredential.isConditionalMediationAvailable = undefined"


class Told(http.server.BaseHTTPRequestHandler):
    """The application's server, which hears of sessions that are over (OpenID Connect Back-Channel Logout 1.0)."""

    def do_POST(self):  # pylint: disable=invalid-name
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.told.append(claims_of(form["logout_token"][0]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_arguments):  # pylint: disable=arguments-differ
        pass


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Servers:
    """Of the application: its page, and where it is told, by TLS with a certificate of its own."""

    def __init__(self, work):
        self.certificate, key = work / "shop.pem", work / "shop.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", key, "-out", self.certificate, "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        self.page = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
        self.told = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Told)
        self.told.told = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self.told.socket = context.wrap_socket(self.told.socket, server_side=True)
        for server in (self.page, self.told):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        self.callback = f"http://127.0.0.1:{self.page.server_port}/callback"
        self.told_at = f"https://localhost:{self.told.server_port}/told"

    def environment(self):
        return {"KEYLEDGER_OUTGOING_ALLOW": f"localhost:{self.told.server_port}",
                "KEYLEDGER_OUTGOING_CA_FILE": str(self.certificate)}

    def told_of(self, session):
        """Whether it was, after waiting for that."""
        until = time.monotonic() + TOLD_S
        while time.monotonic() < until:
            if any(claims.get("sid") == session for claims in self.told.told):
                return True
            time.sleep(0.05)  # between two looks at the condition that is awaited
        return False

    def close(self):
        self.page.shutdown()
        self.told.shutdown()


class Film:
    """Pictures of what is there, one after the other."""

    def __init__(self, page, folder):
        self.page, self.folder, self.shown = page, folder, 0

    def show(self, name, at=None):
        """`at`: what should be in the middle."""
        self.shown += 1
        if not self.folder:
            return
        for size, suffix in ((WIDE, ""), (NARROW, "-narrow")):
            self.page.set_viewport_size(size)
            self.page.evaluate(SCROLLS, at)
            self.page.screenshot(path=self.folder / f"{self.shown:02}-{name}{suffix}.png")
        self.page.set_viewport_size(WIDE)


def press(page, button):
    with page.expect_navigation():
        page.click(button)


def to_the_part_with(page, root, what):
    """Of the own account, which has several pages."""
    page.goto(root + "/account")
    parts = page.eval_on_selector_all("a[href^='/account']", "all => all.map(one => one.getAttribute('href'))")
    for part in ["/account", *parts]:
        page.goto(root + part)
        if page.locator(what).count():
            return
    die(f"no page of the account has {what}")


def registers(page, root, mailbox, film, expect):
    page.goto(root + "/account")
    expect("somebody unknown is asked to log in", page.locator("input[name=password]").count(), 1)
    film.show("log-in")
    press(page, "a[href^='/register']")
    page.fill("input[name=email]", ANN)
    page.fill("input[name=name]", "Ann")
    page.fill("input[name=password]", PASSWORD)
    film.show("register")
    press(page, "form.main button")
    expect("a code is asked for", page.locator("input[name=code]").count(), 1)
    mails = mailbox.messages(to=ANN, wait_s=MAIL_S)
    expect("mails to the address", len(mails), 1)
    page.fill("input[name=code]", code_in(mails[0]))
    film.show("code-of-the-mail")
    press(page, "form.main button")
    film.show("registered")
    press(page, "a[href^='/login']")
    page.fill("input[name=identifier]", ANN)
    page.fill("input[name=password]", PASSWORD)
    press(page, "form.main button")
    expect("in by the password", urllib.parse.urlsplit(page.url).path, "/account")


def makes_a_passkey(page, root, authenticator, film, expect):
    to_the_part_with(page, root, "form[action='/account/passkeys']")
    page.fill("form[action='/account/passkeys'] input[name=current_password]", PASSWORD)
    film.show("make-a-passkey", "form[action='/account/passkeys']")
    press(page, "form[action='/account/passkeys'] button")
    page.wait_for_selector("form#passkey:not([hidden])")
    press(page, "form#passkey button")
    expect("recovery codes", page.locator("ul.codes li").count(), 10)
    expect("passkeys in the authenticator", len(authenticator.credentials()), 1)
    film.show("recovery-codes")


def log_in_elsewhere(service):
    """With the application of a telephone."""
    request = urllib.request.Request(f"http://127.0.0.1:{service.port}/api/v1/auth/login", method="POST",
                                     data=json.dumps({"email": ANN, "password": PASSWORD}).encode(),
                                     headers={"Content-Type": "application/json", "User-Agent": "Ann's telephone"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())["access_token"]


def logs_out(page, root):
    page.goto(root + "/oauth2/logout")
    press(page, "form.main button")


def logs_in_at_the_shop(page, root, request, film, expect):
    """The code that the application gets."""
    page.goto(root + request)
    page.wait_for_selector("form#passkey:not([hidden])")
    film.show("log-in-by-passkey")
    press(page, "form#passkey button")
    expect("whoever proved who they are is asked", page.locator("input[name=decision]").count() > 0, True)
    film.show("consent")
    press(page, "form.main button")
    expect("back at the shop", page.title(), "Shop")
    return urllib.parse.parse_qs(urllib.parse.urlsplit(page.url).query)["code"][0]


def redeem(service, shop, callback, code):
    form = {"grant_type": "authorization_code", "client_id": shop, "redirect_uri": callback, "code": code,
            "code_verifier": VERIFIER}
    request = urllib.request.Request(f"http://127.0.0.1:{service.port}/oauth2/token",
                                     data=urllib.parse.urlencode(form).encode())
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def status_of(service, path, token):
    try:
        call(service, "GET", path, token=token)
        return 200
    except urllib.error.HTTPError as refused:
        return refused.code


def register_shop(service, servers):
    made = call(service, "POST", "/api/v1/admin/applications", {
        "name": "Shop", "application_type": "spa", "authentication": "none", "consent": "required",
        "grant_types": ["authorization_code"], "scopes": ["openid", "profile", "email"], "audiences": [],
        "redirect_uris": [servers.callback], "post_logout_redirect_uris": [servers.callback],
        "backchannel_logout_uri": servers.told_at}, log_in(service, ADMINISTRATOR, PASSWORD))
    return made["id"]


def ends_the_other_sessions(page, root, film, expect):
    to_the_part_with(page, root, "form#sessions")
    others = page.locator("form[action='/account/sessions/end'] input[name=session]").count()
    expect("sessions beside this one: the application's, and the telephone's", others, 2)
    film.show("sessions", "form#sessions")
    press(page, "form#sessions button")
    expect("it is said that they are over", page.locator("[role=status]").count(), 1)
    film.show("sessions-ended")


def logs_out_for_good(page, root, film, expect):
    page.goto(root + "/oauth2/logout")
    film.show("log-out")
    press(page, "form.main button")
    film.show("logged-out")
    page.goto(root + "/account")
    expect("whoever comes again has to log in", page.locator("input[name=password]").count(), 1)


def the_way(service, servers, mailbox, page, film, expect):
    root = service.environment["KEYLEDGER_ISSUER"]
    shop = register_shop(service, servers)
    authenticator = Authenticator(page)
    registers(page, root, mailbox, film, expect)
    telephone = log_in_elsewhere(service)
    makes_a_passkey(page, root, authenticator, film, expect)
    logs_out(page, root)
    code = logs_in_at_the_shop(page, root, request_of(shop, servers.callback, nonce="n"), film, expect)
    tokens = redeem(service, shop, servers.callback, code)
    claims = claims_of(tokens["id_token"])
    expect("how the application hears that they logged in", sorted(claims["amr"]), ["mfa", "pop"])
    expect("what the access token opens", status_of(service, "/oauth2/userinfo", tokens["access_token"]), 200)
    expect("what the telephone's opens", status_of(service, "/api/v1/auth/identities", telephone), 200)
    expect("the application was told of nothing so far", servers.told.told, [])
    ends_the_other_sessions(page, root, film, expect)
    expect("the telephone is out", status_of(service, "/api/v1/auth/identities", telephone), 401)
    expect("the application's session is over", status_of(service, "/oauth2/userinfo", tokens["access_token"]), 401)
    expect("and the application was told", servers.told_of(claims["sid"]), True)
    logs_out_for_good(page, root, film, expect)


def main():
    parser = arguments(__doc__)
    parser.add_argument("--pictures", type=pathlib.Path)
    options = parser.parse_args()
    if not PYTHON.exists() or not pathlib.Path(BROWSER).exists():
        die("the browser is not here; run scripts/install browser")
    from playwright.sync_api import sync_playwright  # pylint: disable=import-outside-toplevel,import-error

    def story(service, _databases, work, expect):
        root = f"http://localhost:{service.port}"  # the relying party's id can't be an address
        mailbox, servers = Mailbox(work / "mailbox"), Servers(work)
        try:
            service.environment.update(
                servers.environment(), KEYLEDGER_ISSUER=root, KEYLEDGER_ADMIN_PASSWORD=PASSWORD,
                KEYLEDGER_EMAIL_VERIFICATION="required", KEYLEDGER_SMTP_URL=mailbox.smtp_url,
                KEYLEDGER_MAIL_FROM="accounts@example.com")
            service.run("users", "create-admin", "--email", ADMINISTRATOR)
            service.start()
            with sync_playwright() as playwright:
                chromium = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])  # of root, too
                page = chromium.new_context(viewport=WIDE, locale="en").new_page()
                page.set_default_timeout(PATIENCE_MS)
                page.add_init_script(OFFERS_NOTHING)
                forbidden = []
                page.on("console", lambda said: forbidden.append(said.text) if "Policy" in said.text else None)
                the_way(service, servers, mailbox, page, Film(page, options.pictures), expect)
                expect("what the policy had to stop", forbidden, [])
                chromium.close()
            service.stop()
        finally:
            servers.close()
            mailbox.drop()

    return run_scenario(options, "film", story)


if __name__ == "__main__":
    sys.exit(main())
