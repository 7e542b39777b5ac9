"""Names that documents and comments give: paths of this repository, headings that links lead to, and tests. A page
that names what is gone sends its readers astray, and those who know the place don't notice.

Looked at are links and `paths` in documents, and paths in comments of code, scripts and SQL. A path is a word that
begins with a folder of the repository, or a file's bare name with the ending of a source. It may be a pattern
(`projections/models/*_model.cpp`). What has a placeholder (`tests/golden/<type>.1.json`,
`HashingQueue.KeepsAFlood…`) is held to what is before it.
"""
import ast
import fnmatch
import io
import os
import re
import tokenize

import source as sources

# Folders and files that nobody wrote, or that are not there until something ran.
MADE = ("build/", ".run/", "node_modules", "bench/results/tmp")
ENDINGS = "cpp|hpp|cpp.in|py|sql|md|sh|cmake|yaml|json"
# Pages that say which test shows what. The first group of each pattern is text in which every `word` is a test.
PAGES_OF_TESTS = {
    "docs/invariants.md": re.compile(r"^\*\*Tests\.\*\*(.*?)(?=^$|\Z)", re.MULTILINE | re.DOTALL),
    "docs/security.md": re.compile(  # the last column of its first table
        r"^\|(?!--| who).*\|([^|\n]*)\|$(?=[\s\S]*^## What is sealed)", re.MULTILINE
    ),
    "tests/fault/README.md": re.compile(r"^## Scenarios$(.*)", re.MULTILINE | re.DOTALL),
}
PLACEHOLDER = re.compile(r"[<…]|\b(?:NAME|NNNN|SUBJECT|FILE)\b")
# Where the numbers are explained that comments and documents cite, such as I3.
INVARIANTS = "docs/invariants.md"
DEFINITION = re.compile(r"^(?:TEST|TEST_F|TEST_P|TYPED_TEST|TYPED_TEST_P)\((\w+), (\w+)\)", re.MULTILINE)
REGISTERED = re.compile(r"\b(?:keyledger_test\(|add_test\(NAME )(\w+)")
BARE = re.compile(r"(?<![\w/.<*$@-])\w[\w-]*\.(?:cpp|hpp|sql|py)\b(?![/.])")
FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
HASH_COMMENTED = (".sh", ".cmake", ".yml", ".yaml", "CMakeLists.txt", "Makefile", "Dockerfile")
HASH_COMMENT = re.compile(r"(?:^|(?<=\s))#(?!!).*")
CITED = re.compile(r"(?<![\w/.-])I[1-9]\d?(?![\w-])")


class Repository:
    """What is there: `paths` are files and folders (these end with a slash), `tests` names of suites and tests."""

    def __init__(self, texts):
        """`texts`: path to text, of every file that people wrote."""
        self.texts = texts
        self.paths = set(texts)
        for path in texts:
            while "/" in path:
                path = path.rsplit("/", 1)[0]
                self.paths.add(path + "/")
        self.tops = sorted({path.split("/")[0] for path in texts if "/" in path}, key=len, reverse=True)
        self.names = {path.rsplit("/", 1)[-1] for path in texts}
        self.tests = set()
        for path, text in texts.items():
            if path.startswith("tests/"):
                self.tests |= {os.path.basename(path), os.path.splitext(os.path.basename(path))[0]}
                for suite, name in DEFINITION.findall(text) if path.endswith(".cpp") else ():
                    self.tests |= {suite, f"{suite}.{name}"}
                self.tests |= set(REGISTERED.findall(text)) if path.endswith("CMakeLists.txt") else set()
        alternatives = "|".join(re.escape(top) for top in self.tops)
        self.path = re.compile(  # no path of a URL or of the system, and nothing behind a variable
            rf"(?<![\w/.<>$@{{}}:*~-])(?:{alternatives})/[\w./*<>{{}},…-]*"
        )

    @staticmethod
    def of(root):
        texts = {source.path: source.text for source in sources.walk(root)}
        for folder, subfolders, names in os.walk(root):  # what is no text is there as well, and so are hidden files
            subfolders[:] = [name for name in subfolders if name != ".git" and name not in sources.SKIPPED_FOLDERS]
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
                texts.setdefault(path, "")
        return Repository(texts)

    def has(self, name):
        start = PLACEHOLDER.split(name)[0]
        if start != name:
            return start.startswith(MADE) or any(path.startswith(start) for path in self.paths)
        if name.startswith(MADE) or name in self.paths or name.rstrip("/") + "/" in self.paths:
            return True
        if "{" in name:
            before, rest = name.split("{", 1)
            middle, _, after = rest.partition("}")
            return all(self.has(before + part + after) for part in middle.split(","))
        if "*" in name:
            return any(fnmatch.fnmatch(path.rstrip("/"), name.rstrip("/")) for path in self.paths)
        # Without its ending a file stands for all that are called so: commands/runtime/executor is header and source.
        return any(path.startswith(name + ".") for path in self.paths)


def comments_of(source):
    """Yields (offset, text) of each comment; of Python also what documents a function or file."""
    if source.is_cpp:
        for match in sources.TOKENS.finditer(source.text):
            if match.group(0).startswith(("//", "/*")):
                yield match.start(), match.group(0)
    elif source.path.endswith(".py") or source.text.startswith("#!/usr/bin/env python3"):
        yield from _comments_of_python(source.text)
    elif source.path.endswith(".sql"):
        for match in re.finditer(r"--.*", source.text):
            yield match.start(), match.group(0)
    elif source.text.startswith("#!") or source.path.endswith(HASH_COMMENTED):
        for match in HASH_COMMENT.finditer(source.text):
            yield match.start(), match.group(0)


def _comments_of_python(text):
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield starts[token.start[0] - 1] + token.start[1], token.string
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node):
            first = node.body[0]
            yield starts[first.lineno - 1], "".join(text.splitlines(keepends=True)[first.lineno - 1 : first.end_lineno])


def check_paths(source, repository):
    """Yields (line, message) for each path that a comment or a document names and that is not there."""
    if source.path.endswith(".md"):
        yield from _check_document(source, repository)
        return
    for offset, text in comments_of(source):
        for match in repository.path.finditer(text):
            name = match.group(0).rstrip(".,-")
            # A migration that was released is never edited: what it names may have moved since.
            is_kept = source.path.startswith("migrations/") and name.rsplit("/", 1)[-1] in repository.names
            if not repository.has(name) and not is_kept:
                yield source.text.count("\n", 0, offset + match.start()) + 1, _gone(name)
        for match in BARE.finditer(text):
            if match.group(0) not in repository.names:
                yield source.text.count("\n", 0, offset + match.start()) + 1, _gone(match.group(0))


def _gone(name):
    return f"names {name}, which is not there: say where it is now, or take it out"


def _check_document(source, repository):
    prose = FENCED.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), source.text)

    def line_of(offset):
        return prose.count("\n", 0, offset) + 1

    for match in LINK.finditer(prose):
        target, _, heading = match.group(1).partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        path = os.path.normpath(os.path.join(os.path.dirname(source.path), target)) if target else source.path
        if path != "." and not repository.has(path):
            yield line_of(match.start()), f"links to {match.group(1)}, which is not there: mend the link"
        elif heading and path.endswith(".md") and heading not in headings(repository.texts[path]):
            yield line_of(match.start()), f"links to {match.group(1)}: {path} has no such heading"
    for match in re.finditer(r"`([^`\n]+)`", prose):
        for path in repository.path.finditer(match.group(1)):
            name = path.group(0).rstrip(".,-")
            if path.start() == 0 and not repository.has(name):
                yield line_of(match.start()), _gone(name)
        if re.fullmatch(rf"[\w.-]+\.(?:{ENDINGS})", match.group(1)) and match.group(1) not in repository.names:
            yield line_of(match.start()), _gone(match.group(1))


def check_invariants(source, repository):
    """Yields (line, message) for each invariant that is cited and explained nowhere."""
    known = set(re.findall(r"^## (I\d+) ", repository.texts.get(INVARIANTS, ""), re.MULTILINE))
    places = [(0, source.text)] if source.path.endswith(".md") else comments_of(source)
    for offset, text in places:
        for match in CITED.finditer(text):
            if match.group(0) not in known:
                line = source.text.count("\n", 0, offset + match.start()) + 1
                yield line, f"cites {match.group(0)}, which {INVARIANTS} lacks: mend the number or explain it"


def headings(text):
    """The anchors of a document's headings, as GitHub makes them."""
    found = set()
    for title in re.findall(r"^#+ +(.*?)\s*$", FENCED.sub("", text), re.MULTILINE):
        found.add(re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-"))
    return found


def check_tests(source, repository):
    """Yields (line, message) for each test that a page promises and that is not there."""
    if source.path not in PAGES_OF_TESTS:
        return
    seen = 0
    for place in PAGES_OF_TESTS[source.path].finditer(source.text):
        for match in re.finditer(r"`([^`]+)`", place.group(1)):
            seen += 1
            name = match.group(1)
            if name.endswith("…"):
                there = any(test.startswith(name[:-1]) for test in repository.tests)
            else:
                there = name in repository.tests or repository.has(name) and "/" in name
            if not there:
                line = source.text.count("\n", 0, place.start(1) + match.start()) + 1
                yield line, f"names the test {name}, which is not there: correct the page, or write the test"
    if seen < 10:
        yield 1, "names hardly a test where tests/tidy/names.py looks for them: mend the page, or PAGES_OF_TESTS"
