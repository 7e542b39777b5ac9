#!/usr/bin/env python3
"""An hour at half of the maximum, with everything that can fail failing at random (scripts/soak).

Scenario. Three nodes behind HAProxy, PostgreSQL with a synchronous standby, three Kafka brokers in KRaft, a mailbox. A
short ramp finds how much of the mix (mix.py) they carry; half of that is then due each second, whatever happens. Every
20 to 40 seconds one fault (faults.py): a node is killed, restarted, made to stand still, told to read a new key or a
broken file; the primary dies and its standby takes over, stands still, or ends sessions; a broker dies or stands still;
there is no mail server; the balancer reloads. One node is never killed: memory and descriptors are watched on it.

Checked: nothing that was acknowledged is lost or done twice, the topic has the log once (check_log.py); no answer of
another node is from before a change that had been acknowledged (prober.py, and whoever ends a session in mix.py);
requests fail only while something is wrong, and service is back in time; latency, memory, descriptors and threads
(verdict.py). Whatever is not as it should be is told in a sentence, and the exit status is 1."""

import argparse
import datetime
import multiprocessing
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
# pylint: disable=wrong-import-position
import check_log  # noqa: E402
import mix  # noqa: E402
import prober  # noqa: E402
import summary  # noqa: E402
import verdict  # noqa: E402
from evidence_of_load import Load  # noqa: E402
from faults import SHARES, Harm, QuietBalancer  # noqa: E402
from killed_node import ADMINISTRATOR, Administrator  # noqa: E402
from kafka_cluster import ClusterServers  # noqa: E402
from load import PASSWORD  # noqa: E402
from mailbox import Mailbox  # noqa: E402  of tests/fault
from nodes import DRAIN_SECONDS, ROOT, Nodes, awaits, die, put_away, query, told  # noqa: E402
from samples import Sampler  # noqa: E402
from two_postgres import TwoPostgres  # noqa: E402

PEOPLE, SERVICES = 300, 4
CALLERS = (16, 32, 64, 128)  # of the ramp
PROBE_EVERY_S = 0.25
PROGRESS_S = 30
LOG_IN_SECONDS = 60
REMEMBERED_TOKENS = 5_000  # as below
CACHED_STREAMS = 5_000  # met within the first minute: from then on what a node remembers has its full size


class Helper:
    """A process of its own and the pipe to it. `heard` keeps what it said by kinds."""

    def __init__(self, target, settings):
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=target, args=(settings, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.seconds, self.wrong, self.probe, self.broken, self.ended = [], [], {}, None, threading.Event()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                said = self.pipe.recv()
            except (EOFError, OSError):
                self.ended.set()
                return
            if "wrong" in said:
                self.wrong.append(said["wrong"])
                print(f"!!! {said['wrong']}", flush=True)
            elif "broken" in said:
                self.broken = said["broken"]
                print(f"!!! broken: {said['broken']}", flush=True)
            elif "probe" in said:
                self.probe = said["probe"]
            elif "at" in said:
                self.seconds.append(said)
            if said.get("ended"):
                self.ended.set()

    def say(self, *words):
        self.pipe.send(words)

    def stop(self):
        if self.process.is_alive():
            try:
                self.say("stop")
            except OSError:
                pass
            self.ended.wait(150)
            self.process.join(10)
            if self.process.is_alive():
                self.process.kill()


class Stage:
    """All servers of one run."""

    def __init__(self, work):
        self.work, self.current, self.heads = work, None, work / "heads"
        self.postgres = self.kafka = self.mailbox = self.nodes = self.balancer = None

    def start(self, binary):
        self.postgres = TwoPostgres(self.work)
        self.kafka = ClusterServers(ROOT / "scripts/services", self.work)
        self.kafka.start_kafka()
        self.mailbox = Mailbox(self.work / "mailbox")
        servers = types.SimpleNamespace(database_url=self.postgres.url, brokers=self.kafka.brokers)
        self.nodes = Nodes(binary, servers, self.work, f"soak-{os.getpid()}",
                           KEYLEDGER_ACCESS_LOG="errors", KEYLEDGER_SESSIONS_AT_ONCE="5",
                           KEYLEDGER_KAFKA_REPLICATION_FACTOR="3", KEYLEDGER_KAFKA_MIN_INSYNC_REPLICAS="2",
                           KEYLEDGER_SMTP_URL=self.mailbox.smtp_url, KEYLEDGER_MAIL_FROM="keyledger@example.com",
                           KEYLEDGER_MAIL_OPEN_RATE_PER_MINUTE="1000000",
                           KEYLEDGER_CACHED_STREAMS=str(CACHED_STREAMS),
                           KEYLEDGER_REMEMBERED_TOKENS=str(REMEMBERED_TOKENS),
                           KEYLEDGER_TREE_HEAD_FILE=str(self.heads), KEYLEDGER_DRAIN_SECONDS=str(DRAIN_SECONDS))
        self.nodes.start()
        self.balancer = QuietBalancer([node.port for node in self.nodes.all])
        self.balancer.start()

    def mailbox_script(self, action):
        subprocess.run([ROOT / "scripts/mailbox", action, self.mailbox.directory], check=True, capture_output=True)

    def drop(self):
        if self.balancer:
            self.balancer.stop()
        if self.nodes:
            self.nodes.stop(drop=False)
        if self.mailbox:
            self.mailbox.drop()
        if self.kafka:
            self.kafka.call("drop", "kafka-cluster", str(self.work / "kafka"))
        if self.postgres:
            self.postgres.drop()


def populate(stage):
    """(settings of the mix, settings of the prober)"""
    nodes = stage.nodes
    people = nodes.register(nodes.all[0].port, PEOPLE + 1, PASSWORD)
    *everybody, probed = people.items()
    root = Administrator(nodes.all[0].port, nodes.deployment.administrator_password)
    root.log_in()

    def made(path, body=None):
        status, answer, _ = root.call("POST", f"/api/v1/admin/{path}", body)
        return answer if status == 201 else die(f"{path}: {status}")

    def put(path):
        status, _, _ = root.call("PUT", f"/api/v1/admin/{path}")
        return None if status == 204 else die(f"{path}: {status}")
    reader = made("roles", {"name": "reader", "permissions": ["invoices:read"]})["id"]
    for number, (_, identity) in enumerate(everybody):
        if number % 2:
            put(f"users/{identity}/roles/{reader}")
    keeper = made("roles", {"name": "keeper", "permissions": ["ledgers:read"]})["id"]
    group = made("groups", {"name": "keepers"})["id"]
    put(f"groups/{group}/roles/{keeper}")
    services = []
    for number in range(SERVICES):
        account = made("service-accounts", {"name": f"service{number}", "audiences": []})["id"]
        services.append((account, made(f"service-accounts/{account}/secrets")["client_secret"]))
    client = nodes.deployment.introspector
    return ({"port": stage.balancer.port, "client": client, "services": services, "directory": str(stage.work),
             "people": [(email, identity, bool(number % 2)) for number, (email, identity) in enumerate(everybody)]},
            {"ports": [node.port for node in nodes.all], "client": client, "user": probed, "role": keeper,
             "group": group, "administrator": (ADMINISTRATOR, nodes.deployment.administrator_password),
             "every_s": PROBE_EVERY_S})


def ramp(load, seconds):
    """Operations a second of each number of callers; the first fifth of each step is left out."""
    found = []
    load.say("closed", CALLERS[0])
    awaits(LOG_IN_SECONDS, lambda: load.seconds and load.seconds[-1]["live"] >= PEOPLE, "everybody's first log-in")
    for callers in CALLERS:
        load.say("closed", callers)
        began = time.monotonic()
        time.sleep(seconds / len(CALLERS))  # for which it is measured; nothing is awaited
        whole = [one for one in load.seconds if one["at"] > began + 1 + seconds / len(CALLERS) / 5]
        found.append(sum(one["done"] for one in whole) / max(1, sum(one["seconds"] for one in whole)))
        print(f"ramp: {callers} callers: {found[-1]:,.0f} operations/s", flush=True)
    return found


class Progress(threading.Thread):
    """A line every half a minute."""

    def __init__(self, load, probe, sampler, harm, since):
        super().__init__(daemon=True)
        self.load, self.probe, self.sampler, self.harm, self.since = load, probe, sampler, harm, since
        self.stopping = threading.Event()

    def run(self):
        while not self.stopping.wait(PROGRESS_S):
            self.tell()

    def tell(self):
        recent = self.load.seconds[-PROGRESS_S:]
        if not recent:
            return
        p99 = sorted(one["p99"] for one in recent if one["p99"] is not None)
        newest = [self.sampler.newest(number) for number in (1, 2, 3)]
        rss = "/".join(f"{one['rss_kib'] / 1024:.0f}" if one else "-" for one in newest)
        fds = "/".join(str(one["fds"]) if one else "-" for one in newest)
        threads = "/".join(str(one["threads"]) if one else "-" for one in newest)
        rate = sum(one["done"] for one in recent) / sum(one["seconds"] for one in recent)
        failed = recent[-1]["failed"] - recent[0]["failed"]
        wrong = len(self.load.wrong) + len(self.probe.wrong)
        middle, most = (p99[len(p99) // 2], p99[-1]) if p99 else (0, 0)
        minute = (time.monotonic() - self.since) / 60
        print(f"minute {minute:5.1f}: {rate:5.0f}/s, {failed:4d} attempts failed, p99 of a second"
              f" {1000 * middle:.0f} ms (median), {1000 * most:.0f} ms (most); RSS {rss} MiB, fds {fds}, threads"
              f" {threads}; {recent[-1]['live']} live, {recent[-1]['waiting']} waiting; {wrong} wrong of"
              f" {self.probe.probe.get('questions', 0)} questions; {len(self.harm.done)} faults", flush=True)


def do_harm(harm, options, since, helpers):
    """Until the time is over. At most one fault at a time."""
    end = since + 60 * options.minutes
    least, most = options.every
    time.sleep(min(10, least))  # load without a fault first
    while True:
        for helper in helpers:
            if helper.broken or not helper.process.is_alive():
                die(f"a part of the test broke: {helper.broken}")
        began = time.monotonic()
        if began > end - least:
            break
        kind = harm.next_kind()
        fault = harm.strike(kind)
        print(f"  {(began - since) / 60:5.1f}: {kind}: {fault.what}; served after {fault.served - began:.1f} s, whole"
              f" after {fault.whole - began:.1f} s", flush=True)
        pause = began + harm.chance.uniform(least, most) - time.monotonic()
        time.sleep(max(min(5.0, least), pause))  # the moment of the next one is the random part
    time.sleep(max(0, end - time.monotonic()))


def final_state(stage, complaints):
    """What each node says at the end, and how it ends."""
    for node in stage.nodes.all:
        node.await_ready()
    jobs = query(stage.nodes.deployment.database.url, "select count(*) from keyledger.jobs where state = 'dead'") \
        if query(stage.nodes.deployment.database.url, "select to_regclass('keyledger.jobs')")[0] else ["0"]
    if jobs != ["0"]:
        complaints.append(f"JOBS: {jobs[0]} are dead")
    for node in stage.nodes.all:
        if node.stop() != 0:
            complaints.append(f"{node.name} did not end as it should; see {node.log.name}")


def begun(stage, first_s, last_s):
    """How many sessions, people and tokens of services between these two moments, in seconds before now."""
    return int(query(stage.nodes.deployment.database.url, "select count(*) from keyledger.events where event_type in"
                     " ('session.started', 'user.registered', 'service_token.issued') and"
                     f" recorded_at between now() - interval '{first_s:.0f} s' and now() - interval"
                     f" '{last_s:.0f} s'")[0])


def play(options, stage, complaints):
    """The run. What was seen, and what was found besides."""
    for_mix, for_prober = populate(stage)
    chance = random.Random(options.seed)
    load = Helper(mix.run, {**for_mix, "seed": options.seed})
    probe, sampler = None, Sampler(stage.nodes, stage.work / "samples.jsonl")
    try:
        sampler.start()
        found = ramp(load, options.ramp_seconds) if not options.rate else []
        rate = options.rate or max(found) / 2
        load.say("open", rate)
        probe = Helper(prober.run, {**for_prober, "seed": options.seed})
        since = time.monotonic()
        print(f"{rate:.0f} operations/s are due from now on, for {options.minutes:g} minutes", flush=True)
        harm = Harm(stage, chance, options.faults)
        progress = Progress(load, probe, sampler, harm, since)
        progress.start()
        do_harm(harm, options, since, (load, probe))
        until = time.monotonic()
        progress.stopping.set()
    finally:
        for helper in (probe, load):
            if helper:
                helper.stop()
        sampler.stop()
    complaints += harm.complaints + [one["what"] for helper in (load, probe) for one in helper.wrong]
    return judge(options, stage, complaints, types.SimpleNamespace(
        since=since, until=until, ramp=found, rate=rate, sampler=sampler, harm=harm, load=load, probe=probe))


def judge(options, stage, complaints, run):
    minutes = verdict.Minutes(run.since, run.until)
    early, late = (run.since + 60 * sum(span) / 2 for span in (minutes.early, minutes.late))
    beginnings = begun(stage, time.monotonic() - early, time.monotonic() - late)
    final_state(stage, complaints)
    print("comparing log, topic and what was acknowledged", flush=True)
    url = stage.nodes.deployment.database.url
    log = check_log.check_log(url, stage.work, complaints)
    log["records"] = check_log.check_kafka(stage.kafka.brokers, stage.nodes.deployment.topic, log["events"], complaints)
    said = check_log.verify(stage.nodes, stage.heads, complaints)
    load = Load(stage.work, run.since, run.until)
    windows = load.windows(run.harm.done)
    by_fault, others = load.failures_by_fault(run.harm.done)
    verdict.judge_load(load, windows, run.harm.done, by_fault, others, complaints)
    samples = [one for one in run.sampler.all if run.since <= one["at"] <= run.until]
    figures = verdict.steady_figures(samples, minutes)
    verdict.judge_steady(figures, minutes, complaints)
    verdict.judge_lives(verdict.lives(samples), minutes, complaints)
    if not run.probe.probe.get("questions"):
        complaints.append("no question was asked of another node: the test shows nothing")
    return minutes, summary.Seen(
        options=options, since=run.since, ramp=run.ramp, due_rate=run.rate, load=load, windows=windows, samples=samples,
        faults=run.harm.done, by_fault=by_fault, others=others, figures=figures, log=log, probe=run.probe.probe,
        verify=said, beginnings=beginnings, wrong=run.load.wrong + run.probe.wrong)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="the folder that has keyledger")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--rate", type=float, help="operations a second that are due, instead of half of the maximum")
    parser.add_argument("--ramp-seconds", type=float, default=48)
    parser.add_argument("--every", default=None, help="LEAST-MOST seconds from one fault to the next")
    parser.add_argument("--faults", default=",".join(SHARES), help="kinds that may happen: " + ", ".join(SHARES))
    parser.add_argument("--write", type=pathlib.Path, help="a folder for <date>-soak.md and .svg")
    parser.add_argument("--keep", action="store_true", help="keep logs and what was written down, also of a good run")
    options = parser.parse_args()
    options.faults = [kind for kind in options.faults.split(",") if kind]
    unknown = [kind for kind in options.faults if kind not in SHARES]
    if unknown:
        die(f"don't know the faults {unknown}")
    if options.every:
        options.every = tuple(float(part) for part in options.every.split("-"))
    else:  # a short run has each kind once all the same
        most = min(40.0, 60 * options.minutes / (len(options.faults) + 1) * 0.9)
        options.every = (most / 2, most)
    return options


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # through the cleaning
    print(f"seed {options.seed}", flush=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix="keyledger-soak-"))
    work.chmod(0o711)  # PostgreSQL's user must be able to pass
    print(f"logs and samples are in {work} meanwhile", flush=True)
    complaints, stage, seen = [], None, None
    try:
        stage = Stage(work)
        stage.start(options.bin / "keyledger")
        minutes, seen = play(options, stage, complaints)
        name = f"{datetime.date.today().isoformat()}-soak"
        page = summary.write(seen, minutes, complaints, options.write or work, name)
        print(page.read_text(encoding="utf-8").split("## Every fault")[0])
        print(f"written to {page}")
    finally:
        if stage:
            stage.drop()
        if seen and not options.keep:
            put_away(work, complaints)
        else:
            print(f"logs are in {work}")
    return told(complaints)


if __name__ == "__main__":
    sys.exit(main())
