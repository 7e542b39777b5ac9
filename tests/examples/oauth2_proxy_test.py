#!/usr/bin/env python3
"""oauth2-proxy lets people log in with the real service, before it hands them on to what is behind it.

    oauth2_proxy_test.py --binary KEYLEDGER

It is built of the module that oauth2_proxy/go.mod names (each by its digest in go.sum), where there is a Go that is new
enough for it; Debian 12's is not, and then this is skipped (77). Chromium is taken through: it is sent to log in, comes
back to the page, to which the proxy told who that is; it logs out at both, and has to log in again. Needs what
`scripts/install browser` gets."""

import base64
import http.server
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "fault"))
# pylint: disable=wrong-import-position
from scenario import arguments, die, free_port, run_scenario  # noqa: E402
from browsers import ADMINISTRATOR, PASSWORD, PERSON, Administrator, Chromium, Process  # noqa: E402

MODULE = HERE / "oauth2_proxy"
PROXY = "github.com/oauth2-proxy/oauth2-proxy/v7"
SKIPPED = 77
BUILD_S = 1200


class Page(http.server.BaseHTTPRequestHandler):
    """What is behind the proxy: it tells whom the proxy named."""

    def do_GET(self):  # pylint: disable=invalid-name
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.end_headers()
        told = [self.headers.get(name, "nobody") for name in ("X-Forwarded-User", "X-Forwarded-Email")]
        self.wfile.write(f"for {' '.join(told)}".encode())

    def log_message(self, *_arguments):  # pylint: disable=arguments-differ
        pass


def version_in(text):
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part or 0) for part in found.groups())


def why_not():
    """Why it can't be built here, or None."""
    needed = version_in(re.search(r"^go (.+)$", (MODULE / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)[1])
    if not shutil.which("go"):
        return "there is no Go"
    there = subprocess.run(["go", "env", "GOVERSION"], cwd="/", capture_output=True, text=True, check=True).stdout
    return f"{there.strip()} is too old" if version_in(there) < needed else None


def built(work):
    place = work / "oauth2-proxy"
    done = subprocess.run(["go", "build", "-mod=readonly", "-buildvcs=false", "-o", place, PROXY], cwd=MODULE,
                          capture_output=True, text=True, check=False, timeout=BUILD_S)
    if done.returncode != 0:
        die(f"{PROXY} could not be built: {done.stderr[-2000:]}")
    return place


def proxy(work, binary, issuer, administrator, behind):
    """It, and where it is."""
    port = free_port()
    here = f"http://127.0.0.1:{port}"
    client = administrator.register("Members", [here + "/oauth2/callback"], post_logout_redirect_uris=[here + "/"])
    secret = work / "proxy.secret"
    secret.touch(mode=0o600)
    secret.write_text(administrator.call(201, f"/api/v1/admin/applications/{client}/secrets")["client_secret"],
                      encoding="utf-8")
    server = Process(work, "oauth2-proxy", [
        binary, "--provider=oidc", f"--oidc-issuer-url={issuer}", f"--client-id={client}",
        f"--client-secret-file={secret}", "--scope=openid email", "--code-challenge-method=S256",
        f"--redirect-url={here}/oauth2/callback", f"--http-address=127.0.0.1:{port}", f"--upstream={behind}/",
        f"--cookie-secret={base64.urlsafe_b64encode(os.urandom(32)).decode()}", "--cookie-secure=false",
        "--skip-provider-button=true", "--email-domain=*", f"--whitelist-domain={urllib.parse.urlsplit(issuer).netloc}",
        "--insecure-oidc-allow-unverified-email"])  # nobody in this test has read a mail
    server.listens(port)
    return server, here, client


def go_through(browser, person, issuer, here, client, expect):
    page, text = here + "/page", "document.body.textContent"
    browser.open(page)
    browser.log_in("oauth2-proxy")
    browser.until(f"location.href === {page!r} && {text}.startsWith('for ')", "oauth2-proxy: the page")
    expect("oauth2-proxy: whom it names", browser.script(f"return {text}"), f"for {person['id']} {PERSON}")
    after = issuer + "/oauth2/logout?" + urllib.parse.urlencode({"client_id": client,
                                                                 "post_logout_redirect_uri": here + "/"})
    browser.open(f"{here}/oauth2/sign_out?" + urllib.parse.urlencode({"rd": after}))
    browser.until("location.pathname === '/oauth2/logout'", "oauth2-proxy: the page that asks whether it is meant")
    browser.script("document.querySelector('form:not([hidden]) button').click()")
    browser.until("document.querySelector('[name=password]')", "oauth2-proxy: they are asked to log in again")


def main():
    options = arguments(__doc__).parse_args()
    reason = why_not()
    if reason:
        print(f"skipped: oauth2-proxy can't be built, for {reason}")
        return SKIPPED

    def story(service, _databases, work, expect):
        binary = built(work)
        behind = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=behind.serve_forever, daemon=True).start()
        service.environment["KEYLEDGER_ADMIN_PASSWORD"] = PASSWORD
        service.run("users", "create-admin", "--email", ADMINISTRATOR)
        service.start()
        administrator = Administrator(service.port)
        person = administrator.call(201, "/api/v1/auth/register", {"email": PERSON, "password": PASSWORD})
        issuer = service.environment["KEYLEDGER_ISSUER"]
        server, here, client = proxy(work, binary, issuer, administrator, f"http://127.0.0.1:{behind.server_port}")
        browser = Chromium(work)
        try:
            go_through(browser, person, issuer, here, client, expect)
        except SystemExit:
            print(server.said(), file=sys.stderr)
            raise
        finally:
            browser.stop()
            server.stop()
            behind.shutdown()
        service.stop()

    return run_scenario(options, "oauth2_proxy", story)


if __name__ == "__main__":
    sys.exit(main())
