#!/usr/bin/env python3
"""Checks the style of the whole tree: walls between folders, names that comments and documents give, words that nobody
uses, and what else a program can check.

    tests/tidy/tidy.py [--build FOLDER] [ROOT]

With --build, a folder that ninja built in, the walls are also held against everything that each object was made of.
Prints each finding as path:line: message, and exits 1 if there is one.
"""
import argparse
import os
import sys

import names
import rules
import source as sources
import walls
import words

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CODE = ("api", "app", "bench", "cmake", "commands", "domain", "eventstore", "integrations", "projections", "security",
        "tests")


def findings(root, build):
    repository = names.Repository.of(root)
    aggregates = walls.aggregate_names(repository.texts)
    table = words.of(root)
    known, glossary, paths = set(), "", []
    for source in sources.walk(root):
        paths.append(source.path)
        if source.is_cpp:
            known.update(words.IDENTIFIER.findall(source.code))
        elif source.path == words.GLOSSARY:
            glossary = source.text
        for check in (names.check_paths, names.check_tests, names.check_invariants):
            for line, message in check(source, repository):
                yield source.path, line, message
        for line, message in words.check(source, table):
            yield source.path, line, message
        for rule in rules.RULES:
            for line, message in rule(source):
                yield source.path, line, message
        if source.is_cpp and source.path.split("/")[0] in CODE:
            for line, message in walls.check_includes(source):
                yield source.path, line, message
            for line, message in walls.check_aggregates(source, aggregates):
                yield source.path, line, message
    for folder, message in rules.full_folders(paths):
        yield folder, 1, message
    for line, message in words.check_glossary(glossary, known):
        yield words.GLOSSARY, line, message
    if build:
        text = walls.dependencies_of(build)
        seen = walls.check_dependencies(text, root, build, lambda path: os.path.exists(os.path.join(root, path)))
        for path, message in sorted(set(seen)):
            yield path, 1, message


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build")
    parser.add_argument("root", nargs="?", default=ROOT)
    arguments = parser.parse_args()
    build = os.path.abspath(arguments.build) if arguments.build else None
    count = 0
    for path, line, message in findings(os.path.abspath(arguments.root), build):
        print(f"{path}:{line}: {message}")
        count += 1
    print(f"{count} finding(s)" if count else "tidy")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
