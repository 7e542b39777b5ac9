#!/usr/bin/env python3
"""The parts of packages.py on samples, and the whole of it on lists of scripts/install that lack something."""
import unittest

import dpkg
import packages
import programs
import shell

# Three lines of dpkg-query: a base of one package, a library with its two halves, and a choice of two.
INSTALLED = "\n".join((
    "base\tinstalled\tyes\trequired\t, \t",
    "app-dev\tinstalled\tno\toptional\t, app (= 1) | other, base\t",
    "app\tinstalled\tno\toptional\tbase (>= 1), virtual:any\t",
    "provider\tinstalled\tno\toptional\t, \tvirtual (= 2), more",
    "stray\tinstalled\tno\toptional\t, \t",
    "gone\tconfig-files\tno\toptional\t, \t",
))


def calls(text):
    return [name for _, name in shell.commands_of(shell.tree_of(text))]


class Shell(unittest.TestCase):
    def test_commands(self):
        for text, names in (
            ("a | b && ! c; d &", ["a", "b", "c", "d"]),
            ('x=$(a "$(b)") y="`c`"', ["a", "b", "c"]),
            ("case $x in a) b ;; c | d) e <(f) ;; esac", ["b", "e", "f"]),
            ("[[ -f a ]] || { b; }; ((c + 1))", ["b"]),
            ("a <<'E'\nb\nE\nc=(d e)\nf() { g; }", ["a", "g"]),
            ("# a\n'b' \"c\"\n$d \"$e/f\"", ["b", "$", ]),
        ):
            self.assertEqual(sorted(calls(text)), sorted(names), text)

    def test_what_starts_another(self):
        for text, names in (
            ("sudo -u me env A=1 B=$x nice -n 5 a b", ["sudo", "env", "nice", "a"]),
            ("await 5 a b", ["await", "a"]),
            ("spawn file log --chdir=/x java -x", ["spawn", "java"]),
            ("command -v a", ["command"]),
            ("x | xargs -0 a b", ["x", "xargs", "a"]),
            ('as_postgres "$bin/psql" -c x', ["as_postgres", "$/psql"]),
        ):
            self.assertEqual(calls(text), names, text)

    def test_functions_and_arrays(self):
        tree = shell.tree_of("f() { g; }\nlocal -a groups=(a b)\ngroups+=(c)\nothers=(d)\n")
        self.assertEqual(shell.functions_of(tree), {"f"})
        self.assertEqual(list(shell.array_of(tree, "groups")), ["a", "b", "c"])

    def test_recipes(self):
        text = shell.recipes_of("x: y\n\t@scripts/$@ $(A)\n\tgit ls | xargs a\nB = c\n")
        self.assertEqual([(line, name) for line, name in shell.commands_of(shell.tree_of(text))],
                         [(2, "scripts/$"), (3, "git"), (3, "xargs"), (3, "a")])


class Programs(unittest.TestCase):
    def test_python(self):
        text = """
import subprocess, shutil, os.path, confluent_kafka
from yaml import load
subprocess.run(["kcat", "-L"])
subprocess.Popen(["pg_dump"] + words)
shutil.which("go")
def command(): return ["node", where]
choices = ["python", "perl"]
"""
        self.assertEqual([(name, surely) for _, name, surely in programs.of_python(text)],
                         [("go", True), ("kcat", True), ("node", False), ("pg_dump", True)])
        self.assertEqual([name for _, name in programs.modules_of(text)], ["confluent_kafka", "yaml"])

    def test_cpp(self):
        text = '#include "spawn"\nrun({"pg_dump", "--x"}); popen("kcat -L", "r");\n'
        self.assertEqual({name for _, name, _ in programs.of_cpp(text)}, {"pg_dump", "kcat", "r"})
        self.assertEqual(list(programs.of_cpp('f("pg_dump");')), [])


class Dpkg(unittest.TestCase):
    def test_closure(self):
        installed = dpkg.Packages(INSTALLED)
        self.assertEqual(installed.base, {"base"})
        self.assertEqual(installed.closure(["app-dev", "gone"]), {"app-dev", "app", "base", "provider"})

    def test_spellings(self):
        self.assertEqual(dpkg.spellings("/usr/bin/no-such")[:2], ["/usr/bin/no-such", "/bin/no-such"])
        self.assertEqual(dpkg.spellings("/usr/include/a/../b.h")[0], "/usr/include/b.h")

    def test_owners(self):
        self.assertEqual(dpkg.owners(["/usr/bin/sed", "/bin/sed", "/no/such"]),
                         {"/usr/bin/sed": "sed", "/bin/sed": "sed", "/no/such": None})


class Holding(unittest.TestCase):
    """A checker over the installed sample, whose scripts/install names what the test says."""

    def checker(self, **named):
        def names_of(groups):
            return [name for group in groups or ["default"] for name in named[group]]

        return packages.Checker(packages.Repository(".", {}, {}, set(), names_of), dpkg.Packages(INSTALLED))

    def found(self, package, groups, **named):
        checker = self.checker(**named)
        checker.hold(packages.Use("a.cpp", 3, "<app.h>", groups, package))
        return [message for _, _, message in checker.found.values()]

    def test_what_is_named_or_comes_along(self):
        for package in ("app-dev", "app", "provider", "base"):
            self.assertEqual(self.found(package, ["build"], build=["app-dev"]), [], package)
        self.assertEqual(self.found("app", [""], default=["app"]), [])

    def test_what_is_not(self):
        for groups in (["build"], [], ["build", ""]):
            said = self.found("stray", groups, build=["app-dev"], default=["app"])
            self.assertEqual(len(said), 1, groups)
            self.assertIn("<app.h> is of Debian's package stray", said[0])
        self.assertNotEqual(self.found("app-dev", ["build"], build=["app"]), [])

    def test_what_nothing_here_has(self):
        for named, findings, unknown in ((["app"], 1, set()), (["app", "clang"], 0, {"x"})):
            checker = self.checker(build=named)
            checker.lack("a", 1, "x", ["build"])
            self.assertEqual((len(checker.found), checker.unknown), (findings, unknown))


class Here(unittest.TestCase):
    """This repository, with lists of scripts/install that lack something."""

    @classmethod
    def setUpClass(cls):
        cls.repo = packages.repository(packages.ROOT)

    def test_every_line_of_a_group_is_read(self):
        self.assertLessEqual({"apache2-bin", "nodejs", "npm"}, set(self.repo.names_of(["oauth-clients"])))
        self.assertLessEqual({"python3-confluent-kafka", "nodejs", "npm"}, set(self.repo.names_of(["examples"])))

    def test_groups(self):
        self.assertEqual(packages.groups_of(self.repo, "scripts/bench"), [""])
        self.assertIn("oauth-clients", packages.groups_of(self.repo, "tests/oauth/oauth_clients.py"))
        self.assertEqual(packages.groups_of(self.repo, "scripts/fuzz"), ["build", "fuzz"])
        self.assertEqual(packages.groups_of(self.repo, "Makefile"), ["lint"])
        self.assertEqual(packages.groups_of(self.repo, "unknown/a.py"), [])

    def test_a_header_that_is_not_named(self):
        text = ("a.o: #deps 3, deps mtime 1 (VALID)\n    ../../tests/e2e/access/search_test.cpp\n"
                "    /usr/include/gmock/gmock.h\n    /usr/include/gmock/gmock-matchers.h\n\n")
        self.assertEqual(self.findings_without("", packages.check_headers, packages.ROOT + "/build/x", text), {})
        found = self.findings_without("libgmock-dev", packages.check_headers, packages.ROOT + "/build/x", text)
        self.assertEqual(list(found), [("libgmock-dev", "build")])
        path, line, message = found["libgmock-dev", "build"]
        self.assertEqual((path, line), ("tests/e2e/access/search_test.cpp", self.line_of(path, "<gmock/gmock.h>")))
        self.assertIn("/usr/include/gmock/gmock.h is of Debian's package libgmock-dev", message)

    def test_a_program_that_is_not_named(self):
        found = self.findings_without("kcat", packages.check_programs)
        self.assertIn(("kcat", "kafka"), found)
        self.assertEqual({package for package, _ in found}, {"kcat"})

    def test_a_module_that_is_not_named(self):
        found = self.findings_without("python3-confluent-kafka", packages.check_modules)
        self.assertIn(("python3-confluent-kafka", "examples"), found)

    def findings_without(self, package, check, *more):
        def names_of(groups):
            return [name for name in self.repo.names_of(groups) if name != package]

        checker = packages.Checker(self.repo._replace(names_of=names_of), dpkg.Packages.of_this_machine())
        check(checker, *more)
        return checker.found

    def line_of(self, path, text):
        lines = packages.read(packages.ROOT, path).split("\n")
        return next(number for number, line in enumerate(lines, 1) if text in line)


if __name__ == "__main__":
    if not dpkg.is_here():
        del Here, Dpkg.test_owners  # they ask dpkg
        print("there is no dpkg here: what asks it was not tried")
    unittest.main()
