#!/usr/bin/env python3
"""Callers that are slow, many or tireless, against a real service: its memory and what it takes others to be answered
stay bounded. Prints what it measured.

Scenarios, one after the other on one process of the service:
  idle      thousands of connections that say nothing, half of them after a request each. Everybody else is served.
  writers   hundreds that send their header, or their body, a byte at a time. Each is cut off at the deadline of its
            phase, however steadily it dribbles.
  readers   hundreds that ask for the largest answer again and again, in one go, and read nothing. The service holds
            back, instead of holding the answers, holds no copy of the one that it is about, however long that is, and
            cuts them off at the deadline for writing.
  tireless  one connection sends as many requests as a connection may, in bundles; every one is answered, in order, and
            the last costs what the first did.

Needs KEYLEDGER_TEST_DATABASE_URL (a superuser of a throw-away cluster)."""

import argparse
import asyncio
import os
import pathlib
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from types import SimpleNamespace

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))
from servers import Deployment, Instance  # noqa: E402 pylint: disable=wrong-import-position

MIB = 1024 * 1024
# Of the service (api/http/server.hpp), and what a busy machine may add.
HEADER_SECONDS, BODY_SECONDS, WRITE_SECONDS, LINGER_SECONDS = 10, 20, 20, 2
MAX_REQUESTS = 100_000
TOLERANCE_SECONDS = 15
# What a connection may cost the process, whatever is done with it: buffers for reading, the coroutine; and of an answer
# that waits its head alone, for the largest is sent from where it is.
IDLE_BYTES, READER_BYTES = 32 * 1024, 64 * 1024
PROBE_MEDIAN_SECONDS = 0.5  # of somebody else's request meanwhile; a few milliseconds where nothing else runs
PROBE_PAUSE = 0.05
SPARE_DESCRIPTORS = 20  # of the pools, which open theirs when they need them
DRIBBLE_PAUSE = 0.5
BUNDLE = 100
ANSWERS_UNREAD = 120  # of 360 KiB: more than the kernel takes on itself for a connection
PEER = "127.0.0.1"

faults = []


def expect(truth, sentence):
    if not truth:
        faults.append(sentence)
        print(f"  FAULT: {sentence}", flush=True)


def request(target, *fields, method="GET"):
    return "\r\n".join([f"{method} {target} HTTP/1.1", f"Host: {PEER}", *fields, "", ""]).encode()


async def read_answer(reader):
    """(status, body) of one answer that has a Content-Length."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))
    return int(head[9:12]), await reader.readexactly(length)


def listed_as_root(folder):
    try:
        listed = subprocess.run(["sudo", "-n", "ls", folder], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        sys.exit("only root may count what the service holds open: run this as root, or with 'sudo -v' before it")
    return listed.stdout.split()


class Service:
    """What is watched of the process: its memory, and how long others wait."""

    def __init__(self, instance):
        self.port, self.pid = instance.port, instance.process.pid

    def memory(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))

    def descriptors(self):
        folder = f"/proc/{self.pid}/fd"
        try:
            return len(os.listdir(folder))
        except PermissionError:  # the service lets nobody look into it (PR_SET_DUMPABLE) but root
            return len(listed_as_root(folder))

    def processor(self):
        """Seconds that its threads ran, which no other process of the machine makes longer."""
        tasks = pathlib.Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9

    async def connect(self):
        return await asyncio.open_connection(PEER, self.port)

    async def probe(self, times):
        """Asks what needs the log on a connection of its own, until cancelled."""
        reader, writer = await self.connect()
        while True:
            start = time.monotonic()
            writer.write(request("/api/v1/auth/me", "Authorization: Bearer nonsense"))
            status, _ = await read_answer(reader)
            times.append(time.monotonic() - start)
            expect(status == 401, f"the probe was answered {status}")
            await asyncio.sleep(PROBE_PAUSE)


class Watch:
    """Around a scenario: memory before and at most, and the probe's times."""

    def __init__(self, service, name):
        self.service, self.name, self.times = service, name, []

    async def __aenter__(self):
        self.start, self.before = time.monotonic(), self.service.memory()
        self.highest = self.before
        self.tasks = [asyncio.create_task(self.service.probe(self.times)), asyncio.create_task(self.look())]
        return self

    async def look(self):
        while True:
            self.highest = max(self.highest, self.service.memory())
            await asyncio.sleep(PROBE_PAUSE)

    async def __aexit__(self, kind, *_):
        for task in self.tasks:
            if task.done() and not task.cancelled() and task.exception():
                expect(False, f"{self.name}: a probe ended: {task.exception()!r}")
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if kind:
            return
        times = sorted(self.times)
        expect(times and statistics.median(times) < PROBE_MEDIAN_SECONDS, f"{self.name}: others wait too long")
        print(f"{self.name}: {time.monotonic() - self.start:.1f} s, memory {self.before / MIB:.1f} -> "
              f"{self.highest / MIB:.1f} MiB at most; others waited {statistics.median(times) * 1000:.1f} ms (median), "
              f"{times[-1 - len(times) // 100] * 1000:.1f} ms (p99)", flush=True)

    def expect_memory(self, connections, each):
        grown = (self.highest - self.before) / connections
        expect(grown < each, f"{self.name}: {grown / 1024:.1f} KiB a connection, {each / 1024:.0f} at most")
        print(f"  {connections} connections, {grown / 1024:.1f} KiB each", flush=True)


async def in_groups(count, make, group=200):
    """Never more at once than a listener's backlog takes."""
    made = []
    for start in range(0, count, group):
        made += await asyncio.gather(*(make(i) for i in range(start, min(count, start + group))))
    return made


async def closed(reader):
    """Until the service closes; what it still says is dropped."""
    try:
        while await reader.read(65536):
            pass
    except ConnectionError:
        pass


async def idle(service, count):
    async def sit(number):
        reader, writer = await service.connect()
        if number % 2:
            writer.write(request("/health/live"))
            status, _ = await read_answer(reader)
            expect(status == 200, f"idle: answered {status}")
        return writer

    before = service.descriptors()
    async with Watch(service, "idle") as watch:
        sitting = await in_groups(count, sit)
        until = time.monotonic() + TOLERANCE_SECONDS  # half of them may still wait to be accepted
        while service.descriptors() < before + count and time.monotonic() < until:
            await asyncio.sleep(PROBE_PAUSE)
        expect(service.descriptors() >= before + count, "idle: some were not kept open")
        times = len(watch.times)
        while len(watch.times) < times + 20:
            await asyncio.sleep(PROBE_PAUSE)
        watch.expect_memory(count, IDLE_BYTES)
        for writer in sitting:
            writer.close()
    await drained(service, before)


async def drained(service, descriptors):
    until = time.monotonic() + LINGER_SECONDS + TOLERANCE_SECONDS
    while service.descriptors() > descriptors + SPARE_DESCRIPTORS and time.monotonic() < until:
        await asyncio.sleep(PROBE_PAUSE)
    left = service.descriptors() - descriptors - SPARE_DESCRIPTORS
    expect(left <= 0, f"{left} connections that are gone hold descriptors")


async def writers(service, count):
    body = request("/api/v1/auth/login", "Content-Type: application/json", "Content-Length: 60000", method="POST")
    header = request("/health/live", "X-Slow: " + "a" * 10_000)

    async def dribble(number):
        start = time.monotonic()
        reader, writer = await service.connect()
        sends_body = number % 2
        text, allowed = (b" " * 60000, BODY_SECONDS) if sends_body else (header, HEADER_SECONDS)
        if sends_body:
            writer.write(body)

        async def send():
            for at in range(len(text)):
                writer.write(text[at:at + 1])
                await writer.drain()
                await asyncio.sleep(DRIBBLE_PAUSE)

        sending = asyncio.create_task(send())
        try:
            await asyncio.wait_for(closed(reader), allowed + TOLERANCE_SECONDS)
            took = time.monotonic() - start
        except asyncio.TimeoutError:
            took = None
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()
        return took, allowed

    async with Watch(service, "writers") as watch:
        ended = await asyncio.gather(*(dribble(i) for i in range(count)))
        watch.expect_memory(count, 2 * IDLE_BYTES)
    late = sum(took is None for took, _ in ended)
    early = sum(took is not None and took < allowed - 1 for took, allowed in ended)
    expect(late == 0, f"writers: {late} of {count} were not cut off at their deadline")
    expect(early == 0, f"writers: {early} of {count} were cut off before it, one after "
           f"{min(took or BODY_SECONDS for took, _ in ended):.1f} s")


async def readers(service, count):
    async def ask(_):
        loop = asyncio.get_running_loop()
        peer = socket.socket()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # else the kernels' buffers take megabytes each
        peer.setblocking(False)
        await loop.sock_connect(peer, (PEER, service.port))
        await loop.sock_sendall(peer, request("/openapi.json") * ANSWERS_UNREAD)
        return peer

    before = service.descriptors()
    async with Watch(service, "readers") as watch:
        asking = await in_groups(count, ask)
        until = time.monotonic() + WRITE_SECONDS + TOLERANCE_SECONDS
        while service.descriptors() > before + SPARE_DESCRIPTORS and time.monotonic() < until:
            await asyncio.sleep(PROBE_PAUSE)
        left = service.descriptors() - before - SPARE_DESCRIPTORS
        expect(left <= 0, f"readers: {left} of {count} were not cut off at their deadline")
        watch.expect_memory(count, READER_BYTES)
        for peer in asking:
            peer.close()


async def tireless(service, count):
    reader, writer = await service.connect()
    bundle = b"".join(request("/health/live") for _ in range(BUNDLE))
    took, memory = [], []
    async with Watch(service, "tireless") as watch:
        for _ in range(count // BUNDLE):
            start = service.processor()
            writer.write(bundle)
            for _ in range(BUNDLE):
                status, _ = await read_answer(reader)
                expect(status == 200, f"tireless: answered {status}")
            took.append(service.processor() - start)
            memory.append(service.memory())
        if count == MAX_REQUESTS:
            expect(await reader.read() == b"", "tireless: the connection went on beyond its last request")
        tenth = len(took) // 10
        grown = max(memory[tenth:]) - memory[tenth]
        first, last = statistics.median(took[:tenth]), statistics.median(took[-tenth:])
        expect(grown < 4 * MIB, f"tireless: memory grew by {grown / MIB:.1f} MiB")
        expect(last < 4 * first, "tireless: the last requests cost four times what the first did")
        watch.expect_memory(1, 8 * MIB)
        print(f"  {count} requests; a bundle of {BUNDLE} cost {first * 1000:.2f} ms of processor at first, "
              f"{last * 1000:.2f} ms in the end; memory grew by {grown / 1024:.0f} KiB", flush=True)
    writer.close()


async def play(service, options):
    await tireless(service, 10 * BUNDLE)  # warm: caches and pools are as large as they will be
    await idle(service, options.idle)
    await writers(service, options.slow)
    await readers(service, options.slow)
    await tireless(service, options.requests)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--idle", type=int, default=5_000)
    parser.add_argument("--slow", type=int, default=400)
    parser.add_argument("--requests", type=int, default=MAX_REQUESTS)
    options = parser.parse_args()
    if not os.environ.get("KEYLEDGER_TEST_DATABASE_URL"):
        sys.exit("hardening: KEYLEDGER_TEST_DATABASE_URL is not set: run this through scripts/test")
    needed = options.idle + 500
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(needed, most), most))
    if most < needed:
        sys.exit(f"hardening: this needs {needed} open files, and the limit is {most} (ulimit -Hn)")
    servers = SimpleNamespace(database_url=os.environ["KEYLEDGER_TEST_DATABASE_URL"], brokers="")
    with tempfile.TemporaryDirectory(prefix="keyledger-hardening.") as directory:
        name = f"hardening-{os.getpid()}"
        deployment = Deployment(options.binary, servers, pathlib.Path(directory), name)
        instance = Instance(deployment, 1)
        try:
            instance.start()
            instance.await_ready()
            asyncio.run(play(Service(instance), options))
            expect(instance.stop() == 0, "the service did not end well")
        finally:
            if not instance.has_ended():
                instance.kill()
            deployment.drop()
    print("hardening: " + (f"{len(faults)} fault(s)" if faults else "everything stayed bounded"))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
