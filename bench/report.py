#!/usr/bin/env python3
"""Holds what scripts/bench printed against the budgets of the design, and writes results/<date>.md with a chart (SVG).

Reads the lines that are JSON objects with `figure`, `ceiling`, `phase` or `trips`; ends with 1, naming it, if a
measurement that a budget needs is not among them.
"""

import argparse
import datetime
import html
import json
import pathlib
import platform
import statistics
import sys


class Missing(Exception):
    pass


class Figures:
    def __init__(self, text):
        self.all = []
        for line in text.splitlines():
            if not line.startswith("{"):
                continue
            try:
                value = json.loads(line)
            except json.JSONDecodeError:
                continue
            if isinstance(value, dict):
                self.all.append(value)

    def some(self, **wanted):
        found = [f for f in self.all if all(f.get(key) == value for key, value in wanted.items())]
        if not found:
            raise Missing(", ".join(f"{key} {value}" for key, value in wanted.items()))
        return found

    def last(self, **wanted):
        return self.some(**wanted)[-1]

    def ceiling(self, name):
        """Measured before and after what it is the ceiling of: the mean."""
        return statistics.mean(f["rate"] for f in self.some(ceiling=name))


class Row:
    """One budget. `part` is what was reached of it: 1 and above keeps it."""

    def __init__(self, path, measured, budget, part):
        self.path, self.measured, self.budget, self.part = path, measured, budget, part

    @property
    def verdict(self):
        return "kept" if self.part >= 1 else "**missed**"


def at_least(path, value, ceiling, wanted, what, note=""):
    ratio = value / ceiling
    measured = f"{value:,.0f}/s = {ratio:.2f} × {what} ({ceiling:,.0f}/s){note}"
    return Row(path, measured, f"≥ {wanted:g} ×", ratio / wanted)


def rate_of(path, value, wanted, note=""):
    return Row(path, f"{value:,.0f} events/s{note}", f"≥ {wanted:,.0f} events/s", value / wanted)


def below(path, value, limit, unit, note=""):
    return Row(path, f"{value:,.1f} {unit}{note}", f"< {limit:g} {unit}", limit / value if value > 0 else 9)


def at_most(path, value, limit, what, note=""):
    """Counts of what is done for one request, to a twentieth: retries and first times are among them."""
    part = limit / max(value, 0.05) if limit > 0 else 0.05 / max(value, 0.005)
    if value <= limit + 0.05:
        part = max(part, 1)
    return Row(path, f"{value:.2f} {what}{note}", f"≤ {limit:g}", part)


# ---- the rows of the design ------------------------------------------------------------------------------------------
def throughput_rows(figures):
    append = figures.last(figure="append")
    # The first phase named log-in ran at full cost, the ones after it at the lowered cost.
    login, cost = figures.some(phase="log-in")[0], figures.last(figure="hash cost")
    refresh, empty = figures.last(phase="refresh", errors=0), figures.last(phase="empty")["rate"]
    parameters = (f"; m = {cost['memory_kib']} KiB, t = {cost['passes']}, p = {cost['lanes']}; the service's own hash "
                  f"alone: {figures.ceiling('argon2id of the service'):,.0f}/s")
    grants = figures.last(phase="client credentials", errors=0)
    trips = {name: figures.last(trips=name)
             for name in ("log-in", "refresh", "introspect", "evaluate", "me", "client credentials")}
    return [
        at_least("append, 200 a batch", append["plain"], append["bare"], 0.6, "bare insert"),
        at_least("append, each with guard and key", append["guarded"], append["bare"], 0.6, "bare insert"),
        at_least("log-in", login["rate"], figures.ceiling("argon2id"), 0.95, "bare Argon2id", parameters),
        at_most("log-in: appends", trips["log-in"]["appends"], 1, "a log-in"),
        at_most("log-in: further round trips", trips["log-in"]["reads"], 2, "a log-in"),
        at_least("refresh", refresh["rate"], figures.ceiling("sign ES256"), 0.5, "bare ES256"),
        at_most("refresh: appends", trips["refresh"]["appends"], 1, "a refresh"),
        at_most("refresh: reads, session cached", trips["refresh"]["reads"], 0, "a refresh"),
        at_least("client credentials", grants["rate"], figures.ceiling("sign ES256"), 0.5, "bare ES256"),
        at_most("client credentials: appends", trips["client credentials"]["appends"], 1, "a grant"),
        at_most("client credentials: reads, account cached", trips["client credentials"]["reads"], 0, "a grant"),
        at_least("introspection", figures.last(phase="introspect")["rate"], empty, 0.5, "empty answer"),
        at_most("introspection: trips of its own", trips["introspect"]["reads"], 0, "a request",
                f", and {trips['introspect']['head_queries']:.3f} shared head queries"),
        at_least("permission check", figures.last(phase="evaluate")["rate"], empty, 0.5, "empty answer"),
        at_most("permission check: trips of its own", trips["evaluate"]["reads"], 0, "a request",
                f", and {trips['evaluate']['head_queries']:.3f} shared head queries"),
        at_most("who somebody is, user cached: trips of its own", trips["me"]["reads"], 0, "a request",
                f", and {trips['me']['head_queries']:.3f} shared head queries"),
    ]


def visible(figures, path, name, limit):
    """A rate that was not reached was not measured: the load was lighter than the budget's."""
    seen = figures.last(figure=name)
    rate, wanted = seen["events_per_second"], seen["wanted_per_second"]
    note = (f" at {rate:,.0f} events/s; p50 {seen['p50_ms']:.1f} ms, from the answer on p99 "
            f"{seen['after_answer_p99_ms']:.1f} ms")
    row = below(path, seen["p99_ms"], limit, "ms", note)
    if rate < 0.97 * wanted:
        row.measured += f" (**{wanted:,.0f} were wanted**)"
        row.part = min(row.part, rate / wanted)
    return row


def latency_rows(figures):
    return [
        visible(figures, "command to read models, p99", "command to tables", 20),
        visible(figures, "command to Kafka, p99", "command to Kafka", 100),
        below("introspection beside log-ins, p99", figures.last(phase="introspect beside log-ins")["p99_ms"], 10, "ms"),
        below("event to read models alone, p99", figures.last(figure="tables visible")["p99_ms"], 20, "ms"),
        below("event to Kafka alone, p99", figures.last(figure="kafka visible")["p99_ms"], 100, "ms"),
    ]


def replay_rows(figures):
    rows = []
    for what, path in (("audit replay of the export", "replay into memory, from a file"),
                       ("audit replay", "replay into memory, from PostgreSQL")):
        figure = figures.last(figure="large", what=what)
        rows.append(rate_of(path, figure["events"] / figure["fold_seconds"], 500_000, " on one core"))
    rows.append(rate_of("replay into tables, all at once", figures.last(figure="replay into tables")["rate"], 30_000))
    rebuilds = [figure for figure in figures.some(figure="large") if figure["what"].startswith("rebuild ")]
    if not rebuilds:
        raise Missing("rebuilds of the read models")
    return rows + [rate_of(figure["what"], figure["rate"], 30_000) for figure in rebuilds]


def start_and_memory_rows(figures):
    start, large_starts = figures.last(figure="start"), figures.some(figure="large start")
    events = f"{figures.last(figure='fill')['events']:,} events"
    idle = figures.last(figure="memory", when="idle")
    before, after = (figures.last(figure="memory", when=f"after {what}") for what in ("the load", "more sessions"))
    asked = figures.last(figure="large memory", when="after requests")
    a_session = max(0, (after["kib"] - before["kib"]) * 1024 / after["sessions"])
    return [
        below(f"start, {start['events']:,} events", start["ms"], 1000, "ms"),
        below(f"start, {events}, cold database", large_starts[0]["ms"], 1000, "ms"),
        below(f"start, {events}", max(f["ms"] for f in large_starts[1:]), 1000, "ms"),
        below("memory, idle, new log", idle["kib"] / 1024, 64, "MiB"),
        below(f"memory, idle, {events}", figures.last(figure="large memory", when="idle")["mib"], 64, "MiB",
              f"; {asked['mib']:,.0f} MiB after {asked['requests']:,} requests at full hash cost"),
        below("memory, a session just begun", a_session, 400, "bytes",
              f", with what its log-in cached: {before['kib'] / 1024:,.0f} to {after['kib'] / 1024:,.0f} MiB by "
              f"{after['sessions']:,} log-ins"),
    ]


def session_rows(figures):
    """Of a node that begins with nothing but live sessions: the whole process, divided by them."""
    slow = figures.last(figure="sessions start", kind="reading the log")
    start = figures.last(figure="sessions start", kind="from a snapshot")
    many = f"{start['sessions']:,}"
    return [
        below(f"start, {many} live sessions", start["ready_ms"], 1000, "ms",
              f"; until answers came from memory {start['remembered_ms']:,} ms, and {slow['remembered_ms']:,} ms "
              "without a snapshot"),
        below("memory, an active session", start["mib"] * 2**20 / start["sessions"], 400, "bytes",
              f": {start['mib']:,.0f} MiB with {many}"),
    ]


def rows_of(figures):
    return (throughput_rows(figures) + latency_rows(figures) + replay_rows(figures) + start_and_memory_rows(figures)
            + session_rows(figures))


# ---- what is written -----------------------------------------------------------------------------------------------
def chart(rows):
    """Bars: what part of its budget each path reached, on a scale that ends at three times the budget."""
    width, left, line, top, end = 900, 300, 24, 46, 3
    scale = (width - left - 70) / end
    height = top + line * len(rows) + 12
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">'
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{left}" y="18" fill="#444">part of the budget that was reached; 1 and above keeps it</text>',
    ]
    for mark in range(end + 1):
        x = left + mark * scale
        colour, thickness = ("#222", 2) if mark == 1 else ("#ddd", 1)
        parts.append(f'<line x1="{x:.1f}" y1="{top - 6}" x2="{x:.1f}" y2="{height - 8}" stroke="{colour}" '
                     f'stroke-width="{thickness}"/>')
        parts.append(f'<text x="{x:.1f}" y="{top - 12}" text-anchor="middle" fill="#444">{mark}</text>')
    for index, row in enumerate(rows):
        y = top + index * line
        length = max(1, min(row.part, end) * scale)
        colour = "#2b7a4b" if row.part >= 1 else "#b4442f"
        label = f"{row.part:.2f}" if row.part <= end else f"over {end}"
        parts.append(f'<text x="{left - 8}" y="{y + 14}" text-anchor="end">{html.escape(row.path)}</text>')
        parts.append(f'<rect x="{left}" y="{y + 2}" width="{length:.1f}" height="16" fill="{colour}"/>')
        if row.part >= end - 0.3:
            parts.append(f'<text x="{left + length - 6:.1f}" y="{y + 14}" text-anchor="end" fill="white">{label}'
                         '</text>')
        else:
            parts.append(f'<text x="{left + length + 6:.1f}" y="{y + 14}" stroke="white" stroke-width="4" '
                         f'paint-order="stroke">{label}</text>')
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def table(head, lines):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head),
            *("| " + " | ".join(line) + " |" for line in lines)]


def large_table(figures):
    """What a long log costs: every command's time, beside the budgets."""
    fill = figures.last(figure="fill")
    filling = "filling it, through the append function"
    lines = [[filling, f"{fill['seconds']:,.1f} s", f"{fill['rate']:,}/s", "", ""]]
    for f in figures.some(figure="large"):
        command = f"projections {f['what']}" if f["what"].startswith("rebuild") else f["what"]
        lines.append([f"`{command}`", f"{f['seconds']:,.1f} s", f"{f['rate']:,}/s", f"{f['rate_a_core']:,}/s",
                      f"{f['peak_mib']:,} MiB"])
    title = f"## A log of {fill['users']:,} users and {fill['events']:,} events"
    head = ["what", "time", "events", "events, for a second of its processor", "peak memory"]
    return [title, "", *table(head, lines)]


def costs_table(figures):
    """What one operation takes of the machine, and how long it waits."""
    lines = []
    figures.some(cpu="refresh"), figures.some(statement="refresh")
    for cost in [f for f in figures.all if "cpu" in f]:
        name = cost["cpu"]
        phase, statements = figures.last(phase=name), [f for f in figures.all if f.get("statement") == name]
        waits = f"{phase['p50_ms']:.1f} / {phase['p99_ms']:.1f} / {phase['p999_ms']:.1f} ms"
        line = [name, f"{phase['rate']:,.0f}/s", waits]
        line += [f"{cost.get(who, 0):.3f}" for who in ("service", "postgres", "kafka", "load")]
        line += [f"{sum(f['each'] for f in statements):.2f}", f"{cost['service_kib'] / 1024:,.0f} MiB"]
        lines.append(line)
    head = ["operation", "rate", "p50 / p99 / p99.9", "service", "PostgreSQL", "Kafka", "load", "statements",
            "service's memory"]
    return ["## What an operation costs", "",
            "Seconds of processor for 1,000 operations, of each who takes part; statements for one, of all that the "
            "service sends meanwhile, its projector's and publisher's too.", "", *table(head, lines)]


def batches_table(figures):
    """The group commit gathers more the more wait."""
    lines = []
    for clients in (1, 16, 64, 256):
        name = f"refresh from {clients} clients"
        phase, trips = figures.last(phase=name), figures.last(trips=name)
        lines.append([str(clients), f"{phase['rate']:,.0f}/s", f"{1 / max(trips['batches'], 1e-9):,.1f}",
                      f"{phase['p50_ms']:.1f} ms", f"{phase['p99_ms']:.1f} ms", f"{phase['p999_ms']:.1f} ms"])
    return ["## Batches of the group commit", "",
            *table(["clients", "refreshes", "commands a batch", "p50", "p99", "p99.9"], lines)]


def page(rows, figures, date, head):
    lines = [f"# Measured on {date}", "", head, ""]
    lines += table(["path", "measured", "budget", ""], [[r.path, r.measured, r.budget, r.verdict] for r in rows])
    kept = sum(row.part >= 1 for row in rows)
    lines += ["", f"{kept} of {len(rows)} are kept.", "", f"![parts of the budgets](./{date}.svg)", ""]
    for part in (costs_table, batches_table, large_table):
        lines += [*part(figures), ""]
    lines += ["## Every figure of the run", "", "```"]
    lines += [json.dumps(figure) for figure in figures.all] + ["```", ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=pathlib.Path, help="what scripts/bench printed")
    parser.add_argument("--results", type=pathlib.Path, required=True, help="folder of the results")
    options = parser.parse_args()
    text = options.output.read_text()
    figures = Figures(text)
    date = datetime.date.today().isoformat()
    machine = next((line for line in text.splitlines() if " cores (" in line), platform.machine())
    quick = any(line.startswith("A quick run") for line in text.splitlines())
    head = (f"By `scripts/bench`, everything on one machine (PostgreSQL, Kafka, service, load): {machine}. Ratios are "
            "to ceilings of the same run. Log-ins ran with Argon2id at its default cost; the load that came after them "
            "with the lowered cost that the run printed.")
    if quick:
        head += "\n\n**A quick run, of small sizes: it shows that everything works, and its figures mean nothing.**"
    try:
        rows = rows_of(figures)
        text = page(rows, figures, date, head)
    except Missing as missing:
        sys.exit(f"report: nothing was measured for {missing}")
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / f"{date}.md").write_text(text)
    (options.results / f"{date}.svg").write_text(chart(rows))
    for row in rows:
        print(f"{row.verdict.strip('*'):7} {row.path:40} {row.measured}  (budget {row.budget})")
    print(f"Written to {options.results / f'{date}.md'}")


if __name__ == "__main__":
    main()
