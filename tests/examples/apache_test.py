#!/usr/bin/env python3
"""Apache's mod_auth_openidc, as Debian has it, lets people log in with the real service, before it shows them a page.

    apache_test.py --binary KEYLEDGER

Chromium is taken there: it is sent to log in and comes back to the page, whose headers tell what Apache knows of its
user; it logs out by Apache, and has to log in again. Needs what `scripts/install browser oauth-clients` gets."""

import os
import pathlib
import sys
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "fault"))
# pylint: disable=wrong-import-position
from scenario import arguments, die, free_port, run_scenario  # noqa: E402
from browsers import ADMINISTRATOR, PASSWORD, PERSON, Administrator, Chromium, Process  # noqa: E402

MODULES = pathlib.Path("/usr/lib/apache2/modules")
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
LoadModule headers_module {modules}/mod_headers.so
LoadModule auth_openidc_module {modules}/mod_auth_openidc.so
DocumentRoot "{work}/pages"
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client}
OIDCClientSecret {secret}
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCRedirectURI http://127.0.0.1:{port}/members/callback
OIDCCryptoPassphrase {passphrase}
OIDCScope "openid email"
OIDCPKCEMethod S256
OIDCCookieSameSite On
<Location /members>
  AuthType openid-connect
  Require valid-user
  Header set X-Subject "expr=%{{REMOTE_USER}}"
  Header set X-Email "%{{OIDC_CLAIM_email}}e"
</Location>
"""


def apache(work, issuer, administrator):
    """The server, stopped by its process id, and where it is."""
    port = free_port()
    here = f"http://127.0.0.1:{port}"
    client = administrator.register("Members", [here + "/members/callback"], post_logout_redirect_uris=[here + "/"])
    secret = administrator.call(201, f"/api/v1/admin/applications/{client}/secrets")["client_secret"]
    folder = work / "apache"
    (folder / "pages/members").mkdir(parents=True)
    (folder / "pages/index.html").write_text("<p>for everybody", encoding="utf-8")
    (folder / "pages/members/index.html").write_text("<p>for members", encoding="utf-8")
    for place in (work, folder):  # for its workers, which are nobody's where this is root's
        place.chmod(0o711)
    configuration = folder / "apache.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(APACHE.format(work=folder, port=port, modules=MODULES, issuer=issuer, client=client,
                                           secret=secret, passphrase=os.urandom(16).hex()), encoding="utf-8")
    server = Process(work, "apache", ["/usr/sbin/apache2", "-f", configuration, "-DFOREGROUND"])
    server.listens(port)
    return server, here


def main():
    options = arguments(__doc__).parse_args()
    if not (MODULES / "mod_auth_openidc.so").exists():
        die("mod_auth_openidc is not here; run scripts/install oauth-clients")

    def story(service, _databases, work, expect):
        service.environment["KEYLEDGER_ADMIN_PASSWORD"] = PASSWORD
        service.run("users", "create-admin", "--email", ADMINISTRATOR)
        service.start()
        administrator = Administrator(service.port)
        person = administrator.call(201, "/api/v1/auth/register", {"email": PERSON, "password": PASSWORD})
        server, here = apache(work, service.environment["KEYLEDGER_ISSUER"], administrator)
        browser = Chromium(work)
        page, text = here + "/members/index.html", "document.body.textContent"
        told = "await (await fetch(location.href)).headers.get({!r})"
        try:
            browser.open(page)
            browser.log_in("Apache")
            browser.until(f"location.href === {page!r} && {text}.includes('for members')", "Apache: the page")
            known = [browser.script("return " + told.format(name)) for name in ("X-Subject", "X-Email")]
            expect("Apache: whom it knows", known[1], PERSON)
            expect("Apache: by which subject", known[0].split("@")[0], person["id"])
            browser.open(f"{here}/members/callback?logout={urllib.parse.quote(here + '/', safe='')}")
            browser.until("location.pathname === '/oauth2/logout'", "Apache: the page that asks whether it is meant")
            browser.script("document.querySelector('form:not([hidden]) button').click()")
            browser.until(f"location.href === {here + '/'!r}", "Apache: after the log-out")
            browser.open(page)
            browser.until("document.querySelector('[name=password]')", "Apache: they are asked to log in again")
        except SystemExit:
            print(server.said(), (work / "apache/apache.log").read_text(errors="replace")[-3000:], file=sys.stderr)
            raise
        finally:
            browser.stop()
            server.stop()
        service.stop()

    return run_scenario(options, "apache", story)


if __name__ == "__main__":
    sys.exit(main())
