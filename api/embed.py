#!/usr/bin/env python3
"""Writes C++ that holds files, each as it is and in gzip: embed.py OUT HEADER FUNCTION [FILE...]

OUT defines FUNCTION(), which HEADER declares, as a span of StaticFile (api/wire/static_file.hpp) by name. The assembler
reads the files themselves, so that no compiler has to look at them; what is compressed lies in a folder beside OUT.
"""
import gzip
import hashlib
import pathlib
import sys

TAG_DIGITS = 16
BEST = 9
WORTH_IT = 0.9  # of its length, or it stays as it is
LEAST_BYTES = 512  # what is shorter fits into one packet with its header anyway

SOURCE = """#include "{header}"

// Read by the assembler. Their ends are marked, for a length is no constant before everything is linked.
asm(R"asm(
    .section .rodata
{labels}
    .previous
)asm");

extern "C" {{
{declarations}
}}

namespace keyledger::api {{
namespace {{

[[maybe_unused]] std::string_view between(const char* begin, const char* end) {{
    return {{begin, static_cast<std::size_t>(end - begin)}};
}}

}}  // namespace

std::span<const StaticFile> {function}() {{
    {body}
}}

}}  // namespace keyledger::api
"""


def compressed(data):
    """The same bytes for the same file, whenever it is built; None: it is not worth it."""
    packed = gzip.compress(data, BEST, mtime=0)
    return packed if len(data) >= LEAST_BYTES and len(packed) <= WORTH_IT * len(data) else None


def symbols_of(name, path):
    """Assembler that puts the file between two labels which no other object sees, and their declaration."""
    quoted = str(path).replace("\\", "\\\\").replace('"', '\\"')
    ends = f"{name}_end"
    labels = "".join(f"    .global {label}\n    .hidden {label}\n" for label in (name, ends))
    return (f'{labels}{name}:\n    .incbin "{quoted}"\n{ends}:\n    .byte 0',
            f"extern __attribute__((visibility(\"hidden\"))) const char {name}[], {ends}[];")


def source_of(header, function, files, folder):
    """The text of the C++, for files sorted by name; `folder` gets what is compressed."""
    labels, declarations, rows = [], [], []
    for number, path in enumerate(files):
        data = path.read_bytes()
        kept = {f"keyledger_{function}_{number}": path.resolve()}
        packed = compressed(data)
        if packed is not None:
            kept[f"keyledger_{function}_{number}_gzip"] = folder / f"{path.name}.gz"
            (folder / f"{path.name}.gz").write_bytes(packed)
        for name, place in kept.items():
            label, declaration = symbols_of(name, place.resolve())
            labels.append(label)
            declarations.append(declaration)
        views = [f"between({name}, {name}_end)" for name in kept] + ["{}"] * (2 - len(kept))
        tag = hashlib.sha256(data).hexdigest()[:TAG_DIGITS]
        rows.append(f'        {{"{path.name}", {", ".join(views)}, "{tag}"}},')
    body = "return {};"
    if rows:
        body = "static const StaticFile kAll[] = {\n" + "\n".join(rows) + "\n    };\n    return kAll;"
    return SOURCE.format(header=header, function=function, labels="\n".join(labels),
                         declarations="\n".join(declarations), body=body)


def main(out, header, function, *files):
    place = pathlib.Path(out).resolve()
    folder = place.with_suffix(".packed")
    folder.mkdir(exist_ok=True)
    paths = sorted(map(pathlib.Path, files), key=lambda path: path.name)
    if len({path.name for path in paths}) < len(paths):
        sys.exit("embed.py: two files have one name")
    place.write_text(source_of(header, function, paths, folder), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
