#!/usr/bin/env python3
"""Gets providers ready for bench/code_flow.cpp, and compares what it measured of them.

    bench/code_flow.py keyledger URL OUT   with KEYLEDGER_ADMIN_EMAIL and KEYLEDGER_ADMIN_PASSWORD
    bench/code_flow.py keycloak URL OUT    with KEYCLOAK_ADMIN_PASSWORD
    bench/code_flow.py compare FIGURES

The first two register an application with a secret (OUT/client: id:secret) and people, and log each of them in by the
provider's own page, as a browser without script: OUT/cookies has what that browser sends from then on, a line each.
`compare` reads the figures in the order in which they were measured, the two in turn: medians, and the ratio of pairs.
"""

import base64
import hashlib
import html.parser
import http.client
import json
import os
import pathlib
import statistics
import sys
import urllib.parse

PEOPLE = 64
PASSWORD = "violet tractors hum at noon"
CALLBACK = "https://shop.example/callback"


class Wrong(Exception):
    pass


class Browser:
    """Redirects, forms and cookies of one host."""

    def __init__(self, url):
        self.host = urllib.parse.urlsplit(url).netloc
        self.connection = http.client.HTTPConnection(self.host, timeout=60)
        self.jar = {}

    def ask(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        if self.jar:
            headers["Cookie"] = self.cookies()
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.jar[name] = value
            if "max-age=0" in cookie.lower() or "1970" in cookie:
                del self.jar[name]
        return answer, text

    def cookies(self):
        return "; ".join(f"{name}={value}" for name, value in self.jar.items())

    def follow(self, answer, text):
        """To the end of redirects on this host: the last answer, and where it sends to."""
        while True:
            location = answer.headers.get("Location", "")
            if not location or location.startswith(CALLBACK):
                return answer, text, location
            place = urllib.parse.urlsplit(location)
            if place.netloc not in ("", self.host):
                raise Wrong(f"sent to {location}")
            answer, text = self.ask("GET", place.path + ("?" + place.query if place.query else ""))


class LoginForm(html.parser.HTMLParser):
    """The form that asks for a password: where it goes, what is typed into it and what it carries along."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields, self.name, self.open = None, {}, None, None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "form" and self.action is None:
            self.open, self.fields, self.name = values.get("action") or "", {}, None
        elif tag == "input" and self.open is not None:
            kind, name = values.get("type", "text"), values.get("name")
            if kind == "hidden" and name:
                self.fields[name] = values.get("value") or ""
            elif kind in ("text", "email") and name:
                self.name = self.name or name
            elif kind == "password":
                self.action = self.open

    def handle_endtag(self, tag):
        if tag == "form":
            self.open = None if self.action is None else self.open


def log_in(url, authorize, client_id, user):
    """The cookies of a browser whose user came to the application with a code."""
    browser = Browser(url)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(b"x" * 43).digest()).rstrip(b"=").decode()
    query = urllib.parse.urlencode({
        "response_type": "code", "client_id": client_id, "redirect_uri": CALLBACK, "scope": "openid", "state": "s",
        "nonce": "n", "code_challenge": challenge, "code_challenge_method": "S256"})
    answer, page, _ = browser.follow(*browser.ask("GET", f"{authorize}?{query}"))
    form = LoginForm(page)
    if form.action is None or not form.name:
        raise Wrong(f"no page to log in, but {answer.status}: {page[:300]}")
    place = urllib.parse.urlsplit(form.action)
    path = (place.path or "/login") + ("?" + place.query if place.query else "")
    body = urllib.parse.urlencode({**form.fields, form.name: user, "password": PASSWORD})
    answer, page, location = browser.follow(*browser.ask("POST", path, body, {
        "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}))
    if "code=" not in location:
        raise Wrong(f"{user} was not let in, but {answer.status}: {page[:300]}")
    return browser.cookies()


class Api:
    def __init__(self, url):
        self.browser, self.token = Browser(url), None

    def ask(self, method, path, body=None, form=None, wanted=(200, 201, 204)):
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        text = None
        if form is not None:
            headers["Content-Type"], text = "application/x-www-form-urlencoded", urllib.parse.urlencode(form)
        elif body is not None:
            headers["Content-Type"], text = "application/json", json.dumps(body)
        answer, text = self.browser.ask(method, path, text, headers)
        if answer.status not in wanted:
            raise Wrong(f"{method} {path}: {answer.status} {text[:300]}")
        return json.loads(text) if text else {}


def ready(out, url, authorize, client_id, secret, users):
    out.mkdir(parents=True, exist_ok=True)
    out.chmod(0o700)
    (out / "client").write_text(f"{client_id}:{secret}\n")
    lines = [log_in(url, authorize, client_id, user) for user in users]
    (out / "cookies").write_text("".join(line + "\n" for line in lines))


def prepare_keyledger(url, out):
    api = Api(url)
    api.token = api.ask("POST", "/api/v1/auth/login", {
        "email": os.environ["KEYLEDGER_ADMIN_EMAIL"], "password": os.environ["KEYLEDGER_ADMIN_PASSWORD"],
    })["access_token"]
    client = api.ask("POST", "/api/v1/admin/applications", {
        "name": "Shop", "application_type": "web", "authentication": "client_secret_basic", "consent": "first_party",
        "grant_types": ["authorization_code", "refresh_token"], "scopes": ["openid"], "audiences": [],
        "redirect_uris": [CALLBACK], "post_logout_redirect_uris": [], "id_token_algorithm": "ES256"})["id"]
    secret = api.ask("POST", f"/api/v1/admin/applications/{client}/secrets")["client_secret"]
    api.token = None
    run = os.urandom(4).hex()
    users = [f"flow-{run}-{number}@example.com" for number in range(PEOPLE)]
    for user in users:
        api.ask("POST", "/api/v1/auth/register", {"email": user, "password": PASSWORD})
    ready(out, url, "/oauth2/authorize", client, secret, users)


def prepare_keycloak(url, out):
    api = Api(url)
    api.token = api.ask("POST", "/realms/master/protocol/openid-connect/token", form={
        "grant_type": "password", "client_id": "admin-cli", "username": "admin",
        "password": os.environ["KEYCLOAK_ADMIN_PASSWORD"]})["access_token"]
    # A realm as it comes, but for the algorithm.
    api.ask("POST", "/admin/realms", {"realm": "bench", "enabled": True, "defaultSignatureAlgorithm": "ES256"})
    realm = api.ask("GET", "/admin/realms/bench")["id"]
    api.ask("POST", "/admin/realms/bench/components", {
        "name": "es256", "providerId": "ecdsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
        "parentId": realm, "config": {"priority": ["200"], "enabled": ["true"], "active": ["true"],
                                      "ecdsaEllipticCurveKey": ["P-256"]}})
    secret = os.urandom(32).hex()
    # No scopes but those that every token has: what Keyledger's tokens say, these say.
    api.ask("POST", "/admin/realms/bench/clients", {
        "clientId": "shop", "protocol": "openid-connect", "publicClient": False, "secret": secret,
        "clientAuthenticatorType": "client-secret", "redirectUris": [CALLBACK], "standardFlowEnabled": True,
        "directAccessGrantsEnabled": False, "consentRequired": False, "defaultClientScopes": ["basic", "acr"],
        "optionalClientScopes": [], "attributes": {"pkce.code.challenge.method": "S256"}})
    users = [f"flow-{number}" for number in range(PEOPLE)]
    for user in users:
        api.ask("POST", "/admin/realms/bench/users", {
            "username": user, "email": f"{user}@example.com", "emailVerified": True, "enabled": True,
            "firstName": "Person", "lastName": user,
            "credentials": [{"type": "password", "value": PASSWORD, "temporary": False}]})
    ready(out, url, "/realms/bench/protocol/openid-connect/auth", "shop", secret, users)


# ---- comparing -------------------------------------------------------------------------------------------------------
def core(run):
    """Flows for a second of processor of the provider and its database."""
    return 1000 / (run["cpu_service"] + run["cpu_postgres"])


def line(what, runs):
    rates, cores = [run["rate"] for run in runs], [core(run) for run in runs]
    print(json.dumps({
        "figure": "code flow median", "of": what, "runs": len(runs), "rate": round(statistics.median(rates), 1),
        "rates": rates, "a_core": round(statistics.median(cores), 1), "a_core_each": [round(c, 1) for c in cores],
        "p50_ms": statistics.median(run["p50_ms"] for run in runs),
        "p99_ms": statistics.median(run["p99_ms"] for run in runs)}))


def compare(path):
    runs = []
    for text in pathlib.Path(path).read_text().splitlines():
        if text.startswith('{"figure":"code flow",'):
            runs.append(json.loads(text))
    for kind in sorted({run["of"] for run in runs if run["of"].startswith("Keyledger")}):
        mine = [run for run in runs if run["of"] == kind]
        line(kind, mine)
        # The runs of the other that stand before each of these.
        pairs = [(run, runs[at - 1]) for at, run in enumerate(runs)
                 if run["of"] == kind and at > 0 and runs[at - 1]["of"].startswith("Keycloak")]
        if not pairs:
            continue
        line(f"Keycloak, beside {kind}", [theirs for _, theirs in pairs])
        rates = [ours["rate"] / theirs["rate"] for ours, theirs in pairs]
        cores = [core(ours) / core(theirs) for ours, theirs in pairs]
        print(json.dumps({
            "figure": "code flow ratio", "of": kind, "pairs": len(pairs), "rate": round(statistics.median(rates), 2),
            "rates": [round(r, 2) for r in rates], "a_core": round(statistics.median(cores), 2),
            "a_core_each": [round(c, 2) for c in cores]}))


def main():
    try:
        if len(sys.argv) == 4 and sys.argv[1] == "keyledger":
            prepare_keyledger(sys.argv[2], pathlib.Path(sys.argv[3]))
        elif len(sys.argv) == 4 and sys.argv[1] == "keycloak":
            prepare_keycloak(sys.argv[2], pathlib.Path(sys.argv[3]))
        elif len(sys.argv) == 3 and sys.argv[1] == "compare":
            compare(sys.argv[2])
        else:
            sys.exit(__doc__)
    except Wrong as wrong:
        sys.exit(f"code_flow: {wrong}")


if __name__ == "__main__":
    main()
