"""What a soak test came to, as a page in Markdown with its picture."""

import dataclasses
import os
import pathlib
import platform
import subprocess

import verdict
from evidence_of_load import median
from faults import SETTLE_S, SHARES, STEADY
from picture import picture_of

ROOT = pathlib.Path(__file__).resolve().parents[3]
NAMES = {"rss_mib": "memory (RSS), MiB", "anonymous_mib": "of it the process's own, MiB",
         "heap_mib": "of it what it asked its allocator for and holds, MiB",
         "access_mib": "of it what answers from memory hold, MiB", "fds": "file descriptors",
         "own_fds": "of them without connections of callers and PostgreSQL",
         "postgres_sessions": "sessions with PostgreSQL", "threads": "threads", "access_sessions": "sessions in memory",
         "access_users": "users in memory"}


@dataclasses.dataclass
class Seen:
    """All that is told about one run."""
    options: object
    since: float
    ramp: list
    due_rate: float
    load: object
    windows: list
    samples: list
    faults: list
    by_fault: dict
    others: list
    figures: dict
    log: dict
    probe: dict
    verify: str
    beginnings: int
    wrong: list


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head),
            *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows), ""]


def machine():
    model = next((line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text(
        encoding="utf-8").splitlines() if line.startswith("model name")), platform.machine())
    kib = int(pathlib.Path("/proc/meminfo").read_text(encoding="utf-8").split()[1])
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True,
                            check=False).stdout.strip()
    return f"{os.cpu_count()} cores ({model}), {kib / 2**20:.0f} GiB, {commit}"


def headline(seen):
    load = seen.load
    stale = sum("STALE" in one["what"] for one in seen.wrong)
    clear = [p99 for *_, p99, is_clear in seen.windows if is_clear]
    failed = sum(map(len, seen.by_fault.values()))
    rss = seen.figures["rss_mib"]
    return table(["what", "seen"], [
        ["the maximum of this mix here",
         f"{max(seen.ramp):,.0f} operations/s (closed loop)" if seen.ramp else "not measured"],
        ["load held", f"{seen.due_rate:,.0f}/s due, {load.rate():,.0f}/s answered well, {len(load.rows):,} in all"],
        ["faults", f"{len(seen.faults)} of {len({one.kind for one in seen.faults})} kinds"],
        ["acknowledged commands", f"{seen.log['acknowledged']:,}, **{seen.log['lost']} lost**; {seen.log['events']:,}"
                                  f" events in the log without a hole, {seen.log['records']:,} records in Kafka"],
        ["asked of another node right after a change", f"{seen.probe['questions']:,} questions after"
         f" {seen.probe['changes']:,} changes, **{stale} stale**"],
        ["attempts that failed", f"{failed:,} during faults ({100 * failed / max(1, len(load.rows)):.2f} %),"
         f" {len(seen.others)} while nothing was wrong; {len(load.given_up())} operations given up,"
         f" {load.sessions_given_up()} sessions whose refresh had no answer for so long that people logged in anew"],
        ["p99", f"{1000 * load.clear_p99(seen.windows):.0f} ms in the {len(clear)} of {len(seen.windows)} windows of"
         f" ten seconds in which nothing was wrong (the slowest {1000 * max(clear, default=0):.0f} ms);"
         f" {1000 * load.p99():,.0f} ms of everything"],
        [f"memory of node{STEADY}",
         f"{rss[0]:.0f} MiB, then {rss[1]:.0f} MiB ({100 * (rss[1] - rss[0]) / max(1, rss[0]):+.1f} %)"],
        ["`audit verify --against` the tree heads", seen.verify],
    ])


def faults_table(seen):
    rows = []
    for kind in SHARES:
        ours = [(index, fault) for index, fault in enumerate(seen.faults) if fault.kind == kind]
        if not ours:
            continue
        load = seen.load
        gap = max(load.gap(fault, load.ends) for _, fault in ours)
        beyond = max(load.gap(fault, load.ends) - fault.stood_s for _, fault in ours)
        pause = f" ({beyond:.2f} s beyond the pause)" if kind == "pause primary" else ""
        commands = max(load.gap(fault, load.command_ends) for _, fault in ours)
        failed = [len(seen.by_fault.get(index, [])) for index, _ in ours]
        rows.append([kind, len(ours), sum(failed), f"{gap:.2f} s{pause}", f"{commands:.2f} s",
                     f"{median(fault.whole - fault.began for _, fault in ours):.1f} s"])
    return table(["fault", "times", "attempts that failed", "longest time without a good answer", "without a command's",
                  "until all was whole (median)"], rows)


def memory_table(seen, minutes):
    rows = [[NAMES[name], f"{early:,.0f}", f"{late:,.0f}", f"{100 * (late - early) / early:+.1f} %" if early else "",
             f"{peak:,.0f}"] for name, (early, late, peak) in ((name, seen.figures[name]) for name in NAMES)]
    return table([f"node{STEADY}, one process all the time", minutes.words(minutes.early), minutes.words(minutes.late),
                  "", "most"], rows)


def lives_table(seen):
    rows = []
    for node, of_node in sorted(verdict.lives(seen.samples).items()):
        sizes = verdict.at_one_age(of_node)
        half = len(sizes) // 2
        peak = max(sample["rss_kib"] for life in of_node for sample in life) / 1024
        halves = (f"{median(sizes[:half]):.0f}", f"{median(sizes[half:]):.0f}") if half else ("", "")
        rows.append([f"node{node}", len(of_node), len(sizes), *halves, f"{peak:.0f}"])
    return table(["restarted and killed", "lives", "a minute or longer", "MiB at a minute, first half of them",
                  "second half", "most MiB"], rows)


def opening(seen, minutes, name):
    options = seen.options
    load = f"{options.rate:g} operations/s" if options.rate else "half of the maximum"
    lines = [f"# Soak test of {name.removesuffix('-soak')}", "",
             f"By `scripts/soak --minutes {options.minutes:g} --seed {options.seed}`: {minutes.length:.0f} minutes at"
             f" {load} with faults at random. Three nodes behind HAProxy, PostgreSQL with a synchronous standby, three"
             f" Kafka brokers, a mailbox and the load on one machine: {machine()}.", ""]
    if not minutes.judged:
        lines += [f"**Shorter than {verdict.JUDGED_FROM_MIN} minutes: memory is told and not judged.**", ""]
    return lines


def memory_part(seen, minutes):
    return ["## Memory and descriptors", "", *memory_table(seen, minutes),
            f"Between the middles of both {seen.beginnings:,} sessions, people and tokens of services were begun. A"
            " node remembers the streams that it met last, ended ones, too: 5,000 here (`KEYLEDGER_CACHED_STREAMS`),"
            " so that it has its full size within a minute, and nothing is taken off what it grows after that.",
            "", *lives_table(seen)]


def page(seen, minutes, complaints, name):
    found = [f"- {one}" for one in complaints] or ["Nothing was found that should not be."]
    lines = opening(seen, minutes, name) + headline(seen)
    lines += ["## Findings", "", *found, "", f"![load, latency, memory and descriptors](./{name}.svg)", ""]
    lines += ["## Faults", "", *faults_table(seen),
              f"A request may fail from a fault on until {SETTLE_S:.0f} s after it is over for callers. It is then"
              " repeated as clients do, under the same Idempotency-Key where one is taken.", ""]
    lines += memory_part(seen, minutes) + ["## Load", ""]
    lines += table(["operation", "times"], [[op, f"{count:,}"] for op, count in seen.load.by_operation().most_common()])
    lines += [f"Bounds: p99 {1000 * verdict.CLEAR_P99_S:.0f} ms while nothing is wrong, {verdict.WINDOW_P99_S:.0f} s in"
              f" any ten seconds of that, {verdict.WHOLE_P99_S:.0f} s of everything; memory and descriptors ±"
              f" {100 * verdict.FLAT:.0f} %. Latency counts from when a request was due until its good answer, repeats"
              " and all.", "", "## Every fault", ""]
    lines += table(["minute", "fault", "", "failed attempts"],
                   [[f"{(fault.began - seen.since) / 60:.1f}", fault.kind, fault.what,
                     len(seen.by_fault.get(index, []))] for index, fault in enumerate(seen.faults)])
    return "\n".join(lines)


def write(seen, minutes, complaints, folder, name):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(page(seen, minutes, complaints, name), encoding="utf-8")
    (folder / f"{name}.svg").write_text(picture_of(seen), encoding="utf-8")
    return folder / f"{name}.md"
