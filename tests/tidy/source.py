"""Source files as the rules see them: as text, and as code without comments and literals, line for line the same."""
import os
import re

CPP = (".cpp", ".hpp", ".cpp.in")
SCRIPTS = (".py", ".sh", ".cmake")
SKIPPED_FOLDERS = {"build", "__pycache__", "node_modules"}
HIDDEN_FOLDERS = {".ci", ".github"}


class Source:
    """One file: `path` from the root with slashes, `text`, `lines`, and `code` with comments and literals blanked."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.lines = text.split("\n")
        self.is_cpp = path.endswith(CPP)
        self.code = blanked(text) if self.is_cpp else text
        self.code_lines = self.code.split("\n")

    def line_of(self, offset):
        return self.code.count("\n", 0, offset) + 1

    @property
    def is_header(self):
        return self.path.endswith(".hpp")


TOKENS = re.compile(
    r'//[^\n]*|/\*.*?\*/'
    r'|(?<!\w)(?:u8|u|U|L)?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)


def blanked(text):
    """C++ without what is in comments and literals. Quotes stay, so that a string still counts as a token; the names of
    quoted includes stay whole."""

    def blank(match):
        token = match.group(0)
        if token.startswith(("//", "/*")):
            return re.sub(r"[^\n]", " ", token)
        line_start = text.rfind("\n", 0, match.start()) + 1
        if text[line_start : match.start()].strip() == "#include":
            return token
        return token[0] + re.sub(r"[^\n]", " ", token[1:-1]) + token[-1] if len(token) > 1 else token

    return TOKENS.sub(blank, text)


def walk(root):
    """Every file that people write, in a fixed order. Does not ask git: an export of the tree is checked as well."""
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(
            name for name in subfolders
            if name not in SKIPPED_FOLDERS and (not name.startswith(".") or name in HIDDEN_FOLDERS)
        )
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
            try:
                with open(os.path.join(root, path), encoding="utf-8") as file:
                    yield Source(path, file.read())
            except (UnicodeDecodeError, FileNotFoundError):
                continue
