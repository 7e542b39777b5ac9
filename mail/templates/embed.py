#!/usr/bin/env python3
"""Writes the templates of this folder as C++ that holds them: embed.py OUT FILE...

Each FILE is <language>/<name>.mustache, perhaps in folders of the language's.
"""
import pathlib
import sys

END = "template_ends"
HERE = pathlib.Path(__file__).resolve().parent


def literal(text):
    if f"){END}" in text:
        raise ValueError(f"){END} may not stand in a template")
    return f'R"{END}({text}){END}"'


def language_of(file):
    return file.relative_to(HERE).parts[0]


def main():
    out, files = sys.argv[1], sorted(map(pathlib.Path, sys.argv[2:]))
    texts = [(language_of(file), file.stem, literal(file.read_text(encoding="utf-8"))) for file in files]
    rows = "".join(f'    {{"{language}", "{name}", {text}}},\n' for language, name, text in texts)
    pathlib.Path(out).write_text(
        '#include "mail/templates/compiled_in.hpp"\n\nnamespace keyledger::mail {\nnamespace {\n\n'
        f"constexpr CompiledTemplate kAll[] = {{\n{rows}}};\n\n}}  // namespace\n\n"
        "std::span<const CompiledTemplate> compiled_templates() { return kAll; }\n\n}  // namespace keyledger::mail\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
