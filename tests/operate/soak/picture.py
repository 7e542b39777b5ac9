"""The picture of a soak test: four panels over one axis of minutes, and a line for each fault."""

import html
import math

WIDTH, LEFT, RIGHT, PANEL, GAP, TOP = 1100, 70, 20, 130, 46, 74
COLOURS = {"nodes": "#b4442f", "keys": "#8a6d1a", "database": "#6a3d9a", "beside": "#2b6f8f"}
GROUPS = {"kill node": "nodes", "restart node": "nodes", "pause node": "nodes", "rotate key": "keys",
          "bad reload": "keys", "lose primary": "database", "end backends": "database", "pause primary": "database",
          "kill broker": "beside", "pause broker": "beside", "no mail": "beside", "reload balancer": "beside"}
WORDS = {"nodes": "a node killed, restarted, paused", "keys": "keys rotated, bad reload",
         "database": "primary lost or paused, sessions ended", "beside": "broker, mail, balancer"}
LINES = ("#2b7a4b", "#c77f1e", "#1f4e8c")


def nice(most):
    """A round number that is not less."""
    if most <= 0:
        return 1
    power = 10 ** math.floor(math.log10(most))
    return next(step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * power >= most)


class Picture:
    def __init__(self, minutes, faults, panels):
        """`faults` are (minute, kind); a panel is (title, [(name, [(minute, value)])], logarithmic)."""
        self.minutes, self.parts = minutes, []
        height = TOP + len(panels) * (PANEL + GAP)
        self.parts.append(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
                          f' viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">'
                          '<rect width="100%" height="100%" fill="white"/>')
        x = LEFT
        for group, colour in COLOURS.items():
            self.parts.append(f'<line x1="{x}" y1="24" x2="{x + 22}" y2="24" stroke="{colour}" stroke-width="3"/>'
                              f'<text x="{x + 28}" y="28" fill="#444">{html.escape(WORDS[group])}</text>')
            x += 60 + 7 * len(WORDS[group])
        bottom = TOP + len(panels) * (PANEL + GAP) - GAP
        for minute, kind in faults:
            self.parts.append(f'<line x1="{self.x(minute):.1f}" y1="{TOP - 12}" x2="{self.x(minute):.1f}" y2="{bottom}"'
                              f' stroke="{COLOURS[GROUPS[kind]]}" stroke-width="0.8" opacity="0.45"/>')
        for number, panel in enumerate(panels):
            self.panel(TOP + number * (PANEL + GAP), *panel)
        self.axis(bottom)
        self.parts.append("</svg>")

    def x(self, minute):
        return LEFT + minute / self.minutes * (WIDTH - LEFT - RIGHT)

    def axis(self, y):
        step = max(1, round(self.minutes / 12)) if self.minutes >= 12 else 1
        for minute in range(0, int(self.minutes) + 1, step):
            self.parts.append(f'<text x="{self.x(minute):.1f}" y="{y + 18}" text-anchor="middle" fill="#444">{minute}'
                              '</text>')
        self.parts.append(f'<text x="{WIDTH - RIGHT}" y="{y + 34}" text-anchor="end" fill="#444">minutes</text>')

    def panel(self, top, title, series, logarithmic=False):
        values = [value for _, points in series for _, value in points if value is not None and value > 0]
        most = nice(max(values, default=1) * 1.02)
        least = min(values, default=1) / 1.2 if logarithmic else 0

        def y(value):
            if logarithmic:
                share = math.log(max(value, least) / least) / math.log(most / least)
            else:
                share = value / most
            return top + PANEL - share * PANEL
        self.parts.append(f'<rect x="{LEFT}" y="{top}" width="{WIDTH - LEFT - RIGHT}" height="{PANEL}" fill="none"'
                          f' stroke="#bbb"/><text x="{LEFT}" y="{top - 5}" fill="#222">{html.escape(title)}</text>')
        marks = ([step * 10 ** power for power in range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
                  for step in (1, 3) if least <= step * 10 ** power <= most] if logarithmic
                 else [most * part / 4 for part in range(5)])
        for mark in marks:
            self.parts.append(f'<line x1="{LEFT}" y1="{y(mark):.1f}" x2="{WIDTH - RIGHT}" y2="{y(mark):.1f}"'
                              f' stroke="#eee"/><text x="{LEFT - 6}" y="{y(mark) + 4:.1f}" text-anchor="end"'
                              f' fill="#444">{mark:,g}</text>')
        for number, (name, points) in enumerate(series):
            self.line(points, y, LINES[number % len(LINES)])
            self.parts.append(f'<text x="{WIDTH - RIGHT - 150 * (len(series) - number) + 150}" y="{top - 5}"'
                              f' text-anchor="end" fill="{LINES[number % len(LINES)]}">{html.escape(name)}</text>')

    def line(self, points, y, colour):
        """Broken where there is no value, as between two lives of a node."""
        runs, run = [], []
        for minute, value in points:
            if value is None:
                runs.append(run)
                run = []
            else:
                run.append(f"{self.x(minute):.1f},{y(value):.1f}")
        for run in [*runs, run]:
            if len(run) > 1:
                self.parts.append(f'<polyline points="{" ".join(run)}" fill="none" stroke="{colour}"'
                                  ' stroke-width="1.3"/>')

    def text(self):
        return "\n".join(self.parts) + "\n"


def by_node(samples, since, part):
    """A series for each node, with a gap between two of its processes."""
    series = {}
    for sample in samples:
        points, last = series.setdefault(sample["node"], ([], [None]))
        minute = (sample["at"] - since) / 60
        if minute < 0:
            continue
        if last[0] not in (None, sample["pid"]):
            points.append((minute, None))
        last[0] = sample["pid"]
        points.append((minute, part(sample)))
    return [(f"node{node}", points) for node, (points, _) in sorted(series.items())]


def picture_of(seen):
    """`seen` is what summary.py is given."""
    since, load = seen.since, seen.load
    minute = lambda at: (at - since) / 60  # noqa: E731
    windows = [(minute(began) + 1 / 12, count / 10, p50, p99) for began, count, p50, p99, _ in seen.windows]
    panels = [
        (f"requests that were answered, a second (due: {seen.due_rate:.0f})", [("", [(at, rate) for at, rate, *_ in
                                                                                     windows])]),
        ("p99 and p50 of ten seconds, in ms, from when a request was due until its good answer",
         [("p99", [(at, 1000 * p99) for at, *_, p99 in windows]), ("p50", [(at, 1000 * p50) for at, _, p50, _ in
                                                                           windows])], True),
        ("memory (RSS), MiB; node3 is never restarted",
         by_node(seen.samples, since, lambda one: one["rss_kib"] / 1024)),
        ("file descriptors", by_node(seen.samples, since, lambda one: one["fds"])),
    ]
    faults = [(minute(one.began), one.kind) for one in seen.faults]
    return Picture((load.until - load.since) / 60, faults, panels).text()
