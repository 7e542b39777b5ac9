"""The mailbox of scripts/mailbox, to which the service under test sends, and what it brings."""

import json
import pathlib
import re
import subprocess
import urllib.parse
import urllib.request

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "mailbox"
CODE = re.compile(r"^ {4}([0-9]{6,8})$", re.MULTILINE)
PATIENCE_S = 20


class Mailbox:
    """It keeps the newest thousand. Any thread."""

    def __init__(self, directory):
        self.directory = str(directory)
        done = subprocess.run([SCRIPT, "start", self.directory], capture_output=True, text=True, check=True)
        said = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
        self.smtp_url, self.url, self.ca_file = (said[name] for name in ("MAILBOX_SMTP_URL", "MAILBOX_URL",
                                                                         "MAILBOX_CA_FILE"))

    def messages(self, to="", after=0, wait_s=0):
        """Those with an id above `after`, oldest first; if there is none, it waits for one."""
        query = urllib.parse.urlencode({"to": to, "after": after, "wait": wait_s})
        with urllib.request.urlopen(f"{self.url}/messages?{query}", timeout=wait_s + PATIENCE_S) as answer:
            return json.loads(answer.read())["messages"]

    def drop(self):
        subprocess.run([SCRIPT, "drop", self.directory], check=True, capture_output=True)


def message_id(mail):
    return dict(mail["fields"])["Message-ID"]


def code_in(mail):
    found = CODE.search(mail["text"])
    return found[1] if found else None


def token_in(mail, page):
    """Of its link to that page of the service, or None."""
    for link in mail["links"]:
        url = urllib.parse.urlsplit(link)
        if url.path == page:
            return urllib.parse.parse_qs(url.query)["token"][0]
    return None
