#include "security/factors/recovery_codes.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/world/given.hpp"

using namespace keyledger;
using namespace keyledger::security;

namespace {

const UserId kAnn{test::uuid(0xA1)};
const UserId kBob{test::uuid(0xB1)};

// Of the 16 bytes 0 to 15.
constexpr const char* kKnown = "000G-40R4-0M30-E209-185G-R38E-1XSA";
constexpr const char* kKnownDigest = "01805c2afdda3c421d1eba4482738500cc14524c645b9d6a06ce11966488b32b";

}  // namespace

// Codes are on paper for years: neither how they are read nor what is kept of them may ever change.
TEST(RecoveryCodes, AreReadAsTheyAlwaysWere) { EXPECT_EQ(recovery_code_digest(kAnn, Secret(kKnown)), kKnownDigest); }

TEST(RecoveryCodes, AreSevenGroupsWithoutLookAlikes) {
    std::set<std::string> all;
    for (int i = 0; i < 100; ++i) {
        const Secret code = new_recovery_code();
        const std::string shown(code.reveal());
        ASSERT_EQ(shown.size(), 34u);
        for (std::size_t at = 0; at < shown.size(); ++at) EXPECT_EQ(shown[at] == '-', at % 5 == 4) << shown;
        EXPECT_EQ(shown.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ-"), shown.npos) << shown;
        EXPECT_TRUE(recovery_code_digest(kAnn, code).has_value()) << shown;
        all.insert(shown);
    }
    EXPECT_EQ(all.size(), 100u);
}

TEST(RecoveryCodes, AreReadLeniently) {
    std::string typed = kKnown;
    for (char& one : typed) {
        if (one == '0') one = 'o';
        else if (one == '1') one = 'l';
        else if (one == '-') one = ' ';
        else one = static_cast<char>(std::tolower(one));
    }
    EXPECT_EQ(recovery_code_digest(kAnn, Secret("  " + typed + ' ')), kKnownDigest);
    std::erase(typed, ' ');
    EXPECT_EQ(recovery_code_digest(kAnn, Secret(typed)), kKnownDigest);
}

TEST(RecoveryCodes, AreTheirUsersAlone) {
    const Secret code = new_recovery_code();
    EXPECT_EQ(recovery_code_digest(kAnn, code)->size(), 64u);
    EXPECT_NE(recovery_code_digest(kAnn, code), recovery_code_digest(kBob, code));
}

// Of every place and every other character: 12 bits of a check miss one in 4096.
TEST(RecoveryCodes, AreToldFromMistypedOnes) {
    const std::string shown = kKnown;
    int missed = 0;
    for (std::size_t at = 0; at < shown.size(); ++at) {
        for (const char other : std::string_view("0123456789ABCDEFGHJKMNPQRSTVWXYZ")) {
            std::string typed = shown;
            if (typed[at] == '-' || typed[at] == other) continue;
            typed[at] = other;
            missed += recovery_code_digest(kAnn, Secret(typed)).has_value();
        }
    }
    EXPECT_LE(missed, 3);
    for (const std::string& wrong : {std::string(), shown.substr(1), shown + '0', std::string(28, 'U'),
                                     std::string(2000, '0'), shown + "-0", std::string(28, '\0')})
        EXPECT_EQ(recovery_code_digest(kAnn, Secret(wrong)), std::nullopt) << wrong;
}
