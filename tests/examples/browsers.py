"""Programs that a test starts, and two browsers that it takes somebody through a log-in with: one without script, by
urllib, and Chromium, by the WebDriver protocol (W3C)."""

import html.parser
import http.client
import http.cookiejar
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from scenario import die, free_port

SECONDS = 60
PASSWORD = "violet tractors hum at noon"
ADMINISTRATOR, PERSON = "administrator@example.com", "ann@example.com"
AUDIENCE = "https://orders.example"


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


class Forms(html.parser.HTMLParser):
    """The forms that a page shows without script, and that are sent by POST: where to, with which fields."""

    def __init__(self, text):
        super().__init__()
        self.forms, self.form = [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form" and attrs.get("method", "").lower() == "post" and "hidden" not in attrs:
            self.form = (attrs.get("action", ""), {})
            self.forms.append(self.form)
        elif self.form and tag in ("input", "button") and attrs.get("name") and attrs.get("type") != "checkbox":
            self.form[1].setdefault(attrs["name"], attrs.get("value", ""))

    def handle_endtag(self, tag):
        self.form = None if tag == "form" else self.form

    def with_fields(self, names):
        return next((form for form in self.forms if names <= form[1].keys()), None)


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
        form = Forms(self.text).with_fields(typed.keys())
        if form is None:
            die(f"{self.address} has no such form: {self.text}")
        return self.open(urllib.parse.urljoin(self.address, form[0]), {**form[1], **typed})

    def log_in(self):
        """From the log-in page back to the application."""
        self.send(identifier=PERSON, password=PASSWORD)
        if "/consent" in self.address:
            self.send()
        return self.text


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

    def log_in(self, who):
        """From the log-in page back to where its user came from."""
        self.until("document.querySelector('[name=password]')", f"{who}: the log-in page")
        self.script(f"""document.querySelector('[name=identifier]').value = {json.dumps(PERSON)}
            document.querySelector('[name=password]').value = {json.dumps(PASSWORD)}
            document.querySelector('[name=password]').form.requestSubmit()""")
        self.until("location.pathname === '/consent'", f"{who}: the page that asks for consent")
        self.script("document.querySelector('form:not([hidden]) button').click()")

    def stop(self):
        try:
            self.call("DELETE", self.session)
        finally:
            self.driver.stop()
