#!/usr/bin/env python3
"""Passkeys in a real browser (Chromium with its virtual authenticator): somebody makes one on the page of their
account, logs in by it (by the button, and by what the browser offers beside the field for the name), finishes a log-in
with the password by it, and changes factors by it alone; so does an authenticator of each algorithm that is offered,
with an attestation and without. Where the browser gives none, the page says why. One that does not verify its user
(U2F) is refused. Without script the pages work as before. Needs what `scripts/install browser` gets.
"""

import json
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
    """One of Chromium's own (WebDriver's virtual authenticators): unless a test says otherwise of this machine, and one
    that verifies its user."""

    def __init__(self, page, **kind):
        self.session = page.context.new_cdp_session(page)
        self.session.send("WebAuthn.enable")
        self.id = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": kind or {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": True, "automaticPresenceSimulation": True}})["authenticatorId"]

    def credentials(self):
        return self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"]


# A browser that offers passkeys in the field for the name takes one at once, for this authenticator asks nobody.
OFFERS = "if (sessionStorage.getItem('plain')) PublicKeyCredential.isConditionalMediationAvailable = undefined"
# COSE's numbers, as IANA registers them.
ALGORITHMS = {"ES256": -7, "RS256": -257, "EdDSA": -8}
# Has the browser ask the authenticator otherwise than the page does, and keeps what came of it.
ASKS_OTHERWISE = """(() => {
  const create = navigator.credentials.create.bind(navigator.credentials)
  navigator.credentials.create = async ({ publicKey }) => {
    const asked = { ...publicKey, ...(%s)(publicKey) }
    const made = await create({ publicKey: asked })
    const object = new Uint8Array(made.response.attestationObject)  // CBOR: a map, "fmt", and a short text
    sessionStorage.setItem('made', JSON.stringify({
      algorithm: made.response.getPublicKeyAlgorithm(),
      format: String.fromCharCode(...object.slice(6, 6 + (object[5] & 31))) }))
    return made
  }
})()"""
WITH_ALGORITHM = "asked => ({ pubKeyCredParams: asked.pubKeyCredParams.filter(one => one.alg === %d) })"
WITHOUT_VERIFICATION = "_ => ({ authenticatorSelection: { userVerification: 'discouraged' } })"


# A browser that says no, by the name of what it throws.
GIVES_NONE = "name => { navigator.credentials.get = () => Promise.reject(new DOMException('', name)) }"


def told(page):
    """What the page says, once it says anything, and that is one thing."""
    page.wait_for_selector("[role=alert]:visible")
    return "".join(page.locator("[role=alert]:visible").all_inner_texts())


def open_log_in(page, root, offers):
    page.goto(root + "/assets/none")  # of that origin, without a script
    page.evaluate("plain => plain ? sessionStorage.setItem('plain', '1') : sessionStorage.removeItem('plain')",
                  not offers)
    page.goto(root + "/account")


def log_in_by_password(page, root, who=ANN):
    open_log_in(page, root, offers=False)
    page.fill("input[name=identifier]", who)
    page.fill("input[name=password]", PASSWORD)
    page.click("form.main button")


def log_out(page, root):
    page.goto(root + "/oauth2/logout")
    page.click("form.main button")
    page.wait_for_load_state()


def ask_for_one(page, root, who):
    log_in_by_password(page, root, who)
    page.wait_for_url("**/account")
    page.fill("#add-passkey-current_password", PASSWORD)
    page.click("#add-passkey button")
    page.wait_for_selector("form#passkey:not([hidden])")
    page.click("form#passkey button")


def make_one(page, root, authenticator, expect, who=ANN):
    ask_for_one(page, root, who)
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
    expect("no code of an app is asked for", page.locator("input[name=code]").count(), 0)
    page.evaluate(GIVES_NONE, "NotAllowedError")
    page.click("form#passkey button")
    expect("what it says of one that was cancelled", "it was cancelled" in told(page), True)
    page.evaluate(GIVES_NONE, "UnknownError")
    page.click("form#passkey button")
    page.wait_for_selector("[data-passkey-fault=other]")
    expect("what it says of anything else", "could not use a passkey" in told(page), True)
    page.evaluate("() => { delete navigator.credentials.get }")
    page.click("form#passkey button")
    page.wait_for_url("**/account")
    expect("in by password and passkey", page.locator("#add-passkey").count(), 1)


def changes_factors(page, root, expect):
    """Who has a passkey alone types neither a password nor a recovery code."""
    page.click("#recovery-codes-by-passkey button")
    page.wait_for_selector("ul.codes")
    expect("new recovery codes", page.locator("ul.codes li").count(), 10)
    page.goto(root + "/account")
    page.click("#add-factor-by-passkey button")
    page.wait_for_selector(".secret")
    page.goto(root + "/account")
    page.click("#add-passkey-by-passkey button")
    page.wait_for_selector("form#passkey:not([hidden])")
    page.click("form#passkey button")
    page.wait_for_selector("[data-passkey-fault=InvalidStateError]")
    expect("this authenticator has one already", "already" in told(page), True)


def at_another_address(chromium, service, expect):
    """A browser gives no passkey of a domain to a page of another: here, of the address of the same machine."""
    page = chromium.new_context().new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.add_init_script(OFFERS)
    open_log_in(page, f"http://127.0.0.1:{service.port}", offers=False)
    page.wait_for_selector("form#passkey:not([hidden])")
    expect("nothing is told before the button is pressed", page.locator("[role=alert]:visible").count(), 0)
    page.click("form#passkey button")
    page.wait_for_selector("[data-passkey-fault=SecurityError]")
    expect("where passkeys work", "work at localhost" in told(page), True)
    page.context.close()


def where_there_are_none(chromium, service, root, expect):
    page = somebody(chromium, service, "old@example.com", "_ => ({})")
    page.add_init_script("delete window.PublicKeyCredential")
    log_in_by_password(page, root, "old@example.com")
    page.wait_for_url("**/account")
    page.fill("#add-passkey-current_password", PASSWORD)
    page.click("#add-passkey button")
    page.wait_for_selector("[data-passkey-fault=none]")
    expect("a browser without passkeys", "Use another browser" in told(page), True)
    page.context.close()


def somebody(chromium, service, who, asks):
    call(service, "POST", "/api/v1/auth/register", {"email": who, "password": PASSWORD})
    page = chromium.new_context().new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.add_init_script(OFFERS)
    page.add_init_script(ASKS_OTHERWISE % asks)
    return page


def of_each_algorithm(chromium, service, root, statement, expect):
    for name, number in ALGORITHMS.items():
        print(f"-- {name}, {statement}")
        page = somebody(chromium, service, f"{name}-{statement}@example.com".lower(), WITH_ALGORITHM % number)
        authenticator = Authenticator(page)
        make_one(page, root, authenticator, expect, f"{name}-{statement}@example.com".lower())
        expect("what the browser made", json.loads(page.evaluate("sessionStorage.getItem('made')")),
               {"algorithm": number, "format": statement})
        before = authenticator.credentials()[0]["signCount"]
        by_the_button(page, root, expect)
        expect("signed by that authenticator", authenticator.credentials()[0]["signCount"], before + 1)
        page.context.close()


def unverified(chromium, service, root, expect):
    """U2F has no way to verify anybody: its passkeys are none, whatever the browser was asked for."""
    page = somebody(chromium, service, "u2f@example.com", WITHOUT_VERIFICATION)
    authenticator = Authenticator(page, protocol="u2f", transport="usb", automaticPresenceSimulation=True)
    ask_for_one(page, root, "u2f@example.com")
    page.wait_for_selector(".fault")
    expect("what the browser made by U2F", json.loads(page.evaluate("sessionStorage.getItem('made')")),
           {"algorithm": ALGORITHMS["ES256"], "format": "fido-u2f"})
    expect("it is in the authenticator", len(authenticator.credentials()), 1)
    page.goto(root + "/account")
    expect("and nobody's second factor", page.locator("input[name=factor_code]").count(), 0)
    page.context.close()


def without_script(chromium, root, expect):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(root + "/account")
    expect("without script no button asks for a passkey", page.locator("form#passkey").is_visible(), False)
    page.fill("input[name=identifier]", ANN)
    page.fill("input[name=password]", PASSWORD)
    page.click("form.main button")
    page.wait_for_url("**/login/factor**")
    expect("without script a recovery code is left", page.locator("a[href*='by=recovery']").count(), 1)
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
            changes_factors(page, root, expect)
            without_script(chromium, root, expect)
            at_another_address(chromium, service, expect)
            where_there_are_none(chromium, service, root, expect)
            of_each_algorithm(chromium, service, root, "none", expect)
            service.stop()
            service.environment.update(KEYLEDGER_PASSKEY_ATTESTATION="direct")
            service.start()
            of_each_algorithm(chromium, service, root, "packed", expect)
            unverified(chromium, service, root, expect)
            expect("what the policy had to stop", forbidden, [])
            chromium.close()
        service.stop()

    return run_scenario(options, "passkeys", story)


if __name__ == "__main__":
    sys.exit(main())
