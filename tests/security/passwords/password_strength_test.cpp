#include "security/passwords/password_strength.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>

#include "security/primitives/utf8.hpp"

using namespace keyledger::security;
using keyledger::Secret;
using Refusal = PasswordRefusal;

namespace {

const PasswordIdentity kAnn{.email = "ann.smith@example.com", .username = "annie77", .name = "Ann-Marie von Smithson"};

std::optional<Refusal> judged(std::string_view password, const PasswordPolicy& policy = {}) {
    return judge_password(Secret(password), kAnn, policy);
}

std::string repeated(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += text;
    return all;
}

}  // namespace

TEST(Password, MayBeAPassphrase) {
    EXPECT_EQ(judged("correct horse battery staple"), std::nullopt);
    EXPECT_EQ(judged("kX9#qL2$vN7!wB4"), std::nullopt);
    EXPECT_EQ(judged("mein Fahrrad hat drei Räder"), std::nullopt);
    EXPECT_EQ(judged("私の自転車には車輪が三つあります"), std::nullopt);
}

TEST(Password, IsCountedInCodePoints) {
    // Fifteen code points of three bytes each, then one less.
    std::string fifteen = "飛行機電車自転車橋海山川森空雨";
    ASSERT_EQ(code_points_of(fifteen)->size(), 15u);
    EXPECT_NE(judged(fifteen), Refusal::kTooShort);
    EXPECT_EQ(judged(fifteen.substr(3)), Refusal::kTooShort);
    EXPECT_EQ(judged("short"), Refusal::kTooShort);
    EXPECT_EQ(judged(""), Refusal::kTooShort);
}

TEST(Password, HasALongestLength) {
    std::string longest;
    for (int i = 0; longest.size() < 256; ++i) longest += "x" + std::to_string(i * 7919);
    longest.resize(256);
    EXPECT_EQ(judged(longest), std::nullopt);
    EXPECT_EQ(judged(longest + "y"), Refusal::kTooLong);
    EXPECT_EQ(judged(repeated("\xF0\x9F\x9A\xB2", 257)), Refusal::kTooLong);
    EXPECT_EQ(judged(std::string(1'000'000, 'x')), Refusal::kTooLong);
}

TEST(Password, IsTooWeakWhenItIsEasilyGuessed) {
    for (const char* password : {"aaaaaaaaaaaaaaaaaaaa", "passwordpassword", "123456789012345", "qwertyuiopasdfghjkl",
                                 "Password12345678", "abcdefghijklmnopqrst", "iloveyouiloveyou"})
        EXPECT_EQ(judged(password), Refusal::kTooWeak) << password;
    EXPECT_EQ(judged(repeated("\xF0\x9F\x9A\xB2", 20)), Refusal::kTooWeak);
}

TEST(Password, MustNotContainWhatIsKnownOfThePerson) {
    for (const char* password : {"ann.smith@example.com", "xx-ANN.SMITH@example.COM-xx-7361", "kX9#qL2$vN7!ann.smith",
                                 "kX9#qL2$vN7!Annie77", "kX9#qL2$vN7!marie", "kX9#qL2$vN7!SMITHSON"})
        EXPECT_EQ(judged(password), Refusal::kContainsIdentity) << password;
    // Three letters are in too many words to forbid them.
    EXPECT_EQ(judged("kX9#qL2$vN7!von-ann"), std::nullopt);
}

TEST(Password, MayHoldAWordThatHoldsWhatIsKnown) {
    struct Case {
        const char* local;
        const char* password;
        bool refused;
    };
    constexpr Case kTable[] = {
        {"info", "information wants seven herons", false},
        {"info", "seven herons want information", false},
        {"info", "disinformed herons over Uppsala", false},
        {"info", "seven herons of info over Uppsala", true},
        {"info", "seven-herons-INFO7-over-Uppsala", true},
        {"info", "sevenHeronsInfoOverUppsala", true},
        {"mark", "remarkable herons over Uppsala", false},
        {"mark", "herons over Uppsala, mark", true},
        {"mark", "mark: herons over Uppsala", true},
        {"anna", "bananas and herons over Uppsala", false},
        {"1234", "herons 1234 over Uppsala 71", false},
        {"a.b1", "herons a.b1 over Uppsala 71", false},
        {"zo\u00EB77", "herons zo\u00EB77 over Uppsala", false},
        {"jos\u00E9", "herons JOS\u00C9 over Uppsala", true},
        {"jos\u00E9", "herons jos\u00E9e over Uppsala", false},
    };
    for (const Case& one : kTable) {
        const std::string email = std::string(one.local) + "@example.com";
        const PasswordIdentity identity{.email = email, .username = "", .name = ""};
        const auto verdict = judge_password(Secret(std::string_view(one.password)), identity, {});
        EXPECT_EQ(verdict == Refusal::kContainsIdentity, one.refused) << one.local << " in " << one.password;
        EXPECT_EQ(verdict == std::nullopt, !one.refused) << one.password;
    }
}

TEST(Password, IsWeakerForWhomItDescribes) {
    PasswordIdentity other{.email = "annxsmithx@example.com", .username = "", .name = ""};
    Secret password("4nnxsm1thx");
    EXPECT_LT(password_score(password, other), password_score(password, {}));
}

TEST(Password, MustBeText) {
    using namespace std::string_view_literals;
    EXPECT_EQ(judged("kX9#qL2$vN7!wB4\xff"), Refusal::kNotText);
    EXPECT_EQ(judged("kX9#qL2\0$vN7!wB4"sv), Refusal::kNotText);
    EXPECT_EQ(judged("kX9#qL2$vN7!wB4\n"), Refusal::kNotText);
    EXPECT_EQ(judged("kX9#qL2$vN7!wB4\xc2\x85"), Refusal::kNotText);
    EXPECT_EQ(password_score(Secret("kX9#qL2$vN7!wB4\xff"), {}), 0);
}

TEST(Password, FollowsItsPolicy) {
    EXPECT_EQ(judged("x7#Kq9!v", {.min_code_points = 8, .max_code_points = 64, .min_score = 2}), std::nullopt);
    EXPECT_EQ(judged("passwordpassword", {.min_code_points = 8, .max_code_points = 64, .min_score = 0}), std::nullopt);
    for (const PasswordPolicy& policy :
         {PasswordPolicy{7, 256, 3}, PasswordPolicy{15, 257, 3}, PasswordPolicy{20, 19, 3}, PasswordPolicy{15, 256, 5},
          PasswordPolicy{15, 256, -1}})
        EXPECT_THROW(judged("whatever", policy), std::invalid_argument);
}

TEST(PasswordScore, GrowsWithTheGuessesItTakes) {
    const std::pair<const char*, int> scored[] = {{"password", 0},
                                                  {"mypassword7", 1},
                                                  {"qwertyuiopasdfgh", 1},
                                                  {"Tr0ub4dour&3", 3},
                                                  {"correct horse battery staple", 4}};
    for (auto [password, score] : scored)
        EXPECT_EQ(password_score(Secret(std::string_view(password)), {}), score) << password;
    EXPECT_EQ(password_score(Secret(""), {}), 0);
}

// zxcvbn is cubic in long repetitions; only so much is fed to it that the worst case stays harmless.
TEST(PasswordScore, TakesBoundedTime) {
    for (const std::string& text : {std::string(256, '4'), repeated("a1", 128), repeated("s5$4@a0o", 32),
                                    repeated("qwertyuiop", 25), repeated("1987", 64)}) {
        auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < 5; ++i) (void)password_score(Secret(text), kAnn);
        // Below 1 ms each on an idle machine: the margin is for sanitizers and busy ones.
        EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(500)) << text.substr(0, 12);
    }
}

TEST(Utf8, TakesEveryLength) {
    EXPECT_EQ(code_points_of("a\xC2\xA2\xE2\x82\xAC\xF0\x90\x8D\x88"), U"a\u00A2\u20AC\U00010348");
    EXPECT_EQ(code_points_of(""), U"");
    EXPECT_TRUE(code_points_of("\xF4\x8F\xBF\xBF"));
}

TEST(Utf8, RefusesOverlongSurrogateAndCutForms) {
    for (const char* text :
         {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
          "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC2", "\xE2\x82",
          "\xF0\x90\x8D", "\xC2 ", "\xE2\x82 ", "a\xE2"})
        EXPECT_FALSE(code_points_of(text));
}
