"""Two PostgreSQL servers that are each other's synchronous standby in turn. One that lost its place is never started
again as it was: its data are thrown away, and it follows the new primary from a base backup (fenced)."""

import os
import pathlib
import shutil
import signal
import time
from urllib.parse import urlsplit, urlunsplit

from nodes import ROOT, awaits, free_ports, query
from servers import Servers, is_gone  # of tests/fault
from standby import BIN, SECONDS, as_postgres

NAME = "standby"
CONFIGURATION = """listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
fsync = on
synchronous_commit = on
max_connections = 200
shared_buffers = 256MB
max_wal_size = 2GB
jit = off
timezone = 'UTC'
lc_messages = 'C'
log_line_prefix = '%m [%p] %u@%d '
"""


class Member:
    """One of the two, in `home`/data."""

    def __init__(self, home, port, url):
        self.home, self.port, self.url = home, port, url

    def postmaster(self):
        return int((self.home / "data/postmaster.pid").read_text(encoding="utf-8").split()[0])

    def processes(self):
        first = self.postmaster()
        children = pathlib.Path(f"/proc/{first}/task/{first}/children").read_text(encoding="ascii")
        return [first, *map(int, children.split())]

    def kill(self):
        """Every process at once, without a checkpoint."""
        pid = self.postmaster()
        os.kill(pid, signal.SIGQUIT)
        awaits(SECONDS, lambda: is_gone(pid), "the end of PostgreSQL")

    def pause(self):
        """Every process stands still; connections stay open, and nothing is answered. Those that were stopped."""
        stopped = self.processes()
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        return stopped

    def start(self):
        as_postgres(f"{BIN}/pg_ctl", "start", "--pgdata", f"{self.home}/data", "--log", f"{self.home}/server.log",
                    "--wait", "--silent", "--timeout", str(SECONDS))

    def stop(self):
        if (self.home / "data/postmaster.pid").exists():
            as_postgres(f"{BIN}/pg_ctl", "stop", "--pgdata", f"{self.home}/data", "--mode", "immediate", "--silent")

    def follow(self, primary):
        """From a base backup of the other one; its own data of before, if any, are gone."""
        for old in (self.home / "data").glob("*"):  # the folder stays: it is PostgreSQL's user's
            shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
        as_postgres(f"{BIN}/pg_basebackup", "--pgdata", f"{self.home}/data", "--dbname", primary.url, "--checkpoint",
                    "fast", "--wal-method", "stream")
        parts = urlsplit(primary.url)
        # What was set for the primary must not be set here: once promoted, it would wait for a standby it lacks.
        with open(self.home / "data/postgresql.auto.conf", "a", encoding="utf-8") as file:
            file.write(f"synchronous_standby_names = ''\nwal_keep_size = '256MB'\nprimary_conninfo = "
                       f"'host=127.0.0.1 port={primary.port} user={parts.username} password={parts.password}"
                       f" application_name={NAME}'\n")
        as_postgres("touch", f"{self.home}/data/standby.signal")
        self.start()


class TwoPostgres:
    """`url` names both, as a service is given them."""

    def __init__(self, work):
        self.servers = Servers(ROOT / "scripts/services", work)
        self.servers.start_postgres()
        first_url = self.servers.database_url
        home = (work / "postgres/home").resolve()
        self.primary = Member(home, urlsplit(first_url).port, first_url)
        port = free_ports(1)[0]
        self.standby = Member(home / NAME, port, self.at(f"127.0.0.1:{port}"))
        self.url = self.at(f"127.0.0.1:{self.primary.port},127.0.0.1:{port}", "target_session_attrs=read-write")
        self.standby.home.mkdir(mode=0o755)
        written = self.standby.home / "postgresql.keyledger.conf"
        written.write_text(CONFIGURATION.format(port=port), encoding="utf-8")
        written.chmod(0o644)
        if os.geteuid() == 0:
            shutil.chown(self.standby.home, "postgres", "postgres")
        query(first_url, "alter system set wal_keep_size = '256MB'")
        query(first_url, "select pg_reload_conf()")
        self.make_synchronous()

    def at(self, hosts, words=""):
        parts = urlsplit(self.servers.database_url)
        return urlunsplit((parts.scheme, f"{parts.netloc.rsplit('@', 1)[0]}@{hosts}", parts.path, words, ""))

    def state(self):
        return query(self.primary.url, f"select sync_state from pg_stat_replication where application_name = '{NAME}'"
                                       " and state = 'streaming'")

    def make_synchronous(self):
        """Gives the primary a standby, and has it wait for that one from then on."""
        self.standby.follow(self.primary)
        awaits(SECONDS, lambda: self.state() == ["async"], "the standby's streaming")
        query(self.primary.url, f"alter system set synchronous_standby_names = '{NAME}'")
        query(self.primary.url, "select pg_reload_conf()")
        awaits(SECONDS, lambda: self.state() == ["sync"], "the standby's becoming synchronous")

    def fail_over(self):
        """The primary dies and the standby takes its place. How long that took."""
        began = time.monotonic()
        self.primary.kill()
        query(self.standby.url, "select pg_promote()")
        self.primary, self.standby = self.standby, self.primary
        return time.monotonic() - began

    def drop(self):
        for member in (self.primary, self.standby):
            member.stop()
        self.servers.call("drop", "postgres", str(self.servers.directory / "postgres"))
