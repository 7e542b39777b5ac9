#!/usr/bin/env python3
"""Works as on a managed PostgreSQL: nobody is a superuser, and connections have to be by TLS with a verified
certificate.

Scenario. A PostgreSQL of its own gets a certificate of a CA made here, and a pg_hba.conf that takes TLS alone. Twice,
what a customer is given is made: once a role with CREATEROLE that owns an empty database, and the migrations make the
service's role; once a role without any right, where both roles were made beforehand. As that owner `migrate up`, as
the service `users create-admin`, `serve`, a log-in, `projections rebuild`, `audit verify`, `backup` and `restore` must
work, all by sslmode=verify-full. Without TLS, and with a certificate of another CA or for another name, none
connects."""

import argparse
import os
import pathlib
import secrets
import shutil
import subprocess
import sys
import tempfile

from own_postgres import ArchivingServers

# pylint: disable=wrong-import-order
from erased_user import call
from fault_loop import SERVICES
from scenario import Expectations, Service, die
from servers import query

ADMINISTRATOR, PASSWORD = "administrator@example.com", "nine copper lanterns hum softly"
RULES = "local all all scram-sha-256\nhostssl all all all scram-sha-256\n"


def make_certificates(work):
    """A CA with a certificate for localhost, and another CA that signed nothing."""
    def openssl(*words):
        done = subprocess.run(["openssl", *words], cwd=work, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            die(f"openssl: {done.stderr}")
    for name in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem",
                "-days", "2", "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj",
            "/CN=localhost")
    (work / "names").write_text("subjectAltName=DNS:localhost", encoding="ascii")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-out", "server.crt", "-extfile", "names")


class TlsServers(ArchivingServers):
    def demand_tls(self, work):
        """From the next connection on; the superuser comes by TLS, too."""
        for name in ("server.crt", "server.key"):
            path = self.home / "data" / name
            shutil.copy(work / name, path)
            path.chmod(0o600)
            if os.geteuid() == 0:
                shutil.chown(path, "postgres", "postgres")
        query(self.database_url, "alter system set ssl = on")
        (self.home / "data/pg_hba.conf").write_text(RULES, encoding="ascii")
        query(self.database_url, "select pg_reload_conf()")


class Customer:
    """What somebody is given who may not be a superuser."""

    def __init__(self, servers, name, may_make_roles):
        self.servers, self.name = servers, name
        self.owner, self.password = f"{name}_owner", secrets.token_hex(12)
        self.service_password = secrets.token_hex(12)
        admin = servers.database_url
        right = "createrole" if may_make_roles else "nocreaterole"
        query(admin, f"create role {self.owner} login {right} password '{self.password}'")
        query(admin, f"create database {name} owner {self.owner}")
        if not may_make_roles:
            self.allow_service(admin)

    def allow_service(self, by):
        """As whoever may: the service's role logs in with a password."""
        query(by, f"alter role keyledger_service login password '{self.service_password}'")
        query(by, f"grant connect on database {self.name} to keyledger_service")

    def url(self, user, password, database=None, **settings):
        words = {"sslmode": "verify-full", "sslrootcert": str(self.servers.work / "ca.pem"), **settings}
        host = words.pop("host", "localhost")
        return (f"postgresql://{user}:{password}@{host}:{self.servers.ports['postgres']}/{database or self.name}?"
                + "&".join(f"{name}={value}" for name, value in words.items()))

    def owner_url(self, **settings):
        return self.url(self.owner, self.password, **settings)

    def service_url(self, **settings):
        return self.url("keyledger_service", self.service_password, **settings)


class Given:
    """In the place of scenario.Database."""

    def __init__(self, customer):
        self.name, self.url, self.customer = customer.name, customer.owner_url(), customer

    def service_url(self):
        return self.customer.service_url()


def serve(options, servers, customer, expect):
    work = servers.work / customer.name
    work.mkdir()
    service = Service(options, work, Given(customer))  # keys generate, migrate up
    name = customer.name
    if "createrole" in name:
        customer.allow_service(customer.owner_url())
    service.environment["KEYLEDGER_ADMIN_PASSWORD"] = PASSWORD
    service.run("users", "create-admin", "--email", ADMINISTRATOR)
    try:
        service.start()
        expect(f"{name}: a log-in", call(service, "POST", "/api/v1/auth/login",
                                         {"email": ADMINISTRATOR, "password": PASSWORD})[0], 200)
        expect(f"{name}: sessions without TLS", query(
            servers.database_url, "select count(*) from pg_stat_activity a join pg_stat_ssl s using (pid) where"
                                  f" a.datname = '{name}' and not s.ssl"), ["0"])
        service.stop()
    finally:
        if service.process.poll() is None:
            service.kill()
    for words in (("projections", "rebuild", "--all"), ("projections", "verify"), ("audit", "verify"),
                  ("config", "check"), ("backup", str(work / "backup"))):
        expect(f"{name}: {' '.join(words[:2])}", service.run(*words, check=False).returncode, 0)
    return service, work


def restore(servers, customer, service, work, expect):
    """Into an empty database of the same owner."""
    other = f"{customer.name}_restored"
    query(servers.database_url, f"create database {other} owner {customer.owner}")
    query(servers.database_url, f"grant connect on database {other} to keyledger_service")
    service.environment["KEYLEDGER_OWNER_DATABASE_URL"] = customer.owner_url(database=other)
    service.environment["KEYLEDGER_DATABASE_URL"] = customer.service_url(database=other)
    done = service.run("restore", str(work / "backup"), "--without-erasures", check=False)
    print(done.stderr, end="")
    expect(f"{customer.name}: restore", done.returncode, 0)
    expect(f"{customer.name}: the restored log", service.run("audit", "verify", check=False).returncode, 0)


def refuse(servers, customer, service, expect):
    """Nobody connects without TLS, or to whom another CA vouches for, or by another name."""
    for what, settings in (("without TLS", {"sslmode": "disable"}),
                           ("by a CA that did not sign", {"sslrootcert": str(servers.work / "other.pem")}),
                           ("by a name that is not in the certificate", {"host": "127.0.0.1"})):
        service.environment["KEYLEDGER_DATABASE_URL"] = customer.service_url(**settings)
        service.environment["KEYLEDGER_START_PATIENCE_SECONDS"] = "0"
        done = service.run("serve", check=False)
        expect(f"served {what}", done.returncode != 0, True)
        service.environment["KEYLEDGER_OWNER_DATABASE_URL"] = customer.owner_url(**settings)
        expect(f"migrated {what}", service.run("migrate", "status", check=False).returncode != 0, True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.environ.get("KEYLEDGER_TEST_BINARY"))
    parser.add_argument("--services", default=os.environ.get("KEYLEDGER_TEST_SERVICES", str(SERVICES)))
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="keyledger-managed-"))
    work.chmod(0o711)  # PostgreSQL's user must be able to pass
    servers = TlsServers(options.services, work)
    servers.work = work
    expect = Expectations()
    try:
        servers.start_kafka()
        servers.start_archiving()
        make_certificates(work)
        servers.demand_tls(work)
        # scripts/lib/roles.sql made one; here the owner makes it, as on a new server.
        query(servers.database_url, "drop database keyledger")
        query(servers.database_url, "drop role keyledger_service")
        for may_make_roles, name in ((True, "with_createrole"), (False, "without_rights")):
            customer = Customer(servers, name, may_make_roles)
            service, folder = serve(options, servers, customer, expect)
            restore(servers, customer, service, folder, expect)
            refuse(servers, customer, service, expect)
        rights = query(servers.database_url, "select rolname from pg_roles where rolsuper and rolname <> 'postgres'")
        expect("superusers beside the test's", rights, [])
    finally:
        servers.drop()
        shutil.rmtree(work, ignore_errors=True)
    return expect.exit_status()


if __name__ == "__main__":
    sys.exit(main())
