#!/usr/bin/env python3
"""Holds what scripts/bench printed against the budgets of the design, and writes results/<date>.md with a chart (SVG).

Reads the lines that are JSON objects with `figure`, `ceiling` or `phase`; ends with 1, naming it, if a measurement that
a budget needs is not among them.
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
        return "kept" if self.part >= 1 else "missed"


def at_least(path, value, ceiling, wanted, what):
    ratio = value / ceiling
    return Row(path, f"{value:,.0f}/s = {ratio:.2f} × {what} ({ceiling:,.0f}/s)", f"≥ {wanted:g} ×", ratio / wanted)


def below(path, value, limit, unit):
    return Row(path, f"{value:,.1f} {unit}", f"< {limit:g} {unit}", limit / value if value > 0 else float("inf"))


def rows_of(figures):
    append = figures.last(figure="append")
    # The first phase named log-in ran at full cost, the last one at the lowered cost.
    logins = figures.some(phase="log-in")
    refresh, empty = figures.last(phase="refresh"), figures.last(phase="empty")
    return [
        at_least("append, 200 a batch", append["plain"], append["bare"], 0.6, "bare insert"),
        at_least("append, each with guard and key", append["guarded"], append["bare"], 0.6, "bare insert"),
        at_least("log-in", logins[0]["rate"], figures.ceiling("argon2id"), 0.95, "bare Argon2id"),
        at_least("refresh", refresh["rate"], figures.ceiling("sign ES256"), 0.5, "bare ES256"),
        at_least("introspection", figures.last(phase="introspect")["rate"], empty["rate"], 0.5, "empty answer"),
        below("visible in read models, p99", figures.last(figure="tables visible")["p99_ms"], 20, "ms"),
        below("visible in Kafka, p99", figures.last(figure="kafka visible")["p99_ms"], 100, "ms"),
        at_least("replay into tables", figures.last(figure="replay into tables")["rate"], 30000, 1, "the budget"),
        below("start", figures.last(figure="start")["ms"], 1000, "ms"),
        below("memory, idle", figures.last(figure="memory", when="idle")["mib"], 64, "MiB"),
    ]


def chart(rows):
    """Bars: what part of its budget each path reached, on a scale that ends at three times the budget."""
    width, left, line, top = 760, 250, 26, 34
    scale = (width - left - 70) / 3
    height = top + line * len(rows) + 16
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
        'font-size="13"><rect width="100%" height="100%" fill="white"/>',
        f'<text x="{left}" y="18" fill="#444">part of the budget that was reached (1 keeps it)</text>',
    ]
    for index, row in enumerate(rows):
        y = top + index * line
        length = max(1, min(row.part, 3) * scale)
        colour = "#2b7a4b" if row.part >= 1 else "#b4442f"
        parts.append(f'<text x="{left - 8}" y="{y + 14}" text-anchor="end">{html.escape(row.path)}</text>')
        parts.append(f'<rect x="{left}" y="{y + 2}" width="{length:.1f}" height="16" fill="{colour}"/>')
        parts.append(f'<text x="{left + length + 6:.1f}" y="{y + 15}">{row.part:.2f}</text>')
    budget = left + scale
    parts.append(f'<line x1="{budget:.1f}" y1="{top - 6}" x2="{budget:.1f}" y2="{height - 10}" stroke="#222"/></svg>')
    return "\n".join(parts) + "\n"


def page(rows, figures, date, head):
    lines = [f"# Measured on {date}", "", head, "", "| path | measured | budget | |", "|---|---|---|---|"]
    lines += [f"| {row.path} | {row.measured} | {row.budget} | {row.verdict} |" for row in rows]
    lines += ["", f"![parts of the budgets](./{date}.svg)", "", "## Every figure of the run", "", "```"]
    lines += [json.dumps(figure) for figure in figures.all] + ["```", ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=pathlib.Path, help="what scripts/bench printed")
    parser.add_argument("--results", type=pathlib.Path, required=True, help="folder of the results")
    options = parser.parse_args()
    text = options.output.read_text()
    figures = Figures(text)
    try:
        rows = rows_of(figures)
    except Missing as missing:
        sys.exit(f"report: nothing was measured for {missing}")
    date = datetime.date.today().isoformat()
    machine = next((line for line in text.splitlines() if " cores (" in line), platform.machine())
    head = (f"By `scripts/bench`, everything on one machine: {machine}. Log-ins ran with Argon2id at its default cost; "
            "the load that came after them with the lowered cost that the run printed.")
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / f"{date}.md").write_text(page(rows, figures, date, head))
    (options.results / f"{date}.svg").write_text(chart(rows))
    for row in rows:
        print(f"{row.verdict:7} {row.path:34} {row.measured}  (budget {row.budget})")
    print(f"Written to {options.results / f'{date}.md'}")


if __name__ == "__main__":
    main()
