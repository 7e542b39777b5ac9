#include "projections/hot/snapshot_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "eventstore/codec/jcs.hpp"
#include "tests/support/world/sealing.hpp"

namespace keyledger::projections::test {
namespace {

constexpr Uuid kLog{{1}};

class SnapshotFileTest : public testing::Test {
protected:
    ~SnapshotFileTest() override {
        for (const char* end : {"", ".new", ".other"}) std::filesystem::remove(path_ + end);
    }
    void write(const std::string& path, const Uuid& snapshot_id, int numbers) {
        SnapshotWriter out(path, {snapshot_id, kLog, "access.1"}, cipher_);
        out.text("ann");
        out.texts({"a", "b"});
        out.id(kLog);
        for (int i = 0; i < numbers; ++i) out.number(i);
        const auto done = out.finish();
        ASSERT_TRUE(done) << done.error();
    }
    void read(const std::string& path, int numbers) {
        auto in = SnapshotReader::open(path, kLog, "access.1", cipher_);
        ASSERT_TRUE(in);
        ASSERT_EQ(in->text(), "ann");
        ASSERT_EQ(in->texts(), (std::vector<std::string>{"a", "b"}));
        ASSERT_EQ(in->uuid(), kLog);
        for (int i = 0; i < numbers; ++i) ASSERT_EQ(in->number(), i);
        in->end();
    }
    std::string bytes() const {
        std::ifstream in(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    void put(const std::string& bytes) { std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes; }

    keyledger::test::TestCipher cipher_;
    const std::string path_ = ::testing::TempDir() + "keyledger-snapshot-" + std::to_string(::getpid());
};

TEST_F(SnapshotFileTest, ReadsBackOverManyPartsAndIsItsOwnersAlone) {
    for (const int numbers : {0, 1, 400'000}) {
        write(path_, Uuid{{2}}, numbers);
        read(path_, numbers);
    }
    struct stat status {};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
}

TEST_F(SnapshotFileTest, IsNoneWithoutAFileOrOfAnotherKind) {
    EXPECT_FALSE(SnapshotReader::open(path_, kLog, "access.1", cipher_));
    put("PNG");
    EXPECT_FALSE(SnapshotReader::open(path_, kLog, "access.1", cipher_));
}

TEST_F(SnapshotFileTest, IsRefusedOfAnotherLogOrFold) {
    write(path_, Uuid{{2}}, 1);
    auto in = SnapshotReader::open(path_, Uuid{{3}}, "access.1", cipher_);
    EXPECT_THROW((void)in->text(), eventstore::CodecError);
    in = SnapshotReader::open(path_, kLog, "access.2", cipher_);
    EXPECT_THROW((void)in->text(), eventstore::CodecError);
}

// An attacker who can write the file must not write sessions and roles.
TEST_F(SnapshotFileTest, IsRefusedWhateverByteIsChangedAndWhereverItIsCut) {
    constexpr int kNumbers = 4;
    write(path_, Uuid{{2}}, kNumbers);
    const std::string good = bytes();
    const auto reads = [&] {
        auto in = SnapshotReader::open(path_, kLog, "access.1", cipher_);
        if (!in) return false;
        try {
            (void)in->text();
            (void)in->texts();
            (void)in->uuid();
            for (int i = 0; i < kNumbers; ++i) (void)in->number();
            in->end();
            return true;
        } catch (const eventstore::CodecError&) {
            return false;
        }
    };
    EXPECT_TRUE(reads());
    for (std::size_t at = 0; at < good.size(); ++at) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 1);
        put(bad);
        EXPECT_FALSE(reads()) << "byte " << at;
        put(good.substr(0, at));
        EXPECT_FALSE(reads()) << "cut at " << at;
    }
    put(good + "x");
    EXPECT_FALSE(reads());
}

TEST_F(SnapshotFileTest, IsRefusedWhenMixedFromTwo) {
    constexpr int kNumbers = 300'000;  // three parts
    write(path_, Uuid{{2}}, kNumbers);
    write(path_ + ".other", Uuid{{5}}, kNumbers);
    std::ifstream in(path_ + ".other", std::ios::binary);
    const std::string other{std::istreambuf_iterator<char>(in), {}};
    std::string mixed = bytes();
    ASSERT_EQ(mixed.size(), other.size());
    mixed.replace(mixed.size() / 2, mixed.npos, other.substr(other.size() / 2));
    put(mixed);
    auto reader = SnapshotReader::open(path_, kLog, "access.1", cipher_);
    ASSERT_TRUE(reader);
    EXPECT_THROW(
        {
            (void)reader->text();
            (void)reader->texts();
            (void)reader->uuid();
            for (int i = 0; i < kNumbers; ++i) (void)reader->number();
        },
        eventstore::CodecError);
}

TEST_F(SnapshotFileTest, ThatCantBeWrittenLeavesTheOldOne) {
    SnapshotWriter out("/nowhere/snapshot", {Uuid{{2}}, kLog, "access.1"}, cipher_);
    out.number(1);
    const auto done = out.finish();
    ASSERT_FALSE(done);
    EXPECT_NE(done.error().find("/nowhere/snapshot"), std::string::npos);
}

}  // namespace
}  // namespace keyledger::projections::test
