"""Words that comments, documents and names do not use. People are "they"; and docs/glossary.md has a table of words,
under "Words that are not used", with what stands in their place. That table is read here, so that one line of the
glossary forbids a word. What the glossary says to be "in code" has to be there.
"""
import re

import names
import source as sources

GLOSSARY = "docs/glossary.md"
HEADING = "## Words that are not used"
ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+?) \| (names|prose|both) \|$", re.MULTILINE)
PEOPLE = re.compile(r"\b(he|him|his|himself)\b", re.IGNORECASE)
QUOTED = re.compile(r"`[^`\n]*`|\"[^\"\n]*\"|“[^”\n]*”")
IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# These name the words, or are texts that never change.
LEFT_ALONE = ("docs/glossary.md", "CHANGELOG.md", "LICENSE", "bench/results/", "tests/golden/", "tests/tidy/",
              "migrations/")


class Table:
    """What the glossary forbids: `names` as parts of an identifier, `prose` as patterns; each with what to say."""

    def __init__(self, glossary):
        self.names, self.prose = {}, []
        section = glossary.partition(HEADING)[2].partition("\n## ")[0]
        for word, instead, where in ROW.findall(section):
            if where != "prose":
                self.names[tuple(parts_of(word))] = instead
            if where != "names":
                self.prose.append((re.compile(rf"\b{re.escape(word)}\b", re.IGNORECASE), word, instead))


def parts_of(identifier):
    """An identifier's words in lower case: kUserUnknown and user_unknown are both (k,) user, unknown."""
    return [part.lower() for part in PART.findall(identifier)]


def prose_of(source):
    """Yields (offset, text) of what people read as sentences, without `code` and quotations."""
    if source.path.endswith(".md"):
        text = names.FENCED.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), source.text)
        pieces = [(0, text)]
    else:
        pieces = names.comments_of(source)
    for offset, text in pieces:
        yield offset, QUOTED.sub(lambda match: " " * len(match.group(0)), text)


def check(source, table):
    """Yields (line, message) for each such word."""
    if source.path.startswith(LEFT_ALONE):
        return
    for offset, text in prose_of(source):
        for match in PEOPLE.finditer(text):
            line = source.text.count("\n", 0, offset + match.start()) + 1
            yield line, f"says \"{match.group(0)}\" of a person: people are \"they\"; or name who is meant"
        for pattern, word, instead in table.prose:
            for match in pattern.finditer(text):
                line = source.text.count("\n", 0, offset + match.start()) + 1
                yield line, f"says \"{word}\": say {instead} ({GLOSSARY})"
    if source.is_cpp:
        yield from _check_names(source, table)


def _check_names(source, table):
    told = set()
    for match in IDENTIFIER.finditer(source.code):
        name = match.group(0)
        if name in told:
            continue
        parts = parts_of(name)
        for forbidden, instead in table.names.items():
            length = len(forbidden)
            if any(tuple(parts[at : at + length]) == forbidden for at in range(len(parts) - length + 1)):
                told.add(name)
                yield source.line_of(match.start()), f"the name {name}: take {instead} ({GLOSSARY})"


def check_glossary(glossary, known):
    """Yields (line, message) for each name in a column "in code" that is none of `known`, the names of all C++."""
    column = None
    for number, line in enumerate(glossary.split("\n"), 1):
        cells = [cell.strip() for cell in line.split("|")]
        if "in code" in cells:
            column = cells.index("in code")
        elif not line.startswith("|"):
            column = None
        elif column is not None and column < len(cells):
            for code in re.findall(r"`([^`]+)`", cells[column]):
                for name in IDENTIFIER.findall(code) if "/" not in code and "-" not in code else ():
                    if name not in known:
                        yield number, f"says that `{name}` is in code, and it is not: correct the line"


def of(root):
    """The table of a tree."""
    for source in sources.walk(root):
        if source.path == GLOSSARY:
            return Table(source.text)
    return Table("")
