"""Prometheus' text format, read strictly: what `/metrics` shows, held against the format and its naming rules."""
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)')
PARTS = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("", "_sum", "_count")}
# Base units, what is counted, and how it stands with something: the last words that a name may have.
UNITS = {"seconds", "bytes", "total", "info"}
THINGS = {
    "batch_commands", "connections", "events", "fds", "foreign_records", "heads_unopened", "jobs", "next_start",
    "places", "position", "queued_records", "requests", "sessions", "threads", "unrecorded", "users", "workers",
}
STATES = {
    "broker_up", "caught_up", "check_good", "connected", "contradicted", "failed", "full", "leading", "publishing",
    "ready", "running", "stopped", "trouble", "waiting",
}


class Wrong(Exception):
    pass


class Family:
    def __init__(self, name, text):
        self.name, self.help, self.kind, self.samples = name, text, None, []

    def names(self):
        return [self.name + part for part in PARTS.get(self.kind, ("",))]


def labels_of(text):
    labels, at = {}, 0
    while at < len(text):
        match = LABEL.match(text, at)
        if not match or match[1] in labels:
            raise Wrong(f"labels that can't be read: {text}")
        labels[match[1]] = match[2]
        at = match.end()
    return labels


def parse(text):
    """The families by their names. Raises Wrong for what the format does not have."""
    families, family = {}, None
    if not text.endswith("\n"):
        raise Wrong("the last line does not end")
    for line in text.splitlines():
        if not line:
            continue
        if line.startswith("# HELP "):
            _, _, name, about = line.split(" ", 3)
            if name in families:
                raise Wrong(f"{name} comes twice")
            family = families[name] = Family(name, about)
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ", 3)
            if family is None or family.name != name or family.kind or family.samples:
                raise Wrong(f"the type of {name} has no help before it")
            family.kind = kind
        else:
            match = SAMPLE.match(line)
            if not match or family is None or match[1] not in family.names():
                raise Wrong(f"not a sample of {family.name if family else 'anything'}: {line}")
            family.samples.append((match[1], labels_of(match[2] or ""), float(match[3])))
    return families


def series_of(families):
    """Every series: its name, and its labels."""
    found = [(name, tuple(sorted(labels.items())))
             for family in families.values() for name, labels, _ in family.samples]
    if len(found) != len(set(found)):
        raise Wrong("a series comes twice")
    return set(found)


def value(families, name, **labels):
    """Of the series of that name with these labels, the sum; 0 where there is none."""
    return sum(found for family in families.values() for sample, with_labels, found in family.samples
               if sample == name and labels.items() <= with_labels.items())


def faults_of_histogram(family):
    last = {}
    for name, labels, found in family.samples:
        key = tuple(sorted((label, text) for label, text in labels.items() if label != "le"))
        if name.endswith("_bucket"):
            before_le, before = last.get(key, (float("-inf"), 0.0))
            if float(labels["le"]) <= before_le or found < before:
                yield f"{family.name}: the buckets of {dict(key)} do not grow"
            last[key] = (float(labels["le"]), found)
    counts = {tuple(sorted(labels.items())): found for name, labels, found in family.samples if name.endswith("_count")}
    for key, (le, found) in last.items():
        if le != float("inf") or counts.get(key) != found:
            yield f"{family.name}: the buckets of {dict(key)} do not end with +Inf and their count"


def faults(families):
    """What is against the format's and Prometheus' naming rules, in sentences."""
    for family in families.values():
        name, kind = family.name, family.kind
        words = name.split("_")
        if kind not in ("counter", "gauge", "histogram"):
            yield f"{name}: of no type, or of {kind}"
        if not family.help.strip() or family.help.strip() == name:
            yield f"{name}: its help says nothing"
        if not family.samples:
            yield f"{name}: has no samples"
        if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", name):
            yield f"{name}: is not in snake_case"
        if (words[-1] == "total") != (kind == "counter"):
            yield f"{name}: counters end in _total, and nothing else does"
        if kind == "histogram":
            yield from faults_of_histogram(family)
        endings = {"_".join(words[-count:]) for count in (1, 2)}
        if not endings & (UNITS | THINGS | STATES):
            yield f"{name}: ends in no unit, nothing that is counted and no state that exposition.py knows"
        if endings & {"milliseconds", "ms", "minutes", "kilobytes", "mb", "percent"}:
            yield f"{name}: is not in a base unit"
        if endings & STATES and kind == "gauge" and any(labels.get("queue") is None and found not in (0, 1)
                                                         for _, labels, found in family.samples) \
                and words[-1] not in ("waiting", "running"):
            yield f"{name}: a state is 0 or 1"
        if len({tuple(sorted(labels.keys() - {"le"})) for _, labels, _ in family.samples}) > 1:
            yield f"{name}: its samples have different labels"
