"""Whether all that was acknowledged is in the log, once, and the log in the topic, once."""

import collections
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
# pylint: disable=wrong-import-position
from nodes import awaits, query  # noqa: E402
from kill_service import check_topic, read_topic  # noqa: E402  of tests/fault

# What stands at the position that is told: of a log-in the last of its events, where sessions at once are counted.
ALSO = {"login": "session.admitted"}
EVENTS = {"change": "user.profile_updated", "login": "session.started", "refresh": "session.refreshed",
          "logout": "session.ended", "register": "user.password_set", "erase": "user.erased",
          "token": "service_token.issued"}
ONCE = {"change", "refresh", "logout", "register", "erase"}  # however often it was asked for
SHOWN = 10
TOPIC_SECONDS = 180
SELECT = ("copy (select event_type, coalesce(metadata_text::jsonb->>'request_id', ''),"
          " coalesce(metadata_text::jsonb->>'command', metadata_text::jsonb->>'command_id', event_id::text), position"
          " from keyledger.events order by position)"
          " to stdout")


def read_log(url, path):
    """(type, request, command) of each position; the positions must be 1, 2, 3 ..."""
    with open(path, "wb") as file:
        subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", SELECT], check=True, stdout=file)
    rows, holes = [], []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            kind, request, command, position = line.rstrip("\n").split("\t")
            rows.append((sys.intern(kind), request, command))
            if int(position) != number and not holes:
                holes.append(number)
    return rows, holes


def check_acknowledged(rows, path, faults):
    """How many commands were acknowledged, and how many of these are lost."""
    commands = collections.defaultdict(set)  # request -> commands with the event that was asked for
    wanted = set(EVENTS.values())
    for kind, request, command in rows:
        if kind in wanted and request.startswith("soak-"):
            commands[kind, request].add(command)
    told, count, lost = {}, 0, 0
    with open(path, encoding="utf-8") as file:
        for line in file:
            position, op, ids = line.rstrip("\n").split("\t")
            position, ids, kind = int(position), ids.split(","), EVENTS[op]
            done = set().union(*(commands.get((kind, one), set()) for one in ids))
            if len(done) > 1 and (op in ONCE or len(ids) == 1):
                faults.append(f"TWICE: {op} {ids} was done as {sorted(done)}")
            if position == 0:  # refused, as if it had been done
                if not done:
                    faults.append(f"WRONG: {op} {ids} was refused for a session that nothing had ended")
                continue
            count += 1
            stands = rows[position - 1] if position <= len(rows) else None
            if stands is None or stands[0] not in (kind, ALSO.get(op)) or stands[1] not in ids:
                lost += 1
                if lost <= SHOWN:
                    faults.append(f"LOST: {op} {ids} was acknowledged at position {position}, where {stands} stands")
            if told.setdefault(position, ids[0]) != ids[0]:
                faults.append(f"TWICE: position {position} was told to {told[position]} and to {ids[0]}")
    return count, lost


def check_generations(url, faults):
    for row in query(url, "select stream_id, payload_text::jsonb->>'generation', count(*) from keyledger.events where"
                          " event_type = 'session.refreshed' group by 1, 2 having count(*) > 1"):
        faults.append(f"TWICE: a refresh token was exchanged twice: {row}")


def check_log(url, directory, faults):
    """{events, acknowledged, lost}"""
    rows, holes = read_log(url, directory / "log.tsv")
    for number in holes:
        faults.append(f"LOG: position {number} is missing")
    acknowledged, lost = check_acknowledged(rows, directory / "acknowledged.tsv", faults)
    check_generations(url, faults)
    if not acknowledged:
        faults.append("nothing was acknowledged: the load did not work")
    return {"events": len(rows), "acknowledged": acknowledged, "lost": lost}


def check_kafka(brokers, topic, count, faults):
    """How many records a read_committed consumer gets."""
    seen = []

    def has_all():
        seen[:] = read_topic(brokers, topic)
        return len(seen) >= count
    try:
        awaits(TOPIC_SECONDS, has_all, "all events in Kafka")
    except SystemExit:
        faults.append(f"TOPIC: {len(seen)} records of {count} events")
        return len(seen)
    check_topic(seen, count, faults)
    return len(seen)


def verify(nodes, heads, faults):
    """`audit verify`, also against every tree head that was signed."""
    environment = {**nodes.deployment.environment, "KEYLEDGER_DATABASE_URL": nodes.deployment.service_url}
    done = subprocess.run([nodes.deployment.binary, "audit", "verify", "--against", str(heads)], env=environment,
                          capture_output=True, text=True, check=False)
    said = done.stdout.strip()  # how far it is, it tells standard error
    if done.returncode != 0:
        faults.append(f"AUDIT: verify ended with {done.returncode}: {said} {done.stderr.strip()}")
    return said.splitlines()[-1] if said else ""

