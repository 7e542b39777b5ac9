// Which pg_dump and pg_restore are run, of those that a machine has; none is needed here.
#include "eventstore/postgres/upkeep/tools.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace keyledger::eventstore::postgres {
namespace {

namespace fs = std::filesystem;

// Folders with programs that say which version they are.
class Machine {
public:
    Machine() {
        std::string name = ::testing::TempDir() + "keyledger-tools-XXXXXX";
        if (!mkdtemp(name.data())) throw std::runtime_error("no folder for programs");
        root_ = fs::canonical(name);
    }
    ~Machine() { fs::remove_all(root_); }
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    std::string add(const std::string& folder, const std::string& words, const std::string& program = "pg_dump") {
        fs::create_directories(root_ / folder);
        const fs::path path = root_ / folder / program;
        std::ofstream(path) << "#!/bin/sh\necho '" << words << "'\n";
        ::chmod(path.c_str(), 0755);
        return path.string();
    }
    std::string folder(const std::string& name) const { return (root_ / name).string(); }

private:
    fs::path root_;
};

std::string version_words(const std::string& version) { return "pg_dump (PostgreSQL) " + version; }

TEST(Tools, AreLookedForInTheOrderOfThePathOrInOneFolderAlone) {
    Machine machine;
    const std::string first = machine.add("a", version_words("15.18"));
    const std::string second = machine.add("b", version_words("17.6"));
    std::ofstream(machine.folder("b") + "/pg_restore") << "can't be run\n";
    const std::string path = ":" + machine.folder("a") + "::" + machine.folder("b") + ":" + machine.folder("a");
    auto places = places_of("pg_dump", "", path);
    ASSERT_GE(places.size(), 2u);  // and what this machine has
    EXPECT_EQ(places[0], first);
    EXPECT_EQ(places[1], second);
    EXPECT_EQ(places_of("pg_dump", machine.folder("b"), path), std::vector{second});
    EXPECT_TRUE(places_of("pg_restore", machine.folder("b"), path).empty());
}

TEST(Tools, ThatDoNotEndAreLeftOut) {
    Machine machine;
    const std::string good = machine.add("good", version_words("17.6"));
    const std::string hangs = machine.add("hangs", version_words("16.2") + "'; exec sleep 1000; echo '");
    const std::string closes = machine.add("closes", version_words("16.2") + "'; exec sleep 1000 >&-; echo '");
    const auto from = std::chrono::steady_clock::now();
    const auto tools = versions_of({hangs, closes, good}, {"PATH=/usr/bin:/bin"}, std::chrono::milliseconds(500));
    EXPECT_LT(std::chrono::steady_clock::now() - from, std::chrono::seconds(60));
    ASSERT_EQ(tools.size(), 1u);
    EXPECT_EQ(tools[0].path, good);
}

TEST(Tools, SayWhichVersionTheyAre) {
    EXPECT_EQ(major_in("pg_dump (PostgreSQL) 17.6 (Debian 17.6-1.pgdg120+1)"), 17);
    EXPECT_EQ(major_in("18beta1"), 18);
    EXPECT_EQ(major_in("devel"), std::nullopt);
    EXPECT_EQ(major_in("99999999999999999999"), std::nullopt);

    Machine machine;
    const std::string good = machine.add("good", version_words("16.9"));
    const std::string other = machine.add("other", "ls (GNU coreutils) 9.1");
    const std::string broken = machine.add("broken", "x'; echo pg_dump '(PostgreSQL)' 18.0; exit 1; echo '");
    const auto tools = versions_of({good, other, broken, "/nowhere/pg_dump"}, {});
    ASSERT_EQ(tools.size(), 1u);
    EXPECT_EQ(tools[0].path, good);
    EXPECT_EQ(tools[0].major, 16);
}

// Whatever is called pg_dump is asked which version it is: it needs no password to say so.
TEST(Tools, NoneThatIsAskedForItsVersionIsGivenASecret) {
    Machine machine;
    const std::string seen =
        machine.add("seen", "x'; env | grep -q hunter2 && exit 1; echo 'pg_dump (PostgreSQL) 16.9");
    EXPECT_TRUE(versions_of({seen}, {"PATH=/usr/bin:/bin", "PGHOST=hunter2"}).empty()) << "it sees what it is given";
    for (const char* secret : {"PGPASSWORD=hunter2", "KEYLEDGER_OWNER_DATABASE_URL=hunter2"})
        EXPECT_EQ(versions_of({seen}, {"PATH=/usr/bin:/bin", secret}).size(), 1u) << secret;
}

TEST(Tools, TheOldestThatSufficesIsTaken) {
    const std::vector<Tool> tools{{"a", 18}, {"b", 15}, {"c", 17}, {"d", 17}};
    EXPECT_EQ(oldest_that_suffices(tools, {15})->path, "b");
    EXPECT_EQ(oldest_that_suffices(tools, {16})->path, "c");
    EXPECT_EQ(oldest_that_suffices(tools, {18})->path, "a");
    EXPECT_FALSE(oldest_that_suffices(tools, {19}));
    EXPECT_FALSE(oldest_that_suffices(tools, releases_for(16, 16)));  // pg_restore of 17 does not work with 16
    EXPECT_EQ(oldest_that_suffices(tools, releases_for(15, 15))->path, "b");
    EXPECT_EQ(oldest_that_suffices(tools, releases_for(17, 17))->path, "c");
}

TEST(Tools, WhereNoneSufficesItIsSaidWhatIsNeededWhatIsThereAndWhatMendsIt) {
    Machine machine;
    const std::string old = machine.add("old", version_words("15.18"));
    const auto none = find_tool("pg_dump", {18}, "the server is PostgreSQL 18", machine.folder("old"), {});
    ASSERT_FALSE(none);
    for (const std::string& words :
         {std::string("the server is PostgreSQL 18"), std::string("pg_dump of PostgreSQL 18 or newer"),
          old + " is of 15", std::string("postgresql-client-18"), std::string("KEYLEDGER_POSTGRES_TOOLS")})
        EXPECT_NE(none.error().find(words), std::string::npos) << none.error();
    const auto empty = find_tool("pg_restore", {15, 16}, "so it is", machine.folder("old"), {});
    ASSERT_FALSE(empty);
    EXPECT_NE(empty.error().find("there is none in " + machine.folder("old")), std::string::npos) << empty.error();
    EXPECT_NE(empty.error().find("pg_restore of PostgreSQL 15 to 16"), std::string::npos) << empty.error();

    const std::string newer = machine.add("newer", version_words("18.0"));
    const auto path = "PATH=" + machine.folder("old") + ":" + machine.folder("newer");
    const auto found = find_tool("pg_dump", {18}, "the server is PostgreSQL 18", "", {path});
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->major, 18);
}

// As pg_backup_archiver.c writes it: a sign and four bytes, the lowest first.
std::string integer(std::uint32_t value) {
    std::string bytes(1, '\0');
    for (int i = 0; i < 4; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
    return bytes;
}
std::string text(const std::string& words) { return integer(static_cast<std::uint32_t>(words.size())) + words; }
std::string head_of(int minor, const std::string& database, const std::string& tool) {
    std::string head = "PGDMP";
    head += '\1';
    head += static_cast<char>(minor);
    head += std::string("\0\4\10\1", 4);                      // revision, sizes, format
    head += minor >= 15 ? std::string(1, '\1') : integer(6);  // how it is compressed
    for (std::uint32_t field = 0; field < 7; ++field) head += integer(field);
    return head + text("keyledger") + text(database) + text(tool) + "and what follows";
}

TEST(Archive, SaysWhatItWasTakenFromAndBy) {
    const auto old = archive_in(head_of(14, "14.9 (Debian 14.9-1)", "15.18 (Debian 15.18-0+deb12u1)"));
    ASSERT_TRUE(old);
    EXPECT_EQ(old->database_major, 14);
    EXPECT_EQ(old->tool_major, 15);
    const auto young = archive_in(head_of(16, "17.6", "18.0"));
    ASSERT_TRUE(young);
    EXPECT_EQ(young->database_major, 17);
    EXPECT_EQ(young->tool_major, 18);
}

TEST(Archive, IsNothingElse) {
    const std::string whole = head_of(16, "17.6", "18.0");
    for (std::size_t length = 0; length < whole.size() - 20; ++length)
        EXPECT_FALSE(archive_in(whole.substr(0, length))) << length;
    EXPECT_FALSE(archive_in("-- PostgreSQL database dump\n"));
    std::string absurd = head_of(16, "17.6", "18.0");
    absurd[8] = '\xff';  // integers of 255 bytes
    EXPECT_FALSE(archive_in(absurd));
    EXPECT_FALSE(archive_in("PGDMP\2" + whole.substr(6)));
    // Integers of eight bytes: the least that there is has no positive one, and no length is that long.
    for (const std::string& length : {std::string("\1\0\0\0\0\0\0\0\x80", 9), std::string(9, '\xff')}) {
        std::string edge("PGDMP\1\20\0\10\10\1\1", 12);
        for (int field = 0; field < 8; ++field) edge += length;
        EXPECT_FALSE(archive_in(edge));
    }
}

}  // namespace
}  // namespace keyledger::eventstore::postgres
