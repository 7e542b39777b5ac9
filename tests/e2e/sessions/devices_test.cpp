// What people log in with, over HTTP: by cookie and by header, on two nodes; listed, named, forgotten.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"
#include "tests/support/places/mmdb_file.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kDevices = "/api/v1/auth/devices";
constexpr const char* kFirefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
constexpr const char* kChrome = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36";

Answer log_in_with(ApiClient client, const Person& person, const HttpHeaders& headers = {}) {
    return client.post(kLogin, json_object({{"email", person.email}, {"password", person.password}}), headers);
}
HttpHeaders device(const std::string& sealed) { return {{"Keyledger-Device", sealed}}; }
// What a browser sends back of it.
HttpHeaders cookie(const Answer& answer) {
    const std::string text = answer.header("Set-Cookie").value_or("");
    return {{"Cookie", "theme=dark; " + text.substr(0, text.find(';')) + "; lang=de"}};
}

TEST(Devices, AreKnownAgainByHeaderAndByCookie) {
    const Person person = register_somebody(api());
    ApiClient firefox = api().with("User-Agent", kFirefox);
    const Answer first = log_in_with(firefox, person);
    ASSERT_EQ(first.status, 200) << first.body;
    const std::string sealed = first.header("Keyledger-Device").value_or("");
    EXPECT_NE(sealed, "");
    const std::string set = first.header("Set-Cookie").value_or("");
    EXPECT_EQ(set, "__Host-keyledger-device=" + sealed + "; Path=/; Max-Age=34560000; Secure; HttpOnly; SameSite=Lax");
    // Elsewhere it would be another one: agent and network differ.
    ApiClient chrome = api().with("User-Agent", kChrome);
    const Answer by_header = log_in_with(chrome, person, device(sealed));
    const Answer by_cookie = log_in_with(chrome, person, cookie(first));
    ASSERT_EQ(by_cookie.status, 200) << by_cookie.body;
    EXPECT_NE(by_cookie.header("Keyledger-Device"), sealed) << "it is sealed anew";
    const Answer listed = api().as(by_header.text("/access_token")).get(kDevices);
    ASSERT_EQ(listed.count(), 1U) << listed.body;
    EXPECT_EQ(listed.text("/items/0/agent"), "Firefox on Linux");
    EXPECT_TRUE(listed.boolean("/items/0/current"));
    EXPECT_TRUE(listed.is_null("/items/0/country"));
    EXPECT_EQ(log_in_with(chrome, person).status, 200);
    EXPECT_EQ(api().as(by_header.text("/access_token")).get(kDevices).count(), 2U) << "shown nothing, it is new";
}

TEST(Devices, ThatAreNotOursCountAsNone) {
    const Person person = register_somebody(api());
    const Answer first = log_in_with(api(), person);
    for (const std::string& foreign :
         {std::string("x"), std::string(300, 'x'), first.header("Keyledger-Device").value_or("") + "A"}) {
        const Answer answer = log_in_with(api(), person, device(foreign));
        EXPECT_EQ(answer.status, 200) << answer.body;
    }
    const HttpHeaders two{{"Cookie", "__Host-keyledger-device=a; __Host-keyledger-device=b"}};
    EXPECT_EQ(log_in_with(api(), person, two).status, 200);
    EXPECT_EQ(api().as(first.text("/access_token")).get(kDevices).count(), 1U);
}

TEST(Devices, AreKnownOnEveryNode) {
    RunningService second(deployment());
    const Person person = register_somebody(api());
    const Answer first = log_in_with(api().with("User-Agent", kFirefox), person);
    const Answer there = log_in_with(ApiClient(second.port()).with("User-Agent", kChrome), person,
                                     device(first.header("Keyledger-Device").value_or("")));
    ASSERT_EQ(there.status, 200) << there.body;
    EXPECT_EQ(ApiClient(second.port()).as(there.text("/access_token")).get(kDevices).count(), 1U);
}

TEST(Devices, AreNamedShownWithSessionsAndForgottenWithThem) {
    const Person person = register_somebody(api());
    const Answer laptop = log_in_with(api().with("User-Agent", kFirefox), person);
    ApiClient client = api().as(laptop.text("/access_token"));
    const std::string one = std::string(kDevices) + "/" + client.get(kDevices).text("/items/0/id");
    const Answer named = client.put(one, json_object({{"name", "Ann's laptop"}}));
    ASSERT_EQ(named.status, 204) << named.body;
    EXPECT_EQ(client.get(kDevices).text("/items/0/name"), "Ann's laptop");
    const Answer sessions = client.get(kSessions, since(named));
    EXPECT_EQ(sessions.text("/items/0/device_name"), "Ann's laptop");
    EXPECT_EQ(client.put(one, json_object({{"name", ""}})).problem(), "invalid-fields");
    EXPECT_EQ(client.put(one, "{").problem(), "malformed-json");
    EXPECT_EQ(client.put(one, json_object({{"title", "x"}})).problem(), "invalid-fields");

    const Answer phone = log_in_with(api().with("User-Agent", kChrome), person);
    ApiClient from_phone = api().as(phone.text("/access_token"));
    const Answer forgotten = from_phone.del(one);
    ASSERT_EQ(forgotten.status, 204) << forgotten.body;
    EXPECT_FALSE(is_active(api(), laptop.text("/access_token"))) << "its session ended with it";
    EXPECT_TRUE(is_active(api(), phone.text("/access_token")));
    EXPECT_EQ(from_phone.get(kDevices).count(), 1U);
    EXPECT_EQ(from_phone.del(one).problem(), "device-unknown");
    EXPECT_EQ(from_phone.put(one, json_object({{"name", "again"}})).problem(), "device-unknown");
    EXPECT_EQ(from_phone.del(std::string(kDevices) + "/none").problem(), "device-unknown");
}

TEST(Devices, AreTheirUsersAndAdministrators) {
    const Visitor ann = visitor(api());
    const Visitor bob = visitor(api());
    const std::string anns = api().as(ann.tokens.access).get(kDevices).text("/items/0/id");
    EXPECT_EQ(api().as(bob.tokens.access).del(std::string(kDevices) + "/" + anns).problem(), "device-unknown");
    EXPECT_EQ(api().get(kDevices).problem(), "invalid-token");
    const std::string of_ann = std::string(kUsers) + "/" + ann.person.id + "/devices";
    EXPECT_EQ(api().as(bob.tokens.access).get(of_ann).problem(), "forbidden");
    EXPECT_EQ(api().get(of_ann).problem(), "invalid-token");
    ApiClient admin = administrator(api());
    const Answer seen = admin.get(of_ann);
    ASSERT_EQ(seen.count(), 1U) << seen.body;
    EXPECT_EQ(seen.text("/items/0/id"), anns);
    EXPECT_FALSE(seen.has("/items/0/current"));
    EXPECT_EQ(admin.get(std::string(kUsers) + "/" + anns + "/devices").problem(), "user-unknown");
}

TEST(Devices, HoldAKeyToItsRequest) {
    const Person person = register_somebody(api());
    const Answer first = log_in_with(api().with("User-Agent", kFirefox), person);
    log_in_with(api().with("User-Agent", kChrome), person);
    ApiClient client = api().as(first.text("/access_token"));
    await_that("both devices", [&] { return client.get(kDevices).count() == 2; });
    const Answer list = client.get(kDevices);
    const std::string one = std::string(kDevices) + "/" + list.text("/items/0/id");
    const std::string other = std::string(kDevices) + "/" + list.text("/items/1/id");
    const HttpHeaders name{{"Idempotency-Key", unique("name")}};
    EXPECT_EQ(client.put(one, json_object({{"name", "laptop"}}), name).status, 204);
    EXPECT_EQ(client.put(one, json_object({{"name", "desk"}}), name).problem(), "idempotency-mismatch");
    const std::string mine = list.boolean("/items/0/current") ? other : one;
    const std::string current = list.boolean("/items/0/current") ? one : other;
    const HttpHeaders forget{{"Idempotency-Key", unique("forget")}};
    EXPECT_EQ(client.del(mine, forget).status, 204);
    EXPECT_EQ(client.del(current, forget).problem(), "idempotency-mismatch");
}

// One mail of one log-in, and none of the first.
TEST(Devices, ThatAreNewAreToldByMail) {
    const Person person = register_somebody(api());
    log_in_with(api().with("User-Agent", kFirefox), person);
    log_in_with(api().with("User-Agent", kChrome), person);
    const ReceivedMail told = mailbox().await_mail(person.email, "new device");
    EXPECT_NE(told.text.find("Chrome on Windows"), std::string::npos) << told.text;
    std::size_t of_devices = 0;
    for (const ReceivedMail& mail : mailbox().mails_to(person.email))
        of_devices += mail.subject.find("new device") != std::string::npos ? 1 : 0;
    EXPECT_EQ(of_devices, 1U);
}

// What is watched here is looked for in log, topics and output when all tests have run (I10).
TEST(Devices, TellNobodyWhatTheyAreCalled) {
    const std::string path = deployment().folder() / "watched-places.mmdb";
    std::ofstream(path, std::ios::binary) << mmdb_of_documentation();
    RunningService service(deployment(),
                           {{"KEYLEDGER_PLACES_FILE", path}, {"KEYLEDGER_TRUSTED_PROXIES", "127.0.0.0/8"}});
    const std::string agent = watch_personal(unique("Kestrelbrowser"));
    const Person person = register_somebody(api());
    ApiClient client = ApiClient(service.port()).with("X-Forwarded-For", kInTown).with("User-Agent", agent + "/1");
    const Answer grant = log_in_with(client, person);
    ApiClient reader = ApiClient(service.port()).as(grant.text("/access_token"));
    const Answer listed = reader.get(kDevices);
    EXPECT_EQ(listed.text("/items/0/city"), watch_personal(kTown));
    EXPECT_EQ(listed.text("/items/0/agent"), agent);
    const std::string name = watch_personal(unique("Laptop of mine"));
    const std::string one = std::string(kDevices) + "/" + listed.text("/items/0/id");
    EXPECT_EQ(reader.put(one, json_object({{"name", name}})).status, 204);
    EXPECT_EQ(reader
                  .send("DELETE", kMe, {{"Content-Type", "application/json"}},
                        json_object({{"current_password", person.password}}))
                  .status,
              204);
    ApiClient admin = administrator(api());
    EXPECT_EQ(admin.get(std::string(kUsers) + "/" + person.id + "/devices").problem(), "user-unknown");
}

// The button of that mail ends all sessions: a second log-in of the thief is told of by no mail.
TEST(Devices, ThatAreSomebodyElsesAreEndedByTheLinkOfTheMail) {
    constexpr const char* kNotMePage = "/account/not-me";
    constexpr const char* kNotMe = "/api/v1/auth/not-me";
    const Person person = register_somebody(api());
    prove_address(api().with("User-Agent", kFirefox), person);
    const Tokens own = tokens_of(log_in_with(api().with("User-Agent", kFirefox), person));
    const Tokens thiefs = tokens_of(log_in_with(api().with("User-Agent", kChrome), person));
    const std::string token = mailbox().await_mail(person.email, "new device").from_link("token");
    ApiClient browser = api();
    EXPECT_EQ(browser.get(std::string(kNotMePage) + "?token=" + token).status, 200);
    EXPECT_EQ(browser.get(kNotMePage).status, 400);
    EXPECT_EQ(browser.form(kNotMePage, form_body({{"token", token}})).status, 200);
    expect_spent(browser, kNotMePage, kNotMe, token);
    EXPECT_EQ(refresh(api(), thiefs.refresh).status, 400);
    EXPECT_EQ(refresh(api(), own.refresh).status, 400);
    const std::int64_t last = mailbox().mails_to(person.email).back().id;
    const Tokens again = tokens_of(log_in_with(api().with("User-Agent", kChrome), person));
    const std::string by_application = mailbox().await_mail(person.email, "new device", last).from_link("token");
    EXPECT_EQ(browser.post(kNotMe, json_object({{"token", by_application}})).status, 204);
    EXPECT_EQ(refresh(api(), again.refresh).status, 400);
}

// Where addresses are is known by a file; here one that says that this machine is in Oslo.
TEST(Devices, TellPlacesWhereAFileKnowsThem) {
    const std::string path = deployment().folder() / "places.mmdb";
    std::ofstream(path, std::ios::binary) << mmdb_of_documentation();
    RunningService service(deployment(),
                           {{"KEYLEDGER_PLACES_FILE", path}, {"KEYLEDGER_TRUSTED_PROXIES", "127.0.0.0/8"}});
    ApiClient client(service.port());
    const Person person = register_somebody(api());
    const Answer home = log_in_with(client, person, {{"X-Forwarded-For", kInBerlin}});
    ApiClient reader = client.as(home.text("/access_token"));
    EXPECT_EQ(reader.get(kDevices).text("/items/0/city"), "Berlin");
    EXPECT_EQ(reader.get(kDevices).text("/items/0/country"), "DE");
    const Answer abroad = log_in_with(
        client, person,
        {{"X-Forwarded-For", kInSydney}, {"Keyledger-Device", home.header("Keyledger-Device").value_or("")}});
    const Answer sessions = reader.get(kSessions, since(abroad));
    EXPECT_EQ(sessions.text("/items/0/city"), "Sydney");
    EXPECT_EQ(sessions.text("/items/0/country"), "AU");
    EXPECT_EQ(sessions.text("/items/1/city"), "Berlin");
    EXPECT_NE(mailbox().await_mail(person.email, "new device").text.find("AU"), std::string::npos);
}

}  // namespace
}  // namespace keyledger::test
