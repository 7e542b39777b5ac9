"""What the soak test promises, held against what was seen. Each bound stands here, with its name."""

import collections
import statistics

from evidence_of_load import median
from faults import STEADY

FLAT = 0.05                 # memory and descriptors of the node that lived all the time
FEW = 2                     # descriptors or threads more or less are no trend
YOUNG_S, OLD_S = 50, 70     # at that age lives of restarted nodes are compared
# What a node remembers of the newest tokens, people and changes is bounded, and has its full size after so long.
EARLY_MIN, LATE_MIN = (15, 25), 10
JUDGED_FROM_MIN = 45        # a shorter run is the warming up
CLEAR_P99_S = 0.5          # of all that was asked while nothing was wrong
WINDOW_P99_S = 2.0          # of any ten seconds of these
WHOLE_P99_S = 10.0          # of everything, faults and all: it was asked again until it was done
SHOWN = 10


class Minutes:
    """Which samples are early and late."""

    def __init__(self, since, until):
        self.since, self.length = since, (until - since) / 60
        self.judged = self.length >= JUDGED_FROM_MIN
        if self.judged:
            self.early, self.late = EARLY_MIN, (self.length - LATE_MIN, self.length)
        else:
            self.early, self.late = (0.4 * self.length, 0.6 * self.length), (0.8 * self.length, self.length)

    def of(self, samples, span):
        return [sample for sample in samples if span[0] <= (sample["at"] - self.since) / 60 <= span[1]]

    def words(self, span):
        return f"minutes {span[0]:.0f} to {span[1]:.0f}"


def own_fds(sample):
    """Without callers' connections and sessions with PostgreSQL, which come and go with the load."""
    if "http_connections" not in sample:
        return None
    return sample["fds"] - sample["http_connections"] - sample["postgres_sessions"]


def part_of(sample):
    """Who projects and publishes has threads and connections for it."""
    return bool(sample.get("projector_leading")), bool(sample.get("publishes"))


def of_one_part(samples, minutes):
    """Those of the part that was played longest both early and late; [] where it never was the same."""
    counts = [collections.Counter(map(part_of, minutes.of(samples, span))) for span in (minutes.early, minutes.late)]
    part = max(counts[0] | counts[1], key=lambda one: min(counts[0][one], counts[1][one]), default=None)
    if part is None or not counts[0][part] or not counts[1][part]:
        return []
    return [sample for sample in samples if part_of(sample) == part]


def steady_figures(samples, minutes):
    """{name: (early, late, peak)} of the node that was never restarted, while it played the same part."""
    ours = of_one_part([sample for sample in samples if sample["node"] == STEADY], minutes)
    parts = {"rss_mib": lambda one: one["rss_kib"] / 1024, "anonymous_mib": lambda one: one["anonymous_kib"] / 1024,
             "fds": lambda one: one["fds"], "own_fds": own_fds, "threads": lambda one: one["threads"],
             "postgres_sessions": lambda one: one.get("postgres_sessions"),
             "access_mib": lambda one: one["access_bytes"] / 2**20 if "access_bytes" in one else None,
             "heap_mib": lambda one: one["heap_allocated_bytes"] / 2**20 if "heap_allocated_bytes" in one else None,
             "access_sessions": lambda one: one.get("access_sessions"),
             "access_users": lambda one: one.get("access_users")}
    figures = {}
    for name, part in parts.items():
        spans = [[value for value in map(part, minutes.of(ours, span)) if value is not None]
                 for span in (minutes.early, minutes.late, (0, minutes.length))]
        figures[name] = (median(spans[0]), median(spans[1]), max(spans[2], default=0))
    return figures


def lives(samples):
    """{node: [samples of one process]}, of the nodes that were restarted."""
    found = collections.defaultdict(dict)
    for sample in samples:
        if sample["node"] != STEADY:
            found[sample["node"]].setdefault(sample["pid"], []).append(sample)
    return {node: list(by_pid.values()) for node, by_pid in found.items()}


def at_one_age(of_node):
    """RSS (MiB) of each life at about a minute; those that did not get so old are left out."""
    found = []
    for life in of_node:
        then = [sample["rss_kib"] / 1024 for sample in life if YOUNG_S <= sample["age"] <= OLD_S]
        if then:
            found.append(statistics.median(then))
    return found


def judge_steady(figures, minutes, faults):
    early, late, _ = figures["rss_mib"]
    if not minutes.judged:
        return
    if not early:
        faults.append(f"MEMORY: node{STEADY} never played the same part early and late; run it again")
        return
    change = (late - early) / early
    if abs(change) > FLAT:
        faults.append(f"MEMORY: node{STEADY} had {early:.0f} MiB in {minutes.words(minutes.early)} and {late:.0f} MiB"
                      f" in {minutes.words(minutes.late)}: {100 * change:+.1f} %")
    for name in ("own_fds", "threads"):
        early, late, _ = figures[name]
        if abs(late - early) > max(FEW, FLAT * early):
            faults.append(f"{name.upper()}: node{STEADY} had {early:.0f} and then {late:.0f}")


def judge_lives(of_nodes, minutes, faults):
    """A node that is started late must not be larger than one that was started early."""
    for node, of_node in sorted(of_nodes.items()):
        sizes = at_one_age(of_node)
        half = len(sizes) // 2
        if not minutes.judged or half < 2:
            continue
        early, late = statistics.median(sizes[:half]), statistics.median(sizes[half:])
        if late > (1 + FLAT) * early and late - early > 5:
            faults.append(f"MEMORY: node{node} had {early:.0f} MiB a minute after its starts of the first half, and"
                          f" {late:.0f} MiB after those of the second")


def judge_load(load, windows, all_faults, by_fault, others, faults):
    for one in others[:SHOWN]:
        faults.append(f"FAILED: {one['op']} at {one['began'] - load.since:.1f} s, while nothing was wrong:"
                      f" {one['status']} {one['what']}")
    if len(others) > SHOWN:
        faults.append(f"FAILED: {len(others) - SHOWN} more while nothing was wrong")
    if load.given_up():
        faults.append(f"GIVEN UP: {len(load.given_up())} operations were not answered for certain")
    for fault in all_faults:
        gap = load.gap(fault, load.ends)
        if gap > fault.longest_s():
            faults.append(f"SERVICE: {fault.kind} ({fault.what}): nothing was answered for {gap:.1f} s, and"
                          f" {fault.longest_s():.1f} s are allowed")
    clear, whole = load.clear_p99(windows), load.p99()
    if clear > CLEAR_P99_S:
        faults.append(f"SLOW: p99 while nothing was wrong is {1000 * clear:.0f} ms, and {1000 * CLEAR_P99_S:.0f} are"
                      " allowed")
    for began, _, _, p99, is_clear in windows:
        if is_clear and p99 > WINDOW_P99_S:
            faults.append(f"SLOW: p99 of the ten seconds from {began - load.since:.0f} s on is {1000 * p99:.0f} ms")
    if whole > WHOLE_P99_S:
        faults.append(f"SLOW: p99 of everything is {whole:.1f} s")
    return by_fault
