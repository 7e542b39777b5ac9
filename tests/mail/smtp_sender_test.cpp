#include "mail/smtp/smtp_sender.hpp"

#include <gtest/gtest.h>

#include "mail/smtp/replies.hpp"
#include "tests/mail/smtp_server.hpp"
#include "tests/support/run.hpp"

using namespace keyledger;
using namespace keyledger::mail;
using namespace std::chrono_literals;
using test::run;
using test::SmtpServer;

namespace keyledger::mail {

void PrintTo(const Delivery& delivery, std::ostream* out) {
    *out << static_cast<int>(delivery.outcome) << " " << delivery.code;
}

}  // namespace keyledger::mail

namespace {

constexpr auto kPatience = 20s;

SmtpOptions options_for(const SmtpServer& server) {
    SmtpOptions options;
    options.url = server.url();
    options.greet_with = "accounts.example.test";
    options.connections = 1;
    return options;
}
SmtpOptions tls_options_for(const SmtpServer& server, const std::string& url) {
    SmtpOptions options = options_for(server);
    options.url = url;
    options.tls = SmtpTls::kRequired;
    options.ca_file = server.ca_file();
    return options;
}

Envelope envelope_to(std::string to) {
    return {"accounts@example.test", std::move(to),
            "Date: Sun, 29 Nov 2026 12:00:00 +0000\r\nFrom: a@example.test\r\nTo: b@example.test\r\n"
            "Subject: s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"=_\"\r\n\r\n"
            "--=_\r\n\r\n.a dot begins this line\r\n--=_--\r\n"};
}

Delivery send(SmtpSender& sender, std::string to = "ann@example.test", std::chrono::seconds patience = kPatience) {
    return run(sender.send(envelope_to(std::move(to)), std::chrono::steady_clock::now() + patience));
}

Delivery sent_to(const std::vector<std::string>& arguments) {
    SmtpServer server(arguments);
    SmtpSender sender(options_for(server));
    return send(sender);
}

}  // namespace

TEST(SmtpSender, SendsAsItIsGiven) {
    SmtpServer server;
    SmtpSender sender(options_for(server));
    EXPECT_EQ(send(sender), Delivery::sent());
    const auto told = server.next_mail();
    EXPECT_STREQ(told["mail"]["from"].GetString(), "accounts@example.test");
    EXPECT_STREQ(told["mail"]["to"][0].GetString(), "ann@example.test");
    EXPECT_STREQ(told["mail"]["parts"][0]["content"].GetString(), ".a dot begins this line");
    EXPECT_EQ(sender.counters().sent, 1u);
}

TEST(SmtpSender, KeepsItsConnection) {
    SmtpServer server;
    SmtpSender sender(options_for(server));
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(send(sender), Delivery::sent());
        server.next_mail();
    }
    EXPECT_EQ(server.connections(), 1);
    EXPECT_EQ(sender.counters().connections, 1u);
}

TEST(SmtpSender, OpensAnotherWhenTheServerClosedTheKeptOne) {
    SmtpServer server({"--mails-before-close", "1"});
    SmtpSender sender(options_for(server));
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(send(sender), Delivery::sent());
        server.next_mail();
    }
    EXPECT_EQ(server.connections(), 3);
}

TEST(SmtpSender, SpeaksTlsByStartTlsAndFromTheFirstByte) {
    SmtpServer starttls({"--tls", "starttls"});
    SmtpSender first(tls_options_for(starttls, starttls.url()));
    EXPECT_EQ(send(first), Delivery::sent());
    EXPECT_TRUE(starttls.next_mail()["tls"].GetBool());

    SmtpServer implicit({"--tls", "implicit"});
    SmtpSender second(tls_options_for(implicit, implicit.url("smtps")));
    EXPECT_EQ(send(second), Delivery::sent());
    EXPECT_TRUE(implicit.next_mail()["tls"].GetBool());
}

TEST(SmtpSender, SendsNothingWithoutTheTlsThatIsRequired) {
    SmtpServer plain;
    SmtpSender to_plain(tls_options_for(plain, plain.url()));
    EXPECT_EQ(send(to_plain), Delivery::again("tls-not-offered"));

    SmtpServer other_name({"--tls", "starttls", "--names", "DNS:other.example.test"});
    SmtpSender to_other_name(tls_options_for(other_name, other_name.url()));
    EXPECT_EQ(send(to_other_name), Delivery::again("tls-certificate"));

    SmtpServer unknown_ca({"--tls", "starttls"});
    SmtpOptions systems_cas = tls_options_for(unknown_ca, unknown_ca.url());
    systems_cas.ca_file.clear();
    SmtpSender to_unknown_ca(std::move(systems_cas));
    EXPECT_EQ(send(to_unknown_ca), Delivery::again("tls-certificate"));

    SmtpOptions no_ca = tls_options_for(unknown_ca, unknown_ca.url());
    no_ca.ca_file = "/nowhere/ca.pem";
    SmtpSender with_no_ca(std::move(no_ca));
    EXPECT_EQ(send(with_no_ca), Delivery::again("tls-ca-file"));

    SmtpServer no_tls;
    SmtpSender to_no_tls(tls_options_for(no_tls, no_tls.url("smtps")));
    EXPECT_EQ(send(to_no_tls), Delivery::again("tls"));
}

TEST(SmtpSender, LogsIn) {
    SmtpServer server({"--tls", "starttls", "--user", "keyledger:opens sesame"});
    SmtpOptions right = tls_options_for(server, server.url());
    right.user = "keyledger";
    right.password = Secret("opens sesame");
    SmtpSender sender(std::move(right));
    EXPECT_EQ(send(sender), Delivery::sent());
    EXPECT_STREQ(server.next_mail()["user"].GetString(), "keyledger");

    SmtpOptions wrong = tls_options_for(server, server.url());
    wrong.user = "keyledger";
    wrong.password = Secret("guessed");
    SmtpSender guesser(std::move(wrong));
    EXPECT_EQ(send(guesser), Delivery::again("login"));

    SmtpSender nobody(tls_options_for(server, server.url()));
    EXPECT_EQ(send(nobody), Delivery::again("login"));  // 530: about the sender, not about this mail
}

TEST(SmtpSender, TellsWhatMayBeTriedAgainFromWhatMayNot) {
    for (const std::string stage : {"MAIL", "RCPT", "DATA", "END"}) {
        SCOPED_TRACE(stage);
        EXPECT_EQ(sent_to({"--fault", stage + "=451 4.3.0 later, dear ann@example.test"}),
                  Delivery::again("smtp-451-4.3.0"));
        EXPECT_EQ(sent_to({"--fault", stage + "=550 5.1.1 no ann@example.test here"}),
                  Delivery::refused("smtp-550-5.1.1"));
        EXPECT_EQ(sent_to({"--fault", stage + "=554 no"}), Delivery::refused("smtp-554"));
        EXPECT_EQ(sent_to({"--fault", stage + "=drop"}), Delivery::again("connection"));
    }
    // Before there is a mail it is about the connection.
    EXPECT_EQ(sent_to({"--fault", "GREETING=554 5.7.1 go away"}), Delivery::again("smtp-554-5.7.1"));
    EXPECT_EQ(sent_to({"--fault", "GREETING=421 4.3.2 closing"}), Delivery::again("smtp-421-4.3.2"));
    EXPECT_EQ(sent_to({"--fault", "GREETING=drop"}).outcome, Delivery::Outcome::kAgain);
    EXPECT_EQ(sent_to({"--fault", "RCPT=550 ann@example.test is unknown"}), Delivery::refused("smtp-550"));
}

TEST(SmtpSender, GoesOnAfterARefusal) {
    SmtpServer server({"--fault", "END=550 5.7.1 looks like spam"});
    SmtpSender sender(options_for(server));
    EXPECT_EQ(send(sender), Delivery::refused("smtp-550-5.7.1"));
    EXPECT_EQ(send(sender), Delivery::refused("smtp-550-5.7.1"));
    EXPECT_EQ(sender.counters().refused, 2u);
}

TEST(SmtpSender, GivesUpAServerThatStalls) {
    for (const std::string stage : {"GREETING", "EHLO", "MAIL", "DATA", "END"}) {
        SCOPED_TRACE(stage);
        SmtpServer server({"--fault", stage + "=stall"});
        SmtpOptions options = options_for(server);
        options.send_timeout = 500ms;
        SmtpSender sender(std::move(options));
        const auto began = std::chrono::steady_clock::now();
        EXPECT_EQ(send(sender), Delivery::again("timeout"));
        EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
    }
}

TEST(SmtpSender, GivesUpAtTheDeadline) {
    SmtpServer server({"--fault", "END=stall"});
    SmtpSender sender(options_for(server));
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(send(sender, "ann@example.test", 1s), Delivery::again("timeout"));
    EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
    EXPECT_EQ(send(sender, "ann@example.test", -1s), Delivery::again("expired"));
}

TEST(SmtpSender, SaysWhereNobodyListens) {
    SmtpOptions options;
    {
        SmtpServer gone;
        options = options_for(gone);
    }
    SmtpSender sender(std::move(options));
    EXPECT_EQ(send(sender), Delivery::again("connection"));
}

TEST(SmtpSender, TakesAddressesBeyondAsciiWhereTheServerDoes) {
    SmtpServer server;
    SmtpSender sender(options_for(server));
    EXPECT_EQ(send(sender, "jürgen@xn--mller-kva.example"), Delivery::sent());
    const auto told = server.next_mail();
    EXPECT_STREQ(told["mail"]["to"][0].GetString(), "jürgen@xn--mller-kva.example");
    EXPECT_EQ(send(sender, "ann@example.test"), Delivery::sent());
    EXPECT_EQ(send(sender, "jürgen@example.test"), Delivery::sent());  // over the kept connection, too

    SmtpServer ascii({"--ascii"});
    SmtpSender to_ascii(options_for(ascii));
    EXPECT_EQ(send(to_ascii, "jürgen@example.test"), Delivery::refused("smtputf8-not-offered"));
    EXPECT_EQ(send(to_ascii, "ann@example.test"), Delivery::sent());
    EXPECT_EQ(send(to_ascii, "jürgen@example.test"), Delivery::refused("smtputf8-not-offered"));
}

// One mail is under way and stalls, one waits, a third finds no place. stop() answers the first two.
TEST(SmtpSender, BoundsWhatWaitsAndAnswersAllWhenItStops) {
    boost::asio::thread_pool callers(1);  // outlives the sender, whose threads answer into it
    SmtpServer server({"--fault", "END=stall"});
    SmtpOptions options = options_for(server);
    options.queue = 1;
    SmtpSender sender(std::move(options));
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    const auto ask = [&] {
        return boost::asio::co_spawn(callers, sender.send(envelope_to("ann@example.test"), deadline),
                                     boost::asio::use_future);
    };
    auto under_way = ask();
    while (sender.counters().running == 0) std::this_thread::yield();
    auto waiting = ask();
    while (sender.counters().queued == 0) std::this_thread::yield();
    EXPECT_EQ(ask().get(), Delivery::again("queue-full"));
    EXPECT_EQ(sender.counters().shed, 1u);
    EXPECT_EQ(sender.counters().most_queued, 1u);
    sender.stop();
    sender.stop();
    EXPECT_EQ(waiting.get(), Delivery::again("stopped"));
    EXPECT_EQ(under_way.get(), Delivery::again("stopped"));
    EXPECT_EQ(ask().get(), Delivery::again("stopped"));
}

TEST(SmtpSender, SendsOverSeveralConnectionsAtOnce) {
    SmtpServer server;
    SmtpOptions options = options_for(server);
    options.connections = 4;
    SmtpSender sender(std::move(options));
    std::vector<boost::asio::awaitable<Delivery>> mails;
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    for (int i = 0; i < 40; ++i) mails.push_back(sender.send(envelope_to("ann@example.test"), deadline));
    for (const Delivery& delivery : test::run_all(std::move(mails))) EXPECT_EQ(delivery, Delivery::sent());
    EXPECT_EQ(sender.counters().sent, 40u);
    EXPECT_LE(sender.counters().connections, 4u);
}

TEST(SmtpOptions, AreChecked) {
    const auto faults_of = [](auto change) {
        SmtpOptions options;
        options.url = "smtp://mail.example.test:587";
        options.greet_with = "accounts.example.test";
        change(options);
        const auto faults = check_smtp_options(options);
        EXPECT_LE(faults.size(), 1u);
        return faults.empty() ? std::string() : std::string(faults.front().option);
    };
    EXPECT_EQ(faults_of([](SmtpOptions&) {}), "");
    for (const char* url :
         {"", "mail.example.test", "http://mail.example.test", "smtp://", "smtp://a@mail.example.test",
          "smtp://a:b@mail.example.test", "smtp://mail.example.test/x", "smtp://mail.example.test?x",
          "smtp://mail.example.test\r\nX", "smtp://mail.example.test:99999"})
        EXPECT_EQ(faults_of([&](SmtpOptions& options) { options.url = url; }), "url") << url;
    const auto log_in = [](SmtpOptions& options, const char* user, const char* password) {
        options.user = user;
        options.password = Secret(password);
    };
    const auto switch_off = [](SmtpOptions& options, const char* url) {
        options.url = url;
        options.tls = SmtpTls::kOff;
    };
    EXPECT_EQ(faults_of([&](SmtpOptions& options) { switch_off(options, "smtp://mail.example.test"); }), "");
    EXPECT_EQ(faults_of([&](SmtpOptions& options) { switch_off(options, "smtps://mail.example.test"); }), "tls");
    for (const auto& [url, fault] : {std::pair("smtp://mail.example.test", "tls"), std::pair("smtp://127.0.0.1:25", ""),
                                     std::pair("smtp://[::1]:25", ""), std::pair("smtp://localhost", ""),
                                     std::pair("smtp://127.example.test", "tls")})
        EXPECT_EQ(faults_of([&](SmtpOptions& options) {
                      switch_off(options, url);
                      log_in(options, "u", "p");
                  }),
                  fault)
            << url;
    EXPECT_EQ(faults_of([&](SmtpOptions& options) { log_in(options, "u", ""); }), "user");
    EXPECT_EQ(faults_of([&](SmtpOptions& options) { log_in(options, "u\r\nMAIL FROM:<x>", "p"); }), "user");
    EXPECT_EQ(faults_of([&](SmtpOptions& options) { log_in(options, "u", "p\n"); }), "password");
    EXPECT_EQ(faults_of([](SmtpOptions& options) { options.greet_with = "a b"; }), "greet_with");
    EXPECT_EQ(faults_of([](SmtpOptions& options) { options.connections = 0; }), "connections");
    EXPECT_EQ(faults_of([](SmtpOptions& options) { options.queue = 0; }), "queue");
    EXPECT_THROW(SmtpSender{SmtpOptions{}}, std::invalid_argument);
}

TEST(SmtpReplies, KeepCodesAndNoWords) {
    Replies replies;
    replies.begin(false);
    EXPECT_TRUE(replies.take("250 2.1.0 fine"));
    EXPECT_EQ(replies.code(), 250);
    EXPECT_TRUE(replies.take("550-5.1.1 first line\r\n"));
    EXPECT_EQ(replies.code(), 250);
    EXPECT_TRUE(replies.take("550 5.1.1 ann@example.test\r\n"));
    EXPECT_EQ(replies.told(), "smtp-550-5.1.1");
    for (const char* line : {"550 ann", "550", "550 4.1.1 of another class", "550 5.1.1@ann", "550 5.1.", "550 5..11",
                             "550 5.1.1.1", "550 5.123456.1"}) {
        replies.begin(false);
        EXPECT_TRUE(replies.take(line));
        EXPECT_EQ(replies.told(), "smtp-550") << line;
    }
    EXPECT_TRUE(replies.take("221 good bye"));  // to QUIT: the failure stays
    EXPECT_EQ(replies.told(), "smtp-550");
    EXPECT_TRUE(replies.take("x"));
    EXPECT_TRUE(replies.take(""));
}
