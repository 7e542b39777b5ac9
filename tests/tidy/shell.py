"""What a shell script calls, by shfmt's syntax tree: names in the position of a command, and behind those that start
another one (`env`, `sudo`, `run_child` …)."""
import json
import re
import subprocess

# Of bash itself: what `compgen -b` and `compgen -k` say, as far as it can stand where a command does.
BUILTINS = frozenset(
    ". : [ alias bg bind break builtin caller cd command compgen complete compopt continue declare dirs disown echo "
    "enable eval exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd printf "
    "pushd pwd read readarray readonly return set shift shopt source suspend test times trap true type typeset ulimit "
    "umask unalias unset wait".split()
)

# What starts the command behind it: how many words come before that, and which options take the word after them. Not
# chroot: what it starts is another system's.
STARTERS = {
    "as_postgres": (0, ()), "as_root": (0, ()), "await": (1, ()), "command": (0, ()),
    "env": (0, ("-u", "-C")), "exec": (0, ("-a",)), "nice": (0, ("-n",)), "run_child": (0, ()), "setpriv": (0, ()),
    "setsid": (0, ()), "spawn": (2, ()), "sudo": (0, ("-u", "-g")), "timed": (1, ()), "timeout": (1, ("-k", "-s")),
    "unshare": (0, ()), "with_progress": (2, ()), "xargs": (0, ("-n", "-P", "-I", "-d", "-L")),
}


def tree_of(text):
    done = subprocess.run(["shfmt", "-ln", "bash", "--to-json"], input=text, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise ValueError(done.stderr.strip())
    return json.loads(done.stdout)


def literal(word):
    """A word's text. Expansions in it become `$`, so that "$bin/psql" is "$/psql"."""
    return "".join(_part(part) for part in word["Parts"])


def _part(part):
    if part["Type"] in ("Lit", "SglQuoted"):
        return re.sub(r"\\(.)", r"\1", part["Value"]) if part["Type"] == "Lit" else part.get("Value", "")
    if part["Type"] == "DblQuoted":
        return "".join(_part(inner) for inner in part.get("Parts", []))
    return "$"


def nodes(tree):
    """Every part of the tree that has a type, in the order of the text."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += reversed(node)
        elif isinstance(node, dict):
            if "Type" in node or "Body" in node:
                yield node
            waiting += [value for value in reversed(node.values()) if isinstance(value, (dict, list))]


def functions_of(tree):
    return {node["Name"]["Value"] for node in nodes(tree) if "Body" in node and "Value" in (node.get("Name") or {})}


def calls_of(tree):
    """Yields (line, [word, …]) for each simple command."""
    for node in nodes(tree):
        if node.get("Type") == "CallExpr" and node.get("Args"):
            yield node["Args"][0]["Pos"]["Line"], [literal(word) for word in node["Args"]]


def started_by(words):
    """Yields the name of each command that this one is or starts."""
    while words:
        name, words = words[0], words[1:]
        yield name
        if name == "command" and words and words[0].startswith("-"):
            return  # only asks whether it is there
        if name not in STARTERS:
            return
        before, with_value = STARTERS[name]
        while words and (words[0].startswith("-") or re.match(r"\w+=", words[0]) or before > 0):
            if words[0] in with_value:
                words = words[1:]
            elif not words[0].startswith("-") and "=" not in words[0]:
                before -= 1
            words = words[1:]


def commands_of(tree):
    """Yields (line, name) for each command that a script calls, its own functions and bash's words among them."""
    for line, words in calls_of(tree):
        for name in started_by(words):
            yield line, name


def array_of(tree, array):
    """The literal words that a script ever puts into an array."""
    for node in nodes(tree):
        assigns = node.get("Assigns") or node.get("Args") or []
        for assign in assigns if node.get("Type") in ("CallExpr", "DeclClause") else []:
            if (assign.get("Name") or {}).get("Value") == array and assign.get("Array"):
                yield from (literal(element["Value"]) for element in assign["Array"].get("Elems", []))


def recipes_of(makefile):
    """A Makefile's commands as a script, line for line."""
    lines = []
    for line in makefile.split("\n"):
        recipe = re.sub(r"\$[@<^]|\$\(\w+\)", "$x", line.lstrip("\t@-")) if line.startswith("\t") else ""
        lines.append(recipe.replace("$$", "$"))
    return "\n".join(lines)
