// What people do for themselves: register, log in, change what is theirs.
#include <gtest/gtest.h>

#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

TEST(Register, AnswersTheUserAndWhereTheyAre) {
    ApiClient client = api();
    const Person person = somebody();
    const Answer answer = client.post(kRegister, registration_of(person));
    ASSERT_EQ(answer.status, 201) << answer.body;
    EXPECT_EQ(answer.text("/email"), person.email);
    EXPECT_EQ(answer.text("/username"), person.username);
    EXPECT_TRUE(answer.is_null("/name"));
    EXPECT_EQ(answer.text("/status"), "active");
    EXPECT_FALSE(answer.boolean("/email_verified"));
    EXPECT_FALSE(answer.boolean("/administrator"));
    EXPECT_EQ(answer.header("Location"), kMe);
    EXPECT_FALSE(answer.header("Keyledger-Position")) << "anybody may ask, and nobody may count";
}

TEST(Register, RefusesAnAddressOrNameInUseWhateverItsCase) {
    ApiClient client = api();
    const Person first = register_somebody(client);
    Person second = somebody();
    std::string shouted = first.email;
    for (char& c : shouted) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    second.email = shouted;
    const Answer address = client.post(kRegister, registration_of(second));
    EXPECT_EQ(address.status, 409);
    EXPECT_EQ(address.problem(), "email-taken");
    second = somebody();
    second.username = first.username;
    second.username.front() = 'v';
    const Answer name = client.post(kRegister, registration_of(second));
    EXPECT_EQ(name.status, 409);
    EXPECT_EQ(name.problem(), "username-taken");
}

TEST(Register, RefusesPasswordsThatGuardNothing) {
    ApiClient client = api();
    const Person person = somebody();
    for (const std::string& password :
         {std::string("short, but odd"), std::string(257, 'x'), std::string("aaaaaaaaaaaaaaaaaaaa"),
          std::string("passwordpassword"), person.username + person.username, person.email}) {
        Person with = person;
        with.password = password;
        const Answer answer = client.post(kRegister, registration_of(with));
        EXPECT_EQ(answer.status, 422) << password;
        EXPECT_EQ(answer.problem(), "password-rejected") << password;
    }
}

// Whoever chooses one is told the rule that it breaks, with its number, beside the field.
TEST(NewPassword, ThatIsRefusedIsToldWhy) {
    RunningService strict(deployment(), {{"KEYLEDGER_PASSWORD_MIN_LENGTH", "21"}});
    const Visitor one = visitor(ApiClient(strict.port()));
    const struct {
        std::string password;
        std::string said;
    } cases[] = {{"twenty letters, here", "21 characters at least"},
                 {std::string(257, 'x'), "at most 256 characters"},
                 {"passwordpasswordpassword", "easy to guess"},
                 {one.person.email + one.person.email, "made of the e-mail address"},
                 {"seven herons\tover the old town of Uppsala", "control characters"}};
    for (const auto& [password, said] : cases) {
        Person with = somebody();
        with.email = one.person.email;
        with.password = password;
        ApiClient client(strict.port());
        const Answer registered = client.post(kRegister, registration_of(with));
        const Answer changed =
            client.as(one.tokens.access)
                .post(kChangePassword,
                      json_object({{"current_password", one.person.password}, {"new_password", password}}));
        for (const auto& [answer, field] : {std::pair(&registered, "password"), std::pair(&changed, "new_password")}) {
            EXPECT_EQ(answer->problem(), "password-rejected") << answer->body;
            EXPECT_NE(answer->text("/detail").find(said), std::string::npos) << answer->body;
            EXPECT_EQ(answer->text("/errors/0/field"), field) << answer->body;
            EXPECT_EQ(answer->text("/errors/0/detail"), answer->text("/detail"));
        }
    }
}

TEST(Register, RefusesNamesThatAreNone) {
    ApiClient client = api();
    for (const char* email : {"nobody", "@a.test", "a@", "a@b", "a b@c.test", "a@127.0.0.1", "a@b..test"}) {
        Person person = somebody();
        person.email = email;
        const Answer answer = client.post(kRegister, registration_of(person));
        EXPECT_EQ(answer.status, 400) << email;
        EXPECT_EQ(answer.problem(), "invalid-fields") << email;
        EXPECT_EQ(answer.text("/errors/0/field"), "email") << email;
    }
    const std::string too_long(65, 'n');
    for (const std::string& username :
         {std::string("ab"), std::string("-abc"), std::string("a b c"), std::string("a@b.test"), too_long}) {
        Person person = somebody();
        person.username = username;
        EXPECT_EQ(client.post(kRegister, registration_of(person)).text("/errors/0/field"), "username") << username;
    }
}

TEST(LogIn, GivesTokensByAddressOrUserNameWhateverTheirCase) {
    ApiClient client = api();
    const Person person = register_somebody(client);
    const Answer by_name =
        client.post(kLogin, json_object({{"username", person.username}, {"password", person.password}}));
    EXPECT_EQ(by_name.status, 200);
    EXPECT_EQ(by_name.number("/expires_in"), 300);
    std::string other_case = person.email;
    other_case.front() = 'v';
    const Answer by_address = try_log_in(client, other_case, person.password);
    EXPECT_EQ(by_address.status, 200);
    EXPECT_NE(by_name.text("/session_id"), by_address.text("/session_id"));
    EXPECT_EQ(by_address.header("Cache-Control"), "no-store");
    EXPECT_EQ(client.as(by_address.text("/access_token")).get(kMe).text("/id"), person.id);
}

TEST(LogIn, WantsEitherAddressOrUserName) {
    ApiClient client = api();
    EXPECT_EQ(client.post(kLogin, R"({"password":"x"})").problem(), "invalid-fields");
    EXPECT_EQ(client.post(kLogin, R"({"email":"a@b.test","username":"abc","password":"x"})").problem(),
              "invalid-fields");
}

TEST(LogIn, GivesNoTokenForAResourceThatWasNotConfigured) {
    ApiClient client = api();
    const Person person = register_somebody(client);
    const Answer refused = client.post(kLogin, json_object({{"email", person.email},
                                                            {"password", person.password},
                                                            {"resource", "https://elsewhere.keyledger.test"}}));
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(refused.problem(), "invalid-target");
    EXPECT_EQ(refused.text("/error"), "invalid_target");
}

TEST(Me, ShowsAndReplacesTheProfile) {
    const Visitor one = visitor(api());
    ApiClient client = api().as(one.tokens.access);
    EXPECT_EQ(client.get(kMe).text("/email"), one.person.email);
    const std::string username = watch_personal(unique("renamed"));
    const std::string name = watch_personal("Zoë " + unique("Doe"));
    const Answer changed = client.put(kMe, json_object({{"username", username}, {"name", name}}));
    EXPECT_EQ(changed.status, 200);
    EXPECT_EQ(changed.text("/username"), username);
    EXPECT_TRUE(changed.header("Keyledger-Position"));
    EXPECT_EQ(client.get(kMe).text("/name"), name);
    const Answer again = client.put(kMe, json_object({{"username", username}, {"name", name}}));
    EXPECT_FALSE(again.header("Keyledger-Position")) << "nothing had to change";
    const Answer bare = client.put(kMe, R"({"name":null})");
    EXPECT_TRUE(bare.is_null("/username"));
    EXPECT_TRUE(bare.is_null("/name"));
    Person next = somebody();
    next.username = username;
    EXPECT_EQ(client.post(kRegister, registration_of(next)).status, 201) << "the name is free again";
    EXPECT_EQ(client.put(kMe, json_object({{"username", username}})).problem(), "username-taken");
    EXPECT_EQ(client.put(kMe, R"({"username":"a b"})").text("/errors/0/field"), "username");
}

// Scenario: somebody tries random names. The log does not grow by it; when the node stops (or a minute has passed) it
// holds how many there were.
TEST(LogIn, WithNamesThatNobodyHasIsSummed) {
    ApiClient admin = administrator(api());
    const auto head = [&] { return admin.put(kMe, json_object({{"name", unique("Mark")}})).position(); };
    {
        RunningService node(deployment());
        ApiClient stranger(node.port());
        const std::int64_t before = head();
        for (int i = 0; i < 5; ++i)
            EXPECT_EQ(try_log_in(stranger, unique("nobody") + "@nowhere.test", "wrong password").status, 401);
        EXPECT_EQ(head(), before + 1) << "the mark alone";
    }
    const Answer all = admin.get(std::string(kAudit) + "?type=login.failures_summed&limit=1",
                                 {{"Keyledger-Min-Position", std::to_string(head())}});
    ASSERT_EQ(all.count(), 1u) << all.body;
    EXPECT_EQ(all.text("/items/0/reason"), "unknown_user, 5 times");
    EXPECT_EQ(all.text("/items/0/client_address"), "127.0.0.1");
    EXPECT_EQ(all.text("/items/0/actor/type"), "system");
}

// Scenario: a machine fills in every field of a form, also the one that people do not see. It is told that all went
// well, and nothing came of it; when the node stops (or a minute has passed) the log holds how often.
TEST(Register, LetsAMachineBelieveThatItHasRegistered) {
    ApiClient admin = administrator(api());
    const auto head = [&] { return admin.put(kMe, json_object({{"name", unique("Mark")}})).position(); };
    const std::string email = unique("machine") + "@example.com";
    const std::string password = watch_secret("lanterns " + unique("over-the-marsh") + " drift");
    const auto filled = [&](const std::string& website) {
        return json_object({{"email", email}, {"password", password}, {"website_url", website}});
    };
    {
        RunningService node(deployment());
        ApiClient machine(node.port());
        const std::int64_t before = head();
        for (int i = 0; i < 3; ++i) {
            const Answer answer = machine.post(kRegister, filled("https://spam.example"));
            EXPECT_EQ(answer.status, 201) << answer.body;
            EXPECT_EQ(answer.text("/email"), email);
            EXPECT_EQ(answer.text("/status"), "active");
        }
        EXPECT_EQ(head(), before + 1) << "the mark alone";
        EXPECT_EQ(try_log_in(machine, email, password).problem(), "invalid-credentials");
        EXPECT_EQ(machine.post(kRegister, filled("")).status, 201) << "a person, who leaves it empty";
        EXPECT_EQ(try_log_in(machine, email, password).status, 200);
    }
    const Answer all = admin.get(std::string(kAudit) + "?type=login.honeypots_summed&limit=1",
                                 {{"Keyledger-Min-Position", std::to_string(head())}});
    ASSERT_EQ(all.count(), 1u) << all.body;
    EXPECT_EQ(all.text("/items/0/reason"), "honeypot, 3 times");
    EXPECT_EQ(all.text("/items/0/client_address"), "127.0.0.1");
}

TEST(ChangePassword, EndsEveryOtherSessionAtOnce) {
    const Visitor one = visitor(api());
    const Tokens other = log_in(api(), one.person);
    ApiClient client = api().as(one.tokens.access);
    const std::string password = watch_secret("lanterns " + unique("over-the-marsh") + " drift");
    const std::string body = json_object({{"current_password", one.person.password}, {"new_password", password}});
    const Answer changed = client.post(kChangePassword, body);
    ASSERT_EQ(changed.status, 204) << changed.body;
    EXPECT_TRUE(changed.header("Keyledger-Position"));
    EXPECT_EQ(client.get(kMe).status, 200) << "the session that changed it goes on";
    EXPECT_EQ(api().as(other.access).get(kMe).problem(), "invalid-token");
    EXPECT_FALSE(is_active(api(), other.access));
    EXPECT_FALSE(is_active(api(), other.refresh));
    EXPECT_EQ(refresh(api(), other.refresh).problem(), "invalid-grant");
    ApiClient anybody = api();
    EXPECT_EQ(try_log_in(anybody, one.person.email, one.person.password).problem(), "invalid-credentials");
    EXPECT_EQ(try_log_in(anybody, one.person.email, password).status, 200);
    EXPECT_EQ(refresh(api(), one.tokens.refresh).status, 200);
}

TEST(ChangePassword, WantsTheCurrentOneAndAGoodNewOne) {
    const Visitor one = visitor(api());
    ApiClient client = api().as(one.tokens.access);
    const std::string fresh = watch_secret("mulberry " + unique("under-the-stairs"));
    const Answer wrong =
        client.post(kChangePassword, json_object({{"current_password", "something else"}, {"new_password", fresh}}));
    EXPECT_EQ(wrong.status, 403);
    EXPECT_EQ(wrong.problem(), "wrong-password");
    const Answer weak =
        client.post(kChangePassword,
                    json_object({{"current_password", one.person.password}, {"new_password", "aaaaaaaaaaaaaaaa"}}));
    EXPECT_EQ(weak.status, 422);
    EXPECT_EQ(weak.problem(), "password-rejected");
    ApiClient anybody = api();
    EXPECT_EQ(try_log_in(anybody, one.person.email, one.person.password).status, 200) << "nothing was changed";
}

}  // namespace
}  // namespace keyledger::test
