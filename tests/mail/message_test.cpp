#include "mail/message/message.hpp"

#include <gtest/gtest.h>

#include "mail/message/address.hpp"
#include "mail/message/encodings.hpp"
#include "mail/message/shown.hpp"

using namespace keyledger;
using namespace keyledger::mail;

namespace {

Message some_message() {
    Message message;
    message.from_name = "Example";
    message.from_address = "accounts@example.test";
    message.to_name = "Ann";
    message.to_address = "ann@example.test";
    message.subject = "Hello";
    message.text = "text\n";
    message.html = "<p>text</p>\n";
    message.language = "en";
    message.id = "log-1.mail.42.0";
    message.id_host = "accounts.example.test";
    message.date = Instant::at_ms(1'795'953'600'000);
    return message;
}

// What ends a line or a string somewhere between here and the reader's screen.
const std::vector<std::string> kBreaks = {
    "\r",   "\n",       "\r\n",         std::string(1, '\0'), "\v",       "\f",           "\x1b",
    "\x7f", "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9",       "\xC0\x8A", "\xED\xA0\x80", "\xFF",
};

}  // namespace

TEST(Message, IsWrittenLineByLine) {
    const auto written = write_message(some_message());
    ASSERT_TRUE(written);
    EXPECT_EQ(*written, "Date: Sun, 29 Nov 2026 12:00:00 +0000\r\n"
                        "From: \"Example\"\r\n <accounts@example.test>\r\n"
                        "To: \"Ann\"\r\n <ann@example.test>\r\n"
                        "Message-ID: <log-1.mail.42.0@accounts.example.test>\r\n"
                        "Subject: Hello\r\n"
                        "Auto-Submitted: auto-generated\r\n"
                        "Content-Language: en\r\n"
                        "MIME-Version: 1.0\r\n"
                        "Content-Type: multipart/alternative; boundary=\"=_keyledger_=\"\r\n"
                        "\r\n"
                        "--=_keyledger_=\r\n"
                        "Content-Type: text/plain; charset=utf-8\r\n"
                        "Content-Transfer-Encoding: quoted-printable\r\n"
                        "\r\n"
                        "text\r\n"
                        "\r\n"
                        "--=_keyledger_=\r\n"
                        "Content-Type: text/html; charset=utf-8\r\n"
                        "Content-Transfer-Encoding: quoted-printable\r\n"
                        "\r\n"
                        "<p>text</p>\r\n"
                        "\r\n"
                        "--=_keyledger_=--\r\n");
}

TEST(Message, HasNoPlaceForLinesOfSomebodyElse) {
    using enum MessageFlaw;
    const std::pair<std::string Message::*, MessageFlaw> fields[] = {
        {&Message::from_name, kFromName},
        {&Message::from_address, kFrom},
        {&Message::to_name, kToName},
        {&Message::to_address, kTo},
        {&Message::subject, kSubject},
        {&Message::language, kLanguage},
        {&Message::id, kId},
        {&Message::id_host, kId},
    };
    for (const auto& [field, flaw] : fields) {
        for (const std::string& cut : kBreaks) {
            for (const std::string& text : {"a" + cut + "Bcc: eve@example.test", "a" + cut, cut + "a"}) {
                Message message = some_message();
                message.*field = text;
                const auto written = write_message(message);
                ASSERT_FALSE(written) << static_cast<int>(flaw) << " " << text;
                EXPECT_EQ(written.error(), flaw);
            }
            // Also where it has the form of an address.
            Message message = some_message();
            message.*field = "ann" + cut + "@example.test";
            EXPECT_FALSE(write_message(message));
            message.*field = "ann@exam" + cut + "ple.test";
            EXPECT_FALSE(write_message(message));
        }
    }
    for (const std::string& cut : kBreaks) {
        if (cut == "\n") continue;  // what text is made of
        Message message = some_message();
        message.text = "a" + cut + "b";
        EXPECT_EQ(message.text.find("\xE2\x80") == std::string::npos || !write_message(message), true);
        EXPECT_FALSE(write_message(message)) << cut;
        message = some_message();
        message.html = "a" + cut + "b";
        EXPECT_FALSE(write_message(message)) << cut;
    }
}

TEST(Message, KeepsItsPartsApart) {
    Message message = some_message();
    message.text = "--=_keyledger_=--\n.\n\nContent-Type: text/x\n";
    const auto written = write_message(message);
    ASSERT_TRUE(written);
    EXPECT_EQ(written->find("\r\n--=_keyledger_=--\r\n"),
              written->size() - std::string("\r\n--=_keyledger_=--\r\n").size());
}

TEST(Message, IsBounded) {
    Message message = some_message();
    message.html = std::string(kMostMessageBytes, 'x');
    EXPECT_EQ(write_message(message).error(), MessageFlaw::kTooLarge);
    message = some_message();
    message.subject = std::string(kMostHeaderTextBytes + 1, 'x');
    EXPECT_EQ(write_message(message).error(), MessageFlaw::kSubject);
    message = some_message();
    message.id = std::string(kMostIdBytes + 1, 'x');
    EXPECT_EQ(write_message(message).error(), MessageFlaw::kId);
    for (const char* id : {"", ".a", "a.", "a..b", "a b", "a@b", "a>b", "ä"}) {
        message.id = id;
        EXPECT_EQ(write_message(message).error(), MessageFlaw::kId) << id;
    }
}

TEST(EncodedWords, LeaveShortAsciiAlone) {
    EXPECT_EQ(encoded_words("Your password was changed"), "Your password was changed");
    EXPECT_EQ(encoded_name("Ann \"the\\\" Smith, Inc."), "\"Ann \\\"the\\\\\\\" Smith, Inc.\"");
}

TEST(EncodedWords, DivideNoCharacterAndKeepLinesShort) {
    EXPECT_EQ(encoded_words("Grüße"), "=?UTF-8?B?R3LDvMOfZQ==?=");
    EXPECT_EQ(encoded_words("=?UTF-8?B?QQ==?="), "=?UTF-8?B?PT9VVEYtOD9CP1FRPT0/PQ==?=");  // what looks like one is one
    std::string long_text;
    for (int i = 0; i < 100; ++i) long_text += "€";
    const std::string words = encoded_words(long_text);
    for (std::size_t at = 0; at < words.size();) {
        const std::size_t end = std::min(words.find("\r\n ", at), words.size());
        EXPECT_LE(end - at, 75u);
        at = end + 3;
    }
    EXPECT_NE(words.find("\r\n "), std::string::npos);
}

TEST(QuotedPrintable, KeepsLinesShortAndBlanksAtTheirEnd) {
    EXPECT_EQ(quoted_printable("a = ü \nb\t\n"), "a =3D =C3=BC=20\r\nb=09\r\n");
    EXPECT_EQ(quoted_printable(std::string(76, 'x') + "\n"), std::string(76, 'x') + "\r\n");
    EXPECT_EQ(quoted_printable(std::string(77, 'x')), std::string(75, 'x') + "=\r\nxx");
    EXPECT_EQ(quoted_printable(std::string(75, 'x') + " "), std::string(75, 'x') + "=\r\n=20");
}

TEST(DateField, IsRfc5322s) {
    EXPECT_EQ(date_field({}), "Thu, 01 Jan 1970 00:00:00 +0000");
    EXPECT_EQ(date_field(Instant::at_ms(1'709'251'199'999)), "Thu, 29 Feb 2024 23:59:59 +0000");
}

TEST(SmtpAddress, HasItsDomainInALabels) {
    EXPECT_EQ(smtp_address("ann@example.com"), "ann@example.com");
    EXPECT_EQ(smtp_address("Ann.O'Neil+x@Example.COM"), "Ann.O'Neil+x@example.com");
    EXPECT_EQ(smtp_address("ann@müller.example"), "ann@xn--mller-kva.example");
    EXPECT_EQ(smtp_address("ann@straße.example"), "ann@xn--strae-oqa.example");  // non-transitional
    EXPECT_EQ(smtp_address("jürgen@müller.example"), "jürgen@xn--mller-kva.example");
    EXPECT_EQ(smtp_address("用户@例え.テスト"), "用户@xn--r8jz45g.xn--zckzah");
    EXPECT_EQ(smtp_address("ann@localhost"), "ann@localhost");
}

TEST(SmtpAddress, IsNothingElse) {
    for (const char* typed : {"",
                              "ann",
                              "@example.com",
                              "ann@",
                              "ann@@example.com",
                              ".ann@example.com",
                              "ann.@example.com",
                              "a..b@example.com",
                              "a b@example.com",
                              "<ann@example.com>",
                              "ann@example.com>",
                              "\"a b\"@example.com",
                              "ann@[127.0.0.1]",
                              "ann@exa mple.com",
                              "ann@example..com",
                              "ann@.example.com",
                              "ann@example.com.",
                              "ann@-x.example",
                              "ann@exa_mple.com",
                              "ann,eve@example.com",
                              "ann@example.com,eve@example.com",
                              "ann;eve@example.com",
                              "a:b@example.com",
                              "a(b)@example.com",
                              "a\xE2\x80\xAE"
                              "b@example.com",
                              "a\xE2\x80\x8B"
                              "b@example.com",
                              "a\xC2\xA0"
                              "b@example.com",
                              "a\xEF\xBF\xBF"
                              "b@example.com",
                              "ann@exa＞mple.com",
                              "ann@exa＿mple.com",
                              "ann@ex\xE2\x80\x8B"
                              "ample.com",
                              "ann@ex\xC2\xAD"
                              "ample.com",
                              "ann@example-.com",
                              "a\xFF"
                              "b@example.com",
                              "ann@xn--a.example"})
        EXPECT_FALSE(smtp_address(typed)) << typed;
    EXPECT_FALSE(smtp_address(std::string(65, 'a') + "@example.com"));
    EXPECT_TRUE(smtp_address(std::string(64, 'a') + "@example.com"));
    EXPECT_FALSE(smtp_address("a@" + std::string(63, 'b') + "." + std::string(63, 'b') + "." + std::string(63, 'b') +
                              "." + std::string(63, 'b')));
    for (const std::string& cut : kBreaks) {
        EXPECT_FALSE(smtp_address("ann" + cut + "@example.com"));
        EXPECT_FALSE(smtp_address("ann@example.com" + cut));
        EXPECT_FALSE(smtp_address("ann@exa" + cut + "mple.com"));
    }
}

TEST(ShownName, IsWhatPeopleAreCalled) {
    for (const char* name :
         {"Ann", "Ann Smith", "J. R. R. Tolkien", "J.R.R. Tolkien", "Anne-Marie O'Neil", "Jürgen Müller", "山田太郎",
          "محمد", "Nguyễn Văn A", "Ann & Bob \"the best\"", "Louis 14", "R2-D2", "Ann, Dr. med.", "Wwwanda"})
        EXPECT_EQ(shown_name(name), name);
}

TEST(ShownName, IsNothingThatTalksToTheReader) {
    for (const char* name : {"www.evil.example",
                             "Click http://evil.example",
                             "You won: evil.example",
                             "evil.ex",
                             "evil。example",
                             "evil．example",
                             "eve@example.com",
                             "Call 0800 123456",
                             "eve\xEF\xBC\xA0"
                             "example",
                             "a/b",
                             "a\\b",
                             "<b>Ann</b>",
                             "[link](x)",
                             "Ann|Bob",
                             "\xE2\x80\xAE"
                             "nnA",
                             "Ann\xE2\x81\xA6",
                             "Ann\xE2\x80\x8B",
                             "Ann\xE2\x80\xA8"
                             "x",
                             "A\nB",
                             "Support: call me",
                             "Prize at i\xE2\x9D\xA4.ws",
                             "\xF0\x9F\x8D\x95.ws now",
                             "Log in at 1.1.1.1",
                             "go to www evil",
                             "see HTTPS",
                             "A\xCC\x81\xCC\x81\xCC\x81\xCC\x81",
                             ""})
        EXPECT_EQ(shown_name(name), "") << name;
    EXPECT_EQ(shown_name(std::string(65, 'a')), "");
    EXPECT_EQ(shown_name(std::string(64, 'a')).size(), 64u);
}

TEST(ShownPlace, MayBeANetwork) {
    for (const char* place : {"192.0.2.0/24", "2001:db8::/32", "Berlin, Germany", "203.0.113.7"})
        EXPECT_EQ(shown_place(place), place);
    for (const char* place : {"evil.example", "dead.be", "abc.de", "a:b.example", "http://x"})
        EXPECT_EQ(shown_place(place), "") << place;
}

TEST(Link, GoesWhereItSays) {
    for (const char* link :
         {"https://accounts.example.test/verify?token=abc", "http://127.0.0.1:8080/x", "http://localhost:8080/x"})
        EXPECT_TRUE(is_link(link)) << link;
    for (const char* link : {"", "https://", "http://example.test/", "javascript:alert(1)", "https://a b",
                             "https://a\"b", "https://a<b", "https://ä.example", "https://a\nb", "HTTPS://a"})
        EXPECT_FALSE(is_link(link)) << link;
}
