#!/usr/bin/env python3
"""Passkeys in a real browser (Chromium with its virtual authenticator): somebody makes one on the page of their
account, logs in by it (by the button, and by what the browser offers beside the field for the name), and finishes a
log-in with the password by it; without script the pages work as before. Needs what `scripts/install browser` gets.
"""

import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = HERE / "node_modules/.python/bin/python3"  # with what requirements.txt names
if pathlib.Path(sys.prefix) != PYTHON.parents[1] and PYTHON.exists():
    sys.exit(subprocess.call([PYTHON, "-B", *sys.argv]))
sys.path.insert(0, str(HERE.parent / "fault"))
from browser_pages import ANN, BROWSER, PASSWORD, PATIENCE_MS, call  # noqa: E402 pylint: disable=wrong-import-position
from scenario import arguments, die, run_scenario  # noqa: E402 pylint: disable=wrong-import-position


class Authenticator:
    """Chromium's own, of this machine, which verifies its user (WebDriver's virtual authenticators)."""

    def __init__(self, page):
        self.session = page.context.new_cdp_session(page)
        self.session.send("WebAuthn.enable")
        self.id = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": True, "automaticPresenceSimulation": True}})["authenticatorId"]

    def credentials(self):
        return self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"]


# A browser that offers passkeys in the field for the name takes one at once, for this authenticator asks nobody.
OFFERS = "if (sessionStorage.getItem('plain')) PublicKeyCredential.isConditionalMediationAvailable = undefined"


def open_log_in(page, root, offers):
    page.goto(root + "/assets/none")  # of that origin, without a script
    page.evaluate("plain => plain ? sessionStorage.setItem('plain', '1') : sessionStorage.removeItem('plain')",
                  not offers)
    page.goto(root + "/account")


def log_in_by_password(page, root):
    open_log_in(page, root, offers=False)
    page.fill("input[name=identifier]", ANN)
    page.fill("input[name=password]", PASSWORD)
    page.click("form.main button")


def log_out(page, root):
    page.goto(root + "/oauth2/logout")
    page.click("form.main button")
    page.wait_for_load_state()


def make_one(page, root, authenticator, expect):
    log_in_by_password(page, root)
    page.wait_for_url("**/account")
    page.fill("#add-passkey-current_password", PASSWORD)
    page.click("#add-passkey button")
    page.wait_for_selector("form#passkey:not([hidden])")
    page.click("form#passkey button")
    page.wait_for_selector("ul.codes")
    expect("recovery codes, shown once", page.locator("ul.codes li").count(), 10)
    made = authenticator.credentials()
    expect("passkeys in the authenticator", len(made), 1)
    expect("it is found without a name", made[0]["isResidentCredential"], True)
    expect("it is of the domain", made[0]["rpId"], "localhost")
    log_out(page, root)


def by_the_button(page, root, expect):
    open_log_in(page, root, offers=False)
    page.wait_for_selector("form#passkey:not([hidden])")
    expect("nobody is in before the button is pressed", "/login" in page.url, True)
    page.click("form#passkey button")
    page.wait_for_url("**/account")
    expect("in by the button", page.locator("#add-passkey").count(), 1)
    log_out(page, root)


def by_what_the_field_offers(page, root, expect):
    open_log_in(page, root, offers=True)
    page.wait_for_url("**/account")
    expect("in by what the browser offers", page.locator("#add-passkey").count(), 1)
    log_out(page, root)


def as_second_factor(page, root, expect):
    log_in_by_password(page, root)
    page.wait_for_url("**/login/factor**")
    page.wait_for_selector("form#passkey:not([hidden])")
    page.click("form#passkey button")
    page.wait_for_url("**/account")
    expect("in by password and passkey", page.locator("#add-passkey").count(), 1)


def without_script(chromium, root, expect):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(root + "/account")
    expect("without script no button asks for a passkey", page.locator("form#passkey").is_visible(), False)
    page.fill("input[name=identifier]", ANN)
    page.fill("input[name=password]", PASSWORD)
    page.click("form.main button")
    page.wait_for_url("**/login/factor**")
    context.close()


def main():
    options = arguments(__doc__).parse_args()
    if not PYTHON.exists() or not pathlib.Path(BROWSER).exists():
        die("the browser is not here; run scripts/install browser")
    from playwright.sync_api import sync_playwright  # pylint: disable=import-outside-toplevel,import-error

    def story(service, _databases, _work, expect):
        root = f"http://localhost:{service.port}"  # the relying party's id can't be an address
        service.environment.update(KEYLEDGER_ISSUER=root)
        service.start()
        call(service, "POST", "/api/v1/auth/register", {"email": ANN, "password": PASSWORD})
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])  # of root, too
            page = chromium.new_context().new_page()
            page.set_default_timeout(PATIENCE_MS)
            forbidden = []
            page.on("console", lambda said: forbidden.append(said.text) if "Policy" in said.text else None)
            page.add_init_script(OFFERS)
            authenticator = Authenticator(page)
            make_one(page, root, authenticator, expect)
            by_the_button(page, root, expect)
            by_what_the_field_offers(page, root, expect)
            as_second_factor(page, root, expect)
            without_script(chromium, root, expect)
            expect("what the policy had to stop", forbidden, [])
            chromium.close()
        service.stop()

    return run_scenario(options, "passkeys", story)


if __name__ == "__main__":
    sys.exit(main())
