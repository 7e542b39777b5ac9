"""The rules of style that a program can check. Each yields (line, message), and the message says how to mend it."""
import collections
import os
import re

MAX_FILE_LINES = 500
# The formatter aims at 110; what it would break badly may go this far.
MAX_LINE_CHARACTERS = 120
MAX_FUNCTION_LINES = 70
MAX_FOLDER_FILES = 30
# Data, of which there is as much as there is: stored forms, inputs, and two or three files for each migration.
FULL_FOLDERS = ("tests/golden/", "tests/fuzz/corpus/", "migrations/", "docs/adr/")  # lists that only grow
FILE_LENGTH_CHECKED = (".cpp", ".hpp", ".py", ".cpp.in", ".sh", "CMakeLists.txt", ".cmake")
LINE_LENGTH_CHECKED = (".cpp", ".hpp", ".py")  # in scripts a command or a message may have to be one line
CLOCK = "app/core/system_ports.cpp"
# Where sessions of PostgreSQL begin, with keepalives and the rest of connection_text().
CONNECTORS = ("eventstore/postgres/connection/pqxx_connection.cpp", "eventstore/postgres/store/writer_connection.cpp")
# Where an event, a state or a refusal that nobody thought of must not compile.
EXHAUSTIVE = ("domain/", "projections/", "commands/", "api/routes/refusals.cpp")
UNFINISHED = "|".join(["FIX" + "ME", "TO" + "DO", "XX" + "X", "HA" + "CK"])
SKIPS = "|".join(["GTEST_" + "SKIP", r"\bDISABLED" + r"_\w", r"unittest\.sk" + "ip"])


def pattern(expression, message, applies=lambda source: source.is_cpp):
    """A rule that is one regular expression over code (comments and literals blanked)."""
    compiled = re.compile(expression)

    def check(source):
        if not applies(source):
            return
        for match in compiled.finditer(source.code):
            yield source.line_of(match.start()), message

    return check


def is_exhaustive(source):
    return source.is_cpp and source.path.startswith(EXHAUSTIVE)


no_clock = pattern(
    r"\b(system_clock::now|gettimeofday|clock_gettime|std::time\s*\()|(?<![\w:.>])time\s*\(\s*(nullptr|NULL|0)\s*\)",
    f"the time of day is read in {CLOCK} alone: take commands::Clock, or the time as a value",
    lambda source: source.is_cpp and source.path != CLOCK,
)
no_detached = pattern(
    r"\bdetached\b", "`detached` loses exceptions: spawn with a completion handler that deals with the exception_ptr"
)
no_own_connection = pattern(
    r"make_unique<pqxx::connection>|\bpqxx::connection\s+\w+\s*[({]|\bPQconnect\w*\s*\(",
    "a session that nobody bounds waits for ever for a peer that fell silent: take connect() of "
    "eventstore/postgres/connection/pqxx_connection.hpp, and AnswerWithin around what a service waits for",
    lambda source: source.is_cpp and not source.path.startswith(("tests/", "bench/")) and source.path not in CONNECTORS,
)
no_default = pattern(
    r"\bdefault\s*:",
    "`default:` swallows the enumerator that somebody adds later: name every one (-Wswitch-enum watches)",
    is_exhaustive,
)
no_unnamed_catch_all = pattern(
    r"\(\s*(const\s+)?auto\s*(&{1,2}|\.\.\.)?\s*(\.\.\.)?\s*\)|\]\s*\(\s*\.\.\.\s*\)",
    "a visitor that takes anything swallows the event that somebody adds later: write one overload for each",
    lambda source: is_exhaustive(source) and not source.path.startswith("api/"),
)
no_skipped_test = pattern(
    SKIPS, "a skipped test guards nothing: let it fail with a message that says what it needs, or remove it",
    lambda source: source.is_cpp or source.path.endswith(".py"),
)


def no_catch_all(source):
    """A generic visitor may only hand its argument to named overloads."""
    yield from no_unnamed_catch_all(source)
    if not is_exhaustive(source) or source.path.startswith("api/"):
        return
    generic = re.compile(r"std::visit\s*\(\s*\[[^\]]*\]\s*\(\s*(?:const\s+)?auto\s*&{0,2}\s*(\w+)\s*\)[^{]*\{")
    for match in generic.finditer(source.code):
        body = source.code[match.end() : matching(source.code, match.end() - 1)]
        argument = match.group(1)
        if not re.search(rf"\w\s*\((?:[^;]*[,(\s*&])?{argument}\s*[,)]", body):
            yield source.line_of(match.start()), (
                "this visitor takes anything and hands it to nobody: call a named overload (`apply`, `decide_on`) with "
                f"`{argument}`, so that a forgotten event does not compile"
            )


def no_unfinished(source):
    if source.path.startswith("tests/tidy/"):
        return  # names them
    for number, line in enumerate(source.lines, 1):
        if re.search(rf"\b({UNFINISHED})\b", line):
            yield number, "unfinished: finish it, or write down in docs/ what is missing and remove the mark"


def sleep_says_why(source):
    if not source.is_cpp:
        return
    for number, code in enumerate(source.code_lines, 1):
        if not re.search(r"\b(sleep_for|sleep_until|usleep|nanosleep)\s*\(", code):
            continue
        near = source.lines[max(0, number - 3) : number]
        if not any("//" in line for line in near):
            yield number, "a sleep: await the condition instead; where there is none to await, say why beside it"


def lengths(source):
    count = len(source.lines) - (source.lines[-1] == "")
    is_script = source.text.startswith("#!")
    if count > MAX_FILE_LINES and (is_script or source.path.endswith(FILE_LENGTH_CHECKED)):
        yield count, f"{count} lines, {MAX_FILE_LINES} at most: split the file where its subject splits"
    if not source.path.endswith(LINE_LENGTH_CHECKED):
        return
    for number, line in enumerate(source.lines, 1):
        if len(line) > MAX_LINE_CHARACTERS:
            yield number, f"{len(line)} characters, {MAX_LINE_CHARACTERS} at most: break the line (`make format`)"


def full_folders(paths):
    """Yields (folder, message) for each folder with more files than a reader takes in at a glance."""
    folders = collections.Counter(os.path.dirname(path) for path in paths if not path.startswith(FULL_FOLDERS))
    for folder, count in sorted(folders.items()):
        if count > MAX_FOLDER_FILES:
            yield folder or ".", f"{count} files, {MAX_FOLDER_FILES} at most: make folders of its subjects"


CONTROL = re.compile(
    r"^(if|else|for|while|switch|do|try|catch|namespace|struct|class|enum|union|extern|return)\b|^[}#]"
)


def function_lengths(source):
    """From the first line of what looks like a function's head to the brace that closes its body; lambdas count too."""
    if not source.is_cpp:
        return
    lines, offset = source.code_lines, 0
    for number, line in enumerate(lines):
        opening = offset + len(line.rstrip()) - 1
        offset += len(line) + 1
        text = line.strip()
        if not text.endswith("{") or CONTROL.match(text):
            continue
        first = head_of(lines, number)
        head = " ".join(part.strip() for part in lines[first : number + 1])
        if "(" not in head or CONTROL.match(head) or re.search(r"=\s*\{$", head):
            continue
        count = source.code.count("\n", opening, matching(source.code, opening)) + 1 + number - first
        if count > MAX_FUNCTION_LINES:
            yield first + 1, f"a function of {count} lines, {MAX_FUNCTION_LINES} at most: name a part and move it out"


def head_of(lines, number):
    """The first line of the statement that ends in line `number`."""
    first = number
    while first > 0:
        before = lines[first - 1].strip()
        if before == "" or before.endswith((";", "{", "}", ":")) or before.startswith("#"):
            break
        first -= 1
    return first


# ---- co_await: g++ 12 destroys some temporaries twice in a statement with it --------------------------------------
BLOCK_BEFORE = re.compile(
    r"(\)|\belse|\bdo|\btry|\bconst|\bnoexcept|\bmutable|\boverride|\bfinal|[;{}:])\s*$|->\s*[\w:<>,&*\s]+$"
)
TYPE_OR_SCOPE = re.compile(r"\s*(template\b.*\b)?(struct|class|enum|union|namespace|extern)\b", re.DOTALL)
SUBSCRIPTED = re.compile(r"(?:[\])]|\b(?!return\b|co_return\b|co_await\b|co_yield\b)\w+)\s*$")
TRACKED = re.compile(r"\bco_await\b|\[\[|\]\]|[()\[\]{};?]")


class Statement:
    """What was seen of one statement so far. A condition counts as one; the body behind it is made of others."""

    def __init__(self, begin):
        self.begin, self.depth, self.awaits, self.suspects = begin, 0, [], []


def matching(code, opening):
    """The offset behind the bracket that closes the one at `opening`."""
    pairs = {"(": ")", "[": "]", "{": "}"}
    depth = 0
    for at in range(opening, len(code)):
        if code[at] in pairs:
            depth += 1
        elif code[at] in pairs.values():
            depth -= 1
            if depth == 0:
                return at + 1
    return len(code)


def opens_block(code, at, statement):
    head = code[statement.begin : at]
    return head.strip() == "" or BLOCK_BEFORE.search(head) or TYPE_OR_SCOPE.match(head)


def statements(code):
    """Yields each finished Statement of C++ code whose comments and literals are blanked."""
    now, outer = Statement(0), []  # outer: for each open bracket the statement to go on with, or None within one
    for match in TRACKED.finditer(code):
        token, at = match.group(0), match.start()
        if token == "co_await":
            now.awaits.append(at)
        elif token == "?":
            now.suspects.append(token)
        elif token == ";":
            yield now
            depth, now = now.depth, Statement(at + 1)
            now.depth = depth
        elif token == "{" and opens_block(code, at, now):
            if now.depth == 0:
                yield now
                outer.append(Statement(0))
            else:
                outer.append(now)  # the body of a lambda inside an expression
            now = Statement(at + 1)
        elif token in "([{":
            if token == "{" or (token == "[" and not SUBSCRIPTED.search(code[max(0, at - 80) : at])):
                now.suspects.append(token)
            now.depth += 1
            outer.append(None)
        elif token in ")]}" and outer:
            within = outer.pop()
            if within is None:
                now.depth -= 1
                continue
            yield now
            now = within
            if now.depth == 0:
                now = Statement(at + 1)
    yield now


def co_await_alone(source):
    if not source.is_cpp or "co_await" not in source.code:
        return
    for statement in statements(source.code):
        if statement.awaits and statement.suspects:
            yield source.line_of(statement.awaits[0]), (
                f"`{statement.suspects[0]}` in a statement with co_await: g++ 12 may destroy its temporaries twice. "
                "Name the value, list or lambda in a statement of its own before"
            )


CAPTURING = re.compile(r"\[[^\[\]]+\]\s*(?:\([^{};]*?\))?\s*(?:mutable\b|noexcept\b)?\s*(?:->[^{};]*?)?\{")


def no_coroutine_that_outlives_its_captures(source):
    """What a lambda captured lies in the lambda, and a coroutine goes on when its lambda is gone."""
    if not source.is_cpp:
        return
    for match in CAPTURING.finditer(source.code):
        end = matching(source.code, match.end() - 1)
        is_called = source.code[end:].lstrip().startswith("(")
        if is_called and re.search(r"\bco_(await|return|yield)\b", source.code[match.end() : end]):
            yield source.line_of(match.start()), (
                "a capturing lambda is called where it stands and is a coroutine: it dies at the first co_await, and "
                "its captures with it. Give what it needs as parameters, or name the lambda and let it live as long"
            )


RULES = [
    no_clock, no_detached, no_own_connection, no_default, no_catch_all, no_skipped_test, no_unfinished, sleep_says_why,
    lengths, function_lengths, co_await_alone, no_coroutine_that_outlives_its_captures,
]
