// Applications from a file, at the machine, and the log-ins that they are good for.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/e2e/oauth/browser.hpp"

namespace keyledger::test {
namespace {

std::string written(const std::string& text) {
    const std::filesystem::path path = deployment().folder() / unique("applications");
    std::ofstream(path) << text;
    return path.string();
}
ProcessResult applications(std::vector<std::string> words) {
    words.insert(words.begin(), "applications");
    return deployment().run(words);
}
ProcessResult apply(const std::string& text, std::vector<std::string> more = {}) {
    std::vector<std::string> words{"apply", written(text)};
    words.insert(words.end(), more.begin(), more.end());
    return applications(std::move(words));
}
bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string shop(const std::string& id, const std::string& more = "") {
    return "applications:\n  " + id +
           ":\n    name: Shop of a file\n    application_type: spa\n    authentication: none\n"
           "    grant_types: [authorization_code]\n    scopes: [openid, email]\n"
           "    redirect_uris: [\"https://shop.example/callback\"]\n" +
           more;
}
std::string new_id() { return register_somebody(api()).id.substr(0, 24) + "0f0f0f0f0f0f"; }

TEST(ApplicationsFile, MakesChangesAndRemoves) {
    service();
    const std::string id = new_id();
    const ProcessResult tried = apply(shop(id), {"--dry-run"});
    EXPECT_EQ(tried.exit_code, 0) << tried.output;
    EXPECT_TRUE(says(tried.output, "+ " + id + " Shop of a file\nWould change 1 of 1.")) << tried.output;
    EXPECT_EQ(administrator(api()).get(kApplications + std::string("/") + id).status, 404) << "nothing was done";

    EXPECT_TRUE(says(apply(shop(id)).output, "Changed 1 of 1."));
    EXPECT_TRUE(says(apply(shop(id)).output, "Changed 0 of 1."));
    const Person person = register_somebody(api());
    Browser browser;
    const Answer tokens = redeem(id, parameter(Browser::location(authorized(browser, id, person)), "code"));
    EXPECT_EQ(tokens.status, 200) << tokens.body;

    const ProcessResult changed = apply(shop(id, "    post_logout_redirect_uris: [\"https://shop.example/bye\"]\n"
                                                 "    session_lifetime: 3600\n"
                                                 "    accent_color: \"#0B57D0\"\n"));
    const std::string members = "post_logout_redirect_uris, session_lifetime, accent_color\n";
    EXPECT_TRUE(says(changed.output, "~ " + id + " Shop of a file: " + members)) << changed.output;
    const ProcessResult exported = applications({"export"});
    EXPECT_EQ(exported.exit_code, 0) << exported.output;
    EXPECT_TRUE(says(apply(exported.output, {"--dry-run"}).output, "Would change 0 of ")) << exported.output;
    EXPECT_TRUE(says(applications({"list"}).output, id + "  spa  required  enabled  Shop of a file\n"));

    const std::string gone = "applications: {" + id + ": {state: absent}}";
    const ProcessResult refused = apply(gone);
    EXPECT_EQ(refused.exit_code, 1) << refused.output;
    EXPECT_TRUE(says(refused.output, "would be deleted")) << refused.output;
    EXPECT_EQ(apply(gone, {"--allow-deletions"}).exit_code, 0);
    EXPECT_EQ(administrator(api()).get(kApplications + std::string("/") + id).status, 404);
    const ProcessResult again = apply(shop(id));
    EXPECT_EQ(again.exit_code, 1);
    EXPECT_TRUE(says(again.output, "is not used again")) << again.output;
}

TEST(ApplicationsFile, DoesNothingOfAFileThatIsWrong) {
    service();
    const std::string good = new_id();
    const std::string bad = new_id();
    const ProcessResult refused =
        apply(shop(good) + "  " + bad + ":\n    name: Bad\n    grant_types: [authorization_code]\n");
    EXPECT_EQ(refused.exit_code, 1) << refused.output;
    EXPECT_TRUE(says(refused.output, "application '" + bad + "': redirect_uris: The grant type")) << refused.output;
    EXPECT_EQ(administrator(api()).get(kApplications + std::string("/") + good).status, 404);
    EXPECT_TRUE(says(refused.output, "applications") && says(refused.output, ": line ")) << refused.output;
    const ProcessResult unsigned_one = apply(shop(good, "    id_token_algorithm: EdDSA\n"));
    EXPECT_EQ(unsigned_one.exit_code, 1) << unsigned_one.output;
    EXPECT_TRUE(says(unsigned_one.output, "id_token_algorithm: this service has keys for these: RS256, ES256"))
        << unsigned_one.output;
    EXPECT_EQ(administrator(api()).get(kApplications + std::string("/") + good).status, 404);
    EXPECT_EQ(apply("applications: []").exit_code, 2);
    EXPECT_EQ(applications({"add-secret", "nobody"}).exit_code, 2);
}

// An id is of one thing alone: neither a user nor a service account becomes an application.
TEST(ApplicationsFile, TakesNoIdOfAnybodyElse) {
    const Person person = register_somebody(api());
    EXPECT_NE(apply(shop(person.id)).exit_code, 0);
    EXPECT_EQ(log_in(api(), person).access.empty(), false);
}

TEST(ApplicationsFile, GivesASecretOnce) {
    service();
    const std::string id = new_id();
    const std::string web = "applications: {" + id +
                            ": {name: Web, grant_types: [authorization_code], scopes: [openid], redirect_uris: "
                            "[\"https://shop.example/callback\"]}}";
    ASSERT_EQ(apply(web).exit_code, 0);
    const ProcessResult added = applications({"add-secret", id});
    ASSERT_EQ(added.exit_code, 0) << added.output;
    const std::string before = "shown this once: ";
    std::string secret = added.output.substr(added.output.find(before) + before.size());
    secret.pop_back();
    const Answer known = api().form(kToken, "grant_type=authorization_code&code=none&redirect_uri=a&code_verifier=b",
                                    {{"Authorization", ClientOfService{id, secret}.basic()}});
    EXPECT_EQ(known.status, 400) << known.body;  // and not 401: it proved who it is
    const std::string spa = new_id();
    ASSERT_EQ(apply(shop(spa)).exit_code, 0);
    EXPECT_EQ(applications({"add-secret", spa}).exit_code, 1) << "it could keep none";
}

}  // namespace
}  // namespace keyledger::test
