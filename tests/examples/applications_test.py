#!/usr/bin/env python3
"""The applications and resource servers in examples/, as they stand, against the real service.

    applications_test.py --binary KEYLEDGER

Every resource server is told lies by a provider that the test makes up (lies.py). Then somebody registers and is taken
through each application: the web application and both native tools by an HTTP client with cookies, which follows
redirects and fills in forms; the page by Chromium, driven over the WebDriver protocol. Each asks a resource server for
something with its access token, one of each language. Needs what `scripts/install examples browser oauth-clients`
gets."""

import json
import pathlib
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "fault"))
# pylint: disable=wrong-import-position
from scenario import arguments, die, free_port, run_scenario  # noqa: E402
from browsers import ADMINISTRATOR, PASSWORD, PERSON, SECONDS, Administrator, Browser, Chromium, Process  # noqa: E402
from browsers import AUDIENCE, status_of  # noqa: E402

EXAMPLES = ROOT / "examples"

NODE = next((ROOT / "tests/oauth/node_modules").glob("node-linux-*/bin/node"), None)  # Debian's own is too old
PYTHON = EXAMPLES / "python/.venv/bin/python3"
LANGUAGES = ("node", "python", "go", "java")


def asked(address, authorization=None):
    """(status, challenge, body) of a resource server's answer."""
    request = urllib.request.Request(address, headers={"Authorization": authorization} if authorization else {})
    try:
        answer = urllib.request.urlopen(request, timeout=SECONDS)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.headers.get("WWW-Authenticate"), answer.read().decode()


def resource_server(work, name, language, issuer, programs, **more):
    port = free_port()
    words = {"node": [NODE, "resource_server.mjs"], "python": [PYTHON, "-B", "resource_server.py"],
             "go": [programs / "resource_server"], "java": ["java", "-cp", "jars/*", "ResourceServer.java"]}[language]
    server = Process(work, f"{name}-{language}", words, EXAMPLES / language, ISSUER=issuer, AUDIENCE=AUDIENCE,
                     PORT=port, **more)
    server.port = port
    return server


def build_go(work):
    programs = work / "go"
    programs.mkdir()
    done = subprocess.run(["go", "build", "-o", str(programs), "./resource_server", "./command_line", "./loopback"],
                          cwd=EXAMPLES / "go", capture_output=True, text=True, check=False, timeout=600)
    if done.returncode != 0:
        die(f"go build: {done.stderr}")
    return programs


def web_application(work, issuer, administrator, api, expect):
    here = f"http://127.0.0.1:{free_port()}"
    client = administrator.register("Orders", [here + "/callback"], post_logout_redirect_uris=[here + "/"])
    secret = administrator.call(201, f"/api/v1/admin/applications/{client}/secrets")["client_secret"]
    web = Process(work, "web", [NODE, "web_application.mjs"], EXAMPLES / "node", ISSUER=issuer, CLIENT_ID=client,
                  CLIENT_SECRET=secret, URL=here, **({"AUDIENCE": AUDIENCE, "API": api} if api else {}))
    try:
        web.listens(urllib.parse.urlsplit(here).port)
        browser = Browser()
        expect("web: before", "Log in" in browser.open(here + "/"), True)
        browser.open(here + "/login")
        expect("web: after the log-in", f"Hello, {'' if api else PERSON}" in browser.log_in(), True)
        if api:
            expect("web: its resource server", "a violin" in browser.open(here + "/orders"), True)
            browser.open(here + "/")
        browser.send()  # its own button, which leads to the page that asks
        browser.send()
        expect("web: after the log-out", (browser.address, "Log in" in browser.text), (here + "/", True))
        browser.open(here + "/login")
        expect("web: they are asked to log in again", urllib.parse.urlsplit(browser.address).path, "/login")
        stranger = Browser()
        try:
            stranger.opener.open(here + "/callback?code=x&state=y", timeout=SECONDS)
            expect("web: a code that nobody asked for", "taken", "refused")
        except urllib.error.HTTPError as error:
            expect("web: a code that nobody asked for", error.code, 400)
    except SystemExit:
        print(web.said(), file=sys.stderr)
        raise
    finally:
        web.stop()


def loopback(work, programs, issuer, administrator, api, expect):
    client = administrator.register("Orders on the desktop", ["http://127.0.0.1/callback"],
                                    application_type="native", authentication="none")
    tool = Process(work, "loopback", [programs / "loopback", "-issuer", issuer, "-client", client,
                                  "-audience", AUDIENCE, "-call", api + "/orders"])
    try:
        address = next(line for line in tool.process.stdout if line.startswith("http")).strip()
        browser = Browser()
        callback = urllib.parse.parse_qs(urllib.parse.urlsplit(address).query)["redirect_uri"][0]
        expect("loopback: an answer that nobody asked for", status_of(callback + "?code=x&state=y"), 400)
        browser.open(address)
        expect("loopback: after the log-in", "Done." in browser.log_in(), True)
        said = tool.process.stdout.read()
        expect("loopback: who it is, and its resource server", ("Logged in as " in said, "a violin" in said),
               (True, True))
        expect("loopback: ends", tool.process.wait(timeout=SECONDS), 0)
    except SystemExit:
        print(tool.said(), file=sys.stderr)
        raise
    finally:
        if tool.process.poll() is None:
            tool.stop()


def command_line(work, programs, issuer, administrator, api, expect):
    client = administrator.register("Orders on the command line", [], application_type="native", authentication="none",
                                    grant_types=["device_code", "refresh_token"])
    tool = Process(work, "tool", [programs / "command_line", "-issuer", issuer, "-client", client,
                                  "-audience", AUDIENCE, "-call", api + "/orders"])
    try:
        address = next(line for line in tool.process.stdout if line.startswith("http")).strip()
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(address).query)["user_code"][0]
        browser = Browser()
        browser.open(address)
        expect("tool: the code stands there after the log-in", f'value="{code}"' in browser.log_in(), True)
        browser.send()
        expect("tool: who asks", ("Orders on the command line" in browser.text, code in browser.text), (True, True))
        browser.send(decision="allow")
        expect("tool: they agreed", "Go back to your device" in browser.text, True)
        said = tool.process.stdout.read()
        expect("tool: who it is, and its resource server", ("Logged in as " in said, "a violin" in said), (True, True))
        expect("tool: ends", tool.process.wait(timeout=SECONDS), 0)
    except SystemExit:
        print(tool.said(), file=sys.stderr)
        raise
    finally:
        if tool.process.poll() is None:
            tool.stop()


SAYS = "document.getElementById('says')?.textContent"


def page(work, issuer, administrator, api, port, expect):
    """The single-page application, of which nothing but settings.json is changed."""
    here = f"http://127.0.0.1:{port}/"
    client = administrator.register("Orders in a page", [here], application_type="spa", authentication="none",
                                    post_logout_redirect_uris=[here])
    folder = work / "page"
    shutil.copytree(EXAMPLES / "browser", folder)
    settings = {"issuer": issuer, "client_id": client, "audience": AUDIENCE, "api": api + "/orders"}
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    files = Process(work, "files", [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", port], folder)
    files.listens(port)
    browser = Chromium(work)
    try:
        browser.open(here)
        browser.until(f"{SAYS} === 'Nobody is logged in.'", "page: before")
        browser.script("document.getElementById('log-in').click()")
        browser.log_in("page")
        browser.until(f"{SAYS} ?.startsWith('Hello, ')", "page: after the log-in")
        expect("page: no code stays in its address", browser.script("return location.href"), here)
        browser.script("document.getElementById('orders').click()")
        browser.until(f"{SAYS}?.includes('a violin')", "page: its resource server")
        browser.open(here)
        browser.until(f"{SAYS} ?.startsWith('Hello, ')", "page: after it was loaded again")
        kept = browser.script("return JSON.stringify([{...localStorage}, {...sessionStorage}])")
        expect("page: what it stored", kept, "[{},{}]")
        browser.script("document.getElementById('log-out').click()")
        browser.until("location.pathname === '/oauth2/logout'", "page: the page that asks whether log-out is meant")
        browser.script("document.querySelector('form:not([hidden]) button').click()")
        browser.until(f"{SAYS} === 'Nobody is logged in.'", "page: after the log-out")
        browser.open(here + "?code=x&state=y")
        browser.until(f"{SAYS}?.startsWith('That did not work')", "page: a code that nobody asked for")
    finally:
        browser.stop()
        files.stop()


def lies():
    """A provider that signs what is right and what is wrong: its issuer, the tokens by name, the server."""
    issuer = f"http://127.0.0.1:{free_port()}"
    made = json.loads(subprocess.run([str(PYTHON), "-B", str(HERE / "lies.py"), issuer, AUDIENCE], capture_output=True,
                                     text=True, check=True, timeout=SECONDS).stdout)

    class Provider(BaseHTTPRequestHandler):
        def do_GET(self):
            body = {"/.well-known/openid-configuration": made["metadata"], "/jwks": made["jwks"]}.get(self.path)
            text = json.dumps(body).encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    provider = ThreadingHTTPServer(("127.0.0.1", urllib.parse.urlsplit(issuer).port), Provider)
    threading.Thread(target=provider.serve_forever, daemon=True).start()
    return issuer, made["tokens"], provider


def hold(language, server, tokens, expect):
    orders, invoices = (f"http://127.0.0.1:{server.port}/{name}" for name in ("orders", "invoices"))
    bare, wrong = f'Bearer realm="{AUDIENCE}"', f'Bearer realm="{AUDIENCE}", error="invalid_token"'
    short = f'Bearer realm="{AUDIENCE}", error="insufficient_scope", scope="email"'
    for name, token in tokens.items():
        status, challenge, _ = asked(orders, f"Bearer {token}")
        wanted = (200, None) if name.startswith("good") else (401, wrong)
        expect(f"{language}: {name}", (status, challenge), wanted)
    expect(f"{language}: the scheme in small letters", asked(orders, f"bearer {tokens['good']}")[0], 200)
    expect(f"{language}: no token", asked(orders)[:2], (401, bare))
    expect(f"{language}: another scheme", asked(orders, "Basic YTpi")[0], 401)
    expect(f"{language}: no scope", asked(invoices, f"Bearer {tokens['good, without a scope']}")[:2], (403, short))
    other = tokens["good, of another scope"]
    expect(f"{language}: a scope that begins like it", asked(invoices, f"Bearer {other}")[:2], (403, short))
    expect(f"{language}: with the scope", asked(invoices, f"Bearer {tokens['good']}")[0], 200)


def main():
    options = arguments(__doc__).parse_args()
    if NODE is None or not PYTHON.exists() or not (EXAMPLES / "java/jars").is_dir() or not shutil.which("chromedriver"):
        die("what the examples need is not here; run scripts/install examples browser oauth-clients")

    def story(service, _databases, work, expect):
        page_port = free_port()
        service.environment["KEYLEDGER_ADMIN_PASSWORD"] = PASSWORD
        origin = f"http://127.0.0.1:{page_port}"
        service.run("users", "create-admin", "--email", ADMINISTRATOR)
        service.start()
        issuer = service.environment["KEYLEDGER_ISSUER"]
        administrator = Administrator(service.port)
        administrator.call(201, "/api/v1/auth/register", {"email": PERSON, "password": PASSWORD})
        programs = build_go(work)
        told, tokens, provider = lies()
        servers = [resource_server(work, "resource", name, issuer, programs, ORIGIN=origin) for name in LANGUAGES]
        servers += [resource_server(work, "lied-to", name, told, programs) for name in LANGUAGES]
        try:
            for server in servers:
                server.listens(server.port)
            for language, server in zip(LANGUAGES, servers[len(LANGUAGES):]):
                hold(language, server, tokens, expect)
            api = {language: f"http://127.0.0.1:{server.port}" for language, server in zip(LANGUAGES, servers)}
            for of_web in (None, api["python"], api["java"]):
                web_application(work, issuer, administrator, of_web, expect)
            command_line(work, programs, issuer, administrator, api["go"], expect)
            loopback(work, programs, issuer, administrator, api["go"], expect)
            page(work, issuer, administrator, api["node"], page_port, expect)
        finally:
            provider.shutdown()
            for server in servers:
                server.stop()
        service.stop()

    return run_scenario(options, "examples", story)


if __name__ == "__main__":
    sys.exit(main())
