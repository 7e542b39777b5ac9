// What the listener refuses, and how it reads what it accepts. Bytes on real sockets.
#include <gtest/gtest.h>

#include "api/requests/identifiers.hpp"
#include "tests/api/http/http_fixture.hpp"

using namespace keyledger;
using namespace keyledger::test;
using namespace std::string_literals;

namespace {

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

// Exactly one answer came, with this status and problem type, and the connection was closed.
void expect_refused(const TestServer& server, std::string_view bytes, int status, std::string_view slug) {
    std::string all = server.converse(bytes);
    EXPECT_TRUE(all.starts_with("HTTP/1.1 " + std::to_string(status) + " ")) << bytes << "\n---\n" << all;
    EXPECT_TRUE(has(all, "urn:keyledger:problem:" + std::string(slug) + "\"")) << bytes << "\n---\n" << all;
    EXPECT_TRUE(has(all, "\r\nContent-Type: application/problem+json\r\n")) << all;
    EXPECT_TRUE(has(all, "\r\nConnection: close\r\n")) << all;
    EXPECT_EQ(all.find("}HTTP/1.1 "), all.npos) << "a second answer: " << all;
}

std::string post(std::string_view fields, std::string_view body) {
    return "POST /echo HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

}  // namespace

TEST(HttpFraming, RefusesLengthsThatConflictOrAreMalformed) {
    TestServer server;
    for (const char* fields :
         {"Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: 5\r\nContent-Length: 5\r\n",
          "Content-Length: 5, 6\r\n", "Content-Length: -5\r\n", "Content-Length: +5\r\n", "Content-Length: 5x\r\n",
          "Content-Length: \r\n", "Content-Length: 99999999999999999999999\r\n", "Content-Length: 0x5\r\n",
          "Content-Length: 5, 5\r\n", "Content-Length: 5,5\r\n", "Content-Length: 5,\r\n", "Content-Length: ,5\r\n",
          "Content-Length: 5 5\r\n"})
        expect_refused(server, post(fields, "hello"), 400, "bad-request");
}

// RFC 9112 section 5.2. What goes on in the next line is one field to one reader and two to another.
TEST(HttpFraming, RefusesFieldsThatGoOnInTheNextLine) {
    TestServer server;
    for (const char* fields :
         {"Content-Length:\r\n 5\r\n", "Content-Length: 5\r\n \r\n", "Transfer-Encoding:\r\n\tchunked\r\n",
          "Content-Length: 5\r\nX-Other: a\r\n Transfer-Encoding: chunked\r\n",
          "X-Other: a\r\n\tb\r\nContent-Length: 5\r\n", "Content-Length: 5\r\nX-Last: a\r\n  \r\n"})
        expect_refused(server, post(fields, "hello"), 400, "bad-request");
}

TEST(HttpFraming, RefusesTrailersThatGoOnInTheNextLine) {
    TestServer server;
    const std::string start = post("Transfer-Encoding: chunked\r\n", "5\r\na\r\n b\r\n0\r\n");
    for (const char* trailers : {"X: a\r\n b\r\n\r\n", "X: a\r\nY:\r\n\tb\r\n\r\n", "X: a\r\n b\r\nY: c\r\n\r\n",
                                 "X: a\r\nY: b\r\nZ: c\r\n d\r\n e\r\n\r\n"})
        expect_refused(server, start + trailers, 400, "bad-request");
    // The same bytes within a body, and trailers of one line each, are nobody's business.
    for (const char* trailers : {"\r\n", "X: a\r\n\r\n", "X: a\r\nY: b\r\n\r\n"}) {
        RawSocket socket(server.port());
        socket.send(start + trailers);
        EXPECT_EQ(socket.read_response().body, "a\r\n b") << trailers;
    }
}

TEST(HttpFraming, FindsAFoldHoweverItsBytesArrive) {
    TestServer server;
    RawSocket socket(server.port());
    for (char c : "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n 5\r\n\r\nhello"s) {
        try {
            socket.send({&c, 1});
        } catch (const std::exception&) {
            break;  // it has closed already
        }
    }
    EXPECT_EQ(socket.read_response().status, 400);
}

TEST(HttpFraming, RefusesALengthBesideATransferCoding) {
    TestServer server;
    expect_refused(server, post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400,
                   "bad-request");
    expect_refused(server, post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400,
                   "bad-request");
}

// Beast takes these for messages without a body; the body would then be read as a request of its own.
TEST(HttpFraming, RefusesTransferCodingsOtherThanChunkedSoThatNoBodyBecomesARequest) {
    TestServer server;
    std::string smuggled = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
    for (const char* fields : {"Transfer-Encoding: gzip\r\n", "Transfer-Encoding: gzip, chunked\r\n",
                               "Transfer-Encoding: chunked, identity\r\n", "Transfer-Encoding: xchunked\r\n",
                               "Transfer-Encoding: identity\r\n", "Transfer-Encoding: \r\n",
                               "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                               "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
                               "Transfer-Encoding: gzip\r\nContent-Length: 3\r\n"})
        expect_refused(server, post(fields, smuggled), 400, "bad-request");
    expect_refused(server, "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "bad-request");
}

TEST(HttpFraming, RefusesMalformedChunks) {
    TestServer server;
    for (const char* body : {"x\r\n", "-1\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "5 5\r\nhello\r\n0\r\n\r\n", "\r\n"})
        expect_refused(server, post("Transfer-Encoding: chunked\r\n", body), 400, "bad-request");
}

TEST(HttpFraming, RefusesBadLinesAndBytes) {
    TestServer server;
    for (const std::string& bytes :
         {"GET /hello HTTP/1.1\r\nHost : a\r\n\r\n"s, "GET /hello HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"s,
          "GET /hello HTTP/1.1\r\nHost: a\n\n"s, "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"s,
          "GET /hello HTTP/1.1\r\nHost: a\r\nX\0: a\r\n\r\n"s, "GET /hel\0lo HTTP/1.1\r\nHost: a\r\n\r\n"s,
          "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"s, "G\x01T /hello HTTP/1.1\r\nHost: a\r\n\r\n"s,
          "\x16\x03\x01\x02\x01\x01\r\n\r\n"s, "GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n"s})
        expect_refused(server, bytes, 400, "bad-request");
}

TEST(HttpFraming, RefusesOtherVersions) {
    TestServer server;
    for (const char* version : {"HTTP/2.0", "HTTP/0.9", "HTTP/1.x", "HTTP/3.1", "http/1.1", "HTTP/11"})
        expect_refused(server, "GET /hello "s + version + "\r\nHost: a\r\n\r\n", 505, "http-version-not-supported");
    expect_refused(server, "GET /hello HTTP/1.1\nHost: a\n\n", 505, "http-version-not-supported");
    expect_refused(server, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "http-version-not-supported");
}

TEST(HttpHost, MustBeThereOnceAndValid) {
    TestServer server;
    for (const char* fields : {"", "Host: a\r\nHost: a\r\n", "Host: a\r\nhost: b\r\n", "Host: \r\n", "Host: a b\r\n",
                               "Host: a/b\r\n", "Host: u@a\r\n", "Host: a, b\r\n"})
        expect_refused(server, "GET /hello HTTP/1.1\r\n"s + fields + "\r\n", 400, "bad-request");
}

// RFC 9112 section 3.2.2: what the target says of the host goes before Host, which has to be there and good
// all the same.
TEST(HttpHost, GivesWayToAnAbsoluteTarget) {
    TestServer server;
    for (const char* target :
         {"http://a", "http://b", "HTTP://B:80", "https://b.example:8443", "http://[::1]:80", "http://%61"})
        for (const char* host : {"Host: a\r\n", "host: a:80\r\n"})
            EXPECT_TRUE(
                has(server.converse("GET "s + target + "/hello HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n"),
                    " 200 OK"))
                << target << host;
    for (const char* fields : {"", "Host: a\r\nHost: a\r\n", "Host: a b\r\n", "Host: \r\n"})
        expect_refused(server, "GET http://a/hello HTTP/1.1\r\n"s + fields + "\r\n", 400, "bad-request");
    for (const char* target : {"http:///hello", "http://u@a/hello", "ftp://a/hello", "a/hello", "http:/hello"})
        expect_refused(server, "GET "s + target + " HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-request");
    EXPECT_TRUE(has(server.converse("GET http://a/hello HTTP/1.0\r\n\r\n"), " 200 OK"));
}

// RFC 9112 section 2.2. Whole ones alone, and so few that they keep no connection open.
TEST(HttpFraming, SkipsAFewEmptyLinesBeforeARequest) {
    const std::string request = "GET /hello HTTP/1.1\r\nHost: a\r\n";
    const std::string last = request + "Connection: close\r\n\r\n";
    TestServer server;
    for (const char* before : {"\r\n", "\r\n\r\n", "\r\n\r\n\r\n\r\n"}) {
        EXPECT_TRUE(server.converse(before + last).starts_with("HTTP/1.1 200 ")) << before;
        const std::string both = server.converse(before + request + "\r\n" + before + last);
        EXPECT_EQ(both.find("HTTP/1.1 200 "), 0U) << before;
        EXPECT_NE(both.find("HTTP/1.1 200 ", 1), both.npos) << "before the second one too";
    }
    for (const char* before :
         {"\r\n\r\n\r\n\r\n\r\n", "\n", "\r", "\r\r\n", "\n\r\n", "\r\n\n", " \r\n", "\r\n \r\n"}) {
        const std::string all = server.converse(before + last);
        EXPECT_TRUE(all.starts_with("HTTP/1.1 400 ") || all.starts_with("HTTP/1.1 505 ")) << before << all;
        EXPECT_EQ(all.find("HTTP/1.1 ", 1), all.npos) << "and nothing behind it is read";
    }
    RawSocket socket(server.port());
    for (const char c : "\r\n\r\n"s + last) socket.send({&c, 1});
    EXPECT_EQ(socket.read_response().status, 200) << "byte by byte";
    RawSocket nothing(server.port());
    nothing.send("\r\n\r");
    nothing.half_close();
    EXPECT_EQ(nothing.read_to_end(), "") << "no request, no answer";
}

// What is behind a body is a request of its own, with or without empty lines: never a part of the one before.
TEST(HttpFraming, FindsTheSameRequestsWithEmptyLinesBetweenThem) {
    TestServer server;
    for (const char* between : {"", "\r\n", "\r\n\r\n"}) {
        const std::string all =
            server.converse(post("Content-Length: 5\r\n", "hello") + between +
                            post("Transfer-Encoding: chunked\r\n", "2\r\nhi\r\n0\r\n\r\n") + between +
                            "GET /show/last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        EXPECT_TRUE(has(all, "\r\n\r\nhelloHTTP/1.1 200 ")) << between << all;
        EXPECT_TRUE(has(all, "\r\n\r\nhiHTTP/1.1 200 ")) << between << all;
        EXPECT_TRUE(has(all, "\r\n\r\nid=last\n")) << between << all;
    }
}

// RFC 9110 section 5.6.1: what a recipient must not stumble over in a list. Lengths and codings are none
// here.
TEST(HttpHeader, IgnoresEmptyElementsOfLists) {
    TestServer server;
    for (const char* connection : {"close,", ", close", ",, Close ,,", "x, , close", "Keep-Alive, ,close"}) {
        const std::string all =
            server.converse("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: "s + connection + "\r\n\r\n");
        EXPECT_TRUE(all.starts_with("HTTP/1.1 200 ")) << connection;
        EXPECT_TRUE(has(all, "\r\nConnection: close\r\n")) << connection;
    }
    for (const char* expect :
         {"Expect: ,100-continue\r\n", "Expect: 100-Continue ,,\r\n", "Expect: ,\r\nExpect: 100-continue\r\n",
          "Expect: 100-continue\r\nExpect: 100-continue\r\n"}) {
        RawSocket socket(server.port());
        socket.send(post("Content-Length: 5\r\n"s + expect, ""));
        EXPECT_EQ(socket.read_response().status, 100) << expect;
        socket.send("hello");
        EXPECT_EQ(socket.read_response().status, 200) << expect;
    }
    for (const char* expect : {"Expect: \r\n", "Expect: , ,\r\n"}) {
        RawSocket socket(server.port());
        socket.send(post("Content-Length: 5\r\n"s + expect, "hello"));
        EXPECT_EQ(socket.read_response().status, 200) << expect << ": nothing is expected";
    }
    expect_refused(server, post("Content-Length: 5\r\nExpect: 100-continue, a miracle\r\n", "hello"), 417,
                   "expectation-failed");
    for (const char* coding : {"chunked,", ",chunked", "chunked, ,", ", chunked ,"})
        expect_refused(server, post("Transfer-Encoding: "s + coding + "\r\n", "0\r\n\r\n"), 400, "bad-request");
}

TEST(HttpHeader, RefusesASecondFieldWhereReadersCouldDiffer) {
    TestServer server;
    for (const char* name : {"Authorization", "Content-Type", "Idempotency-Key", "Origin", "X-Request-Id"})
        expect_refused(server, "GET /hello HTTP/1.1\r\nHost: a\r\n"s + name + ": 1\r\n" + name + ": 2\r\n\r\n", 400,
                       "bad-request");
}

TEST(HttpLimits, RefusesALongHeader) {
    TestServer server;
    std::string value(17 * 1024, 'x');
    expect_refused(server, "GET /hello HTTP/1.1\r\nHost: a\r\nX: " + value + "\r\n\r\n", 431, "header-too-large");
    std::string many = "GET /hello HTTP/1.1\r\nHost: a\r\n";
    for (int i = 0; i < 100; ++i) many += "X: y\r\n";
    expect_refused(server, many + "\r\n", 431, "header-too-large");
}

// Beast applies its limit to bytes that it has not parsed yet. A client that sends whole fields, one after
// the other, would never reach it, and fill the memory.
TEST(HttpLimits, RefusesALongHeaderSentFieldByField) {
    TestServer server;
    RawSocket socket(server.port());
    socket.send("GET /hello HTTP/1.1\r\nHost: a\r\n");
    std::string field = "X: " + std::string(1000, 'x') + "\r\n";
    for (int sent = 0; sent < 64 && !socket.is_closed_by_peer(); ++sent) {
        try {
            socket.send(field);
        } catch (const ClientError&) {
            break;
        }
    }
    HttpResponse response = socket.read_response();
    EXPECT_EQ(response.status, 431);
}

TEST(HttpLimits, RefusesALongTarget) {
    TestServer server;
    std::string path = "/" + std::string(9 * 1024, 'x');
    expect_refused(server, "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n", 414, "uri-too-long");
    std::string longer = "/" + std::string(20 * 1024, 'x');
    expect_refused(server, "GET " + longer + " HTTP/1.1\r\nHost: a\r\n\r\n", 414, "uri-too-long");
}

TEST(HttpLimits, RefusesALongBodyBeforeReadingIt) {
    TestServer server;
    expect_refused(server, post("Content-Length: 65537\r\n", ""), 413, "payload-too-large");
    expect_refused(server, post("Content-Length: 65537\r\nExpect: 100-continue\r\n", ""), 413, "payload-too-large");
    expect_refused(server, post("Transfer-Encoding: chunked\r\n", "10001\r\n"), 413, "payload-too-large");
    std::string chunk = "8000\r\n" + std::string(0x8000, 'x') + "\r\n";
    expect_refused(server, post("Transfer-Encoding: chunked\r\n", chunk + chunk + "1\r\n"), 413, "payload-too-large");
}

TEST(HttpLimits, RefusesALongChunkExtensionAndALongTrailer) {
    TestServer server;
    std::string extension = "1;a=" + std::string(20 * 1024, 'x');
    EXPECT_TRUE(has(server.converse(post("Transfer-Encoding: chunked\r\n", extension)), " 431 "));
    std::string trailer = "0\r\nX: " + std::string(20 * 1024, 'x');
    EXPECT_TRUE(has(server.converse(post("Transfer-Encoding: chunked\r\n", trailer)), " 431 "));
}

TEST(HttpBody, TakesTheLongestBodyWithinTheLimitEitherWay) {
    TestServer server;
    std::string body(65536, 'x');
    HttpClient client(server.port());
    EXPECT_EQ(client.post_json("/echo", body).body, body);
    RawSocket socket(server.port());
    socket.send(post("Transfer-Encoding: chunked\r\n", "8000;ext=\"1\"\r\n" + body.substr(0x8000) + "\r\n8000\r\n" +
                                                           body.substr(0x8000) + "\r\n0\r\n\r\n"));
    EXPECT_EQ(socket.read_response().body, body);
}

TEST(HttpBody, IgnoresTrailersSoThatTheyAddNoAuthority) {
    TestServer server;
    RawSocket socket(server.port());
    socket.send("POST /show/1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                "2\r\nhi\r\n0\r\nAuthorization: Bearer forged\r\n\r\n");
    EXPECT_TRUE(has(socket.read_response().body, "authorization=-"));
}

TEST(HttpExpect, IsAnsweredWithContinueOnceTheHeaderIsGood) {
    TestServer server;
    RawSocket socket(server.port());
    socket.send(post("Content-Length: 5\r\nExpect: 100-continue\r\n", ""));
    EXPECT_EQ(socket.read_response().status, 100);
    socket.send("hello");
    HttpResponse response = socket.read_response();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "hello");
}

TEST(HttpExpect, IsAnsweredAtOnceWhereTheBodyWouldBeForNothing) {
    TestServer server;
    std::string unknown = "POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    expect_refused(server, unknown, 404, "not-found");
    expect_refused(server, post("Content-Length: 5\r\nExpect: 200-maybe\r\n", ""), 417, "expectation-failed");
}

TEST(HttpExpect, IsIgnoredWhenTheBodyIsAlreadyThereAndInHttp10) {
    TestServer server;
    RawSocket socket(server.port());
    socket.send(post("Content-Length: 5\r\nExpect: 100-continue\r\n", "hello"));
    EXPECT_EQ(socket.read_response().status, 200);
    RawSocket old(server.port());
    old.send("POST /echo HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    old.send("hello");
    EXPECT_EQ(old.read_response().status, 200);
}

TEST(HttpTarget, RefusesTricksWithEncodings) {
    TestServer server;
    for (const char* target :
         {"/hello%00", "/show/%ff", "/show/%c0%ae", "/show/%zz", "/show/%", "/show/..", "/show/%2e%2e", "/a/../hello",
          "/./hello", "/show/%0d%0aX:1", "/show/1?q=1&q=2", "/show/1?q=%00", "hello", "ftp://a/hello", "*", "/hello#x"})
        expect_refused(server, "GET "s + target + " HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-request");
}

TEST(HttpTarget, KeepsAnEncodedSlashInsideItsSegment) {
    TestServer server;
    HttpClient client(server.port());
    EXPECT_EQ(client.get("/show%2F1").status, 404);
    EXPECT_TRUE(has(client.get("/show/a%2Fb?q=x+y").body, "id=a/b\n"));
    EXPECT_TRUE(has(client.get("/show/%C3%A4?q=x+y").body, "\nq=x y\n"));
}

// AuthZEN section 10.1.3: an identifier is an arbitrary string, and comes back as it is.
TEST(HttpRequest, GivesARequestIdBackAsItCame) {
    TestServer server;
    HttpClient client(server.port());
    for (const std::string& given : {"Ab.9_-"s, "req:1/2"s, "a b;c=\"d\", e"s, "{7}"s, std::string(65, 'x'),
                                     std::string(1024, 'x'), "\xC3\xA4"s, "\xFF"s, "a\tb"s, "%0D%0AX: y"s})
        EXPECT_EQ(client.get("/hello", {{"X-Request-Id", given}}).header("X-Request-Id"), given);
    for (const std::string& none : {""s, "  "s, std::string(1025, 'x')}) {
        const std::string made = client.get("/hello", {{"X-Request-Id", none}}).header("X-Request-Id").value_or("");
        EXPECT_EQ(made.size(), 32U) << none;
        EXPECT_NE(made, client.get("/hello").header("X-Request-Id")) << "ids must differ";
    }
}

// What goes into logs and events is made of letters, digits, '.', '_' and '-', and is short.
TEST(RequestIds, AreLoggedWithoutWhatCouldBeTakenForMore) {
    const std::pair<std::string, std::string> kCases[] = {{"Ab.9_-", "Ab.9_-"},
                                                          {"req:1/2", "req_1_2"},
                                                          {"a\tb request_id=c", "a_b_request_id_c"},
                                                          {"\xC3\xA4", "__"},
                                                          {std::string(70, 'x'), std::string(64, 'x')}};
    for (const auto& [given, logged] : kCases) {
        const auto id = api::request_id_of(given);
        ASSERT_TRUE(id) << given;
        EXPECT_EQ(id->logged, logged);
        EXPECT_EQ(id->echoed, given);
        EXPECT_TRUE(api::valid_request_id(id->logged));
    }
    for (const std::string& bad : {""s, "a\nb"s, "a\rX-Other: b"s, "a\0b"s, "\x7F"s, std::string(1025, 'x')})
        EXPECT_FALSE(api::request_id_of(bad)) << bad;
    EXPECT_FALSE(api::request_id_of(std::nullopt));
}

TEST(HttpRequest, TakesAGivenTraceOrMakesOne) {
    std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    EXPECT_EQ(api::accept_traceparent(good), good);
    EXPECT_EQ(api::accept_traceparent("cc" + good.substr(2) + "-later"), good);
    for (const std::string& bad : {""s, good.substr(1), good + "-x", "ff" + good.substr(2), "cc" + good.substr(2) + "x",
                                   "00-00000000000000000000000000000000-00f067aa0ba902b7-01"s,
                                   "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"s,
                                   "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"s,
                                   "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"s})
        EXPECT_FALSE(api::accept_traceparent(bad)) << bad;
    TestServer server;
    HttpClient client(server.port());
    EXPECT_TRUE(has(client.get("/show/1", {{"traceparent", good}}).body, "trace=" + good + "\n"));
    std::string body = client.get("/show/1").body;
    std::string made = body.substr(body.find("trace=") + 6, 55);
    EXPECT_TRUE(api::accept_traceparent(made)) << body;
    const std::string named = "request=" + api::trace_id_of(made) + "\n";
    EXPECT_TRUE(has(body, named)) << "a trace that begins here names its request: " << body;
    EXPECT_FALSE(has(client.get("/show/1", {{"traceparent", good}}).body, "request=" + api::trace_id_of(good)))
        << "one that goes on may have several";
    EXPECT_TRUE(has(client.get("/show/1", {{"X-Request-Id", "mine"}}).body, "request=mine\n"));
}

TEST(HttpRequest, BelievesOnlyTrustedProxiesAboutTheClient) {
    TestServer open;
    EXPECT_TRUE(
        has(HttpClient(open.port()).get("/show/1", {{"X-Forwarded-For", "192.0.2.1"}}).body, "client=127.0.0.1\n"));
    api::ServerOptions options;
    options.trusted_proxies.push_back(api::Cidr::parse("127.0.0.0/8").value());
    TestServer behind(options);
    HttpHeaders headers{{"X-Forwarded-For", "198.51.100.66, 192.0.2.1"}, {"X-Forwarded-For", "127.0.0.9"}};
    EXPECT_TRUE(has(HttpClient(behind.port()).get("/show/1", headers).body, "client=192.0.2.1\n"));
}

TEST(HttpRequest, KeepsOnlyAUserAgentThatCanBeStored) {
    TestServer server;
    HttpClient client(server.port());
    EXPECT_TRUE(has(client.get("/show/1", {{"User-Agent", "curl/8 \xC3\xA4"}}).body, "agent=curl/8 \xC3\xA4\n"));
    EXPECT_TRUE(has(client.get("/show/1", {{"User-Agent", "bad\xFF"}}).body, "agent=bad?\n"));
    EXPECT_TRUE(has(client.get("/show/1", {{"User-Agent", std::string(600, 'x')}}).body,
                    "agent=" + std::string(512, 'x') + "\n"));
    EXPECT_TRUE(has(client.get("/show/1").body, "deadline=later"));
}

TEST(HttpAnswer, CarriesTheHeadersOfEveryAnswer) {
    api::ServerOptions options;
    options.now = [] { return Instant::at_second(784111777); };
    TestServer server(options);
    HttpClient client(server.port());
    for (const char* target : {"/hello", "/nothing", "/throw"}) {
        HttpResponse response = client.get(target);
        EXPECT_EQ(response.header("Cache-Control"), "no-store") << target;
        EXPECT_EQ(response.header("X-Content-Type-Options"), "nosniff") << target;
        EXPECT_EQ(response.header("Date"), "Sun, 06 Nov 1994 08:49:37 GMT") << target;
        EXPECT_FALSE(response.header("Server")) << target;
        EXPECT_TRUE(response.header("X-Request-Id")) << target;
    }
}

TEST(HttpAnswer, LetsAHandlerChooseItsCachingButNotItsFraming) {
    TestServer server;
    HttpResponse response = HttpClient(server.port()).get("/cached");
    EXPECT_EQ(response.header("Cache-Control"), "public, max-age=300");
    EXPECT_EQ(response.header("Content-Length"), "2");
}

TEST(HttpAnswer, ToHeadHasTheHeaderOfGetAndNoBody) {
    TestServer server;
    RawSocket socket(server.port());
    socket.send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    HttpResponse head = socket.read_response(true);
    HttpResponse get = socket.read_response();
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.header("Content-Length"), get.header("Content-Length"));
    EXPECT_EQ(get.body, R"({"hello":"world"})");
}

TEST(HttpMethod, UnknownToThePathGets405WithAllowAndTheConnectionGoesOn) {
    TestServer server;
    RawSocket socket(server.port());
    for (const char* method : {"DELETE", "PUT", "BREW", "get", "TRACE"}) {
        socket.send(std::string(method) + " /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        HttpResponse response = socket.read_response();
        EXPECT_EQ(response.status, 405) << method;
        EXPECT_EQ(response.header("Allow"), "GET, HEAD, OPTIONS") << method;
    }
    socket.send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(socket.read_response().status, 204);
    socket.send("OPTIONS /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(socket.read_response().header("Allow"), "POST, OPTIONS");
}

TEST(HttpCors, AnswersPreflightsAndMarksRefusalsToo) {
    TestServer server({}, {.origins = {"https://app.example"}});
    HttpClient client(server.port());
    HttpHeaders preflight{{"Origin", "https://app.example"}, {"Access-Control-Request-Method", "POST"}};
    HttpResponse allowed = client.request("OPTIONS", "/echo", preflight);
    EXPECT_EQ(allowed.status, 204);
    EXPECT_EQ(allowed.header("Access-Control-Allow-Origin"), "https://app.example");
    EXPECT_EQ(allowed.header("Access-Control-Allow-Methods"), "POST, OPTIONS");
    EXPECT_EQ(client.get("/nothing", preflight).header("Access-Control-Allow-Origin"), "https://app.example");
    HttpResponse other = client.get("/hello", {{"Origin", "https://evil.example"}});
    EXPECT_FALSE(other.header("Access-Control-Allow-Origin"));
    EXPECT_EQ(other.header("Vary"), "Origin");
}
