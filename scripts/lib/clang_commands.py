#!/usr/bin/env python3
"""Writes compile commands that clang-tidy can use, from those that CMake wrote for g++.

    scripts/lib/clang_commands.py BUILD FOLDER

Reads BUILD/compile_commands.json and writes FOLDER/compile_commands.json. g++'s precompiled headers mean nothing to
clang, so their text is included instead, from a copy beside which no compiled one lies. Warnings are g++'s business.
"""
import json
import os
import re
import sys

PRECOMPILED = re.compile(r"-include (\S+)/([^/\s]+)\.dir/cmake_pch\.hxx")
DROPPED = re.compile(r" (-Winvalid-pch|-Werror)(?=\s)")


def command_for_clang(command, folder):
    """The command with the copy's path; copies the precompiled header's text if it is not there."""

    def include_copy(match):
        copy = os.path.join(folder, match.group(2) + ".hpp")
        with open(os.path.join(match.group(1), match.group(2) + ".dir", "cmake_pch.hxx"), encoding="utf-8") as file:
            text = file.read()
        with open(copy, "w", encoding="utf-8") as file:
            file.write(text)
        return f"-include {copy}"

    return DROPPED.sub("", PRECOMPILED.sub(include_copy, command)) + " -Wno-everything"


def main():
    build, folder = (os.path.abspath(argument) for argument in sys.argv[1:])
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    for entry in entries:
        entry["command"] = command_for_clang(entry["command"], folder)
    with open(os.path.join(folder, "compile_commands.json"), "w", encoding="utf-8") as file:
        json.dump(entries, file, indent=1)


if __name__ == "__main__":
    main()
