// RFC 9110 section 2.5, RFC 9112 section 2.3: a later minor number of HTTP/1 is read as the last one that is known.
#include <gtest/gtest.h>

#include "api/http/messages/incoming.hpp"
#include "tests/api/http/http_fixture.hpp"

using namespace keyledger;
using namespace keyledger::test;
using namespace std::string_literals;

namespace {

using Pieces = std::vector<std::string_view>;

// What both listeners' reader makes of bytes that come in these pieces.
std::string read_of(const Pieces& pieces) {
    using Next = api::Incoming::Next;
    const api::ServerOptions options;
    api::RandomBytes random;
    api::Incoming incoming(options, random, {});
    Next next = Next::kNothing;
    for (const std::string_view piece : pieces) {
        incoming.add(piece);
        next = incoming.next();
        if (next != Next::kNothing) break;
    }
    if (next == Next::kRefused) return std::to_string(incoming.refusal().type.status);
    return next == Next::kRequest ? "taken for " + incoming.request().target : "not all";
}

}  // namespace

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

TEST(HttpVersion, IsTheSameWhereverTheRequestLineIsCut) {
    for (const char* line :
         {"GET /hello HTTP/1.0", "GET /hello HTTP/1.1", "GET /hello HTTP/1.2", "GET /hello HTTP/1.9", "GET / HTTP/1.22",
          "GET / HTTP/1.", "GET / HTTP/1.x", "GET / HTTP/2.0", "GET / HTTP/1.2 ", "GET / HTTP/1.2 HTTP/1.1",
          "GET / HTTP/1.2 HTTP/1.3", "GET / HTTP/1.2\r", "GET / HTTP/1.2\nX: y", "GET HTTP/1.2 HTTP/1.1",
          "GET HTTP/1.2", "CONNECT HTTP/1.2:80 HTTP/1.3", "GET  HTTP/1.2", "GET /HTTP/1.2?a=HTTP/1.3 HTTP/1.4",
          " HTTP/1.2"}) {
        const std::string all = line + "\r\nHost: a\r\n\r\n"s;
        const std::string_view bytes = all;
        const std::string whole = read_of({bytes});
        Pieces single;
        for (std::size_t at = 0; at < bytes.size(); ++at) single.push_back(bytes.substr(at, 1));
        EXPECT_EQ(read_of(single), whole) << line << ", byte by byte";
        for (std::size_t cut = 1; cut < bytes.size(); ++cut)
            EXPECT_EQ(read_of({bytes.substr(0, cut), bytes.substr(cut)}), whole) << line << ", cut behind " << cut;
    }
    EXPECT_EQ(read_of({"GET /hello HTTP/1.2", "\r\nHost: a\r\n\r\n"}), "taken for /hello");
    EXPECT_EQ(read_of({"GET /hello HTTP/1.2\r", "\nHost: a\r\n\r\n"}), "taken for /hello");
}

// What comes with the end of the request before is read before anything else is waited for.
TEST(HttpVersion, IsTheSameWhereverTheRequestLineIsCutOnAConnection) {
    TestServer server;
    const std::string before = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
    for (const char* version : {"HTTP/1.1", "HTTP/1.2", "HTTP/1.9"}) {
        const std::string line = "GET /hello "s + version + "\r\n";
        for (std::size_t cut = 1; cut < line.size(); ++cut) {
            RawSocket socket(server.port());
            socket.send(before + line.substr(0, cut));
            EXPECT_EQ(socket.read_response().status, 200);
            socket.send(line.substr(cut) + "Host: a\r\n\r\n");
            EXPECT_EQ(socket.read_response().status, 200) << version << ", cut behind " << cut;
        }
    }
}
