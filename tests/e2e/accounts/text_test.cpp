// Text is Unicode: what two keyboards write alike is one, and what hides or reorders is refused with its reason.
#include <gtest/gtest.h>

#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

Answer registered(const std::string& email, const std::string& username, const std::string& name,
                  const std::string& password) {
    return api().post(kRegister,
                      json_object({{"email", email}, {"username", username}, {"name", name}, {"password", password}}));
}

TEST(Texts, AreFoundInWhateverFormTheyAreTyped) {
    ApiClient admin = administrator(api());
    const std::string family = unique("zo");
    const Person person = somebody();
    const std::string password = watch_secret("sept h\u00E9rons sur un lac");
    const Answer made =
        registered("  " + person.email + " ", family + "e\u0301", " Zoe\u0308\u00A0" + family + " ", password);
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(made.text("/email"), person.email);
    EXPECT_EQ(made.text("/username"), family + "\u00E9");
    EXPECT_EQ(made.text("/name"), "Zo\u00EB " + family);
    EXPECT_EQ(registered(somebody().email, family + "\u00C9", "x", person.password).problem(), "username-taken");

    const Answer mark = admin.put(kMe, json_object({{"name", unique("Mark")}}));
    for (const std::string& typed : {family + "\u00E9", family + "e\u0301", "Zo\u00EB " + family,
                                     "ZOE\u0308  " + family, "zo\u00EB\u00A0" + family}) {
        const Answer found = admin.get(std::string(kUsers) + "?" + form_body({{"search", typed}}), since(mark));
        ASSERT_EQ(found.status, 200) << found.body;
        EXPECT_EQ(found.count(), 1U) << typed << found.body;
    }
    for (const char* typed : {"h\u00E9rons", "he\u0301rons"}) {
        std::string other = password;
        const std::string composed = "h\u00E9rons";
        other.replace(other.find(composed), composed.size(), typed);
        ApiClient client = api();
        EXPECT_EQ(try_log_in(client, person.email + "  ", other).status, 200) << typed;
    }
}

TEST(Texts, AreRefusedWithTheirReason) {
    struct Case {
        const char* field;
        const char* value;
        const char* reason;
    };
    constexpr Case kTable[] = {
        {"name", "Ann\u200F", "turn the direction of writing"},
        {"name", "An\u061Cn", "turn the direction of writing"},
        {"name", "An\u200Bn", "are not shown"},
        {"name", "Ann\u0007", "control characters"},
        {"name", "Ann\uE000", "private use"},
        {"name", "   ", "nothing but blanks"},
        {"username", "p\u0430ypal", "scripts, which look alike"},
        {"username", "\u05D0\u05D1\u05D2-", "from right to left"},
        {"username", "ann lee", "Use 3 to 64 letters"},
        {"username", "an", "too short"},
        {"username", "ann\u200B", "are not shown"},
    };
    for (const Case& one : kTable) {
        const Person person = somebody();
        const Answer refused = api().post(
            kRegister, json_object({{"email", person.email}, {"password", person.password}, {one.field, one.value}}));
        EXPECT_EQ(refused.status, 400) << refused.body;
        EXPECT_EQ(refused.problem(), "invalid-fields");
        EXPECT_EQ(refused.text("/errors/0/field"), one.field);
        EXPECT_NE(refused.text("/errors/0/detail").find(one.reason), std::string::npos) << refused.body;
    }
    const Answer password = registered(somebody().email, unique("ann"), "Ann", "seven herons\tover Uppsala");
    EXPECT_EQ(password.problem(), "password-rejected");
    EXPECT_NE(password.text("/detail").find("control characters"), std::string::npos) << password.body;
}

TEST(Passwords, MayHoldAWordThatHoldsTheAddress) {
    const std::string email = "info@" + unique("host") + ".example";
    EXPECT_EQ(registered(email, unique("ann"), "Ann", "seven herons of info 77").problem(), "password-rejected");
    EXPECT_EQ(registered(email, unique("ann"), "Ann", "herons bring information").status, 201);
}

}  // namespace
}  // namespace keyledger::test
