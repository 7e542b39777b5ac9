"""Writes what the checker reads: the tables of the log, the read models and the topic, one JSON object a line.

Reads the database with psql and the topic with kcat, and nothing of the service's."""

import json
import subprocess

from scenario import die
from servers import query

TABLES = {
    "events": """select position, tenant, stream_type, stream_id, version, event_type, schema_version, event_id,
                        payload_text::jsonb as payload, metadata_text::jsonb as metadata,
                        encode(leaf_hash, 'hex') as leaf_hash,
                        (extract(epoch from recorded_at) * 1000)::bigint as recorded_at_ms
                   from keyledger.events order by position""",
    "commands": """select encode(command_id, 'hex') as command_id, first_position, event_count
                     from keyledger.commands order by first_position""",
    "streams": "select stream_id, version from keyledger.streams",
    "users": "select id, status, created_at_ms, updated_at_ms, version, position from read_models.{users}",
    "sessions": """select id, user_id, client_id, started_at_ms, refreshed_at_ms, expires_at_ms, generation,
                          ended_at_ms, end_reason, ended_position, first_position, position
                     from read_models.{sessions}""",
    "audit": """select position, occurred_at_ms, type, stream_type, stream_id, actor_type,
                       coalesce(request_id, replace(request::text, '-', '')) as request_id,
                       case when in_session then stream_id else session_id end as session_id, outcome
                  from read_models.{audit}""",
}
READ_MODELS = ("users", "sessions", "audit")


def generation_tables(database):
    rows = query(database.url, "select model, generation from read_models.current")
    current = dict(row.split("|") for row in rows)
    return {model: f"{model}_{current[model]}" for model in READ_MODELS}


def dump_tables(database, directory):
    names = generation_tables(database)
    for table, sql in TABLES.items():
        rows = query(database.url, f"select to_json(t) from ({sql.format(**names)}) as t")
        (directory / f"{table}.jsonl").write_text("".join(row + "\n" for row in rows), encoding="utf-8")


def head(database):
    return int(query(database.url, "select coalesce(max(position), 0) from keyledger.events")[0])


def read_topic(brokers, topic):
    done = subprocess.run(["kcat", "-C", "-b", brokers, "-t", topic, "-o", "beginning", "-e", "-q",
                           "-X", "isolation.level=read_committed", "-f", "%p\t%o\t%k\t%h\t%s\n"],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        die(f"kcat: {done.stderr.strip()}")
    return [record_of(line) for line in done.stdout.splitlines()]


def record_of(line):
    partition, offset, key, headers, value = line.split("\t", 4)
    fields = dict(part.split("=", 1) for part in headers.split(",") if "=" in part)
    body = json.loads(value)
    if int(fields["ce_sequence"]) != body["position"]:
        die(f"a record says position {body['position']} and ce_sequence {fields['ce_sequence']}")
    return {"partition": int(partition), "offset": int(offset), "key": key, "position": body["position"],
            "id": fields["ce_id"], "type": fields["ce_type"], "stream": body["stream"]["id"],
            "version": body["stream"]["version"]}


def dump_topic(brokers, topic, directory):
    records = read_topic(brokers, topic)
    (directory / "topic.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return len(records)


def behind(database, count):
    """The read models whose checkpoint is below the head."""
    rows = query(database.url, "select c.model, k.position from read_models.current c join keyledger.checkpoints"
                               " k on k.reader = c.model and k.generation = c.generation")
    return [row for row in rows if row.split("|")[0] in READ_MODELS and int(row.split("|")[1]) < count]
