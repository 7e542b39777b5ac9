// Backups by the pg_dump and pg_restore that fit the server, and what is said where there is none.
#include "eventstore/postgres/upkeep/backup.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/postgres/postgres.hpp"

namespace keyledger::test {
namespace {

using eventstore::postgres::read_backup;
using eventstore::postgres::write_backup;

// For a server that is newer than the tools which are installed scripts/matrix names a folder with such.
std::string tools_for_server() {
    const char* folder = std::getenv("KEYLEDGER_TEST_POSTGRES_TOOLS");
    return folder != nullptr ? folder : "";
}

struct Backups : ::testing::Test {
    Backups() {
        std::string name = ::testing::TempDir() + "keyledger-backups-XXXXXX";
        if (!mkdtemp(name.data())) throw std::runtime_error("no folder for backups");
        folder = name;
    }
    ~Backups() override { std::filesystem::remove_all(folder); }
    std::string path(const std::string& name) const { return folder + "/" + name; }
    void add(const std::string& program, const std::string& version) const {
        std::ofstream(path(program)) << "#!/bin/sh\necho '" << program << " (PostgreSQL) " << version << "'\n";
        ::chmod(path(program).c_str(), 0755);
    }
    static void expect_words(const std::optional<std::string>& problem, const std::vector<std::string>& words) {
        ASSERT_TRUE(problem);
        for (const std::string& one : words) EXPECT_NE(problem->find(one), std::string::npos) << *problem;
    }
    Database database;
    std::string folder;
    const std::string fitting = tools_for_server();
};

TEST_F(Backups, GoIntoAnEmptyDatabaseAndNoOther) {
    EXPECT_EQ(write_backup(database.owner_url(), path("backup"), fitting), std::nullopt);
    struct stat about {};
    ASSERT_EQ(::stat(path("backup").c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600u);
    EmptyDatabase empty;
    EXPECT_EQ(read_backup(empty.owner_url(), path("backup"), fitting), std::nullopt);
    expect_words(read_backup(empty.owner_url(), path("backup"), fitting), {"holds an event store already"});
}

TEST_F(Backups, ByAnOlderProgramAreRefusedBeforeItIsRun) {
    add("pg_dump", "9.6.24");
    expect_words(write_backup(database.owner_url(), path("backup"), folder),
                 {"the server is PostgreSQL ", "pg_dump of PostgreSQL ", path("pg_dump") + " is of 9",
                  "KEYLEDGER_POSTGRES_TOOLS"});
    EXPECT_FALSE(std::filesystem::exists(path("backup")));
}

TEST_F(Backups, OfANewerProgramSayWhichOneReadsThem) {
    ASSERT_EQ(write_backup(database.owner_url(), path("backup"), fitting), std::nullopt);
    EmptyDatabase empty;
    add("pg_restore", "9.6.24");
    expect_words(
        read_backup(empty.owner_url(), path("backup"), folder),
        {"was written by pg_dump of PostgreSQL ", "pg_restore of PostgreSQL ", path("pg_restore") + " is of 9"});
}

TEST_F(Backups, OfANewerServerAndWhatIsNoneAreRefused) {
    // The head of a dump of PostgreSQL 99.
    const auto integer = [](char value) { return std::string(1, '\0') + value + std::string(3, '\0'); };
    std::string head = std::string("PGDMP\1\20\0\4\10\1\1", 12);
    for (int field = 0; field < 7; ++field) head += integer(0);
    head += integer(1) + "k" + integer(4) + "99.1" + integer(4) + "99.1";
    std::ofstream(path("newer")) << head;
    std::ofstream(path("text")) << "-- PostgreSQL database dump\n";
    EmptyDatabase empty;
    expect_words(read_backup(empty.owner_url(), path("newer")), {"is of PostgreSQL 99", "same release or a newer one"});
    expect_words(read_backup(empty.owner_url(), path("text")), {"is no backup in PostgreSQL's custom format"});
    expect_words(read_backup(empty.owner_url(), path("missing")), {"can't read " + path("missing")});
}

}  // namespace
}  // namespace keyledger::test
