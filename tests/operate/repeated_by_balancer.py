#!/usr/bin/env python3
"""What HAProxy, with the file that operators deploy, sends to another node when the first one dies over it.

Scenario. A node reads the whole request and ends the connection without a word, as one that is killed does. Whether it
carried the request out nobody knows. What changes nothing, and what an Idempotency-Key makes known again, goes to
another node; all else is told to whoever asked. Among that is what ends the caller's own session: the other node would
refuse it, for the session is over, and the caller would be told that they are not logged in, after a request that
succeeded. A body comes a moment after its head, as many clients send it: HAProxy can't repeat what it passed on in
parts."""

import http.client
import socketserver
import sys
import threading
import time

from nodes import UP_SECONDS, Balancer, awaits, told

ME, ADMIN = "/api/v1/auth/me", "/api/v1/admin/users/0190d5b1-0000-7000-8000-000000000001"
SESSIONS = "/api/v1/auth/sessions"
BY_ASSERTION = "?by-assertion"  # a client that shows itself in the body, and so without an Authorization header
BEFORE_BODY_SECONDS = 0.1
REPEATED = [
    ("GET", ME, False),
    ("GET", "/login", False),
    ("POST", "/oauth2/introspect", False),
    ("POST", "/access/v1/evaluation", False),
    ("PUT", ME, True),
    ("DELETE", f"{ME}/erasure", True),
    ("POST", "/api/v1/auth/change-password", True),
    ("DELETE", ADMIN, True),
    ("DELETE", f"{ADMIN}/sessions", True),
]
TOLD = [
    ("PUT", ME, False),
    ("DELETE", ADMIN, False),
    ("POST", "/api/v1/auth/login", True),  # which takes no key
    ("POST", "/api/v1/auth/refresh", True),
    ("POST", "/oauth2/token", True),
    ("POST", f"/oauth2/introspect{BY_ASSERTION}", False),
    ("GET", "/login/providers/example/callback?code=one&state=two", False),
    ("DELETE", ME, True),
    ("POST", "/api/v1/auth/logout", True),
    ("DELETE", SESSIONS, True),
    ("DELETE", f"{SESSIONS}/0190d5b1-0000-7000-8000-000000000002", True),
]


class Node(socketserver.ThreadingTCPServer):
    """Dies over each request that no node has heard before."""
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, name, heard, lock):
        self.name, self.heard, self.lock = name, heard, lock
        super().__init__(("127.0.0.1", 0), Exchange)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Exchange(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            while self.exchange():
                pass
        except ConnectionError:  # as HAProxy ends its checks
            pass

    def exchange(self):
        line = self.rfile.readline().decode()
        if not line:
            return False
        fields = {}
        while (field := self.rfile.readline().decode().strip()):
            name, _, value = field.partition(":")
            fields[name.lower()] = value.strip()
        self.rfile.read(int(fields.get("content-length", 0)))
        if " /health/ready " not in line:
            with self.server.lock:
                by = self.server.heard.setdefault(fields["x-request-id"], [])
                by.append(self.server.name)
                if len(by) == 1:
                    return False
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        return True


def answer_to(port, request_id, method, path, has_key):
    """Its status; None where the connection ended without one."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"X-Request-Id": request_id}
    if not path.endswith(BY_ASSERTION):
        headers["Authorization"] = "Bearer one"
    if has_key:
        headers["Idempotency-Key"] = request_id
    try:
        if method == "GET":
            connection.request(method, path, headers=headers)
        else:
            connection.request(method, path, headers=headers | {"Content-Length": "2"})
            time.sleep(BEFORE_BODY_SECONDS)
            connection.send(b"{}")
        return connection.getresponse().status
    except http.client.RemoteDisconnected:
        return None
    finally:
        connection.close()


def main():
    faults, heard = [], {}
    lock = threading.Lock()
    nodes = [Node(f"node{number}", heard, lock) for number in (1, 2, 3)]
    balancer = Balancer([node.server_address[1] for node in nodes])
    try:
        if balancer.check() != (0, False):
            faults.append("haproxy -c has something to say about the file")
        balancer.start()
        for number, (case, wanted) in enumerate([(case, True) for case in REPEATED] + [(case, False) for case in TOLD]):
            request_id = f"repeated-{number}"
            awaits(UP_SECONDS, balancer.are_all_up, "HAProxy's finding all nodes up")
            status = answer_to(balancer.port, request_id, *case)
            by = heard.get(request_id, [])
            if wanted and not (status == 200 and len(by) == 2 and by[0] != by[1]):
                faults.append(f"{case} was to be asked of another node: {status}, heard by {by}")
            if not wanted and not (status in (None, 502) and len(by) == 1):
                faults.append(f"{case} was to be told to the caller: {status}, heard by {by}")
        print(f"{len(REPEATED)} requests that another node may be asked, and {len(TOLD)} that none may")
    finally:
        balancer.stop()
        for node in nodes:
            node.shutdown()
    return told(faults)


if __name__ == "__main__":
    sys.exit(main())
