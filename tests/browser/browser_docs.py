#!/usr/bin/env python3
"""/docs in a real browser (Chromium): the API is shown, and an operation of it is called from there, as anybody and as
an administrator; nothing is asked of another host, and nothing that the page's policy forbids. The status page leads
there. Needs what `scripts/install browser docs` gets.
"""

import json
import pathlib
import subprocess
import sys
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = HERE / "node_modules/.python/bin/python3"  # with what requirements.txt names
if pathlib.Path(sys.prefix) != PYTHON.parents[1] and PYTHON.exists():
    sys.exit(subprocess.call([PYTHON, "-B", *sys.argv]))
sys.path.insert(0, str(HERE.parent / "fault"))
# pylint: disable=wrong-import-position
from browser_pages import ADMINISTRATOR, BROWSER, PASSWORD, log_in  # noqa: E402
from scenario import arguments, die, run_scenario  # noqa: E402
# pylint: enable=wrong-import-position

PATIENCE_MS = 60_000  # drawing so long a document takes a browser seconds, and on a busy machine many
# Told by the browser itself, whoever listens to the console.
WATCH = """window.violations = [];
document.addEventListener('securitypolicyviolation', event =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`))"""


class Reader:
    """A browser that notes whom it asks, and what it was kept from."""

    def __init__(self, chromium, root, expect):
        self.root, self.expect = root, expect
        self.context = chromium.new_context(viewport={"width": 1024, "height": 900}, locale="en")
        self.context.set_default_timeout(PATIENCE_MS)
        self.page = self.context.new_page()
        self.page.add_init_script(WATCH)
        self.elsewhere, self.failed, self.faults = [], [], []
        self.page.on("request", self.note_request)
        self.page.on("requestfailed", lambda request: self.failed.append(request.url))
        self.page.on("response", lambda answer: self.failed.append(answer.url) if answer.status >= 400 else None)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self.note_words)

    def note_request(self, request):
        place = urllib.parse.urlsplit(request.url)
        if place.scheme not in ("data", "blob") and f"{place.scheme}://{place.netloc}" != self.root:
            self.elsewhere.append(request.url)

    def note_words(self, message):
        if message.type == "error" or "Content Security Policy" in message.text:
            self.faults.append(message.text)

    def open(self, tag, operation_id):
        """By its address, for swagger-ui draws only what is near. Its box."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.root}/docs#/{tag}/{operation_id}")
        box = self.page.locator(f"#operations-{tag}-{operation_id}")
        box.locator(".opblock-body").wait_for()
        return box

    @staticmethod
    def call(box):
        """Tries it out; the status and the body that are shown."""
        box.locator("button.try-out__btn").click()
        box.locator("button.execute").click()
        row = box.locator(".live-responses-table tr.response").first
        row.wait_for()
        status = row.locator(".response-col_status").inner_text().split()[0]
        return status, row.locator(".highlight-code pre, pre.microlight").first.inner_text()

    def judge(self, where):
        self.expect(f"{where}: what was asked of others", self.elsewhere, [])
        self.expect(f"{where}: what did not come", self.failed, [])
        self.expect(f"{where}: what the policy had to stop", self.page.evaluate("() => window.violations"), [])
        self.expect(f"{where}: what went wrong", self.faults, [])


def gets_there(reader):
    reader.page.goto(reader.root + "/")
    reader.expect("the status page", reader.page.title(), "The service is up – Keyledger")
    reader.judge("the status page")
    with reader.page.expect_navigation():
        reader.page.get_by_role("link", name="Documentation of the API").click()
    reader.page.wait_for_selector("#docs .swagger-ui .info")
    reader.expect("the title of the document", "Keyledger" in reader.page.inner_text("#docs .info h1"), True)
    reader.judge("the documentation")


def calls_as_anybody(reader):
    status, body = reader.call(reader.open("service", "serviceInformation"))
    reader.expect("the status of /info", status, "200")
    reader.expect("what /info says", json.loads(body)["service"], "keyledger")
    reader.expect("of which service", json.loads(body)["issuer"], reader.root)
    reader.judge("a call")


def calls_as_administrator(reader, token):
    box = reader.open("auth", "showMe")
    reader.page.locator(".auth-wrapper button.authorize").first.click()
    dialog = reader.page.locator(".modal-ux")
    field = dialog.locator(".auth-container", has_text="sole audience").first
    field.locator("input").fill(token)
    field.get_by_role("button", name="Apply credentials").click()
    dialog.locator("button.btn-done").first.click()
    status, body = reader.call(box)
    reader.expect("the status of the own account", status, "200")
    reader.expect("whose it is", json.loads(body)["email"], ADMINISTRATOR)
    reader.judge("a call with a token")
    kept = reader.page.evaluate("() => localStorage.length + sessionStorage.length")
    reader.expect("what the browser keeps of it", kept, 0)


def shows_all_sorts(reader):
    """Forms, bodies, tables, several media types."""
    for tag, operation_id in (("oauth2", "token"), ("admin", "listUsers"), ("authzen", "evaluate")):
        box = reader.open(tag, operation_id)
        reader.expect(f"{operation_id} is drawn", box.locator(".responses-table tr.response").count() > 2, True)
        reader.judge(operation_id)


def takes_no_document_from_elsewhere(reader):
    reader.page.goto(f"{reader.root}/docs?url=https://evil.example/openapi.json&configUrl=https://evil.example/c.json")
    reader.page.wait_for_selector("#docs .swagger-ui .info")
    reader.expect("still our document", "Keyledger" in reader.page.inner_text("#docs .info h1"), True)
    reader.judge("an address that names another document")


def notices_a_request_elsewhere(reader):
    """Or none of the above could fail."""
    reader.page.evaluate("() => fetch('https://evil.example/').catch(() => {})")
    reader.page.evaluate("() => document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')")
    reader.page.wait_for_function("() => window.violations.length >= 2")
    found = " ".join(reader.page.evaluate("() => window.violations"))
    reader.expect("a request elsewhere is stopped", "connect-src https://evil.example" in found, True)
    reader.expect("an inline style is stopped", "style-src" in found, True)


def main():
    options = arguments(__doc__).parse_args()
    if not PYTHON.exists() or not pathlib.Path(BROWSER).exists():
        die("the browser is not here; run scripts/install browser")
    from playwright.sync_api import sync_playwright  # pylint: disable=import-outside-toplevel,import-error

    def story(service, _databases, _work, expect):
        root = f"http://localhost:{service.port}"
        service.environment.update(KEYLEDGER_ADMIN_PASSWORD=PASSWORD, KEYLEDGER_ISSUER=root)
        service.run("users", "create-admin", "--email", ADMINISTRATOR)
        service.start()
        token = log_in(service, ADMINISTRATOR, PASSWORD)
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])  # of root, too
            reader = Reader(chromium, root, expect)
            gets_there(reader)
            calls_as_anybody(reader)
            calls_as_administrator(reader, token)
            shows_all_sorts(reader)
            takes_no_document_from_elsewhere(reader)
            notices_a_request_elsewhere(reader)
            reader.context.close()
            chromium.close()
        service.stop()

    return run_scenario(options, "docs", story)


if __name__ == "__main__":
    sys.exit(main())
