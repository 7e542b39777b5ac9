"""What operators are told to watch, in the files that tell it: docs/operations.md, docs/operate/metrics.md,
deploy/prometheus, deploy/grafana and docs/runbooks. Read without a library, so that a bare machine can."""
import collections
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy/prometheus/alerts.yml"
RULES_TESTS = ROOT / "tests/operate/alerts.test.yml"
DASHBOARD = ROOT / "deploy/grafana/keyledger.json"
RUNBOOKS = ROOT / "docs/runbooks"
METRIC = re.compile(r"\b(?:keyledger|process)_[a-z0-9_]+")
HISTOGRAM_PARTS = ("_bucket", "_sum", "_count")

Alert = collections.namedtuple("Alert", "name expression runbook severity")
Row = collections.namedtuple("Row", "name kind labels condition")


def read(path):
    return path.read_text(encoding="utf-8")


def alerts():
    """Of our own rules, in the form in which they are written."""
    found = []
    for block in re.split(r"^ {6}- alert: ", read(RULES), flags=re.MULTILINE)[1:]:
        expression = re.search(r"^ {8}expr: (?:\|\n((?: {10}.*\n)+)|(.*)\n)", block, re.MULTILINE)
        runbook = re.search(r"^ {10}runbook_url: (\S+)$", block, re.MULTILINE)
        severity = re.search(r"^ {10}severity: (\S+)$", block, re.MULTILINE)
        found.append(Alert(block.splitlines()[0], (expression[1] or expression[2]).strip().strip("'"),
                           runbook and runbook[1], severity and severity[1]))
    return found


def answers_for_everybody():
    """{operation: path} of the routes that answer the same few bytes to everybody, without a limit."""
    found = {}
    for path in sorted((ROOT / "api/routes").rglob("*.cpp")):
        rows = re.findall(r'^    \{"(\w+)", kGet, "([^"]+)", \w+, kUnlimited, kAnybody\},$', read(path), re.MULTILINE)
        found |= dict(rows)
    return found


def panels():
    """(title, expression) of every query of the dashboard."""
    for panel in json.loads(read(DASHBOARD))["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def metrics_in(expression):
    return set(METRIC.findall(re.sub(r'"[^"]*"', '""', expression)))


def family_of(name, documented):
    """The name without the part of a histogram, if it is one of those."""
    for part in HISTOGRAM_PARTS:
        if name not in documented and name.endswith(part) and name[: -len(part)] in documented:
            return name[: -len(part)]
    return name


def documented():
    """The rows of the table in docs/operate/metrics.md, by their names."""
    rows = {}
    for line in read(ROOT / "docs/operate/metrics.md").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        name = re.fullmatch(r"`((?:keyledger|process)_\w+)`", cells[0])
        if line.startswith("|") and name:
            labels = set(re.findall(r"`(\w+)`", cells[2]))
            if name[1] in rows:
                raise SystemExit(f"docs/operate/metrics.md has {name[1]} twice")
            rows[name[1]] = Row(name[1], cells[1], labels, cells[4])
    return rows


def to_watch():
    """{alert: metrics} of the table under "What to watch" in docs/operations.md."""
    text = read(ROOT / "docs/operations.md")
    section = re.search(r"^### What to watch\n(.*?)(?=^##)", text, re.MULTILINE | re.DOTALL)
    rows = {}
    for line in section[1].splitlines():
        name = re.match(r"\| \[(\w+)\]\(runbooks/([\w-]+\.md)\) \|", line)
        if name:
            rows[name[1]] = (metrics_in(line), name[2])
    return rows


def kebab(name):
    return re.sub(r"(?<!^)([A-Z])", r"-\1", name).lower()


def pages():
    return sorted(RUNBOOKS.rglob("*.md"))


def commands_in(text):
    """Of each command in a page the words after `keyledger` that may be names of commands, and its options."""
    command = r"(?:^ *|`|&& )keyledger ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)*)((?: [^`\n|]*)?)(?=`|\||$)"
    for match in re.finditer(command, text, re.MULTILINE):
        yield match[1].split(" "), re.findall(r"(?<= )--[a-z-]+", match[2])


def limit_names():
    """The beginnings of keys that app/core/counted_limits.hpp names."""
    return re.findall(r'^    \{"([^"]*)", "[a-z_]*"\}', read(ROOT / "app/core/counted_limits.hpp"), re.MULTILINE)


def bucket_names():
    """(file, beginning of the key) of each limit that the sources have."""
    made = re.compile(r'(?:bucket_of|network_buckets|scaled_bucket|bucket_for_address|rare|of_address)\(\s*"([^"]+)"'
                      r'|bucket\.key = "([^"]+)"|\ball\.key = "([^"]+)"')
    for folder in ("api", "commands", "reactors"):
        for path in sorted((ROOT / folder).rglob("*.cpp")):
            for match in made.finditer(read(path)):
                yield path.relative_to(ROOT), match[1] or match[2] or match[3]
