"""Which programs and modules a file of this repository starts or loads, in whatever language it is."""
import ast
import re
import sys

import shell

# Words of C++ that start a program named in the same file.
STARTS_PROGRAMS = re.compile(r"\b(?:posix_spawnp?|popen|exec[lv]p?e?|std::system)\(")
STARTING_CALLS = ("subprocess.", "os.exec", "shutil.which")
NAME = re.compile(r"(?:/[\w./-]+/)?[A-Za-z][\w.+-]*")


def of_shell(text, ours):
    """Yields (line, name). `ours`: the functions of all scripts."""
    tree = shell.tree_of(text)
    for line, name in shell.commands_of(tree):
        if name not in shell.BUILTINS and name not in ours and not name.endswith("$") and NAME.search(name):
            yield line, name


def of_python(text):
    """Yields (line, name, surely): a list that begins with a name may be a command, in a call of subprocess it is."""
    tree = ast.parse(text)
    sure = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and _dotted(node.func).startswith(STARTING_CALLS):
            first = node.args[0]
            while isinstance(first, ast.BinOp):
                first = first.left
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield node.lineno, first.value, True
            sure.add(id(first))
    for node in ast.walk(tree):
        if isinstance(node, ast.List) and node.elts and isinstance(node.elts[0], ast.Constant):
            name, whole = node.elts[0].value, all(isinstance(word, ast.Constant) for word in node.elts)
            if isinstance(name, str) and NAME.fullmatch(name) and (id(node) in sure or not whole):
                yield node.lineno, name, id(node) in sure


def _dotted(node):
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def of_cpp(text):
    """Yields (line, name, False) for what may be a program's name in a file that starts programs."""
    if not STARTS_PROGRAMS.search(text):
        return
    for number, line in enumerate(text.split("\n"), 1):
        for word in re.findall(r'"([^"\\]*)"', line):
            name = word.split(" ")[0]
            if NAME.fullmatch(name) and not line.lstrip().startswith("#include"):
                yield number, name, False


def modules_of(text):
    """Yields (line, name) for each import that is not of Python itself."""
    for node in ast.walk(ast.parse(text)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module]
        for name in names:
            top = name.split(".")[0]
            if top not in sys.stdlib_module_names:
                yield node.lineno, top
