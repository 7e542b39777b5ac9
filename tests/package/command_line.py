"""The command line as `--help` shows it to people: what completions and manual pages are held against."""

import collections
import re
import subprocess

Option = collections.namedtuple("Option", "names takes_value choices")
Command = collections.namedtuple("Command", "path commands options arguments")

ENTRY = re.compile(r"^(?:  |    )(\S+)(?: (\S.*?))?(?:  +\S.*)?$")
CHOICES = re.compile(r":\{([^}]*)\}")


def sections(text):
    """Title to the lines below it."""
    found, title = collections.defaultdict(list), None
    for line in text.splitlines():
        if line and not line.startswith(" "):
            title = line.rstrip(":")
        elif title:
            found[title].append(line)
    return found


def entries(lines):
    """(name, what is given behind it) of those that begin a line; what goes on in the next is further in."""
    for line in lines:
        match = ENTRY.match(line)
        if match:
            yield match.group(1), match.group(2) or ""


def command(binary, path):
    done = subprocess.run([binary, *path, "--help"], capture_output=True, text=True, check=True)
    found = sections(done.stdout)
    options = []
    for title, lines in found.items():
        if title != "Options" and not title.startswith("[Option Group"):
            continue
        for names, given in entries(lines):
            if names.startswith("-"):
                choices = CHOICES.search(given)
                options.append(Option(names.split(","), bool(given) and given[0].isupper(),
                                      choices.group(1).split(",") if choices else []))
    arguments = [(name, CHOICES.search(given), given) for name, given in entries(found["Positionals"])]
    return Command(tuple(path), [name for name, _ in entries(found["Subcommands"])], options,
                   [(name, match.group(1).split(",") if match else [], given) for name, match, given in arguments])


def all_commands(binary, path=()):
    """The program's own words, then those of each command."""
    here = command(binary, path)
    yield here
    for name in here.commands:
        yield from all_commands(binary, (*path, name))
