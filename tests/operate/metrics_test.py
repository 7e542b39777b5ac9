#!/usr/bin/env python3
"""What a running service shows of itself, and what Prometheus makes of it.

Scenario. A service with PostgreSQL, Kafka and a mail server that is not there; people register, log in and log out
all the time. Its exposition has to be of the format and by the naming rules (exposition.py, `promtool check
metrics`), and what docs/operate/metrics.md says. Then strangers ask for made-up paths with made-up methods, thousands
of them: no series is added. A Prometheus with our scrape and alert rules asks it meanwhile: every query of the
dashboard and of the alerts has to be answered, with data, and no alert fires. The rules have tests of their own, by
promtool. At last the pages: every command in them is one that the binary has."""

import http.client
import json
import os
import pathlib
import random
import re
import shutil
import string
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))

import exposition
import watching
from scenario import arguments, die, free_port, run_scenario
from servers import awaits

SECONDS = 60
PROGRAMS = watching.ROOT / "tests/operate/.prometheus/usr/bin"
STRANGERS_ASK = 3000
# A rate needs two scrapes within it; no panel is empty because of a short one.
SCRAPED_EVERY_S, RATE_OVER = 1, "20s"
NOT_HERE = {"where the service speaks TLS", "with `KEYLEDGER_TRACES_ENDPOINT`"}


def program(name):
    path = shutil.which(name, path=f"{PROGRAMS}:{os.environ['PATH']}")
    if not path:
        die(f"there is no {name}; run scripts/install prometheus")
    return path


def run(*words, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, **more)
    return done.returncode, done.stdout + done.stderr


def metrics_of(service):
    with urllib.request.urlopen(f"http://127.0.0.1:{service.management_port}/metrics", timeout=10) as answer:
        return answer.read().decode()


class Traffic(threading.Thread):
    """People who register, look at themselves and log out."""

    def __init__(self, service):
        super().__init__(daemon=True)
        self.service, self.number, self.failure = service, 0, None
        self.ends = threading.Event()

    def call(self, connection, method, path, body=None, token=None):
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise exposition.Wrong(f"{method} {path}: {answer.status} {text[:300]}")
        return json.loads(text) if text else None

    def a_person(self, connection):
        self.number += 1
        email, password = f"person-{self.number}@example.com", "nine copper lanterns hum softly"
        person = {"email": email, "password": password, "name": "A Person"}
        self.call(connection, "POST", "/api/v1/auth/register", person)
        tokens = self.call(connection, "POST", "/api/v1/auth/login", {"email": email, "password": password})
        self.call(connection, "GET", "/api/v1/auth/me", token=tokens["access_token"])
        self.call(connection, "GET", "/api/v1/auth/sessions", token=tokens["access_token"])
        self.call(connection, "POST", "/api/v1/auth/logout", token=tokens["access_token"])

    def run(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=20)
            while not self.ends.wait(0.05):  # a few people a second are enough
                self.a_person(connection)
        except (OSError, exposition.Wrong, http.client.HTTPException, KeyError, ValueError) as failure:
            self.failure = failure

    def stop(self):
        self.ends.set()
        self.join(SECONDS)
        if self.failure:
            die(f"traffic: {self.failure}")


class Prometheus:
    def __init__(self, service, work):
        self.port, folder = free_port(), work / "prometheus"
        folder.mkdir()
        shutil.copy(watching.RULES, folder / "alerts.yml")
        scrape = re.sub(r"127\.0\.0\.1:9080", f"127.0.0.1:{service.management_port}",
                        watching.read(watching.ROOT / "deploy/prometheus/scrape.yml"))
        scrape, count = re.subn(r"scrape_interval: \w+", f"scrape_interval: {SCRAPED_EVERY_S}s", scrape)
        if count != 1 or str(service.management_port) not in scrape:
            die("deploy/prometheus/scrape.yml is not what this test knows")
        (folder / "prometheus.yml").write_text(
            f"global:\n  evaluation_interval: {SCRAPED_EVERY_S}s\nrule_files:\n  - alerts.yml\n{scrape}",
            encoding="utf-8")
        status, text = run(program("promtool"), "check", "config", folder / "prometheus.yml")
        if status != 0:
            die(f"promtool check config: {text}")
        self.log = open(work / "prometheus.log", "wb")
        self.process = subprocess.Popen(
            [program("prometheus"), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"],
            stdout=self.log, stderr=self.log, cwd=folder)

    def ask(self, path, **query):
        """The answer's data; a refusal, too."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            return json.load(refused)

    def is_there(self):
        if self.process.poll() is not None:
            die(f"Prometheus ended: {pathlib.Path(self.log.name).read_text(encoding='utf-8')}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def has_asked(self, times):
        found = self.ask("query", query='count_over_time(up{job="keyledger"}[5m])')["data"]["result"]
        return bool(found) and float(found[0]["value"][1]) >= times

    def stop(self):
        self.process.terminate()
        self.process.wait(SECONDS)
        self.log.close()


def check_exposition(service, expect):
    text = metrics_of(service)
    families = exposition.parse(text)
    exposition.series_of(families)
    expect("what is against the format and its rules", list(exposition.faults(families)), [])
    expect("promtool check metrics", run(program("promtool"), "check", "metrics", input=text), (0, ""))
    documented = watching.documented()
    wanted = {name for name, row in documented.items() if row.condition not in NOT_HERE}
    expect("shown, and not in docs/operate/metrics.md", sorted(families.keys() - documented.keys()), [])
    expect("in docs/operate/metrics.md, and not shown", sorted(wanted - families.keys()), [])
    other = [name for name, family in families.items() if name in documented and (
        family.kind != documented[name].kind or
        {label for _, labels, _ in family.samples for label in labels} - {"le"} != documented[name].labels)]
    expect("of another kind, or with other labels, than is said there", other, [])


def series_now(service):
    """Without those of what is new by itself: operations that the traffic comes to, brokers that are met."""
    return {series for series in exposition.series_of(exposition.parse(metrics_of(service)))
            if "kafka" not in series[0] and not (series[0].startswith("keyledger_http_request") and
                                                 ("operation", "unmatched") not in series[1])}


def strangers_ask(service, made_up):
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
    text = string.ascii_letters + string.digits + "-_~"
    for _ in range(made_up):
        method = random.choice(["GET", "PUT", "OPTIONS", "".join(random.choices(string.ascii_uppercase, k=8))])
        words = ("".join(random.choices(text, k=random.randint(1, 40))) for _ in range(random.randint(1, 6)))
        path = "/" + "/".join(words)
        path = random.choice([path, f"/api/v1/users{path}", f"/api/v1/{random.random()}"])
        connection.request(method, path, headers={"User-Agent": path, "X-Request-Id": path[1:60],
                                                  "Origin": f"http:/{path}"})
        connection.getresponse().read()
    connection.close()


def check_bounds(service, expect):
    strangers_ask(service, 400)  # each sort once
    before = series_now(service)
    bytes_before = len(metrics_of(service))
    strangers_ask(service, STRANGERS_ASK)
    expect("series that strangers made by their paths and methods", sorted(series_now(service) - before), [])
    families = exposition.parse(metrics_of(service))
    unmatched = exposition.value(families, "keyledger_http_requests_total", operation="unmatched")
    expect("all of them were counted", unmatched >= STRANGERS_ASK, True)
    expect("a status that has no place of its own",
           exposition.value(families, "keyledger_http_requests_total", status="other"), 0)
    print(f"{len(exposition.series_of(families))} series, {len(metrics_of(service))} bytes ({bytes_before} before)")


def check_prometheus(prometheus, expect):
    documented = watching.documented()
    loaded = prometheus.ask("rules")["data"]["groups"]
    rules = [rule for group in loaded for rule in group["rules"]]
    expect("alerts that Prometheus has taken", sorted(rule["name"] for rule in rules),
           sorted(alert.name for alert in watching.alerts()))
    expect("alerts that it can't evaluate", [rule["name"] for rule in rules if rule["health"] == "err"], [])
    expect("alerts of a healthy service", [rule["name"] for rule in rules if rule["state"] == "firing"], [])
    refused, empty = [], []
    for title, query in watching.panels():
        query = query.replace("$__rate_interval", RATE_OVER).replace("$instance", ".*")
        answer = prometheus.ask("query", query=query)
        if answer["status"] != "success":
            refused.append((title, query, answer.get("error")))
        elif not any(result["value"][1] != "NaN" for result in answer["data"]["result"]):
            empty.append((title, query))
    for alert in watching.alerts():
        answer = prometheus.ask("query", query=alert.expression)
        if answer["status"] != "success":
            refused.append((alert.name, alert.expression, answer.get("error")))
        for name in watching.metrics_in(alert.expression):
            family = documented[watching.family_of(name, documented)]
            if family.condition not in NOT_HERE and not prometheus.ask("query", query=name)["data"]["result"]:
                empty.append((alert.name, name))
    expect("queries of the dashboard and the alerts that are refused", refused, [])
    expect("queries of the dashboard, and metrics of alerts, without data", empty, [])
    print(f"{len(list(watching.panels()))} queries of the dashboard, {len(rules)} alerts")


def check_commands(options, expect):
    """Those that pages quote."""
    wrong, checked = [], set()
    for page in watching.pages():
        for words, given in watching.commands_in(watching.read(page)):
            checked.add(tuple(words))
            status, text = run(options.binary, *words, "--help")
            if status != 0 or "Usage" not in text or any(option not in text for option in given):
                wrong.append((page.name, " ".join(words + given)))
    expect("commands of pages that there are not", wrong, [])
    expect("commands were looked for", len(checked) > 10, True)


def story(service, _databases, work, expect):
    expect("promtool check rules", run(program("promtool"), "check", "rules", watching.RULES)[0], 0)
    tested = run(program("promtool"), "test", "rules", watching.RULES_TESTS.name, cwd=watching.RULES_TESTS.parent)
    expect("promtool test rules", tested, (0, "Unit Testing:  alerts.test.yml\n  SUCCESS\n\n"))
    service.environment["KEYLEDGER_SMTP_URL"] = "smtp://127.0.0.1:1"
    service.environment["KEYLEDGER_MAIL_FROM"] = "keyledger@example.com"
    service.start()
    traffic, prometheus = Traffic(service), None
    try:
        traffic.start()
        prometheus = Prometheus(service, work)
        awaits(SECONDS, prometheus.is_there, "Prometheus")

        def is_all_there():
            shown = metrics_of(service)
            return "keyledger_kafka_broker_up" in shown and "keyledger_planner_position" in shown
        awaits(SECONDS, is_all_there, "what the producer and the planner tell of themselves")
        check_exposition(service, expect)
        awaits(SECONDS, lambda: prometheus.has_asked(25), "scrapes")
        check_prometheus(prometheus, expect)
        check_bounds(service, expect)
    finally:
        if prometheus:
            prometheus.stop()
        traffic.stop()
    service.stop()


if __name__ == "__main__":
    OPTIONS = arguments(__doc__).parse_args()

    def whole_story(service, databases, work, expect):
        check_commands(OPTIONS, expect)
        story(service, databases, work, expect)
    sys.exit(run_scenario(OPTIONS, "metrics", whole_story))
