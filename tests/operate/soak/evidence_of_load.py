"""What the load of the soak test wrote down (mix.py), as figures: latencies, failures by fault, times without
service."""

import array
import bisect
import collections
import json
import statistics

from faults import SETTLE_S
from mix import COMMANDS, FIELDS, OPS

WINDOW_S = 10
NOTICED_S = 0.1  # a request that was sent before a fault may reach a node after it began


def percentile(ordered, share):
    return ordered[int(share * (len(ordered) - 1))] if ordered else 0.0


class Load:
    """Operations from `since` on, in the order in which they ended."""

    def __init__(self, directory, since, until):
        values = array.array("d")
        with open(directory / "operations.bin", "rb") as file:
            values.frombytes(file.read())
        rows = [tuple(values[at:at + FIELDS]) for at in range(0, len(values), FIELDS)]
        self.rows = sorted((row for row in rows if since <= row[0] <= until), key=lambda row: row[1])
        self.since, self.until = since, until
        self.good = [row for row in self.rows if 200 <= row[3] < 300]
        self.ends = [row[1] for row in self.good]
        self.command_ends = [row[1] for row in self.good if OPS[int(row[2])] in COMMANDS]
        with open(directory / "failed.jsonl", encoding="utf-8") as file:
            failed = [json.loads(line) for line in file]
        self.failed = [one for one in failed if one["ended"] >= since]

    def given_up(self):
        """But for refreshes: after the time for asking again those who asked log in anew."""
        return [row for row in self.rows if not 0 < row[3] < 500 and OPS[int(row[2])] != "refresh"]

    def sessions_given_up(self):
        return sum(not 200 <= row[3] < 300 and OPS[int(row[2])] == "refresh" for row in self.rows)

    def by_operation(self):
        return collections.Counter(OPS[int(row[2])] for row in self.rows)

    def rate(self):
        return len(self.good) / (self.until - self.since)

    def windows(self, faults):
        """(began, good answers, p50, p99 of what was due, whether nothing was wrong meanwhile) of every ten seconds."""
        took, answers = collections.defaultdict(list), collections.Counter()
        for row in self.good:
            took[int((row[0] - self.since) // WINDOW_S)].append(row[1] - row[0])
            answers[int((row[1] - self.since) // WINDOW_S)] += 1
        found = []
        for number in range(int((self.until - self.since) // WINDOW_S)):
            began = self.since + number * WINDOW_S
            clear = not any(fault.began - NOTICED_S < began + WINDOW_S and fault.whole + SETTLE_S > began
                            for fault in faults)
            ordered = sorted(took[number])
            found.append((began, answers[number], percentile(ordered, 0.5), percentile(ordered, 0.99), clear))
        return found

    def clear_p99(self, windows):
        """Of all operations of the windows in which nothing was wrong."""
        clear = {int((began - self.since) // WINDOW_S) for began, *_, is_clear in windows if is_clear}
        return percentile(sorted(row[1] - row[0] for row in self.good
                                 if int((row[0] - self.since) // WINDOW_S) in clear), 0.99)

    def p99(self):
        return percentile(sorted(row[1] - row[0] for row in self.good), 0.99)

    def gap(self, fault, ends):
        """The longest time without a good answer, from its beginning until it was over for callers."""
        first = max(0, bisect.bisect_left(ends, fault.began) - 1)
        last = bisect.bisect_right(ends, fault.served + SETTLE_S) + 1
        seen = ends[first:last]
        return max((later - earlier for earlier, later in zip(seen, seen[1:])), default=float("inf"))

    def failures_by_fault(self, faults):
        """{index of the fault: attempts that failed}, and those that no fault explains."""
        by_fault, others = collections.defaultdict(list), []
        for one in self.failed:
            index = next((index for index in range(len(faults) - 1, -1, -1)
                          if one["began"] < faults[index].served + SETTLE_S
                          and one["ended"] > faults[index].began - NOTICED_S), None)
            if index is None:
                others.append(one)
            else:
                by_fault[index].append(one)
        return by_fault, others


def median(values):
    values = list(values)
    return statistics.median(values) if values else 0.0
