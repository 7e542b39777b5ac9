"""A PostgreSQL of a test's own that archives its log of writes, and a way back to a moment of its past, as
PostgreSQL's manual has it (Continuous Archiving and Point-in-Time Recovery)."""

import os
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))

# pylint: disable=wrong-import-position
from scenario import die
from servers import Servers, awaits, query

ARCHIVE_SECONDS = 60
PROMOTION_SECONDS = 60


class ArchivingServers(Servers):
    """`brokers` are the test run's, for a broker of one's own is not needed here."""

    def start_kafka(self):
        self.brokers = os.environ.get("KEYLEDGER_TEST_KAFKA_BROKERS")
        if not self.brokers:
            die("KEYLEDGER_TEST_KAFKA_BROKERS is not set; run this through scripts/test -L operate")

    def start_archiving(self):
        self.start_postgres()
        self.home = pathlib.Path(os.path.realpath(self.directory / "postgres/home"))
        self.archive = self.folder("archive")
        query(self.database_url, "alter system set archive_mode = on")
        query(self.database_url, f"alter system set archive_command = 'cp %p {self.archive}/%f'")
        self.stop_postgres()
        self.start_postgres()
        pid = (self.home / "pid").read_text().split()[0]
        self.programs = pathlib.Path(os.path.realpath(f"/proc/{pid}/exe")).parent

    def stop_postgres(self):
        self.call("stop", "postgres", str(self.directory / "postgres"))

    def folder(self, name):
        """Beside the data, the database server's own."""
        path = self.home / name
        path.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(path, "postgres", "postgres")
        return path

    def as_postgres(self, *words):
        who = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
        done = subprocess.run([*who, *words], capture_output=True, text=True, check=False, cwd="/")
        if done.returncode != 0:
            die(f"{' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def base_backup(self):
        """While the service works. The folder."""
        path = self.folder("base")
        self.as_postgres(str(self.programs / "pg_basebackup"), "--checkpoint=fast", "--wal-method=none",
                         "--no-password", f"--pgdata={path}", f"--dbname={self.database_url}")
        return path

    def archive_all(self):
        """Until all that was written by now is in the archive."""
        last = query(self.database_url, "select pg_walfile_name(pg_switch_wal())")[0]
        awaits(ARCHIVE_SECONDS, lambda: (self.archive / last).exists(), f"{last} in the archive")

    def recover(self, base, point):
        """The stopped server's data are put aside; it starts from the base backup and the archive, ends at the restore
        point, and takes writes from then on, at the same address. How long that took."""
        started = time.monotonic()
        (self.home / "data").rename(self.home / "data.lost")
        base.rename(self.home / "data")
        settings = (f"restore_command = 'cp {self.archive}/%f %p'\nrecovery_target_name = '{point}'\n"
                    "recovery_target_action = 'promote'\n")
        with open(self.home / "data/postgresql.auto.conf", "a", encoding="utf-8") as file:
            file.write(settings)
        self.as_postgres("touch", str(self.home / "data/recovery.signal"))
        self.control("start", f"--log={self.home / 'server.log'}")
        awaits(PROMOTION_SECONDS, lambda: query(self.database_url, "select pg_is_in_recovery()") == ["f"],
               "the end of the recovery")
        seconds = time.monotonic() - started
        self.control("stop", "--mode=fast")
        self.start_postgres()  # from now on as before: scripts/services knows its process
        return seconds

    def control(self, *words):
        self.as_postgres(str(self.programs / "pg_ctl"), words[0], f"--pgdata={self.home}/data", "--wait", "--silent",
                         *words[1:])

    def drop(self):
        self.call("drop", "postgres", str(self.directory / "postgres"))
