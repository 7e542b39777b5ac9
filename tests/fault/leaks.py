"""Looks for every secret and every personal value of a run where none may be (I10): in a dump of the whole database, in
the topics, and in what the service wrote to its log."""

import os
import subprocess

from scenario import die

READ_MODELS = "read_models"  # the only place of personal values in the clear: derived, and rebuilt after an erasure
LABELS_SHOWN = 5


def dump_database(url, path, *options):
    done = subprocess.run(["pg_dump", "--no-owner", "-f", str(path), *options, "-d", url], capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        die(f"pg_dump: {done.stderr.strip()}")
    return path


def dump_topics(brokers, prefix, directory):
    """Keys, headers and values of every topic of the deployment, also of transactions that were aborted."""
    listed = subprocess.run(["kcat", "-L", "-b", brokers], capture_output=True, text=True, check=False)
    topics = [line.split('"')[1] for line in listed.stdout.splitlines() if f'topic "{prefix}' in line]
    if not topics:
        die(f"kcat: no topic begins with {prefix}: {listed.stderr.strip()}")
    paths = []
    for topic in topics:
        paths.append(directory / f"{topic}.text")
        with open(paths[-1], "w", encoding="utf-8") as file:
            done = subprocess.run(["kcat", "-C", "-b", brokers, "-t", topic, "-o", "beginning", "-e", "-q",
                                   "-X", "isolation.level=read_uncommitted", "-f", "%k %h %s\n"], stdout=file,
                                  stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            die(f"kcat: {done.stderr.strip()}")
    return paths


def found_in(path, values):
    """Which of the values (value -> what it is) stand in the file, as they are or in hexadecimal."""
    patterns = {**values, **{value.encode().hex(): f"{what} (in hexadecimal)" for value, what in values.items()}}
    done = subprocess.run(["grep", "-a", "-o", "-i", "-F", "-f", "-", str(path)], input="\n".join(patterns),
                          capture_output=True, text=True, errors="replace", check=False,
                          env={**os.environ, "LC_ALL": "C"})
    if done.returncode > 1:
        die(f"grep: {done.stderr.strip()}")
    return sorted({patterns.get(value) or patterns.get(value.lower()) or "a secret in other case"
                   for value in done.stdout.splitlines()})


def search(deployment, directory, secrets, personal, logs):
    """Faults; `secrets` and `personal` map each value to what it is."""
    everything = dump_database(deployment.database.url, directory / "dump.sql")
    log_alone = dump_database(deployment.database.url, directory / "dump-of-the-log.sql", f"-N{READ_MODELS}")
    topics = dump_topics(deployment.servers.brokers, deployment.database.name, directory)
    faults = []
    for path, values in [(everything, secrets), (log_alone, personal)] + \
                        [(path, {**secrets, **personal}) for path in topics + logs]:
        if not path.stat().st_size and path not in logs:
            faults.append(f"LEAK: nothing was written to {path.name}: the search did not work")
        for what in found_in(path, values)[:LABELS_SHOWN]:
            faults.append(f"LEAK: {what} stands in {path.name}")
    if personal and not found_in(everything, personal):
        faults.append("LEAK: the read models hold no personal value: the search did not work")
    return faults
