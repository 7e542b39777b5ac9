#!/usr/bin/env python3
"""Every test that README.md names is there: `Suite.Test` in a C++ file of tests/, `Suite` alone, a file or a folder."""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DEFINITION = re.compile(r"^(?:TEST|TEST_F|TEST_P|TYPED_TEST)\((\w+), (\w+)\)", re.MULTILINE)


def main():
    known = set()
    for path in (ROOT / "tests").rglob("*.cpp"):
        for suite, name in DEFINITION.findall(path.read_text(encoding="utf-8")):
            known |= {suite, f"{suite}.{name}"}
    table = (HERE / "README.md").read_text(encoding="utf-8").split("## Scenarios")[1]
    named = re.findall(r"`([^`]+)`", table)
    missing = [name for name in named
               if name not in known and not (HERE / name).exists() and not (ROOT / name).exists()]
    for name in missing:
        print(f"tests/fault/README.md names {name}, which is not there: correct the page, or write the test")
    print(f"{len(named)} names, {len(missing)} missing")
    return 1 if missing or len(named) < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
