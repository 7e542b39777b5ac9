// Users whom administrators make, and one-time passwords.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kReplace = "/api/v1/auth/replace-password";

std::string body_of(const Person& person) {
    return json_object({{"email", person.email}, {"username", person.username}, {"locale", "de-at"}});
}

Answer create(ApiClient root, const Person& person, const HttpHeaders& headers = {}) {
    return root.post(kUsers, body_of(person), headers);
}

std::string one_time_password(const Answer& answer) { return watch_secret(answer.text("/one_time_password")); }

Answer replace(const std::string& email, const std::string& password, const std::string& chosen) {
    return api().post(kReplace,
                      json_object({{"email", email}, {"password", password}, {"new_password", watch_secret(chosen)}}));
}

Answer log_in_with(const std::string& email, const std::string& password) {
    ApiClient client = api();
    return try_log_in(client, email, password);
}

std::string of_user(const std::string& id) { return std::string(kUsers) + "/" + id + "/one-time-password"; }

TEST(NewUser, ChoosesAPasswordBeforeAnythingElse) {
    ApiClient root = administrator(api());
    const Person person = somebody();
    const Answer created = create(root, person);
    ASSERT_EQ(created.status, 201) << created.body;
    EXPECT_EQ(created.header("Location"), std::string(kUsers) + "/" + created.text("/id"));
    const std::string password = one_time_password(created);
    const Answer refused = log_in_with(person.email, password);
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.problem(), "password-change-required");
    const Answer weak = replace(person.email, password, "passwordpassword");
    EXPECT_EQ(weak.problem(), "password-rejected") << weak.body;
    EXPECT_EQ(replace(person.email, "not that one", person.password).status, 401);
    EXPECT_EQ(replace("nobody@people.keyledger.test", password, person.password).status, 401);
    ASSERT_EQ(replace(person.email, password, person.password).status, 204);
    const Tokens tokens = log_in(api(), person);
    EXPECT_EQ(api().as(tokens.access).get(kMe).text("/locale"), "de-AT");
    mailbox().await_mail(person.email, "wurde ein Konto");
    mailbox().await_mail(person.email, "Passwort");
    EXPECT_EQ(mailbox().mails_to(person.email).size(), 2U) << "and no welcome, for they did not register";
}

TEST(NewUser, IsMadeByWhoeverMayAndOnce) {
    ApiClient root = administrator(api());
    const Visitor ann = visitor(api());
    const Person person = somebody();
    EXPECT_EQ(create(api().as(ann.tokens.access), person).problem(), "forbidden");
    const HttpHeaders once{{"Idempotency-Key", unique("create")}};
    const Answer created = create(root, person, once);
    const Answer again = create(root, person, once);
    ASSERT_EQ(again.status, 201) << again.body;
    EXPECT_EQ(again.text("/id"), created.text("/id"));
    EXPECT_FALSE(again.has("/one_time_password")) << "told once";
    one_time_password(created);
    EXPECT_EQ(create(root, person).problem(), "email-taken");
    Person other = somebody();
    other.username = person.username;
    EXPECT_EQ(create(root, other).problem(), "username-taken");
}

Answer create_all(ApiClient root, const std::string& lines, const std::string& key, const char* type) {
    return root.send("POST", std::string(kUsers) + "/bulk", {{"Content-Type", type}, {"Idempotency-Key", key}}, lines);
}

TEST(NewUsers, AreMadeLineByLineAndOnce) {
    ApiClient root = administrator(api());
    const Person first = somebody();
    const Person second = somebody();
    const std::string lines = body_of(first) + "\n" + json_object({{"email", "nobody"}}) + "\n" + body_of(second) +
                              "\n" + body_of(first) + "\n{";
    const std::string key = unique("bulk");
    constexpr const char* kLines = "application/x-ndjson";
    const Answer made = create_all(root, lines, key, kLines);
    ASSERT_EQ(made.status, 200) << made.body;
    EXPECT_EQ(std::ranges::count(made.body, '\n'), 5);
    EXPECT_NE(made.body.find(R"({"line":1,"status":201,"id":")"), std::string::npos) << made.body;
    EXPECT_NE(made.body.find(R"({"line":2,"type":"urn:keyledger:problem:invalid-fields")"), std::string::npos);
    EXPECT_NE(made.body.find(R"({"line":3,"status":201,"id":")"), std::string::npos);
    EXPECT_NE(made.body.find(R"({"line":4,"type":"urn:keyledger:problem:email-taken")"), std::string::npos);
    EXPECT_NE(made.body.find(R"({"line":5,"type":"urn:keyledger:problem:malformed-json")"), std::string::npos);
    const Answer again = create_all(root, lines, key, kLines);
    EXPECT_EQ(again.body.substr(0, 66), made.body.substr(0, 66)) << "the same user";
    EXPECT_EQ(again.body.find("one_time_password"), std::string::npos) << again.body;

    EXPECT_EQ(create_all(root, "\n", key, kLines).status, 400);
    EXPECT_EQ(create_all(root, lines, key, "application/json").status, 415);
    EXPECT_EQ(create_all(api().as(visitor(api()).tokens.access), lines, key, kLines).problem(), "forbidden");
}

TEST(NewUser, IsRefusedForWhatIsWrong) {
    ApiClient root = administrator(api());
    EXPECT_EQ(root.post(kUsers, json_object({{"email", "nobody"}})).problem(), "invalid-fields");
    const std::string weak = json_object({{"email", somebody().email}, {"one_time_password", "short"}});
    EXPECT_EQ(root.post(kUsers, weak).problem(), "password-rejected");
    const HttpHeaders once{{"Idempotency-Key", unique("create")}};
    one_time_password(create(root, somebody(), once));
    EXPECT_EQ(create(root, somebody(), once).problem(), "idempotency-mismatch");
}

TEST(OneTimePassword, IsSetByWhoeverMayAndForOthers) {
    ApiClient root = administrator(api());
    const Visitor ann = visitor(api());
    const Person bob = register_somebody(api());
    EXPECT_EQ(root.post(of_user(ann.person.id), R"({"one_time_password":5})").problem(), "invalid-fields");
    EXPECT_EQ(root.post(of_user(ann.person.id), R"({"one_time_password":"short"})").problem(), "password-rejected");
    EXPECT_EQ(api().as(ann.tokens.access).post(of_user(bob.id), "{}").problem(), "forbidden");
    EXPECT_EQ(root.post(of_user(root.get(kMe).text("/id")), "{}").problem(), "exceeds-authority") << "one's own";
    const HttpHeaders once{{"Idempotency-Key", unique("set")}};
    one_time_password(root.post(of_user(ann.person.id), "{}", once));
    EXPECT_EQ(root.post(of_user(bob.id), "{}", once).problem(), "idempotency-mismatch");
}

TEST(OneTimePassword, TakesThePlaceOfAPasswordThatIsLost) {
    ApiClient root = administrator(api());
    const Visitor ann = visitor(api());
    const Answer given = root.post(of_user(ann.person.id),
                                   json_object({{"one_time_password", watch_secret("told over the telephone")}}));
    ASSERT_EQ(given.status, 200) << given.body;
    EXPECT_TRUE(given.is_null("/one_time_password"));
    EXPECT_FALSE(is_active(api(), ann.tokens.access));
    const std::string password = one_time_password(root.post(of_user(ann.person.id), "{}"));
    EXPECT_EQ(log_in_with(ann.person.email, ann.person.password).status, 401);
    EXPECT_EQ(log_in_with(ann.person.email, "told over the telephone").status, 401);
    mailbox().await_mail(ann.person.email, "password was changed");
    const std::string users = std::string(kUsers) + "/" + ann.person.id;
    ASSERT_EQ(root.post(users + "/deactivate", "").status, 204);
    EXPECT_EQ(replace(ann.person.email, password, ann.person.password + " again").problem(), "user-disabled");
    ASSERT_EQ(root.post(users + "/activate", "").status, 204);
    EXPECT_EQ(replace(ann.person.email, password, ann.person.password + " again").status, 204);
    EXPECT_EQ(root.post(of_user("00000000-0000-4000-8000-000000000000"), "{}").problem(), "user-unknown");
}

TEST(Recovery, IsOfWhoeverIsAtTheMachine) {
    const Visitor ann = visitor(api());
    const ProcessResult done = deployment().run({"users", "recover", "--email", ann.person.email});
    ASSERT_EQ(done.exit_code, 0) << done.output;
    const auto at = done.output.find("within a week: ");
    ASSERT_NE(at, std::string::npos) << done.output;
    const std::string password = done.output.substr(at + 15, 23);
    EXPECT_EQ(log_in_with(ann.person.email, password).problem(), "password-change-required");
    EXPECT_EQ(deployment().run({"users", "recover", "--email", "nobody@people.keyledger.test"}).exit_code, 1);
}

TEST(Language, IsChosenInTheProfile) {
    const Visitor ann = visitor(api());
    ApiClient hers = api().as(ann.tokens.access);
    const Answer chosen = hers.put(kMe, json_object({{"username", ann.person.username}, {"locale", "de-AT"}}));
    ASSERT_EQ(chosen.status, 200) << chosen.body;
    EXPECT_EQ(chosen.text("/locale"), "de-AT");
    EXPECT_EQ(hers.put(kMe, json_object({{"locale", "not a tag"}})).text("/errors/0/field"), "locale");
    const Answer changed = hers.post(kChangePassword, json_object({{"current_password", ann.person.password},
                                                                   {"new_password", "neun " + somebody().password}}));
    ASSERT_EQ(changed.status, 204) << changed.body;
    mailbox().await_mail(ann.person.email, "Passwort");
}

}  // namespace
}  // namespace keyledger::test
