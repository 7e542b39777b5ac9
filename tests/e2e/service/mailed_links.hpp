#pragma once
// The links that the mails have which tell what was done to an account.
#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {

struct MailedLinks {
    std::string not_me;
    std::string keep;
    std::string undo;
};
// Of somebody to whom everything happened.
inline MailedLinks links_of_somebody(ApiClient client) {
    const Person ann = register_somebody(api());
    prove_address(client.with("User-Agent", "Laptop/1"), ann);
    MailedLinks links;
    const Tokens first = log_in(client.with("User-Agent", "Phone/1"), ann);
    links.not_me = mailbox().await_mail(ann.email, "new device").from_link("token");
    const std::string password = json_object({{"current_password", ann.password}});
    const Answer erased = client.as(first.access).send("DELETE", kMe, {{"Content-Type", "application/json"}}, password);
    EXPECT_EQ(erased.status, 202) << erased.body;
    links.keep = mailbox().await_mail(ann.email, "will be erased").from_link("token");
    ApiClient again = client.as(log_in(client, ann).access);
    const std::string other = somebody().email;
    const Answer asked =
        again.post("/api/v1/auth/change-email", json_object({{"email", other}, {"current_password", ann.password}}));
    const std::string code = mailbox().await_mail(other, "is your code").code();
    const std::string proof = json_object({{"handle", watch_secret(asked.text("/handle"))}, {"code", code}});
    EXPECT_EQ(again.post("/api/v1/auth/change-email/confirm", proof).status, 204);
    links.undo = mailbox().await_mail(ann.email, "was changed").from_link("token");
    return links;
}

}  // namespace keyledger::test
