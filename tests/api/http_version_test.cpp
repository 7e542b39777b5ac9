// RFC 9110 section 2.5, RFC 9112 section 2.3: a later minor number of HTTP/1 is read as the last one that is known.
#include <gtest/gtest.h>

#include "tests/api/http_fixture.hpp"

using namespace keyledger::test;
using namespace std::string_literals;

TEST(HttpVersion, OfALaterMinorNumberIsReadAsTheLastOneThatIsKnown) {
    TestServer server;
    for (const char* version : {"HTTP/1.1", "HTTP/1.2", "HTTP/1.5", "HTTP/1.9"}) {
        // Kept alive, framed and asked for a host as HTTP/1.1 is.
        const std::string one = "POST /echo "s + version + "\r\nHost: a\r\nTransfer-Encoding: chunked\r\n";
        const std::string body = "\r\n1\r\nx\r\n0\r\n\r\n";
        const std::string all = server.converse(one + body + one + "Connection: close\r\n" + body);
        EXPECT_TRUE(all.starts_with("HTTP/1.1 200 ")) << version << all;
        EXPECT_NE(all.find("HTTP/1.1 200 ", 1), all.npos) << "the connection stays open: " << version << all;
    }
    EXPECT_TRUE(server.converse("GET /hello HTTP/1.7\r\n\r\n").starts_with("HTTP/1.1 400 ")) << "no host";
}

TEST(HttpVersion, ThatIsNoneIsRefused) {
    TestServer server;
    for (const char* version : {"HTTP/1.", "HTTP/1.x", "HTTP/1.10", "HTTP/01.2", "HTTP/1.2 ", "http/1.2"}) {
        const std::string all = server.converse("GET /hello "s + version + "\r\nHost: a\r\n\r\n");
        EXPECT_TRUE(all.starts_with("HTTP/1.1 505 ") || all.starts_with("HTTP/1.1 400 ")) << version << all;
    }
}
