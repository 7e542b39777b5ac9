"""What the tests of SIGHUP ask of a node: its management listener, and whether a reload was carried out."""

import json
import pathlib
import re
import signal
import sys
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))
from servers import awaits  # noqa: E402 pylint: disable=wrong-import-position

SECONDS = 30


def managed(service, path):
    """(status, text) of the management listener."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{service.management_port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def metric(service, name):
    found = re.search(rf"^{name} (\S+)$", managed(service, "/metrics")[1], re.MULTILINE)
    return float(found.group(1)) if found else None


def is_ready(service):
    try:
        return managed(service, "/health/ready")[0] == 200
    except OSError:
        return False


def check_of_reload(service):
    """(status of readiness, whether the check is good, its detail)."""
    status, text = managed(service, "/health/ready")
    check, = (one for one in json.loads(text)["checks"] if one["name"] == "reload")
    return status, check["good"], check["detail"]


def reload(service):
    """Sends a SIGHUP, and returns when it has been carried out."""
    before = metric(service, "keyledger_reload_timestamp_seconds")
    service.process.send_signal(signal.SIGHUP)
    awaits(SECONDS, lambda: metric(service, "keyledger_reload_timestamp_seconds") != before, "the reload")


def replace(path, text, mode=0o600):
    """As an operator does it: whoever reads it finds the one or the other."""
    beside = path.with_suffix(".new")
    beside.touch(mode=mode)
    beside.write_text(text, encoding="utf-8")
    beside.chmod(mode)
    beside.replace(path)
