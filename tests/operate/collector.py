"""A collector of traces on 127.0.0.1, which holds what it is sent against OTLP's JSON and gives out the spans, and can
be slow, away or talk nonsense."""

import http.server
import json
import re
import threading
import time

HEX = {16: re.compile(r"[0-9a-f]{16}\Z"), 32: re.compile(r"[0-9a-f]{32}\Z")}
WHOLE = re.compile(r"[0-9]+\Z")
KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}
SPAN = {"traceId", "spanId", "parentSpanId", "traceState", "flags", "name", "kind", "startTimeUnixNano",
        "endTimeUnixNano", "attributes", "droppedAttributesCount", "events", "droppedEventsCount", "links",
        "droppedLinksCount", "status"}
VALUES = {"stringValue": str, "intValue": str, "boolValue": bool, "doubleValue": (int, float)}


class Span:
    def __init__(self, written):
        self.trace, self.id, self.parent = written["traceId"], written["spanId"], written.get("parentSpanId")
        self.name, self.kind = written["name"], KINDS[written["kind"]]
        self.begun, self.ended = int(written["startTimeUnixNano"]), int(written["endTimeUnixNano"])
        self.flags = written.get("flags", 0)
        self.failed = written.get("status", {}).get("code") == 2
        self.attributes = {}
        for one in written["attributes"]:
            (kind, value), = one["value"].items()
            self.attributes[one["key"]] = int(value) if kind == "intValue" else value

    def __repr__(self):
        return f"{self.name} ({self.kind})"


def faults_of_attributes(attributes, where):
    for one in attributes:
        if set(one) != {"key", "value"} or not isinstance(one["key"], str) or len(one["value"]) != 1:
            yield f"{where}: an attribute {one}"
            continue
        (kind, value), = one["value"].items()
        if kind not in VALUES or not isinstance(value, VALUES[kind]):
            yield f"{where}: an attribute of kind {kind}: {one}"
        elif kind == "intValue" and not re.match(r"-?[0-9]+\Z", value):
            yield f"{where}: {one} is no whole number as a text"
    names = [one.get("key") for one in attributes]
    if len(set(names)) != len(names):
        yield f"{where}: attributes that are there twice: {names}"


def faults_of_span(span):
    where = f"span {span.get('name')}"
    unknown = set(span) - SPAN
    if unknown:
        yield f"{where}: members that OTLP does not have: {unknown}"
    for name, digits, is_needed in (("traceId", 32, True), ("spanId", 16, True), ("parentSpanId", 16, False)):
        text = span.get(name)
        if text is None and not is_needed:
            continue
        if not isinstance(text, str) or not HEX[digits].match(text) or text == "0" * digits:
            yield f"{where}: {name} is {text!r}"
    for name in ("startTimeUnixNano", "endTimeUnixNano"):
        if not isinstance(span.get(name), str) or not WHOLE.match(span[name]):
            yield f"{where}: {name} is no 64-bit integer as a text: {span.get(name)!r}"
    if span.get("kind") not in KINDS:
        yield f"{where}: kind {span.get('kind')!r}"
    if not isinstance(span.get("flags", 0), int) or not span.get("flags", 1) & 1:
        yield f"{where}: flags {span.get('flags')!r} of a span that is recorded"
    if not isinstance(span.get("name"), str) or not span["name"]:
        yield f"{where}: no name"
    if set(span.get("status", {})) - {"code", "message"} or span.get("status", {}).get("code", 0) not in (0, 1, 2):
        yield f"{where}: status {span['status']}"
    yield from faults_of_attributes(span.get("attributes", []), where)


def faults_of(request):
    """What is not as https://opentelemetry.io/docs/specs/otlp/ and its JSON mapping have it."""
    if set(request) != {"resourceSpans"}:
        yield f"the request has members {set(request)}"
    for resource in request["resourceSpans"]:
        if set(resource) - {"resource", "scopeSpans", "schemaUrl"}:
            yield f"resourceSpans has members {set(resource)}"
        yield from faults_of_attributes(resource["resource"]["attributes"], "resource")
        if "service.name" not in [one["key"] for one in resource["resource"]["attributes"]]:
            yield "the resource has no service.name"
        for scope in resource["scopeSpans"]:
            if set(scope) - {"scope", "spans", "schemaUrl"}:
                yield f"scopeSpans has members {set(scope)}"
            for span in scope["spans"]:
                yield from faults_of_span(span)


class Collector:
    """`way` is how it answers: "well", "slow", "refuses" (503), "never" (400), "nonsense", "redirects"."""

    def __init__(self, port=0):
        self.lock = threading.Lock()
        self.spans, self.faults, self.requests, self.fields, self.raw = [], [], 0, [], []
        self.way = "well"
        self.released = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                outer.serve(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}/v1/traces"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def serve(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length", "0")))
        with self.lock:
            self.requests += 1
            self.fields.append(dict(handler.headers.items()))
            self.raw.append(body)
            way = self.way
        answers = {"well": (200, b"{}"), "slow": (200, b"{}"), "refuses": (503, b"later"), "never": (400, b"{}"),
                   "nonsense": (200, b"\xff\x00{[" * 1000), "redirects": (307, b"")}
        if way == "slow":
            self.released.wait(60)
        status, answer = answers[way]
        if way in ("well", "slow", "nonsense"):
            self.take(handler, body)
        try:
            handler.send_response(status)
            handler.send_header("Content-Type", "application/json")
            handler.send_header("Content-Length", str(len(answer)))
            if way == "redirects":
                handler.send_header("Location", "/elsewhere")
            handler.end_headers()
            handler.wfile.write(answer)
        except OSError:
            pass

    def take(self, handler, body):
        with self.lock:
            if handler.headers.get("Content-Type") != "application/json":
                self.faults.append(f"Content-Type {handler.headers.get('Content-Type')}")
            try:
                request = json.loads(body)
                self.faults += list(faults_of(request))
                self.spans += [Span(span) for resource in request["resourceSpans"]
                               for scope in resource["scopeSpans"] for span in scope["spans"]]
            except (ValueError, KeyError, TypeError) as error:
                self.faults.append(f"no request of OTLP: {error!r} in {body[:200]!r}")

    def of_trace(self, trace):
        with self.lock:
            return [span for span in self.spans if span.trace == trace]

    def await_spans(self, trace, wanted, seconds=20):
        """Those of the trace, once `wanted` says that all are there; or what there is by then."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            spans = self.of_trace(trace)
            if wanted(spans):
                return spans
            time.sleep(0.02)  # between two looks at the condition that is awaited
        return self.of_trace(trace)

    def stop(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
