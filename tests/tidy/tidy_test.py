#!/usr/bin/env python3
"""Each rule on samples: what it must find, and what it must let pass. A rule that finds nothing would pass for ever."""
import pathlib
import shutil
import tempfile
import unittest

import names
import rules
import tidy
import walls
from source import Source


def found(rule, text, path="commands/sample.cpp"):
    return [message for _, message in rule(Source(path, text))]


class Rules(unittest.TestCase):
    def refuses(self, rule, text, path="commands/sample.cpp"):
        self.assertNotEqual(found(rule, text, path), [], text)

    def admits(self, rule, text, path="commands/sample.cpp"):
        self.assertEqual(found(rule, text, path), [], text)

    def test_clock(self):
        self.refuses(rules.no_clock, "auto now = std::chrono::system_clock::now();")
        self.refuses(rules.no_clock, "auto now = time(nullptr);")
        self.admits(rules.no_clock, "auto now = std::chrono::steady_clock::now();")
        self.admits(rules.no_clock, "// not system_clock::now\n")
        self.admits(rules.no_clock, "auto now = std::chrono::system_clock::now();", rules.CLOCK)

    def test_detached(self):
        self.refuses(rules.no_detached, "co_spawn(executor, work(), asio::detached);")
        self.admits(rules.no_detached, 'throw Error("it was detached");')

    def test_own_connection(self):
        self.refuses(rules.no_own_connection, "pqxx::connection connection(url);")
        self.refuses(rules.no_own_connection, "auto c = std::make_unique<pqxx::connection>(url);")
        self.refuses(rules.no_own_connection, "auto* c = PQconnectdb(url.c_str());")
        self.admits(rules.no_own_connection, "const auto connection = connect(url);")
        self.admits(rules.no_own_connection, "void read(pqxx::connection& connection);")
        self.admits(rules.no_own_connection, "pqxx::connection owner(url);", "tests/e2e/world.cpp")
        self.admits(rules.no_own_connection, "auto c = std::make_unique<pqxx::connection>(url);", rules.CONNECTORS[0])

    def test_default(self):
        self.refuses(rules.no_default, "switch (x) { case A: break; default: break; }", "domain/user/user.cpp")
        self.admits(rules.no_default, "Foo() = default;", "domain/user/user.cpp")
        self.admits(rules.no_default, "switch (byte) { default: break; }", "api/http/message.cpp")

    def test_catch_all(self):
        for visitor in ("[](const auto&) {}", "[](auto&&) {}", "[](...) {}", "[](auto) {}"):
            self.refuses(rules.no_catch_all, f"std::visit({visitor}, event);", "projections/users.cpp")
        self.refuses(rules.no_catch_all, "std::visit([&](const auto& e) { count += 1; }, event);", "domain/a.cpp")
        self.refuses(rules.no_catch_all, "struct V { void operator()(const auto&) const {} };", "domain/a.cpp")
        self.admits(rules.no_catch_all, "std::visit([&](const auto& e) { return apply(std::move(s), e, r); }, event);",
                    "domain/a.cpp")
        self.admits(rules.no_catch_all, "std::visit([](const auto&) {}, event);", "eventstore/codec/a.cpp")

    def test_co_await(self):
        for bad in (
            "auto a = co_await f({1, 2});",
            "auto a = co_await f(Command{1});",
            "auto a = co_await f([x] { return x; });",
            "auto a = co_await f([] { return 1; });",
            "auto a = b ? co_await f() : 1;",
            "co_return Answer{co_await f()};",
            "if (auto a = co_await f(Command{1}); a) { g(); }",
            "co_await run([&](int) -> awaitable<void> { co_return; });",
            "g(co_await f(), [&] { return 1; });",
            "for (auto x = co_await f({}); x;) {}",
            "KEYLEDGER_CO_TRY(a, co_await f({1, 2}));",
            "KEYLEDGER_CO_TRY(a, b ? co_await f() : 1);",
        ):
            self.refuses(rules.co_await_alone, f"awaitable<void> t() {{\n    {bad}\n}}\n")
        for good in (
            "auto a = co_await f(command);",
            "auto a = (co_await f())[0];",
            "auto a = co_await f(list[0]);",
            "const Step s = [&](Attempt& a) -> Decided {\n  auto k = co_await f(a);\n  co_return k;\n};",
            "if (!co_await f()) {\n  g({1});\n}",
            "while (co_await more()) {\n  Foo foo{1};\n}",
            "Foo foo{1};\n co_await f(foo);",
            "if (x) co_return y;\n else {\n co_await f();\n }",
            'co_await f("{?[");',
            "run([&](int) -> awaitable<void> {\n  co_await f();\n });",
            "switch (x) {\n case A: co_await f(); break;\n }",
            "KEYLEDGER_CO_TRY(a, co_await f(b));\n KEYLEDGER_CO_TRY(c, decide(Command{1}));",
        ):
            self.admits(rules.co_await_alone, f"awaitable<void> t() {{\n    {good}\n}}\n")

    def test_captures(self):
        for bad in (
            "co_spawn(executor, [this]() -> awaitable<void> { co_await work(); }(), done);",
            "co_spawn(executor, [&x, y = 1](int a) mutable -> awaitable<int> { co_return a; } (2), done);",
            "auto a = [&] { co_return co_await f(); }();",
        ):
            self.refuses(rules.no_coroutine_that_outlives_its_captures, bad)
        for good in (
            "co_spawn(executor, [this]() -> awaitable<void> { co_await work(); }, done);",
            "co_spawn(executor, [](int a) -> awaitable<void> { co_await work(a); }(2), done);",
            "const Step step = [&](Attempt& attempt) -> Decided { co_return co_await f(attempt); };\n(void)step;",
            "const int a = [&] { return x; }();",
            "values[i] = {co_await f()};",
        ):
            self.admits(rules.no_coroutine_that_outlives_its_captures, good)

    def test_skipped(self):
        self.refuses(rules.no_skipped_test, "TEST(A, B) { GTEST_" + "SKIP(); }", "tests/a/b_test.cpp")
        self.refuses(rules.no_skipped_test, "TEST(A, DISABLED" + "_B) {}", "tests/a/b_test.cpp")
        self.admits(rules.no_skipped_test, "TEST(A, B) { EXPECT_TRUE(user.disabled()); }", "tests/a/b_test.cpp")

    def test_unfinished(self):
        self.refuses(rules.no_unfinished, "// TO" + "DO: later")
        self.refuses(rules.no_unfinished, "FIX" + "ME", "docs/x.md")
        self.admits(rules.no_unfinished, "// what is to do")

    def test_sleep(self):
        self.refuses(rules.sleep_says_why, "int a;\nint b;\nint c;\nstd::this_thread::sleep_for(1ms);\n")
        self.admits(rules.sleep_says_why, "std::this_thread::sleep_for(1ms);  // the broker tells nobody\n")

    def test_lengths(self):
        self.refuses(rules.lengths, "x" * (rules.MAX_LINE_CHARACTERS + 1))
        self.admits(rules.lengths, "ä" * rules.MAX_LINE_CHARACTERS)
        self.refuses(rules.lengths, "\n" * (rules.MAX_FILE_LINES + 1))
        self.admits(rules.lengths, "x" * 1000, "docs/a.md")

    def test_full_folders(self):
        paths = [f"commands/a{number}.cpp" for number in range(rules.MAX_FOLDER_FILES)] + ["commands/b/a.cpp"]
        self.assertEqual(list(rules.full_folders(paths)), [])
        self.assertEqual([folder for folder, _ in rules.full_folders(paths + ["commands/b.hpp"])], ["commands"])
        self.assertEqual(list(rules.full_folders([f"tests/golden/{number}.json" for number in range(100)])), [])

    def test_folders_that_people_do_not_write_may_be_full(self):
        with tempfile.TemporaryDirectory() as root:
            for folder in (".run/postgres/base", "build/release", "commands"):
                (pathlib.Path(root) / folder).mkdir(parents=True)
                for number in range(rules.MAX_FOLDER_FILES + 1):
                    (pathlib.Path(root) / folder / f"{number}.sql").write_text("", encoding="utf-8")
            (pathlib.Path(root) / "docs").mkdir()
            shutil.copy(pathlib.Path(__file__).parents[2] / "docs/glossary.md", pathlib.Path(root) / "docs")
            full = [path for path, _, message in tidy.findings(root, None) if "at most" in message]
        self.assertEqual(full, ["commands"])

    def test_function_lengths(self):
        def sample(head, lines, indent=""):
            return f"{indent}{head} {{\n" + f"{indent}    step();\n" * lines + indent + "}\n"

        for head in ("void f(int a)", "Answer<Done> f(\n    int a,\n    int b)", "TEST(Suite, Case)"):
            self.refuses(rules.function_lengths, sample(head, 69))
            self.admits(rules.function_lengths, sample(head, 68 - head.count("\n")))
        self.refuses(rules.function_lengths, "class A {\n" + sample("void f() const", 69, "    ") + "};\n")
        self.admits(rules.function_lengths, "class A {\n" + sample("void f()", 40, "    ") * 3 + "};\n")
        self.admits(rules.function_lengths, sample("namespace a", 100))
        lambda_elsewhere = "void f() {\n    g([] {\n          h();\n        });\n}\n"
        self.admits(rules.function_lengths, lambda_elsewhere + "int a;\n" * 80)


class Walls(unittest.TestCase):
    def includes(self, path, line):
        return [message for _, message in walls.check_includes(Source(path, line + "\n"))]

    def test_includes(self):
        for path, line in (
            ("domain/user/user.cpp", "#include <boost/asio/awaitable.hpp>"),
            ("domain/user/user.hpp", '#include "eventstore/store.hpp"'),
            ("commands/log_in.cpp", '#include "security/keyring.hpp"'),
            ("commands/runtime/a.cpp", '#include "domain/users/user.hpp"'),
            ("commands/runtime/a.cpp", '#include "commands/sessions/log_in.hpp"'),
            ("projections/engine/a.cpp", '#include "projections/models/users.hpp"'),
            ("commands/log_in.cpp", "#include <pqxx/pqxx>"),
            ("api/routes/a.cpp", "#include <boost/beast/http.hpp>"),
            ("api/routes/a.cpp", '#include "projections/database.hpp"'),
            ("security/keyring.cpp", '#include "commands/ports.hpp"'),
            ("eventstore/memory/memory_store.cpp", "#include <librdkafka/rdkafka.h>"),
            ("unknown/a.cpp", "#include <vector>"),
        ):
            self.assertNotEqual(self.includes(path, line), [], (path, line))
        for path, line in (
            ("domain/user/user.cpp", "#include <vector>"),
            ("commands/log_in.cpp", '#include "security/primitives/digest.hpp"'),
            ("commands/runtime/a.cpp", '#include "domain/base/result.hpp"'),
            ("eventstore/kafka/client.cpp", "#include <librdkafka/rdkafka.h>"),
            ("security/adapters/passwords.cpp", '#include "commands/ports.hpp"'),
            ("api/http/server.cpp", "#include <boost/beast/http/parser.hpp>"),
        ):
            self.assertEqual(self.includes(path, line), [], (path, line))

    def test_aggregates(self):
        header = (
            "// struct Not { kType = };\nstruct UserErased {\n    static constexpr int kType = 1;\n};\n"
            "using UserEvent = std::variant<UserErased>;\nstruct User {\n    struct Part {};\n"
            "    static constexpr int kStreamType = 1;\n};\n"
        )
        declared = walls.aggregate_names({"domain/users/user.hpp": header, "domain/base/declare.hpp": header.upper()})
        self.assertEqual(declared, {"UserErased", "UserEvent", "User"})

        def found(path, text):
            return [message for _, message in walls.check_aggregates(Source(path, text), declared)]

        self.assertEqual(len(found("commands/runtime/a.cpp", "std::get_if<User>(&state);\nUserErased e;\n")), 2)
        self.assertEqual(len(found("projections/engine/a.hpp", "UserEvent e;\n")), 1)
        self.assertEqual(found("commands/runtime/a.cpp", "// User\nUserName n;\n"), [])
        self.assertEqual(found("commands/accounts/a.cpp", "User u;\n"), [])

    def test_dependencies(self):
        text = (
            "a.o: #deps 4, deps mtime 1 (VALID)\n    ../../commands/a.cpp\n    ../../domain/b.hpp\n"
            "    /usr/include/boost/asio/post.hpp\n    /usr/include/pqxx/pqxx\n    ../../api/c.hpp\n\n"
            "d.o: #deps 2, deps mtime 1 (VALID)\n    ../../eventstore/postgres/d.cpp\n    /usr/include/pqxx/pqxx\n\n"
        )
        seen = list(walls.check_dependencies(text, "/r", "/r/build/dev", lambda path: True))
        self.assertEqual([path for path, _ in seen], ["commands/a.cpp", "commands/a.cpp"])
        self.assertIn("pqxx", seen[0][1])
        self.assertIn("api/c.hpp", seen[1][1])


class Names(unittest.TestCase):
    TREE = {
        "README.md": "# Title\n\n## Two commands, and `more`\n",
        "commands/log_in.cpp": "", "commands/log_in.hpp": "", "commands/log_out.cpp": "", "docs/a.md": "# One\n",
        "docs/invariants.md": "# Invariants\n\n## I1 Order\n\nI12 is another.\n",
        "tests/golden/user.registered.1.json": "", "tests/fault/kill.py": "",
        "tests/commands/log_in_test.cpp": "TEST(LogIn, IsCounted) {}\nTEST_F(LogInLimit, Holds) {}\n",
        "tests/CMakeLists.txt": "keyledger_test(command_tests LABEL unit)\nadd_test(NAME kill COMMAND kill.py)\n",
    }

    def found(self, path, text, check=names.check_paths):
        return [message for _, message in check(Source(path, text), names.Repository({**self.TREE, path: text}))]

    def test_paths_in_comments(self):
        for path, text in (
            ("commands/a.cpp", "// as commands/log_on.cpp does\n"),
            ("commands/a.cpp", "int a;  /* see\n commands/gone/ */\n"),
            ("commands/a.cpp", "// (log_on.hpp)\n"),
            ("commands/a.cpp", "// commands/sign_*.cpp\n"),
            ("commands/a.cpp", "// commands/log_{in,on}.cpp\n"),
            ("tests/a.py", "x = 1  # of commands/log_on.cpp\n"),
            ("tests/a.py", '"""What commands/log_on.cpp is for."""\n'),
            ("scripts/a", "#!/usr/bin/env bash\n# commands/log_on.cpp\n"),
            ("migrations/a.sql", "select 1; -- commands/log_on.cpp\n"),
            ("scripts/lib/a.sql", "select 1; -- commands/sessions/log_in.cpp\n"),
            ("cmake/a.cmake", "set(A 1)  # commands/log_on.cpp\n"),
        ):
            self.assertEqual(len(self.found(path, text)), 1, (path, text))
        for path, text in (
            ("commands/a.cpp", "// commands/log_in.cpp, commands/log_in, commands/ and tests/golden/<type>.1.json.\n"),
            ("commands/a.cpp", "// commands/log_*.cpp, commands/log_{in,out}.cpp, log_in.hpp, build/dev/x.cpp\n"),
            ("commands/a.cpp", 'auto a = "commands/log_on.cpp";\n'),
            ("commands/a.cpp", "// https://example.com/commands/log_on.cpp, $ROOT/commands/x, /api/commands/y\n"),
            ("tests/a.py", 'x = "commands/log_on.cpp"\n'),
            ("migrations/a.sql", "select 1; -- commands/sessions/log_in.cpp\n"),
            ("scripts/a", "#!/usr/bin/env bash\nsay commands/log_on.cpp ${a#commands/b}\n"),
        ):
            self.assertEqual(self.found(path, text), [], (path, text))

    def test_paths_in_documents(self):
        for text in ("`commands/log_on.cpp`", "`log_on.cpp`", "[a](log_on.md)", "[a](../commands/log_on.cpp)",
                     "[a](a.md#two)", "[a](#three)", "[a](../README.md#two-commands)", "`commands/log_on.cpp --all`"):
            self.assertEqual(len(self.found("docs/b.md", f"# Two\n\n{text}\n")), 1, text)
        for text in ("`commands/log_in.cpp`", "`log_in.cpp`", "[a](a.md#one)", "[a](#two)", "[a](https://b.example/c)",
                     "[a](../README.md#two-commands-and-more)", "```\n`commands/log_on.cpp`\n```", "`GET /commands/x`"):
            self.assertEqual(self.found("docs/b.md", f"# Two\n\n{text}\n"), [], text)

    def test_invariants(self):
        for path, text in (("commands/a.cpp", "// for ever (I2)\n"), ("docs/b.md", "| scenario (I1, I2) |\n"),
                           ("tests/a.py", "x = 1  # I12: another\n")):
            self.assertEqual(len(self.found(path, text, names.check_invariants)), 1, text)
        for path, text in (("commands/a.cpp", "// for ever (I1)\nauto I2 = 1;\n"), ("docs/b.md", "I1, AI2, I100\n")):
            self.assertEqual(self.found(path, text, names.check_invariants), [], text)

    def test_tests(self):
        def page(name):
            return "**Tests.** " + "`LogIn`, " * 10 + f"`{name}`\n\n`Another.Word`\n"

        for name in ("LogIn.IsNot", "LogOut", "LogInLimit.Ho", "kill_all.py", "LogInLimit.Hi…"):
            self.assertEqual(len(self.found("docs/invariants.md", page(name), names.check_tests)), 1, name)
        for name in ("LogIn.IsCounted", "LogIn", "LogInLimit.Ho…", "kill.py", "kill", "command_tests",
                     "tests/fault/kill.py", "log_in_test.cpp"):
            self.assertEqual(self.found("docs/invariants.md", page(name), names.check_tests), [], name)
        self.assertEqual(len(self.found("docs/invariants.md", "# Nothing\n", names.check_tests)), 1)


if __name__ == "__main__":
    unittest.main()
