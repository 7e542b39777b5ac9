#!/usr/bin/env python3
"""Completions against --help: every command and every option of it is offered by bash, zsh and fish, and what an option
may be behind it. The shells run the scripts that packages install; of zsh, whose completion has no output without a
terminal, the functions that would show what is offered are replaced by ones that print it."""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from command_line import all_commands

OPTIONS = None
BASH = r"""
source "$1"
while IFS= read -r -d '' line; do
    IFS=$'\t' read -ra COMP_WORDS <<<"$line"
    [[ $line != *$'\t' ]] || COMP_WORDS+=('')
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _keyledger 2>/dev/null
    printf '%s\n' "${COMPREPLY[@]}" | tr '\n' '\t'
    printf '\n'
done
"""
ZSH = r"""
compdef() { : }
_describe() { local list=${@[-1]}; local -a entries=("${(@P)list}"); print -rn -- ${(pj:\t:)entries%%:*} }
_files() { print -rn -- "<files>" }
compadd() { shift; print -rn -- ${(pj:\t:)@} }
source $1
while IFS= read -r -d '' line; do
    words=("${(@ps:\t:)line}")
    CURRENT=$#words
    _keyledger
    print
done
"""
FISH = r"""
source $argv[1]
while read -z line
    set -l found (complete -C (string replace -a \t ' ' -- $line) | string replace -r '\t.*' '')
    echo (string join -- \t $found)
end
"""


class Shell:
    def __init__(self, name, words, script):
        self.name, self.words, self.script = name, words, script

    def ask(self, lines):
        """What is offered at the end of each line of words."""
        with tempfile.TemporaryDirectory() as folder:
            completion = pathlib.Path(folder, "completion")
            told = subprocess.run([OPTIONS.binary, "completion", self.name], capture_output=True, text=True, check=True)
            completion.write_text(told.stdout, encoding="utf-8")
            asking = pathlib.Path(folder, "ask")
            asking.write_text(self.script, encoding="utf-8")
            given = "".join("\t".join(line) + "\0" for line in lines)
            done = subprocess.run([*self.words, str(asking), str(completion)], input=given, capture_output=True,
                                  text=True, check=False, cwd=folder, timeout=120)
        if done.returncode != 0 or done.stderr:
            raise AssertionError(f"{self.name}: {done.stderr or done.returncode}")
        offered = [set(filter(None, line.split("\t"))) for line in done.stdout.split("\n")[:-1]]
        if len(offered) != len(lines):
            raise AssertionError(f"{self.name} answered {len(offered)} of {len(lines)} lines")
        return offered


SHELLS = [Shell("bash", ["bash", "--norc"], BASH), Shell("zsh", ["zsh", "-f"], ZSH),
          Shell("fish", ["fish", "--no-config"], FISH)]


class Completions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.commands = list(all_commands(OPTIONS.binary))
        missing = [shell.name for shell in SHELLS if not shutil.which(shell.name)]
        if missing:
            raise AssertionError(f"{', '.join(missing)}: not installed; scripts/install package-tests brings them")

    def each(self, questions):
        """questions: (words, offered at least, offered at most or None)."""
        for shell in SHELLS:
            for (words, least, most), offered in zip(questions, shell.ask([words for words, _, _ in questions])):
                with self.subTest(shell=shell.name, words=" ".join(words)):
                    self.assertLessEqual(set(least), offered)
                    if most is not None:
                        self.assertLessEqual(offered, set(most))

    def test_help_is_understood(self):
        paths = {command.path for command in self.commands}
        self.assertIn(("keys", "rotate"), paths)
        self.assertGreater(len(paths), 40)
        who = next(command for command in self.commands if command.path == ("users", "unlock"))
        self.assertIn(["--email"], [option.names for option in who.options])

    def test_every_command(self):
        self.each([(["keyledger", *command.path, ""], command.commands, command.commands)
                   for command in self.commands if command.commands])

    def test_every_option(self):
        self.each([(["keyledger", *command.path, "--"], [name for option in command.options for name in option.names
                                                         if name.startswith("--")], None)
                   for command in self.commands])

    def test_no_option_of_another_command(self):
        self.each([(["keyledger", "keys", "list", "--"], ["--json", "--help"], ["--json", "--help", "-h"]),
                   (["keyledger", "keys", "--"], ["--file", "--help"], ["--file", "--help", "-h"])])

    def test_every_choice(self):
        questions = [(["keyledger", *command.path, option.names[-1], ""], option.choices, option.choices)
                     for command in self.commands for option in command.options if option.choices]
        questions += [(["keyledger", *command.path, ""], choices, None)
                      for command in self.commands for _, choices, _ in command.arguments[:1] if choices]
        self.assertTrue(questions)
        self.each(questions)

    def test_what_an_option_takes_is_no_command(self):
        self.each([(["keyledger", "keys", "--file", "list", ""], ["rotate", "generate"], None),
                   (["keyledger", "jobs", "list", "--reactor", "mail", "--state", "d"], ["due", "done", "dead"], None)])

    def test_files(self):
        for shell in SHELLS:
            for words in (["keyledger", "users", "import", ""], ["keyledger", "users", "import", "--report", ""]):
                with self.subTest(shell=shell.name, words=words):
                    self.assertTrue(shell.ask([words])[0] & {"<files>", "ask", "completion"})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
