#!/usr/bin/env python3
"""The words that are not used, on samples: what must be found, and what must pass."""
import os
import unittest

import words
from source import Source

GLOSSARY = f"""# Glossary

| `journal` | outside of the section | both |

{words.HEADING}

| word | say | where |
|---|---|---|
| `journal` | log | names |
| `sign in` | log in | prose |
| `whitelist` | allowlist | both |

## Another
| `cheese` | something else | both |
"""


class Words(unittest.TestCase):
    def found(self, path, text):
        return [line for line, _ in words.check(Source(path, text), words.Table(GLOSSARY))]

    def test_people_are_they(self):
        for path, text in (
            ("commands/a.cpp", "int a;\n// what he may\n"),
            ("commands/a.hpp", "\n/* His session */\n"),
            ("docs/a.md", "# A\nNobody gives what he lacks.\n"),
            ("scripts/a", "#!/usr/bin/env bash\n# of him\n"),
            ("tests/a.py", '"""One.\nRenames himself."""\n'),
        ):
            self.assertEqual(len(self.found(path, text)), 1, (path, text))
        self.assertEqual(self.found("commands/a.cpp", "int a;\n// what he may\n"), [2])
        for path, text in (
            ("commands/a.cpp", 'auto a = "he";  // the head of this\n'),
            ("commands/a.cpp", "// as `his` says, or \"him\"\n"),
            ("docs/a.md", "```\nhe\n```\n`he`\n"),
            ("CHANGELOG.md", "he\n"),
        ):
            self.assertEqual(self.found(path, text), [], (path, text))

    def test_prose(self):
        self.assertEqual(self.found("docs/a.md", "Sign in, then\nsign in again, whitelisted\n"), [1, 2])
        self.assertEqual(self.found("commands/a.cpp", "// the whitelist\n"), [1])
        self.assertEqual(self.found("docs/a.md", "a journal of cheese\n"), [])

    def test_names(self):
        for name in ("Journal", "journal_", "kJournalLine", "LoggedJournal", "read_journal", "WHITELIST"):
            self.assertEqual(self.found("commands/a.cpp", f"\nint {name};\n"), [2], name)
        for name in ("Journalist", "journals", "sign_in", "cheese"):
            self.assertEqual(self.found("commands/a.cpp", f"int {name};\n"), [], name)
        self.assertEqual(self.found("commands/a.cpp", "int journal;\nint b = journal;\n"), [1], "one name is told once")
        self.assertEqual(self.found("commands/a.cpp", 'auto a = "journal";  // `journal`\n'), [])
        self.assertEqual(self.found("tests/a.py", "journal = 1\n"), [])

    def test_what_the_glossary_says_to_be_in_code(self):
        page = "| word | in code |\n|---|---|\n| **log** | `Log::id`, `domain/`, `--dry-run` |\n"
        page += "\n| a | b |\n| c | `Gone` |\n"
        self.assertEqual(list(words.check_glossary(page, {"Log", "id"})), [])
        self.assertEqual([line for line, _ in words.check_glossary(page, {"Log"})], [3])

    def test_the_glossary_has_such_a_table(self):
        root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        table = words.of(root)
        self.assertGreater(len(table.names), 5)
        self.assertGreater(len(table.prose), 3)


if __name__ == "__main__":
    unittest.main()
