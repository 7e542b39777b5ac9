#!/usr/bin/env python3
"""Whether scripts/install names what this repository uses: the package of every header that the build read, of every
library that the binary is linked with, of every program that a script or a test starts, of every module of Python.

    tests/tidy/packages.py [--build FOLDER] [ROOT]

Each must be named by a group that whoever uses it installs, come along with one that is, or be part of every Debian.
On the machine where all was written everything is there: only this, and a bare system (scripts/fresh), notice what is
not named. Prints each finding as path:line: message, and exits 1 if there is one.
"""
import argparse
import collections
import os
import re
import shutil
import subprocess
import sys

import dpkg
import programs
import shell
import source as sources
import walls

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Who installs for a file that does not do so itself: groups of scripts/install, or a script that calls it. The longest
# matching path counts. What calls scripts/install is asked what it says there.
INSTALLED_BY = {
    "scripts/install": ["aws", "examples", "oauth-clients", "browser", "docs", "openapi-lint"],
    "scripts/lib/common.sh": ["build"],
    "scripts/lib/kafka.sh": ["kafka"],
    "scripts/lib/postgres.sh": ["postgres"],
    "scripts/demo": ["scripts/run", "tests"],
    "scripts/fresh": ["fresh"],
    "scripts/lib/inside.sh": ["fresh"],
    "scripts/lib/mailbox.py": ["mailbox"],
    "scripts/lib/demo_factors.sh": ["scripts/demo"],
    "scripts/lib/demo_import.sh": ["scripts/demo"],
    "scripts/lib/demo_recovery.sh": ["scripts/demo"],
    "scripts/lib/demo_takeover.sh": ["scripts/demo"],
    "scripts/lib/demo_openid.sh": ["scripts/demo"],
    "scripts/lib/authenticator.py": ["scripts/demo"],
    "scripts/lib/mailbox.sh": ["mailbox", "tools"],
    "scripts/lib/story.sh": ["scripts/run"],
    "scripts/services": ["postgres", "kafka"],
    "scripts/sbom": ["scripts/package"],
    "scripts/stop": ["postgres", "kafka", "mailbox"],
    ".ci/run": ["scripts/test"],
    "api": ["build"],
    "bench": ["scripts/bench"],
    "eventstore": ["runtime"],
    "examples": ["examples"],
    "tests": ["scripts/test"],
    "tests/package/installed.sh": ["scripts/test", "fresh"],
    "tests/hardening/hardening.py": ["scripts/schemathesis"],
    "tests/hardening/run_schemathesis.py": ["scripts/schemathesis"],
    "tests/hardening/schemathesis_hooks.py": ["scripts/schemathesis"],
}
# Programs that need not be there, and why.
OPTIONAL = {
    "sudo": "scripts/install asks for it, and says what to do without",
    "helm": "scripts/install helm builds it, where Go is new enough; without it the chart is not rendered",
    "keyledgerctl": "of the package that tests/package/operator.sh installs",
    "git": "whoever has a clone has it; from an export, scripts/bench says that it knows no commit",
}
# Modules that pip brings, by the requirements.txt of tests/hardening, tests/oauth, tests/browser, tests/package,
# tests/operate/aws and examples/python.
FROM_PIP = {"authlib", "boto3", "compose_spec", "cryptography", "flask", "joserfc", "jsonschema", "jwcrypto", "jwt",
            "kubernetes_validate", "playwright", "requests", "schemathesis", "spdx_tools", "yaml"}

Use = collections.namedtuple("Use", "path line what groups package")
Repository = collections.namedtuple("Repository", "root scripts trees functions names_of")


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def repository(root):
    scripts = {
        source.path: source.text for source in sources.walk(root)
        if source.text.startswith("#!/usr/bin/env bash") or source.path.endswith(".sh")
    }
    if os.path.exists(os.path.join(root, "Makefile")):
        scripts["Makefile"] = shell.recipes_of(read(root, "Makefile"))
    trees = {path: shell.tree_of(text) for path, text in scripts.items()}
    functions = {name for tree in trees.values() for name in shell.functions_of(tree)}

    def names_of(group):
        done = subprocess.run([os.path.join(root, "scripts/install"), "--list", *group], capture_output=True, text=True,
                              check=True)
        return done.stdout.split()

    return Repository(root, scripts, trees, functions, names_of)


def groups_of(repo, path):
    """The groups that are installed where this file is run; [""] stands for those by default."""
    if path not in INSTALLED_BY:
        said = list(_asked_for(repo.trees[path])) if path in repo.trees else []
        if said:
            return said
    places = [place for place in INSTALLED_BY if path == place or path.startswith(place + "/")]
    groups = []
    for entry in INSTALLED_BY[max(places, key=len)] if places else []:
        groups += groups_of(repo, entry) if "/" in entry else [entry]
    return groups


def _asked_for(tree):
    for _, words in shell.calls_of(tree):
        names = list(shell.started_by(words))
        if not names[-1].endswith("scripts/install"):
            continue
        groups = [word for word in words[words.index(names[-1]) + 1 :] if not word.startswith("-")]
        for group in groups or [""]:
            yield from (word for word in shell.array_of(tree, "groups") if word != "$") if group == "$" else [group]


def uses_of_programs(repo):
    """Yields (path, line, program, whether it surely is one)."""
    for path, text in repo.scripts.items():
        for line, name in programs.of_shell(text, repo.functions):
            if not os.path.exists(os.path.join(repo.root, name.lstrip("$/"))):
                yield path, line, name, True
    for source in sources.walk(repo.root):
        found = ()
        if source.path.endswith(".py"):
            found = programs.of_python(source.text)
        elif source.is_cpp:
            found = programs.of_cpp(source.text)
        for line, name, surely in found:
            yield source.path, line, name, surely


def uses_of_modules(repo):
    local = {os.path.basename(source.path)[:-3] for source in sources.walk(repo.root) if source.path.endswith(".py")}
    for source in sources.walk(repo.root):
        if source.path.endswith(".py"):
            for line, name in programs.modules_of(source.text):
                if name not in local and name not in FROM_PIP:
                    yield source.path, line, name


def headers_of(repo, build, text):
    """Header of the system to the sources that were compiled with it, by what `ninja -t deps` says."""
    users = collections.defaultdict(list)
    for start, files in walls.parse_dependencies(text):
        path = walls.relative(start, build, repo.root)
        for file in files:
            seen = os.path.normpath(walls.relative(file, build, repo.root))
            if seen.startswith("/") and os.path.exists(seen):
                users[seen].append(path)
    return users


def where_included(repo, headers):
    """(path, line, header): whoever names one of these headers itself, or else the first that reads one."""
    for header, paths in sorted(headers.items()):
        for path in paths:
            if not os.path.isfile(os.path.join(repo.root, path)):
                continue
            for number, line in enumerate(read(repo.root, path).split("\n"), 1):
                match = re.match(r"\s*#\s*include\s*<(.*)>", line)
                if match and header.endswith("/" + match.group(1)):
                    return path, number, header
    header, paths = min(headers.items())
    return paths[0], 1, header


def libraries_of(binary):
    said = subprocess.run(["ldd", binary], capture_output=True, text=True, check=True).stdout
    return re.findall(r"=> (/\S+)", said)


class Checker:
    """Collects findings, and what could not be looked at."""

    def __init__(self, repo, packages):
        self.repo, self.packages = repo, packages
        self.found, self.unknown, self.brought = {}, set(), {}

    def bring(self, groups):
        key = tuple(sorted(set(groups)))
        if key not in self.brought:
            named = set(self.repo.names_of([group for group in key if group])) if key else set()
            if "" in key:
                named |= set(self.repo.names_of([]))
            self.brought[key] = named, named | self.packages.base | self.packages.closure(named)
        return self.brought[key]

    def hold(self, use):
        """One finding for each package that a group lacks is enough."""
        if use.package in self.bring(use.groups)[1]:
            return
        groups = " ".join(group or "(its defaults)" for group in use.groups) or "(none: nothing is installed for it)"
        self.found.setdefault((use.package, groups), (use.path, use.line, (
            f"{use.what} is of Debian's package {use.package}, which no bare system has and scripts/install {groups} "
            f"does not bring: name it in one of these groups, or let whoever runs this install a group that does"
        )))

    def lack(self, path, line, what, groups):
        """No package here has it: a finding, unless a group that may bring it is not installed on this machine."""
        if self.bring(groups)[0] <= self.packages.depends.keys():
            self.found.setdefault((what, ""), (path, line, (
                f"{what} is of no package of Debian that is installed here, although all that scripts/install names "
                "for it is: name its package there, or say in tests/tidy/packages.py why it need not be there"
            )))
        else:
            self.unknown.add(what)


def check_headers(checker, build, text):
    headers = headers_of(checker.repo, build, text)
    of_package = collections.defaultdict(dict)
    for header, package in dpkg.owners(headers).items():
        of_package[package][header] = headers[header]
    for package, users in of_package.items():
        path, line, header = where_included(checker.repo, users)
        if package is None:
            checker.lack(path, line, header, ["build"])
        else:
            checker.hold(Use(path, line, header, ["build"], package))


def check_libraries(checker, binary):
    for library, package in dpkg.owners(libraries_of(binary)).items():
        what = f"{library}, which {os.path.basename(binary)} is linked with,"
        checker.hold(Use("scripts/install", 1, what, ["runtime"], package))


def check_programs(checker):
    uses = [use for use in uses_of_programs(checker.repo) if use[2] not in OPTIONAL]
    paths = {name: dpkg.program(name) for _, _, name, _ in uses}
    owners = dpkg.owners({path for path in paths.values() if path})
    for path, line, name, surely in uses:
        groups, package = groups_of(checker.repo, path), owners.get(paths[name])
        if package:
            checker.hold(Use(path, line, name, groups, package))
        elif surely and not name.startswith("$"):
            checker.lack(path, line, name, groups)


def check_modules(checker):
    uses = list(uses_of_modules(checker.repo))
    places = {name: _place_of_module(name) for _, _, name in uses}
    owners = dpkg.owners({place for place in places.values() if place})
    for path, line, name in uses:
        groups, package = groups_of(checker.repo, path), owners.get(places[name])
        if package:
            checker.hold(Use(path, line, f"Python's module {name}", groups, package))
        else:
            checker.lack(path, line, f"Python's module {name}", groups)


def _place_of_module(name):
    folder = "/usr/lib/python3/dist-packages"
    places = [f"{folder}/{name}/__init__.py", f"{folder}/{name}.py"]
    return next((place for place in places if os.path.exists(place)), None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build")
    parser.add_argument("root", nargs="?", default=ROOT)
    arguments = parser.parse_args()
    if not dpkg.is_here():
        print("there is no dpkg here, which knows what is of which package: nothing was checked")
        return 0
    if not shutil.which("shfmt"):
        print("shfmt is not installed, which says what scripts call: run scripts/install tidy (scripts/test does)")
        return 1
    repo = repository(os.path.abspath(arguments.root))
    checker = Checker(repo, dpkg.Packages.of_this_machine())
    check_programs(checker)
    check_modules(checker)
    if arguments.build:
        build = os.path.abspath(arguments.build)
        check_headers(checker, build, walls.dependencies_of(build))
        binary = os.path.join(build, "bin/keyledger")
        if os.path.exists(binary):
            check_libraries(checker, binary)
    for path, line, message in sorted(checker.found.values()):
        print(f"{path}:{line}: {message}")
    if checker.unknown:
        print("not installed here, so not looked at: " + ", ".join(sorted(checker.unknown)))
    print(f"{len(checker.found)} finding(s)" if checker.found else "tidy")
    return 1 if checker.found else 0


if __name__ == "__main__":
    sys.exit(main())
