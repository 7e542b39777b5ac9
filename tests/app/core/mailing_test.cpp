#include "app/core/mailing.hpp"

#include <gtest/gtest.h>

using namespace keyledger;
using namespace keyledger::app;

namespace {

MailSettings sound() {
    MailSettings settings;
    settings.smtp_url = "smtp://mail.example.test:587";
    settings.smtp_tls = "auto";
    settings.from = "accounts@example.test";
    settings.from_name = "Keyledger";
    settings.language = "en";
    return settings;
}

std::vector<std::string> faults_of(void (*change)(MailSettings&)) {
    MailSettings settings = sound();
    change(settings);
    return mail_faults(settings);
}

using Sentences = std::vector<std::string>;

}  // namespace

TEST(Mailing, NamesTheSettingThatIsWrong) {
    EXPECT_EQ(mail_faults(sound()), Sentences{});
    EXPECT_EQ(mail_faults({}), Sentences{});
    EXPECT_EQ(faults_of([](MailSettings& settings) { settings.smtp_url = "mail.example.test"; }),
              Sentences{"KEYLEDGER_SMTP_URL: give smtp://host:587 or smtps://host:465"});
    EXPECT_EQ(faults_of([](MailSettings& settings) { settings.smtp_username = "keyledger"; }),
              Sentences{"KEYLEDGER_SMTP_USERNAME: user and password go together: set both or none"});
    EXPECT_EQ(faults_of([](MailSettings& settings) {
                  settings.smtp_username = "keyledger";
                  settings.smtp_password = "hunter2";
                  settings.smtp_tls = "off";
              }),
              Sentences{"KEYLEDGER_SMTP_TLS: a password would go to another machine in plain text: leave TLS on"});
    EXPECT_EQ(faults_of([](MailSettings& settings) { settings.from.clear(); }),
              Sentences{"KEYLEDGER_MAIL_FROM: give an address such as accounts@example.com, in ASCII before its '@'"});
    EXPECT_EQ(faults_of([](MailSettings& settings) { settings.from_name.clear(); }),
              Sentences{"KEYLEDGER_MAIL_FROM_NAME: give a name of one line"});
    EXPECT_EQ(faults_of([](MailSettings& settings) { settings.language = "fr"; }),
              Sentences{"KEYLEDGER_MAIL_LANGUAGE: there are no texts in 'fr'"});
    EXPECT_EQ(faults_of([](MailSettings& settings) { settings.templates_folder = "/nowhere"; }),
              Sentences{"KEYLEDGER_MAIL_TEMPLATES: /nowhere:1: can't be read"});
}

TEST(Mailing, NeedsAServer) {
    EXPECT_EQ(make_mailer({}), nullptr);
    EXPECT_NE(make_mailer(sound()), nullptr);
}
