#include "mail/mailer.hpp"

#include <gtest/gtest.h>

#include "tests/mail/smtp_server.hpp"
#include "tests/support/run.hpp"

using namespace keyledger;
using namespace keyledger::mail;
using namespace std::chrono_literals;
using test::run;
using test::SmtpServer;

namespace {

Templates compiled() { return std::move(Templates::load("")).value(); }

MailerOptions options_for(const std::string& url) {
    MailerOptions options;
    options.smtp.url = url;
    options.from_address = "accounts@müller.example";
    options.from_name = "Müllers Läden";
    options.default_language = "en";
    return options;
}

Mail some_mail() {
    Mail mail;
    mail.kind = Kind::kPasswordChanged;
    mail.id = "0f3a.mail.42.0";
    mail.date = Instant::at_ms(1'795'953'600'000);
    mail.address = "ann@example.test";
    mail.name = "Ann";
    mail.facts.at = mail.date;
    return mail;
}

std::string field(const rapidjson::Document& told, std::string_view name) {
    for (const auto& one : told["mail"]["fields"].GetArray())
        if (name == one[0].GetString()) return one[1].GetString();
    return {};
}

Delivery send(Mailer& mailer, Mail mail) {
    return run(mailer.send(std::move(mail), std::chrono::steady_clock::now() + 20s));
}

}  // namespace

// Python's email package reads what arrives, and finds nothing wrong with it.
TEST(Mailer, WritesWhatOthersRead) {
    SmtpServer server;
    Mailer mailer(options_for(server.url()), compiled());
    struct Case {
        std::string name, address, language, shown_name, shown_address, subject;
    };
    const Case cases[] = {
        {"Ann", "ann@example.test", "en", "Ann", "ann@example.test", "Your password was changed"},
        {"Jürgen \"der\" Größe, Dr.", "ann@example.test", "de-AT", "Jürgen \"der\" Größe, Dr.", "ann@example.test",
         "Ihr Passwort wurde geändert"},
        {"山田太郎", "jürgen@müller.example", "ja", "山田太郎", "jürgen@xn--mller-kva.example",
         "Your password was changed"},
        {"Visit www.evil.example", "ann@example.test", "", "", "ann@example.test", "Your password was changed"},
        {"=?UTF-8?Q?x?= \\", "ann@example.test", "", "", "ann@example.test", "Your password was changed"},
        {std::string(64, 'a'), "ann@example.test", "", std::string(64, 'a'), "ann@example.test",
         "Your password was changed"},
    };
    for (const Case& one : cases) {
        SCOPED_TRACE(one.name);
        Mail mail = some_mail();
        mail.name = one.name;
        mail.address = one.address;
        mail.languages = {one.language};
        const auto expected = mailer.compose(mail);
        ASSERT_TRUE(expected);
        EXPECT_EQ(send(mailer, mail), Delivery::sent());
        const auto told = server.next_mail();
        const auto& said = told["mail"];
        EXPECT_STREQ(said["from"].GetString(), "accounts@xn--mller-kva.example");
        EXPECT_EQ(said["to"].Size(), 1u);
        EXPECT_EQ(said["to"][0].GetString(), one.shown_address);
        EXPECT_EQ(said["addresses"].Size(), 2u);
        EXPECT_STREQ(said["addresses"][0][0].GetString(), "Müllers Läden");
        EXPECT_EQ(said["addresses"][1][0].GetString(), one.shown_name);
        EXPECT_EQ(said["addresses"][1][1].GetString(), one.shown_address);
        EXPECT_EQ(field(told, "Subject"), one.subject);
        EXPECT_EQ(field(told, "Message-ID"), "<0f3a.mail.42.0@xn--mller-kva.example>");
        EXPECT_EQ(field(told, "Auto-Submitted"), "auto-generated");
        EXPECT_EQ(field(told, "Content-Language"), one.language == "de-AT" ? "de" : "en");
        EXPECT_EQ(said["date_s"].GetInt64(), 1'795'953'600);
        EXPECT_STREQ(said["type"].GetString(), "multipart/alternative");
        ASSERT_EQ(said["parts"].Size(), 2u);
        EXPECT_STREQ(said["parts"][0]["type"].GetString(), "text/plain");
        EXPECT_STREQ(said["parts"][1]["type"].GetString(), "text/html");
        const auto rendered =
            compiled().render(mail.kind, one.language == "de-AT" ? "de" : "en", "Müllers Läden", one.name, mail.facts);
        EXPECT_EQ(said["parts"][0]["content"].GetString(), rendered->text);
        EXPECT_EQ(said["parts"][1]["content"].GetString(), rendered->html);
        EXPECT_EQ(said["defects"].Size(), 0u);
        EXPECT_EQ(said["parts"][0]["defects"].Size() + said["parts"][1]["defects"].Size(), 0u);
        EXPECT_LE(said["longest_line"].GetInt(), 78);
        EXPECT_EQ(said["bare_breaks"].GetInt(), 0);
    }
}

TEST(Mailer, RefusesWhatCannotBeSentBeforeAnyServerSeesIt) {
    // Nobody listens there: that would be `again`.
    Mailer mailer(options_for("smtp://127.0.0.1:1"), compiled());
    const auto code_of = [&](auto change) {
        Mail mail = some_mail();
        change(mail);
        const Delivery delivery = send(mailer, std::move(mail));
        EXPECT_EQ(delivery.outcome, Delivery::Outcome::kRefused);
        return delivery.code;
    };
    EXPECT_EQ(code_of([](Mail& mail) { mail.address = "ann@example.test>\r\nDATA"; }), "unsendable-to");
    EXPECT_EQ(code_of([](Mail& mail) { mail.address = ""; }), "unsendable-to");
    EXPECT_EQ(code_of([](Mail& mail) { mail.id = "a\r\nBcc: eve@example.test"; }), "unsendable-id");
    EXPECT_EQ(code_of([](Mail& mail) { mail.facts.at.reset(); }), "lacks-at");
    EXPECT_EQ(code_of([](Mail& mail) { mail.kind = Kind::kMagicLink; }), "lacks-link");
    EXPECT_EQ(send(mailer, some_mail()), Delivery::again("connection"));
}

// A name with a line break never gets as far as a field: the mail goes without it.
TEST(Mailer, LeavesOutNamesThatAreNone) {
    Mailer mailer(options_for("smtp://127.0.0.1:1"), compiled());
    for (const std::string cut : {"\r\n", "\r", "\n", "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"}) {
        Mail mail = some_mail();
        mail.name = "Ann" + cut + "Bcc: eve at home";
        mail.facts.device = mail.name;
        const auto written = mailer.compose(mail);
        ASSERT_TRUE(written);
        EXPECT_EQ(written->message.find("Bcc"), std::string::npos);
        EXPECT_NE(written->message.find("\r\nTo: ann@example.test\r\n"), std::string::npos);
    }
}

TEST(Mailer, SaysTheSameTwice) {
    Mailer mailer(options_for("smtp://127.0.0.1:1"), compiled());
    EXPECT_EQ(mailer.compose(some_mail())->message, mailer.compose(some_mail())->message);
}

TEST(Mailer, ChecksItsOptions) {
    const Templates templates = compiled();
    const auto faults_of = [&](auto change) {
        MailerOptions options = options_for("smtp://127.0.0.1:1");
        change(options);
        return check_mailer_options(options, templates).size();
    };
    EXPECT_EQ(faults_of([](MailerOptions&) {}), 0u);
    EXPECT_EQ(faults_of([](MailerOptions& options) { options.from_address = "jürgen@example.test"; }), 1u);
    EXPECT_EQ(faults_of([](MailerOptions& options) { options.from_address = ""; }), 1u);
    EXPECT_EQ(faults_of([](MailerOptions& options) { options.from_name = "a\r\nBcc: b"; }), 1u);
    EXPECT_EQ(faults_of([](MailerOptions& options) { options.from_name = ""; }), 1u);
    EXPECT_EQ(faults_of([](MailerOptions& options) { options.default_language = "fr"; }), 1u);
    EXPECT_THROW(Mailer(options_for("smtp://"), compiled()), std::invalid_argument);
}
