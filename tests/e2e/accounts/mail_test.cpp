// What people find in their mailbox, by a real SMTP server.
#include <gtest/gtest.h>

#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

TEST(Mail, WelcomesWhoeverRegistersOnce) {
    const Person person = register_somebody(api());
    const ReceivedMail welcome = mailbox().await_mail(person.email, "Welcome");
    EXPECT_NE(welcome.text.find("You have an account"), std::string::npos) << welcome.text;
    EXPECT_NE(welcome.html.find("You have an account"), std::string::npos) << welcome.html;
    EXPECT_FALSE(welcome.message_id.empty());
    EXPECT_EQ(mailbox().mails_to(person.email).size(), 1U);
}

TEST(Mail, TellsOfWhatAThiefWouldDo) {
    const Visitor ann = visitor(api());
    const Answer changed = api()
                               .as(ann.tokens.access)
                               .post(kChangePassword, json_object({{"current_password", ann.person.password},
                                                                   {"new_password", "seven " + somebody().password}}));
    ASSERT_EQ(changed.status, 204) << changed.body;
    const ReceivedMail welcome = mailbox().await_mail(ann.person.email, "Welcome");
    const ReceivedMail told = mailbox().await_mail(ann.person.email, "password was changed");
    EXPECT_NE(told.message_id, welcome.message_id);
}

}  // namespace
}  // namespace keyledger::test
