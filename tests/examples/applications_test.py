#!/usr/bin/env python3
"""The applications and resource servers in examples/, as they stand, against the real service.

    applications_test.py --binary KEYLEDGER

Every resource server is told lies by a provider that the test makes up (lies.py). Then somebody registers and is taken
through each application: the web application and the command line tool by an HTTP client with cookies, which follows
redirects and fills in forms; the page by Chromium, driven over the WebDriver protocol. Each asks a resource server for
something with its access token, one of each language. Needs what `scripts/install examples browser oauth-clients`
gets."""

import html.parser
import http.client
import http.cookiejar
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "fault"))
from scenario import arguments, die, free_port, run_scenario  # noqa: E402 pylint: disable=wrong-import-position

EXAMPLES = ROOT / "examples"
AUDIENCE = "https://orders.example"
PASSWORD = "violet tractors hum at noon"
ADMINISTRATOR, PERSON = "administrator@example.com", "ann@example.com"
SECONDS = 60
NODE = next((ROOT / "tests/oauth/node_modules").glob("node-linux-*/bin/node"), None)  # Debian's own is too old
PYTHON = EXAMPLES / "python/.venv/bin/python3"
LANGUAGES = ("node", "python", "go", "java")


class Process:
    """A program of examples/, stopped by its process id."""

    def __init__(self, work, name, words, cwd=None, **environment):
        self.name, self.log = name, work / f"{name}.log"
        self.process = subprocess.Popen([str(word) for word in words], cwd=cwd, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=open(self.log, "wb"), text=True,
                                        env={**os.environ, **{key: str(value) for key, value in environment.items()}})

    def listens(self, port):
        until = time.monotonic() + SECONDS
        while status_of(f"http://127.0.0.1:{port}/none") is None:
            if self.process.poll() is not None or time.monotonic() > until:
                die(f"{self.name} does not listen: {self.said()}")
            time.sleep(0.02)  # between two looks at the condition that is awaited

    def said(self):
        return self.log.read_text(errors="replace")[-3000:]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=SECONDS)


def status_of(address, token=None):
    request = urllib.request.Request(address, headers={"Authorization": token} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return answer.status
    except urllib.error.HTTPError as answer:
        return answer.code
    except OSError:
        return None


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
    done = subprocess.run(["go", "build", "-o", str(programs), "./resource_server", "./command_line"],
                          cwd=EXAMPLES / "go", capture_output=True, text=True, check=False, timeout=600)
    if done.returncode != 0:
        die(f"go build: {done.stderr}")
    return programs


class Forms(html.parser.HTMLParser):
    """The first form of a page that is sent by POST: where to, and what it carries along."""

    def __init__(self, text):
        super().__init__()
        self.action, self.fields, self.inside = None, {}, False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form" and self.action is None and attrs.get("method", "").lower() == "post":
            self.action, self.inside = attrs.get("action", ""), True
        elif self.inside and tag in ("input", "button") and attrs.get("name") and attrs.get("type") != "checkbox":
            self.fields.setdefault(attrs["name"], attrs.get("value", ""))

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "form"


class Everywhere(http.cookiejar.DefaultCookiePolicy):
    """As browsers do, a loopback address counts as secure; http.cookiejar asks for https."""

    def return_ok_secure(self, cookie, request):
        return True

    def set_ok_name(self, cookie, request):
        return True


class Browser:
    """Without script: keeps cookies, follows redirects, fills in the forms of the pages that it is shown."""

    def __init__(self):
        self.jar = http.cookiejar.CookieJar(Everywhere())
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def open(self, address, form=None):
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        headers = {"Sec-Fetch-Site": "same-origin"} if form is not None else {}
        try:
            with self.opener.open(urllib.request.Request(address, data, headers), timeout=SECONDS) as answer:
                self.address, self.text = answer.geturl(), answer.read().decode()
        except urllib.error.HTTPError as error:
            die(f"{address} was answered {error.code}: {error.read().decode()}")
        return self.text

    def send(self, **typed):
        form = Forms(self.text)
        if form.action is None:
            die(f"{self.address} has no form: {self.text}")
        return self.open(urllib.parse.urljoin(self.address, form.action), {**form.fields, **typed})

    def log_in(self):
        """From the log-in page back to the application."""
        self.send(identifier=PERSON, password=PASSWORD)
        if "/consent" in self.address:
            self.send()
        return self.text


class Administrator:
    def __init__(self, port):
        self.port, self.token = port, None
        log_in = {"email": ADMINISTRATOR, "password": PASSWORD}
        self.token = self.call(200, "/api/v1/auth/login", log_in)["access_token"]

    def call(self, wanted, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        connection.request("POST", path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status != wanted:
            die(f"{path} was answered {answer.status}: {text}")
        return json.loads(text)

    def register(self, name, redirect_uris, **more):
        return self.call(201, "/api/v1/admin/applications", {
            "name": name, "grant_types": ["authorization_code", "refresh_token"], "scopes": ["openid", "email"],
            "audiences": [AUDIENCE], "redirect_uris": redirect_uris, "post_logout_redirect_uris": [], **more})["id"]


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


def command_line(work, programs, issuer, administrator, api, expect):
    client = administrator.register("Orders on the command line", ["http://127.0.0.1/callback"],
                                    application_type="native", authentication="none")
    tool = Process(work, "tool", [programs / "command_line", "-issuer", issuer, "-client", client,
                                  "-audience", AUDIENCE, "-call", api + "/orders"])
    try:
        address = next(line for line in tool.process.stdout if line.startswith("http")).strip()
        browser = Browser()
        callback = urllib.parse.parse_qs(urllib.parse.urlsplit(address).query)["redirect_uri"][0]
        expect("tool: an answer that nobody asked for", status_of(callback + "?code=x&state=y"), 400)
        browser.open(address)
        expect("tool: after the log-in", "Done." in browser.log_in(), True)
        said = tool.process.stdout.read()
        expect("tool: who it is, and its resource server", ("Logged in as " in said, "a violin" in said), (True, True))
        expect("tool: ends", tool.process.wait(timeout=SECONDS), 0)
    except SystemExit:
        print(tool.said(), file=sys.stderr)
        raise
    finally:
        if tool.process.poll() is None:
            tool.stop()


class Chromium:
    """One window, by the WebDriver protocol (W3C)."""

    def __init__(self, work):
        self.port = free_port()
        self.driver = Process(work, "chromedriver",
                              ["chromedriver", f"--port={self.port}", f"--log-path={work}/driver.log"])
        self.driver.listens(self.port)
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                   "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
                   "--disable-sync", f"--user-data-dir={work}/chromium"]
        chrome = {"goog:chromeOptions": {"binary": "/usr/bin/chromium", "args": options}}
        made = self.call("POST", "/session", {"capabilities": {"alwaysMatch": chrome}})
        self.session = f"/session/{made['sessionId']}"

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        connection.request(method, path, json.dumps(body) if body is not None else None)
        answer = json.loads(connection.getresponse().read())["value"]
        if isinstance(answer, dict) and answer.get("error"):
            raise RuntimeError(f"{path}: {answer['error']}: {answer['message']}")
        return answer

    def script(self, text):
        return self.call("POST", self.session + "/execute/sync", {"script": text, "args": []})

    def open(self, address):
        self.call("POST", self.session + "/url", {"url": address})

    def until(self, text, what):
        """Waits until a script says yes; pages come and go meanwhile."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            try:
                if self.script(f"return {text}"):
                    return
            except RuntimeError:
                pass  # the page was just left
            time.sleep(0.02)  # between two looks at the condition that is awaited
        die(f"{what}: {self.script('return location.href + document.body.innerHTML')}")

    def stop(self):
        try:
            self.call("DELETE", self.session)
        finally:
            self.driver.stop()


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
        browser.until("document.querySelector('[name=password]')", "page: the log-in page")
        browser.script(f"""document.querySelector('[name=identifier]').value = {json.dumps(PERSON)}
            document.querySelector('[name=password]').value = {json.dumps(PASSWORD)}
            document.querySelector('[name=password]').form.requestSubmit()""")
        browser.until("location.pathname === '/consent'", "page: the page that asks for consent")
        browser.script("document.querySelector('form button').click()")
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
        browser.script("document.querySelector('form button').click()")
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
        origin = service.environment["KEYLEDGER_CORS_ORIGINS"] = f"http://127.0.0.1:{page_port}"
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
            page(work, issuer, administrator, api["node"], page_port, expect)
        finally:
            provider.shutdown()
            for server in servers:
                server.stop()
        service.stop()

    return run_scenario(options, "examples", story)


if __name__ == "__main__":
    sys.exit(main())
