#!/usr/bin/env python3
"""The service's pages in a real browser (Chromium): people get through them by the keyboard alone, at a width of 360
pixels, without script; axe-core finds no fault in them, in either scheme and either language; nothing is asked for that
the policy of the pages forbids. Needs what `scripts/install browser` gets.

--pictures FOLDER keeps a picture of each page that docs/pages.md shows.
"""

import http.server
import json
import pathlib
import subprocess
import sys
import threading
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = HERE / "node_modules/.python/bin/python3"  # with what requirements.txt names
if pathlib.Path(sys.prefix) != PYTHON.parents[1] and PYTHON.exists():
    sys.exit(subprocess.call([PYTHON, "-B", *sys.argv]))
sys.path.insert(0, str(HERE.parent / "fault"))
from scenario import arguments, die, run_scenario  # noqa: E402 pylint: disable=wrong-import-position

BROWSER = "/usr/bin/chromium-headless-shell"
AXE = HERE / "node_modules/axe-core/axe.min.js"
PASSWORD = "violet tractors hum at noon"
NEW_PASSWORD = "seven amber lanterns swing"
ADMINISTRATOR = "administrator@example.com"
ANN = "ann@example.com"
NARROW = {"width": 360, "height": 640}
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636 appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
PICTURE = "<svg xmlns='http://www.w3.org/2000/svg' width='48' height='48'><rect width='48' height='48'/></svg>"
PATIENCE_MS = 15_000
MOST_TABS = 30
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Whether whoever uses the keyboard sees where they are (WCAG 2.4.7).
FOCUS = """() => {
  const at = document.activeElement
  const style = getComputedStyle(at)
  return {name: at.name || '', id: at.id, text: (at.innerText || '').trim(), tag: at.tagName,
          visible: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2}
}"""


class Shop(http.server.BaseHTTPRequestHandler):
    """The application that people log in with: it only takes the code."""

    def do_GET(self):  # pylint: disable=invalid-name
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"<!DOCTYPE html><html lang=en><title>Shop</title><main><h1>Back at the shop</h1></main>")

    def log_message(self, *_arguments):  # pylint: disable=arguments-differ
        pass


def call(service, method, path, body=None, token=None):
    request = urllib.request.Request(f"http://127.0.0.1:{service.port}{path}", method=method,
                                     data=json.dumps(body).encode() if body is not None else None)
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
    return json.loads(text) if text else {}


def log_in(service, email, password):
    return call(service, "POST", "/api/v1/auth/login", {"email": email, "password": password})["access_token"]


def register_shop(service, callback, **more):
    token = log_in(service, ADMINISTRATOR, PASSWORD)
    made = call(service, "POST", "/api/v1/admin/applications", {
        "name": "Shop", "application_type": "spa", "authentication": "none", "consent": "required",
        "grant_types": ["authorization_code"], "scopes": ["openid", "profile", "email"], "audiences": [],
        "redirect_uris": [callback], "post_logout_redirect_uris": [callback], **more}, token)
    return made["id"]


def request_of(shop, callback, **more):
    return "/oauth2/authorize?" + urllib.parse.urlencode({
        "response_type": "code", "client_id": shop, "redirect_uri": callback, "scope": "openid profile email",
        "state": "s", "code_challenge": CHALLENGE, "code_challenge_method": "S256", **more})


class Visitor:
    """A browser of somebody's own, and what is found in it."""

    def __init__(self, chromium, root, expect, pictures=None, language="en", scheme="light"):
        self.root, self.expect, self.pictures, self.scheme = root, expect, pictures, scheme
        self.context = chromium.new_context(viewport=NARROW, locale=language, color_scheme=scheme,
                                            java_script_enabled=True)
        self.context.set_default_timeout(PATIENCE_MS)
        self.page = self.context.new_page()
        self.forbidden = []
        self.page.on("console", self.hear)

    def hear(self, message):
        if "Content Security Policy" in message.text or "Refused to" in message.text:
            self.forbidden.append(message.text)

    def open(self, path):
        self.page.goto(self.root + path)

    def look(self, name):
        """Judges the page that is there, and keeps a picture of it."""
        page = self.page
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES)
        faults = [f"{fault['id']}: {fault['nodes'][0]['html']}" for fault in found["violations"]]
        self.expect(f"{name}, {self.scheme}: faults that axe finds", faults, [])
        wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        self.expect(f"{name}: pixels beyond the right edge", wide, 0)
        small = page.evaluate("""() => [...document.querySelectorAll('button, .field input')].filter(
            it => it.getBoundingClientRect().height < 44).map(it => it.outerHTML)""")
        self.expect(f"{name}: targets that are too small for a finger", small, [])
        self.expect(f"{name}: what the policy had to stop", self.forbidden, [])
        self.expect(f"{name}: the style sheet is there",
                    page.evaluate("() => getComputedStyle(document.querySelector('main')).borderTopWidth"), "1px")
        if self.pictures:
            page.screenshot(path=self.pictures / f"{name}.png")

    def tab_to(self, **wanted):
        """By the keyboard; where it is must be seen all the way."""
        for tabs in range(MOST_TABS):
            if tabs > 0:
                self.page.keyboard.press("Tab")
            at = self.page.evaluate(FOCUS)
            if at["tag"] != "BODY":
                self.expect(f"focus on {at['name'] or at['text']} is seen", at["visible"], True)
            if all(at[key] == value for key, value in wanted.items()):
                return
        die(f"the keyboard does not get to {wanted}")

    def type_into(self, name, text):
        self.tab_to(name=name)
        self.page.keyboard.type(text)

    def press(self, text):
        """Enter on the button or link of these words; another page follows."""
        self.tab_to(text=text)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def title(self):
        return self.page.title()

    def close(self):
        self.context.close()


def by_the_keyboard(visitor, request, expect):
    """Registers, logs in, agrees, and is back at the shop."""
    visitor.open(request)
    visitor.look("log-in")
    visitor.press("Register")
    visitor.look("register")
    visitor.type_into("email", ANN)
    visitor.type_into("password", "short")
    visitor.press("Register")
    visitor.look("register-fault")
    expect("what is wrong is said in the title", visitor.title(), "Error: Register – Keyledger")
    visitor.press("Password")  # the link from what is wrong to the field
    visitor.type_into("password", PASSWORD)
    visitor.press("Register")
    visitor.look("registered")
    visitor.press("Log in")
    visitor.type_into("identifier", ANN)
    visitor.type_into("password", "not the password")
    visitor.press("Log in")
    visitor.look("log-in-fault")
    visitor.type_into("password", PASSWORD)
    visitor.press("Log in")
    visitor.look("consent")
    visitor.press("Allow")
    expect("back at the shop", visitor.title(), "Shop")
    expect("with a code", "code=" in visitor.page.url, True)


def in_its_colours(visitor, request, expect):
    """Of an application that names one colour: the other one follows from it. The picture is not fetched here."""
    visitor.page.route("https://127.0.0.1/**", lambda route: route.fulfill(content_type="image/svg+xml", body=PICTURE))
    visitor.open(request)
    expect("the theme is loaded", visitor.page.locator("link[href*='assets/theme-']").count(), 1)
    expect("the picture is shown", visitor.page.locator("img").evaluate("it => it.naturalWidth > 0"), True)
    visitor.look("log-in-themed")
    visitor.page.fill("input[name=password]", "not the password")
    visitor.page.fill("input[name=identifier]", "nobody@example.com")
    visitor.page.press("input[name=password]", "Enter")
    visitor.page.wait_for_selector("[role=alert]")
    visitor.look("log-in-themed-fault")


def choosing(visitor, request, expect):
    visitor.open(request + "&prompt=select_account")
    visitor.look("choose-account")
    visitor.press(f"Continue as {ANN}")
    expect("on as who is logged in", visitor.title(), "Shop")
    visitor.open(request + "&login_hint=somebody.else%40example.com")
    visitor.press("Use another account")
    expect("to the log-in", visitor.title(), "Log in – Keyledger")


def app_code(secret):
    return subprocess.run(["oathtool", "--totp", "--base32", secret], capture_output=True, text=True,
                          check=True).stdout.strip()


def second_factor(service, visitor, request, expect):
    token = log_in(service, ANN, PASSWORD)
    begun = call(service, "POST", "/api/v1/auth/mfa/enable", {"current_password": PASSWORD, "name": "phone"}, token)
    verified = call(service, "POST", "/api/v1/auth/mfa/verify", {"code": app_code(begun["secret"])}, token)
    visitor.open(request + "&prompt=login")
    visitor.type_into("identifier", ANN)
    visitor.type_into("password", PASSWORD)
    visitor.press("Log in")
    visitor.look("second-factor")
    visitor.press("Use a recovery code")
    visitor.look("recovery-code")
    visitor.type_into("code", verified["recovery_codes"][0])
    visitor.press("Continue")
    expect("in by a recovery code", visitor.title(), "Shop")


def own_account(visitor, expect):
    visitor.open("/account")
    visitor.look("account")
    visitor.tab_to(id="add-factor-current_password")
    visitor.page.keyboard.type("not the password")
    visitor.tab_to(id="add-factor-factor_code")  # of whoever has an app already
    visitor.page.keyboard.type("000000")
    visitor.press("Add an authenticator app")
    visitor.look("account-fault")
    expect("the fault of the account's page", visitor.title(), "Error: Your account – Keyledger")


def code_of_device(service):
    """What a device shows that somebody is to let in."""
    token = log_in(service, ADMINISTRATOR, PASSWORD)
    client = call(service, "POST", "/api/v1/admin/applications", {
        "name": "Television", "application_type": "native", "authentication": "none", "grant_types": ["device_code"],
        "scopes": ["openid", "email"], "audiences": [], "redirect_uris": [], "post_logout_redirect_uris": []}, token)
    form = urllib.parse.urlencode({"client_id": client["id"], "scope": "openid email"}).encode()
    address = f"http://127.0.0.1:{service.port}/oauth2/device_authorization"
    with urllib.request.urlopen(address, form, timeout=30) as answer:
        return json.loads(answer.read())["user_code"]


def device(service, visitor, expect):
    visitor.open("/device")
    visitor.look("device")
    visitor.type_into("user_code", "bbbb bbbb")
    visitor.press("Continue")
    visitor.look("device-fault")
    code = code_of_device(service)
    visitor.open("/device")
    visitor.type_into("user_code", code.lower().replace("-", ""))
    visitor.press("Continue")
    visitor.look("device-asks")
    expect("the code of the device is shown", code in visitor.page.content(), True)
    visitor.press("Allow")
    visitor.look("device-let-in")
    expect("the device is let in", visitor.title(), "Go back to your device – Keyledger")


PARTS = {"profile": ("Profile", "Profil"), "devices": ("Devices", "Geräte"),
         "applications": ("Applications", "Anwendungen"), "providers": ("Linked accounts", "Verknüpfte Konten")}


def parts_of_account(visitor, expect):
    """By the way that each of them shows to the others. She logged in by a recovery code."""
    visitor.open("/account")
    for part, (words, _) in PARTS.items():
        visitor.press(words)
        expect(f"the title of {part}", visitor.title(), f"{words} – Keyledger")
        visitor.look(f"account-{part}")
    visitor.press("Applications")
    visitor.press("Take it back")
    visitor.look("account-withdrawn")
    visitor.press("Profile")
    visitor.type_into("username", "no user name")
    visitor.press("Save")
    visitor.look("account-profile-fault")
    expect("the fault of the profile", visitor.title(), "Error: Profile – Keyledger")
    visitor.press("User name")  # the link from what is wrong to the field
    visitor.type_into("email", "other@example.com")
    visitor.type_into("current_password", PASSWORD)
    visitor.press("Change the address")
    visitor.look("account-proof")
    expect("a code of the app is asked for", visitor.title(), "Confirm that it is you – Keyledger")
    visitor.type_into("current_password", PASSWORD)
    visitor.type_into("factor_code", "000000")
    visitor.press("Change the address")
    visitor.look("account-proof-fault")


def account_in_german(visitor, expect):
    visitor.open("/account")
    visitor.type_into("identifier", ADMINISTRATOR)
    visitor.type_into("password", PASSWORD)
    visitor.press("Anmelden")
    visitor.look("account")
    for part, (_, words) in PARTS.items():
        visitor.press(words)
        expect(f"the title of {part} in German", visitor.title(), f"{words} – Keyledger")
        visitor.look(f"account-{part}")


def mail_pages(visitor):
    visitor.open("/forgot-password")
    visitor.look("forgot-password")
    visitor.type_into("email", "bob@example.com")
    visitor.press("Send the mail")
    visitor.look("new-password")
    for path in ("verify-email", "reset-password", "unlock", "undo", "not-me", "keep-account", "invitation",
                 "confirm-address", "log-in"):
        visitor.open(f"/account/{path}?token=abc")
        visitor.look(f"mail-{path}")
    visitor.open("/account/reset-password")
    visitor.look("link-over")
    visitor.open("/login?flow=none")
    visitor.look("took-too-long")


def what_there_is_not(visitor):
    visitor.open("/nowhere/at/all")
    visitor.look("no-such-page")
    visitor.open("/register/confirm")
    visitor.look("page-not-opened-so")


WORDS = {
    "en": {"link": "Log in by a link in a mail", "send": "Send the mail", "log in": "Log in",
           "add": "Add an authenticator app", "confirm": "Confirm", "anew": "Show another secret",
           "kept": "I have kept them", "asked": "Shop asks – Keyledger"},
    "de": {"link": "Mit einem Link aus einer Mail anmelden", "send": "Mail schicken", "log in": "Anmelden",
           "add": "Authenticator-App hinzufügen", "confirm": "Bestätigen", "anew": "Ein anderes Geheimnis zeigen",
           "kept": "Ich habe sie aufbewahrt", "asked": "Shop bittet um Erlaubnis – Keyledger"},
}


def on_the_way_in(service, visitor, request, language, expect):
    """Where a link by mail is offered, and a second factor demanded of everybody."""
    person, words = f"on.the.way.{language}@example.com", WORDS[language]
    call(service, "POST", "/api/v1/auth/register", {"email": person, "password": PASSWORD})
    visitor.open(request)
    visitor.press(words["link"])
    visitor.look("log-in-by-link")
    visitor.type_into("email", person)
    visitor.press(words["send"])
    visitor.look("link-is-sent")
    visitor.open("/account/log-in?token=abc")
    visitor.look("log-in-by-the-link")
    visitor.press(words["log in"])
    visitor.look("log-in-by-the-link-fault")
    visitor.open(request)
    visitor.type_into("identifier", person)
    visitor.type_into("password", PASSWORD)
    visitor.press(words["log in"])
    visitor.look("enrol")
    visitor.press(words["add"])
    visitor.look("enrol-secret")
    visitor.type_into("code", "000000")
    visitor.press(words["confirm"])
    visitor.look("enrol-fault")
    visitor.press(words["anew"])
    visitor.type_into("code", app_code(visitor.page.locator(".secret").inner_text()))
    visitor.press(words["confirm"])
    visitor.look("enrol-recovery-codes")
    visitor.press(words["kept"])
    expect("in, and on the way", visitor.title(), words["asked"])


def log_out(visitor, shop, callback, expect):
    visitor.open("/oauth2/logout?" + urllib.parse.urlencode({"client_id": shop}))
    visitor.look("log-out")
    visitor.press("Log out")
    visitor.look("logged-out")
    visitor.open("/oauth2/logout?" + urllib.parse.urlencode({"client_id": shop, "post_logout_redirect_uri": callback}))
    visitor.press("Log out")
    expect("back at the shop after log-out", visitor.title(), "Shop")


def without_script(chromium, root, request, expect):
    context = chromium.new_context(viewport=NARROW, java_script_enabled=False)
    page = context.new_page()
    page.goto(root + request)
    page.fill("input[name=identifier]", ANN)
    page.fill("input[name=password]", "not the password")
    page.click("button")
    expect("without script", page.locator("[role=alert]:visible").count(), 1)
    context.close()


def main():
    parser = arguments(__doc__)
    parser.add_argument("--pictures", type=pathlib.Path)
    options = parser.parse_args()
    if not PYTHON.exists() or not AXE.exists() or not pathlib.Path(BROWSER).exists():
        die("the browser is not here; run scripts/install browser")
    from playwright.sync_api import sync_playwright  # pylint: disable=import-outside-toplevel,import-error

    shop_server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=shop_server.serve_forever, daemon=True).start()
    callback = f"http://127.0.0.1:{shop_server.server_port}/callback"

    def story(service, _databases, _work, expect):
        root = f"http://localhost:{service.port}"  # where cookies that are Secure may be kept
        service.environment.update(KEYLEDGER_ADMIN_PASSWORD=PASSWORD, KEYLEDGER_ISSUER=root)
        service.run("users", "create-admin", "--email", ADMINISTRATOR)
        service.start()
        shop = register_shop(service, callback)
        request = request_of(shop, callback)
        themed = request_of(register_shop(service, callback, consent="first_party", accent_color="#7a1fa2",
                                          logo_uri="https://127.0.0.1/logo.svg"), callback)
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])  # of root, too
            light = Visitor(chromium, root, expect, options.pictures)
            in_its_colours(light, themed, expect)
            by_the_keyboard(light, request, expect)
            choosing(light, request, expect)
            second_factor(service, light, request, expect)
            own_account(light, expect)
            device(service, light, expect)
            parts_of_account(light, expect)
            log_out(light, shop, callback, expect)
            mail_pages(light)
            what_there_is_not(light)
            light.close()
            dark = Visitor(chromium, root, expect, None, "de", "dark")
            dark.open(request)
            expect("in German", dark.title(), "Anmelden – Keyledger")
            dark.look("log-in")
            in_its_colours(dark, themed, expect)
            dark.open("/account/reset-password")
            dark.look("link-over")
            mail_pages_in_german(dark)
            what_there_is_not(dark)
            account_in_german(dark, expect)
            dark.close()
            without_script(chromium, root, request, expect)
            service.stop()
            service.environment.update(KEYLEDGER_LOG_IN_BY_MAIL="both", KEYLEDGER_SECOND_FACTOR="all")
            service.start()
            for language, scheme in (("en", "light"), ("de", "dark")):
                visitor = Visitor(chromium, root, expect, None, language, scheme)
                on_the_way_in(service, visitor, request, language, expect)
                visitor.close()
            chromium.close()
        service.stop()

    try:
        return run_scenario(options, "browser", story)
    finally:
        shop_server.shutdown()


def mail_pages_in_german(visitor):
    for path in ("verify-email", "undo", "invitation"):
        visitor.open(f"/account/{path}?token=abc")
        visitor.look(f"mail-{path}")


if __name__ == "__main__":
    sys.exit(main())
