#!/usr/bin/env python3
"""Starts a service on a database of its own and lets schemathesis hold it against openapi.json. Called by
scripts/schemathesis. Needs KEYLEDGER_TEST_DATABASE_URL (a superuser of a throw-away cluster)."""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from types import SimpleNamespace

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "fault"))
from servers import ADMINISTRATOR, Deployment, Instance  # noqa: E402 pylint: disable=wrong-import-position

SANITIZER_REPORT = re.compile(r"ERROR: \w*Sanitizer|: runtime error: |^SUMMARY: \w+Sanitizer", re.MULTILINE)
REPORT_LINES = 60


def run(options, more, instance, deployment, directory):
    """schemathesis' exit status; None if it took too long."""
    url = f"http://127.0.0.1:{instance.port}"
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
        "SCHEMATHESIS_TARGET": url,
        "SCHEMATHESIS_USER": ADMINISTRATOR,
        "SCHEMATHESIS_PASSWORD": deployment.administrator_password,
        "SCHEMATHESIS_CLIENT": ":".join(deployment.introspector),
    }
    command = [options.schemathesis, "--config-file", str(HERE / "schemathesis.toml"), "run", f"{url}/openapi.json",
               "--url", url, "--seed", str(options.seed), "--max-examples", str(options.examples), *more]
    try:
        return subprocess.run(command, cwd=directory, env=environment, check=False, stdin=subprocess.DEVNULL,
                              timeout=options.max_seconds).returncode
    except subprocess.TimeoutExpired:
        print(f"schemathesis: not done within {options.max_seconds} s; ask for fewer examples", file=sys.stderr)
        return None


def sanitizers_say(log):
    text = log.read_text(encoding="utf-8", errors="replace")
    found = SANITIZER_REPORT.search(text)
    if found:
        lines = text[text.rfind("\n", 0, found.start()) + 1:].splitlines()
        print("schemathesis: a sanitizer spoke in the service's log:", *lines[:REPORT_LINES], sep="\n", file=sys.stderr)
    return bool(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--schemathesis", required=True)
    parser.add_argument("--examples", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--max-seconds", type=int, required=True)
    parser.add_argument("--keep-log", required=True, help="where the service's log goes")
    options, more = parser.parse_known_args()
    servers = SimpleNamespace(database_url=os.environ["KEYLEDGER_TEST_DATABASE_URL"], brokers="")
    with tempfile.TemporaryDirectory(prefix="keyledger-schemathesis.") as directory:
        deployment = Deployment(options.binary, servers, pathlib.Path(directory), f"schemathesis-{os.getpid()}")
        deployment.environment["KEYLEDGER_ACCESS_TOKEN_SECONDS"] = "3600"
        del deployment.environment["KEYLEDGER_POSITIONS"]  # not as the fault tests want it, but as it is run
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                deployment.environment[name] = os.environ[name]
        instance = Instance(deployment, 1)
        try:
            instance.start()
            instance.await_ready()
            status = run(options, more, instance, deployment, directory)
            died = instance.has_ended()
            ended = instance.process.returncode if died else instance.stop()
        finally:
            if not instance.has_ended():
                instance.kill()
            shutil.copy(instance.log.name, options.keep_log)
            deployment.drop()
    if died or ended != 0:
        print(f"schemathesis: the service {'died' if died else 'did not end well'} (status {ended}); its log is "
              f"{options.keep_log}", file=sys.stderr)
    spoke = sanitizers_say(pathlib.Path(options.keep_log))
    sys.exit(1 if status != 0 or died or ended != 0 or spoke else 0)


if __name__ == "__main__":
    main()
