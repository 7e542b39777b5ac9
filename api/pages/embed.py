#!/usr/bin/env python3
"""Writes files as C++ that holds them: embed.py OUT FILE..."""
import pathlib
import sys

END = "file_ends"


def literal(text):
    if f"){END}" in text:
        raise ValueError(f"){END} may not stand in a file")
    return f'R"{END}({text}){END}"'


def main():
    out, files = sys.argv[1], sorted(map(pathlib.Path, sys.argv[2:]))
    rows = "".join(f'    {{"{file.name}", {literal(file.read_text(encoding="utf-8"))}}},\n' for file in files)
    pathlib.Path(out).write_text(
        '#include "api/pages/compiled_files.hpp"\n\nnamespace keyledger::api {\nnamespace {\n\n'
        f"constexpr CompiledFile kAll[] = {{\n{rows}}};\n\n}}  // namespace\n\n"
        "std::span<const CompiledFile> compiled_files() { return kAll; }\n\n}  // namespace keyledger::api\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
