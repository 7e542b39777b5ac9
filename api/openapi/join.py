#!/usr/bin/env python3
"""Joins the files of this folder into the OpenAPI document: join.py OUT shared.json SUBJECT...

Each file is a part of the document: `paths` and `components` of one subject; shared.json has everything else too. Parts
are written one after the other, without blanks. What two files say, and a member that only
shared.json may have, is an error.
"""
import json
import pathlib
import re
import sys

SPACE = re.compile(r"\s*")
DECODE = json.JSONDecoder().raw_decode


class Fault(Exception):
    pass


def members_of(text):
    """The members of a JSON object as (name, text of the value)."""
    json.loads(text)
    members = []
    at = SPACE.match(text, SPACE.match(text).end() + 1).end()  # behind the brace
    while text[at] != "}":
        name, at = DECODE(text, at)
        begin = SPACE.match(text, SPACE.match(text, at).end() + 1).end()  # behind the colon
        _, end = DECODE(text, begin)
        members.append((name, text[begin:end]))
        at = SPACE.match(text, end).end()
        if text[at] == ",":
            at = SPACE.match(text, at + 1).end()
    return members


def add(parts, members, path):
    for name, value in members:
        if name in parts:
            raise Fault(f"{path}: '{name}' is said before; keep it in one file")
        parts[name] = value


def joined(files):
    """The document, from (path, text) of shared.json and of each subject."""
    document, paths, components = {}, {}, {}
    for path, text in files:
        for name, value in members_of(text):
            if name == "paths":
                add(paths, members_of(value), path)
            elif name == "components":
                for section, part in members_of(value):
                    add(components.setdefault(section, {}), members_of(part), path)
            elif path == files[0][0]:
                document[name] = value
            else:
                raise Fault(f"{path}: '{name}' belongs into {files[0][0]}; a subject has 'paths' and 'components'")
    document["paths"] = written(paths, "  ")
    document["components"] = written({name: written(part, "    ") for name, part in components.items()}, "  ")
    return written(document, "") + "\n"


def written(members, indent):
    lines = [f"{indent}{json.dumps(name)}: {value}" for name, value in members.items()]
    return "{\n" + ",\n".join(lines) + "\n" + indent[2:] + "}"


def compact(document):
    """Without the blanks: whoever asks for the document and does not read holds a copy of it in memory."""
    def without_doubles(members):
        if len(dict(members)) < len(members):
            raise Fault(f"a member stands twice among {[name for name, _ in members]}")
        return dict(members)

    whole = json.loads(document, object_pairs_hook=without_doubles)
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False) + "\n"


def main(out, *paths):
    try:
        text = compact(joined([(path, pathlib.Path(path).read_text("utf-8")) for path in paths]))
    except (Fault, ValueError) as fault:
        sys.exit(f"join.py: {fault}")
    pathlib.Path(out).write_text(text, "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
