#include "security/passwords/known_passwords.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <vector>

using namespace keyledger::security;
using keyledger::Secret;

namespace {

std::string digest_of(std::string_view password) {
    std::string digest(20, '\0');
    EVP_Digest(password.data(), password.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr, EVP_sha1(),
               nullptr);
    return digest.substr(0, 8);
}

class KnownPasswordsTest : public testing::Test {
protected:
    ~KnownPasswordsTest() override { std::filesystem::remove(path); }

    void write(const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }
    // Sorted as bytes, which is the order of the numbers.
    void write_list(std::vector<std::string> entries) {
        std::ranges::sort(entries);
        std::string bytes(kKnownPasswordsMagic);
        for (const std::string& entry : entries) bytes += entry;
        write(bytes);
    }
    std::unique_ptr<const KnownPasswords> open() {
        auto opened = KnownPasswords::open(path);
        EXPECT_TRUE(opened) << opened.error();
        return std::move(*opened);
    }

    const std::string path =
        testing::TempDir() + "known_passwords_" + testing::UnitTest::GetInstance()->current_test_info()->name();
};

}  // namespace

TEST_F(KnownPasswordsTest, FindsWhatIsOnItAndNothingElse) {
    std::vector<std::string> entries;
    for (int i = 0; i < 10'000; ++i) entries.push_back(digest_of("password " + std::to_string(i)));
    write_list(entries);
    const auto list = open();
    EXPECT_EQ(list->size(), 10'000u);
    for (int i = 0; i < 10'000; ++i) {
        EXPECT_TRUE(list->contains(Secret("password " + std::to_string(i))));
        EXPECT_FALSE(list->contains(Secret("Password " + std::to_string(i))));
    }
    EXPECT_FALSE(list->contains(Secret("")));
}

TEST_F(KnownPasswordsTest, OfOneOrOfNoneIsAListToo) {
    write_list({digest_of("only one")});
    EXPECT_TRUE(open()->contains(Secret("only one")));
    EXPECT_FALSE(open()->contains(Secret("another")));
    write_list({});
    EXPECT_FALSE(open()->contains(Secret("only one")));
}

TEST_F(KnownPasswordsTest, FindsTheFirstAndTheLastWhereverTheOthersLie) {
    const std::string first(8, '\0');
    const std::string last(8, '\xFF');
    std::vector<std::string> entries{first, last, digest_of("in between")};
    for (int i = 1; i < 200; ++i) entries.push_back(std::string(7, '\0') + static_cast<char>(i));  // not at all evenly
    write_list(entries);
    EXPECT_TRUE(open()->contains(Secret("in between")));
    EXPECT_FALSE(open()->contains(Secret("elsewhere")));
}

TEST_F(KnownPasswordsTest, TakesNoOtherFileForAList) {
    const std::string magic(kKnownPasswordsMagic);
    const std::string higher(8, '\x02');
    const std::string lower(8, '\x01');
    for (const std::string& bytes : {std::string(), std::string("short"), std::string(16, 'x') + lower,
                                     magic + lower.substr(1), magic + higher + lower, magic + lower + lower}) {
        write(bytes);
        EXPECT_FALSE(KnownPasswords::open(path)) << bytes.size();
    }
    EXPECT_FALSE(KnownPasswords::open(testing::TempDir()));
    std::filesystem::remove(path);
    const auto missing = KnownPasswords::open(path);
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().find(path), std::string::npos);
}

TEST_F(KnownPasswordsTest, LooksUpInMicroseconds) {
    std::mt19937_64 random(7);
    std::vector<std::string> entries(1'000'000);
    for (std::string& entry : entries) {
        entry.resize(8);
        for (char& byte : entry) byte = static_cast<char>(random());
    }
    write_list(std::move(entries));
    const auto list = open();
    const auto from = std::chrono::steady_clock::now();
    constexpr int kLookUps = 10'000;
    for (int i = 0; i < kLookUps; ++i) EXPECT_FALSE(list->contains(Secret("password " + std::to_string(i))));
    const double each =
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - from).count() / kLookUps;
    RecordProperty("microseconds", std::to_string(each));
    EXPECT_LT(each, 100.0);  // a binary search over pages on a disk would be thousands
}
