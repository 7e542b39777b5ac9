#!/usr/bin/env python3
"""A password that is typed at a terminal is taken, and not shown; of a pipe nobody is asked."""
import os
import pathlib
import pty
import select
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))
from scenario import arguments, die, run_scenario  # noqa: E402 pylint: disable=wrong-import-position

PASSWORD = "nine quiet tractors hum"
SECONDS = 30
COMMAND = ["users", "create-admin", "--email"]


def type_it(service, password):
    child, terminal = pty.fork()
    if child == 0:
        os.execve(service.binary, [service.binary, *COMMAND, "ann@example.com"], service.environment)
    shown, typed, until = b"", False, time.monotonic() + SECONDS
    while time.monotonic() < until:
        if not select.select([terminal], [], [], until - time.monotonic())[0]:
            break
        try:
            part = os.read(terminal, 1000)
        except OSError:  # the other side is closed
            break
        shown += part
        if not typed and b"Enter: " in shown:
            os.write(terminal, password.encode() + b"\n")
            typed = True
    else:
        die(f"no end within {SECONDS} s: {shown}")
    return shown.decode(), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def story(service, _databases, _work, expect):
    service.environment.pop("KEYLEDGER_ADMIN_PASSWORD", None)
    shown, code = type_it(service, PASSWORD)
    expect("typed at a terminal", code, 0)
    expect("what the terminal shows of it", PASSWORD in shown, False)
    expect("and what it is for", "Password of the administrator" in shown and "Registered" in shown, True)
    piped = subprocess.run([service.binary, *COMMAND, "bob@example.com"], env=service.environment, input=PASSWORD,
                           capture_output=True, text=True, check=False, timeout=SECONDS)
    expect("by a pipe, when there is one", piped.returncode, 3)
    expect("nobody is asked there", "Enter" in piped.stderr, False)


if __name__ == "__main__":
    OPTIONS = arguments(__doc__).parse_args()
    sys.exit(run_scenario(OPTIONS, "typed_password", story))
