"""A PostgreSQL and a standby that follows it, each on a port of its own. The primary is made by scripts/services."""

import os
import subprocess
import types
from urllib.parse import urlsplit, urlunsplit

from nodes import ROOT, awaits, free_ports, query
from servers import Servers  # of tests/fault

BIN = "/usr/lib/postgresql/15/bin"
SECONDS = 60
NAME = "standby"


def as_postgres(*command):
    """PostgreSQL does not run as root."""
    who = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    subprocess.run(command, check=True, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **who)


class Pair:
    """`url` names both, as a service is given them; `first_url` and `second_url` one each, as a superuser."""

    def __init__(self, work):
        self.servers = Servers(ROOT / "scripts/services", work)
        self.servers.start_postgres()
        self.first_url = self.servers.database_url
        self.home = (work / "postgres/home").resolve() / NAME
        self.port = free_ports(1)[0]
        self.second_url = self.at(f"127.0.0.1:{self.port}")
        self.url = self.at(f"127.0.0.1:{urlsplit(self.first_url).port},127.0.0.1:{self.port}",
                           "target_session_attrs=read-write")
        self.follow()

    def at(self, hosts, words=""):
        parts = urlsplit(self.first_url)
        return urlunsplit((parts.scheme, f"{parts.netloc.rsplit('@', 1)[0]}@{hosts}", parts.path, words, ""))

    def follow(self):
        """Makes the standby, and waits until it streams."""
        self.home.mkdir(mode=0o755)
        parts = urlsplit(self.first_url)
        (self.home / "postgresql.keyledger.conf").write_text(
            f"listen_addresses = '127.0.0.1'\nport = {self.port}\nunix_socket_directories = ''\nfsync = on\n"
            "synchronous_commit = on\nmax_connections = 200\nshared_buffers = 64MB\njit = off\ntimezone = 'UTC'\n"
            f"primary_conninfo = 'host=127.0.0.1 port={parts.port} user={parts.username} password={parts.password}"
            f" application_name={NAME}'\n", encoding="utf-8")
        (self.home / "postgresql.keyledger.conf").chmod(0o644)
        if os.geteuid() == 0:
            subprocess.run(["chown", "postgres:", str(self.home)], check=True)
        as_postgres(f"{BIN}/pg_basebackup", "--pgdata", f"{self.home}/data", "--dbname", self.first_url,
                    "--checkpoint", "fast", "--wal-method", "stream")
        as_postgres("touch", f"{self.home}/data/standby.signal")
        as_postgres(f"{BIN}/pg_ctl", "start", "--pgdata", f"{self.home}/data", "--log", f"{self.home}/server.log",
                    "--wait", "--silent", "--timeout", str(SECONDS))
        awaits(SECONDS, lambda: self.state() == ["async"], "the standby's streaming")

    def state(self):
        return query(self.first_url, f"select sync_state from pg_stat_replication where application_name = '{NAME}'"
                                     " and state = 'streaming'")

    def wait_for_standby(self):
        """From now on no commit is acknowledged that the standby lacks."""
        query(self.first_url, f"alter system set synchronous_standby_names = '{NAME}'")
        query(self.first_url, "select pg_reload_conf()")
        awaits(SECONDS, lambda: self.state() == ["sync"], "the standby's becoming synchronous")

    def let_standby_fall_behind(self):
        """It follows no more, and nobody waits for it."""
        query(self.second_url, "alter system set primary_conninfo = ''")
        query(self.second_url, "select pg_reload_conf()")
        awaits(SECONDS, lambda: self.state() == [], "the standby's falling behind")

    def kill_primary(self):
        """As a machine that is gone for good: nothing is ever started there again, so that it is fenced."""
        self.servers.kill_postgres()

    def promote(self):
        query(self.second_url, "select pg_promote()")

    def of_nodes(self, brokers):
        """As Deployment takes its servers."""
        return types.SimpleNamespace(database_url=self.url, brokers=brokers)

    def drop(self):
        if (self.home / "data/postmaster.pid").exists():
            as_postgres(f"{BIN}/pg_ctl", "stop", "--pgdata", f"{self.home}/data", "--mode", "immediate", "--silent")
        self.servers.call("drop", "postgres", str(self.servers.directory / "postgres"))
