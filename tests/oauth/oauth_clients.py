#!/usr/bin/env python3
"""Clients that somebody else wrote, against the real service: oauth4webapi and jose (clients.mjs) from discovery to
revocation; client assertions of PyJWT, jwcrypto, joserfc, jose and Nimbus, as they make them by default, and by the
examples of docs/clients.md; and Apache's mod_oauth2 as a resource server that protects a page, by introspection and by
the published keys. Needs what `scripts/install oauth-clients` gets."""

import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "fault"))
from scenario import arguments, die, free_port, run_scenario  # noqa: E402 pylint: disable=wrong-import-position

PASSWORD = "violet tractors hum at noon"
ADMINISTRATOR = "administrator@example.com"
AUDIENCE = "https://orders.example"
SECONDS = 30
NODE = next(HERE.glob("node_modules/node-linux-*/bin/node"), None)  # Debian's own is too old for the clients
MODULES = pathlib.Path("/usr/lib/apache2/modules")
PYTHON = HERE / "node_modules/.python/bin/python3"  # with what requirements.txt names
JARS = HERE / "node_modules/.jars"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIBRARIES = ("pyjwt", "jwcrypto", "joserfc", "jose", "nimbus")

APACHE = """
ServerRoot "{work}"
ServerName 127.0.0.1
User nobody
Group nogroup
Listen 127.0.0.1:{port}
PidFile "{work}/apache.pid"
ErrorLog "{work}/apache.log"
DefaultRuntimeDir "{work}"
Mutex file:{work} default
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule oauth2_module {modules}/mod_oauth2.so
DocumentRoot "{work}/pages"
<Location />
  Require all denied
</Location>
<Location /introspected>
  AuthType oauth2
  OAuth2TokenVerify introspect {issuer}/oauth2/introspect {how}
  Require valid-user
</Location>
<Location /signed>
  AuthType oauth2
  OAuth2TokenVerify jwks_uri {issuer}/.well-known/jwks.json jwks_uri.ssl_verify=false&verify.iat=skip
  Require valid-user
</Location>
"""


class Api:
    def __init__(self, port):
        self.port, self.token = port, None

    def call(self, wanted, method, path, body=None, form=None):
        headers = {"Authorization": f"Bearer {self.token}"} if self.token and form is None else {}
        data = None
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            data = urllib.parse.urlencode(form)
        elif body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        connection.request(method, path, data, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != wanted:
            die(f"{method} {path} was answered {answer.status}: {text.decode()}")
        return json.loads(text) if text else {}

    def log_in(self):
        return self.call(200, "POST", "/api/v1/auth/login", {"email": ADMINISTRATOR, "password": PASSWORD})

    def service_account(self, name):
        account = self.call(201, "POST", "/api/v1/admin/service-accounts", {"name": name, "audiences": [AUDIENCE]})
        secret = self.call(201, "POST", f"/api/v1/admin/service-accounts/{account['id']}/secrets")
        return account["id"], secret["client_secret"]

    def with_assertion(self, wanted, assertion, **more):
        form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": assertion, **more}
        return self.call(wanted, "POST", "/oauth2/token", form=form)

    def add_key(self, account, jwk):
        return self.call(201, "POST", f"/api/v1/admin/service-accounts/{account}/keys", jwk)

    def token_of(self, account, **more):
        form = {"grant_type": "client_credentials", "client_id": account[0], "client_secret": account[1], **more}
        return self.call(200, "POST", "/oauth2/token", form=form)["access_token"]


def key_pairs():
    """(public, private) JWKs of the three kinds, made by jose."""
    script = """import { generateKeyPair, exportJWK } from 'jose'
const pairs = []
for (const alg of ['RS256', 'ES256', 'EdDSA']) {
  const pair = await generateKeyPair(alg, { extractable: true })
  pairs.push([await exportJWK(pair.publicKey), { ...await exportJWK(pair.privateKey), alg }])
}
console.log(JSON.stringify(pairs))"""
    return json.loads(node(["--input-type=module", "-e", script]))


def run(words, given="", **environment):
    done = subprocess.run([str(word) for word in words], cwd=HERE, input=given, capture_output=True, text=True,
                          check=False, timeout=10 * SECONDS, env={**os.environ, **environment})
    if done.returncode != 0:
        die(f"{words[0]} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def node(words, given="", **environment):
    return run([NODE, *words], given, **environment)


def java(source, given="", **environment):
    return run(["java", "-cp", JARS / "*", source], given, **environment)


def assertions(service, api, expect):
    """What each library makes without being told otherwise: its keys are registered as it exports them."""
    clients = {name: api.service_account(f"signs-{name}")[0] for name in LIBRARIES}
    given = json.dumps({"issuer": service.environment["KEYLEDGER_ISSUER"], "clients": clients})
    made = {**json.loads(run([PYTHON, "-B", "assertions.py"], given)), **json.loads(node(["assertions.mjs"], given)),
            **json.loads(java("Assertions.java", given))}
    expect("libraries that sign", sorted(made), sorted(LIBRARIES))
    for name, cases in made.items():
        for case in cases:
            key = api.add_key(clients[name], case["jwk"])
            expect(f"{case['case']}: the key's name", key.get("kid"), case["jwk"].get("kid"))
            for number, assertion in enumerate(case["assertions"]):
                token = api.with_assertion(200, assertion)
                expect(f"{case['case']}, assertion {number}", token["token_type"], "Bearer")
            refused = api.with_assertion(401, case["assertions"][0])
            expect(f"{case['case']}, once more", "used before" in refused["error_description"], True)


def examples():
    """(library, language, text) of each example in docs/clients.md."""
    text = (HERE.parents[1] / "docs/clients.md").read_text(encoding="utf-8")
    return re.findall(r"^```(python|javascript|java) (\w+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def documented(service, api, work, expect):
    """The examples as they stand, with a key that has a name and an algorithm."""
    script = """import { generateKeyPair, exportJWK } from 'jose'
const pair = await generateKeyPair('ES256', { extractable: true })
const named = async (key) => ({ ...await exportJWK(key), kid: 'orders-2026', alg: 'ES256', use: 'sig' })
console.log(JSON.stringify([await named(pair.publicKey), await named(pair.privateKey)]))"""
    public, private = json.loads(node(["--input-type=module", "-e", script]))
    key = work / "key.json"
    key.touch(mode=0o600)
    key.write_text(json.dumps(private), encoding="utf-8")
    ran = []
    for language, library, text in examples():
        account = api.service_account(f"documented-{library}")[0]
        api.add_key(account, public)
        environment = {"KEY": str(key), "CLIENT_ID": account, "ISSUER": service.environment["KEYLEDGER_ISSUER"]}
        if language == "python":
            assertion = run([PYTHON, "-B", "-c", text], **environment)
        elif language == "javascript":
            assertion = node(["--input-type=module", "-e", text], **environment)
        else:
            source = work / "Example.java"
            source.write_text(text, encoding="utf-8")
            assertion = java(source, **environment)
        api.with_assertion(200, assertion.strip(), client_id=account)
        ran.append(library)
    expect("the examples of docs/clients.md", sorted(ran), sorted(LIBRARIES))


def javascript(service, api, expect):
    account = api.service_account("javascript")
    private = []
    for public, secret in key_pairs():
        api.call(201, "POST", f"/api/v1/admin/service-accounts/{account[0]}/keys", public)
        private.append(secret)
    given = {"issuer": service.environment["KEYLEDGER_ISSUER"], "audience": AUDIENCE, "client_id": account[0],
             "client_secret": account[1], "private_keys": private, "refresh_token": api.log_in()["refresh_token"]}
    said = json.loads(node(["clients.mjs"], json.dumps(given)))
    expect("oauth4webapi and jose", sorted(said), sorted([
        "secret_basic", "secret_post", "private_key_jwt RS256", "private_key_jwt ES256", "private_key_jwt EdDSA",
        "signed introspection", "jose and the access token", "revocation", "refresh"]))


class Apache:
    """A resource server on a free port, stopped by its process id."""

    def __init__(self, work, issuer, account):
        self.port = free_port()
        self.work = work / "apache"
        for page in ("introspected", "signed"):
            (self.work / "pages" / page).mkdir(parents=True)
            (self.work / "pages" / page / "index.html").write_text("the page", encoding="utf-8")
        for folder in (work, self.work):  # for its workers, which are nobody's where this is root's
            folder.chmod(0o711)
        configuration = self.work / "apache.conf"
        configuration.touch(mode=0o600)
        how = ("introspect.ssl_verify=false&introspect.auth=client_secret_basic&expiry=1"  # seconds that it remembers
               f"&client_id={account[0]}&client_secret={account[1]}")
        configuration.write_text(APACHE.format(work=self.work, port=self.port, modules=MODULES, issuer=issuer, how=how),
                                 encoding="utf-8")
        self.process = subprocess.Popen(["/usr/sbin/apache2", "-f", str(configuration), "-DFOREGROUND"],
                                        stdout=subprocess.DEVNULL, stderr=open(self.work / "stderr", "wb"))
        until = time.monotonic() + SECONDS
        while self.status("/introspected/index.html") is None:
            if self.process.poll() is not None or time.monotonic() > until:
                die("Apache did not start: " + self.said())
            time.sleep(0.02)  # between two looks at the condition that is awaited

    def said(self):
        texts = [path.read_text(errors="replace") for path in (self.work / "stderr", self.work / "apache.log")
                 if path.exists()]
        return "\n".join(texts)[-2000:]

    def status(self, path, token=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
            return connection.getresponse().status
        except OSError:
            return None

    def refuses(self, path, token):
        """Within the time for which it remembers what it was told, and some."""
        until = time.monotonic() + SECONDS
        while self.status(path, token) != 401:
            if time.monotonic() > until:
                return False
            time.sleep(0.02)  # between two looks at the condition that is awaited
        return True

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=SECONDS)


def apache(service, api, work, expect):
    gateway = api.service_account("gateway")
    caller = api.service_account("caller")
    server = Apache(work, service.environment["KEYLEDGER_ISSUER"], gateway)
    try:
        token = api.token_of(caller, resource=AUDIENCE)
        asked, read = "/introspected/index.html", "/signed/index.html"
        expect("Apache, without a token", (server.status(asked), server.status(read)), (401, 401))
        expect("Apache, with nonsense", (server.status(asked, "x"), server.status(read, "x")), (401, 401))
        expect("Apache, with a token: asking", server.status(asked, token), 200)
        expect("Apache, with a token: by the published keys", server.status(read, token), 200)
        api.call(200, "POST", "/oauth2/revoke", form={"token": token, "client_id": caller[0],
                                                      "client_secret": caller[1]})
        expect("Apache, after the token was revoked: asking refuses it", server.refuses(asked, token), True)
        expect("Apache, after it was revoked: by the keys, until it expires", server.status(read, token), 200)
        fresh = api.token_of(caller, resource=AUDIENCE)
        expect("Apache, with a fresh token", server.status(asked, fresh), 200)
        api.call(204, "DELETE", f"/api/v1/admin/service-accounts/{caller[0]}")
        expect("Apache, after the account was deleted: asking refuses it", server.refuses(asked, fresh), True)
    except SystemExit:
        print(server.said(), file=sys.stderr)
        raise
    finally:
        server.stop()


def main():
    parser = arguments(__doc__)
    options = parser.parse_args()
    if NODE is None or not all(path.exists() for path in (MODULES / "mod_oauth2.so", PYTHON, JARS)):
        die("the clients are not here; run scripts/install oauth-clients")

    def story(service, _databases, work, expect):
        service.environment["KEYLEDGER_ADMIN_PASSWORD"] = PASSWORD
        service.run("users", "create-admin", "--email", ADMINISTRATOR)
        service.start()
        api = Api(service.port)
        api.token = api.log_in()["access_token"]
        javascript(service, api, expect)
        assertions(service, api, expect)
        documented(service, api, work, expect)
        apache(service, api, work, expect)
        service.stop()

    return run_scenario(options, "oauth", story)


if __name__ == "__main__":
    sys.exit(main())
