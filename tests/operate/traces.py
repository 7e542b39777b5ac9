#!/usr/bin/env python3
"""Traces, at a collector of the test's own that holds every request against OTLP's JSON: a request's way from its
caller's span through its append and the read models into Kafka is one tree; who begins a trace decides whether it is
recorded, or the ratio does; nothing secret or personal is in a span. And a collector that is slow, refuses, talks
nonsense or is away costs requests nothing, memory is bounded, and what is dropped is counted."""

import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "fault")]
from collector import Collector  # noqa: E402 pylint: disable=wrong-import-position
from scenario import arguments, die, free_port, run_scenario  # noqa: E402 pylint: disable=wrong-import-position

PASSWORD = "violet tractors hum at noon"
ADMINISTRATOR = "administrator@example.com"
ANN = "ann.quill@example.com"
KEY = "a-key%20of-the,collector"  # as the setting has it, but for the comma
SECONDS = 20


def call(connection, method, path, body=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        headers["Content-Type"] = "application/json"
    connection.request(method, path, json.dumps(body) if body is not None else None, headers)
    answer = connection.getresponse()
    text = answer.read()
    return answer.status, json.loads(text) if text[:1] == b"{" else text


def context(flags="01"):
    trace, parent = os.urandom(16).hex(), os.urandom(8).hex()
    return trace, parent, f"00-{trace}-{parent}-{flags}"


def metric(service, name):
    url = f"http://127.0.0.1:{service.management_port}/metrics"
    with urllib.request.urlopen(url, timeout=10) as answer:
        for line in answer.read().decode().splitlines():
            if re.match(rf"{name}(_total)?(\{{| )", line):
                return float(line.rsplit(" ", 1)[1])
    return die(f"no metric {name}")


def awaited(look, what, seconds=SECONDS):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        time.sleep(0.02)  # between two looks at the condition that is awaited
    return die(f"{what}: not within {seconds} s")


def resident_kib(service):
    for line in pathlib.Path(f"/proc/{service.process.pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


def headers_in_kafka(service):
    done = subprocess.run(["kcat", "-C", "-b", os.environ["KEYLEDGER_TEST_KAFKA_BROKERS"], "-t",
                           f"{service.environment['KEYLEDGER_KAFKA_TOPIC_PREFIX']}.events.v1", "-o", "beginning", "-e",
                           "-q", "-f", "%h\n"], capture_output=True, text=True, check=False)
    return done.stdout


def appends_of(spans):
    return [span for span in spans if span.attributes.get("keyledger.append.outcome") == "appended"]


def positions_of(spans):
    return {append.attributes["keyledger.position"] + number for append in appends_of(spans)
            for number in range(append.attributes["keyledger.append.events"])}


def check_tree(service, collector, expect):
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
    trace, parent, traceparent = context()
    status, user = call(connection, "POST", "/api/v1/auth/register?not=told", {"email": ANN, "password": PASSWORD},
                        traceparent=traceparent, User_Agent="Quillbrowser/7", X_Request_Id="register-ann")
    if status not in (201, 400):
        die(f"registration was answered {status}: {user}")
    if status == 400:  # no query is taken there
        status, user = call(connection, "POST", "/api/v1/auth/register", {"email": ANN, "password": PASSWORD},
                            traceparent=traceparent, User_Agent="Quillbrowser/7", X_Request_Id="register-ann")
    expect("registered", status, 201)

    def whole(spans):
        events = {span.attributes.get("keyledger.event.id") for span in spans if span.name == "project"}
        sent = {span.attributes.get("keyledger.event.id") for span in spans if span.kind == "producer"}
        return positions_of(spans) and len(sent) == len(events) == len(positions_of(spans))

    spans = collector.await_spans(trace, whole)
    kinds = {}
    for span in spans:
        kinds.setdefault(span.kind, []).append(span)
    servers = [span for span in kinds.get("server", []) if not span.failed and
               span.attributes["http.response.status_code"] == 201]
    expect("spans of each kind", {kind: len(of) > 0 for kind, of in sorted(kinds.items())},
           {"client": True, "consumer": True, "producer": True, "server": True})
    expect("the request's span", len(servers), 1)
    server = servers[0]
    expect("it is a child of the caller's", (server.parent, server.flags & 0x300), (parent, 0x300))
    told = [server.attributes[name] for name in ("http.route", "keyledger.request_id")]
    expect("its name and route", [server.name, *told],
           ["POST /api/v1/auth/register", "/api/v1/auth/register", "register-ann"])
    rest = [span for span in spans if span.kind != "server"]
    expect("all the others are its children", {span.parent for span in rest}, {server.id})
    expect("no two spans have one id", len({span.id for span in spans}), len(spans))
    append = appends_of(spans)[0]
    expect("the append lies within the request",
           server.begun <= append.begun <= append.ended <= server.ended + 1_000_000, True)
    expect("what follows begins behind the append's begin", all(span.begun >= append.begun for span in rest), True)
    expect("times are of today", abs(time.time() - server.begun / 1e9) < 60, True)
    positions = positions_of(spans)
    for kind in ("consumer", "producer"):
        expect(f"a {kind} span for each event", {span.attributes["keyledger.position"] for span in kinds[kind]},
               positions)
    expect("events that it brought about", len(positions) > 0, True)
    told = headers_in_kafka(service)
    expect("records in Kafka name the request's span", told.count(f"ce_traceparent=00-{trace}-{server.id}-01"),
           len(positions))
    connection.close()
    return [ANN, PASSWORD, "Quillbrowser", "not=told"]


def check_decisions(service, collector, expect):
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
    unwanted, _, traceparent = context("00")
    call(connection, "GET", "/health/live", traceparent=traceparent)
    wanted, _, traceparent = context()
    call(connection, "GET", "/nowhere/secret-in-a-path?code=secret-in-a-query", traceparent=traceparent)
    spans = collector.await_spans(wanted, lambda spans: len(spans) == 1)
    expect("what no route has is told without its path",
           [(span.name, "http.route" in span.attributes) for span in spans], [("GET", False)])
    expect("a caller that records nothing has nothing recorded", collector.of_trace(unwanted), [])
    before = len(collector.spans)
    call(connection, "GET", "/health/live")
    awaited(lambda: len(collector.spans) > before, "the span of a request that begins a trace")
    expect("the root of a trace that begins here has no parent", collector.spans[-1].parent, None)
    status, _ = call(connection, "GET", "/health/live", traceparent="00-garbage")
    expect("a context that is none", status, 200)
    connection.close()
    return ["secret-in-a-path", "secret-in-a-query"]


def check_ratio(service, collector, expect):
    """A tenth, whatever callers say, unless a setting says that they decide."""
    service.environment["KEYLEDGER_TRACES_RATIO"] = "0.1"
    del service.environment["KEYLEDGER_TRACES_PARENT"]
    service.start()
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
    before = len(collector.spans)
    for _ in range(1000):
        call(connection, "GET", "/health/live", traceparent=context()[2])
    service.stop()
    taken = len(collector.spans) - before
    # Beyond 9 standard deviations of a binomial distribution.
    expect(f"a tenth of 1,000 requests is recorded, about ({taken})", 14 < taken < 186, True)
    service.environment.update({"KEYLEDGER_TRACES_RATIO": "1", "KEYLEDGER_TRACES_PARENT": "follow"})


def many(service, count):
    """So many requests, and how long each took."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
    took = []
    for _ in range(count):
        begun = time.monotonic()
        status, _ = call(connection, "GET", "/health/live")
        took.append(time.monotonic() - begun)
        if status != 200:
            die(f"a request was answered {status}")
    connection.close()
    return sorted(took)


def check_bad_collectors(service, collector, expect):
    """More requests than spans may wait, at a collector that is of no use."""
    count = 6000
    for way in ("slow", "refuses", "nonsense", "never", "redirects"):
        collector.way = way
        collector.released.clear()
        before = collector.requests
        service.start()
        many(service, 200)
        awaited(lambda before=before: collector.requests > before, "a request to the collector")
        memory = resident_kib(service)
        took = many(service, count)
        waiting = metric(service, "keyledger_trace_spans_waiting")
        grown = resident_kib(service) - memory
        expect(f"a collector that is {way}: requests are quick (the slowest of {count}: {took[-1] * 1000:.0f} ms)",
               took[count * 99 // 100] < 0.25, True)
        expect(f"what waits is bounded ({waiting:.0f})", waiting <= 4096, True)
        expect(f"and so is memory (grew by {grown} KiB)", grown < 48 * 1024, True)
        if way in ("slow", "refuses"):
            dropped = metric(service, "keyledger_trace_spans_dropped")
            expect("what found no room is counted", dropped >= count - 4096 - 512, True)
        if way in ("never", "redirects"):
            awaited(lambda: metric(service, "keyledger_trace_spans_rejected") > 0, "spans that it did not want")
        if way == "nonsense":
            awaited(lambda: metric(service, "keyledger_trace_spans_exported") > 0, "spans that it took")
        begun = time.monotonic()
        service.stop()
        took = time.monotonic() - begun
        expect(f"a stop waits no longer than it must ({took:.1f} s)", took < 8, True)
        collector.released.set()
    collector.way = "well"


def check_away(service, collector, expect):
    """It comes back, and is sent what waited."""
    port = free_port()
    service.environment["KEYLEDGER_TRACES_ENDPOINT"] = f"http://127.0.0.1:{port}/v1/traces"
    service.start()
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
    trace, _, traceparent = context()
    call(connection, "GET", "/health/live", traceparent=traceparent)
    awaited(lambda: metric(service, "keyledger_trace_failures") > 0, "a request that fails")
    later = Collector(port)
    spans = later.await_spans(trace, lambda spans: len(spans) == 1, seconds=30)
    expect("what waited while it was away", len(spans), 1)
    service.stop()
    expect("nothing is wrong with it", later.faults, [])
    later.stop()
    service.environment["KEYLEDGER_TRACES_ENDPOINT"] = collector.url
    text = (pathlib.Path(service.log.name)).read_text(encoding="utf-8")
    expect("it is said that it was away, and that it is back",
           ("traces can't be sent to the collector: unreachable" in text, "the collector takes traces again" in text),
           (True, True))


def check_last_moment(service, collector, expect):
    """What waits when the service is told to stop is sent."""
    service.environment["KEYLEDGER_TRACES_DELAY_MS"] = "60000"
    service.start()
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
    trace, _, traceparent = context()
    call(connection, "GET", "/health/live", traceparent=traceparent)
    connection.close()
    service.stop()
    expect("a span that waited when it stopped", len(collector.of_trace(trace)), 1)
    service.environment["KEYLEDGER_TRACES_DELAY_MS"] = "50"


def check_settings(service, expect):
    wrong = {"KEYLEDGER_TRACES_ENDPOINT": "http://collector.example/v1/traces", "KEYLEDGER_TRACES_RATIO": "2",
             "KEYLEDGER_TRACES_HEADERS": "host=elsewhere"}
    for name, value in wrong.items():
        done = subprocess.run([service.binary, "serve"], capture_output=True, text=True, check=False, timeout=60,
                              env={**service.environment, name: value})
        expect(f"{name}={value} is refused by name", (done.returncode != 0, name in done.stderr, value in done.stderr
                                                      and name.endswith("HEADERS")), (True, True, False))


def story(service, _databases, _work, expect):
    collector = Collector()
    service.environment.update({
        "KEYLEDGER_ADMIN_PASSWORD": PASSWORD, "KEYLEDGER_TRACES_ENDPOINT": collector.url,
        "KEYLEDGER_TRACES_DELAY_MS": "50", "KEYLEDGER_TRACES_PARENT": "follow",
        "KEYLEDGER_TRACES_HEADERS": f"X-Api-Key={KEY.replace(',', '%2C')},authorization=Bearer%20of-the-collector",
        "KEYLEDGER_LOG_FORMAT": "json"})
    service.run("users", "create-admin", "--email", ADMINISTRATOR)
    service.start()
    hidden = check_tree(service, collector, expect)
    hidden += check_decisions(service, collector, expect)
    service.stop()
    fields = collector.fields[0]
    expect("the collector is shown its key", (fields.get("X-Api-Key"), fields.get("Authorization") or
                                              fields.get("authorization")),
           ("a-key of-the,collector", "Bearer of-the-collector"))
    text = b"\n".join(collector.raw).decode().lower()
    expect("secrets and personal values in spans", [value for value in hidden if value.lower() in text], [])
    check_ratio(service, collector, expect)
    check_last_moment(service, collector, expect)
    expect("what OTLP would not take", collector.faults, [])
    check_bad_collectors(service, collector, expect)
    expect("what OTLP would not take, later", collector.faults, [])
    check_away(service, collector, expect)
    check_settings(service, expect)
    log = pathlib.Path(service.log.name).read_text(encoding="utf-8")
    expect("the collector's key in the log",
           [word for word in ("of-the,collector", "of-the-collector") if word in log], [])
    collector.stop()


if __name__ == "__main__":
    OPTIONS = arguments(__doc__).parse_args()
    sys.exit(run_scenario(OPTIONS, "traces", story))
