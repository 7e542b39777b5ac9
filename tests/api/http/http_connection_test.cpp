// Connections: their order, their deadlines, their limits and their end.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <fstream>
#include <memory>
#include <thread>

#include "api/http/worker.hpp"
#include "tests/api/http/http_fixture.hpp"

using namespace keyledger;
using namespace keyledger::test;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

std::string get(std::string_view target, std::string_view fields = "") {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

std::size_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::size_t all = 0;
    std::size_t resident = 0;
    statm >> all >> resident;
    return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

api::ServerOptions with(api::ServerLimits limits) {
    api::ServerOptions options;
    options.limits = limits;
    return options;
}

}  // namespace

TEST(HttpConnection, AnswersPipelinedRequestsInTheirOrder) {
    TestServer server;
    RawSocket socket(server.port());
    std::string all;
    for (int i = 0; i < 200; ++i)
        all += i % 3 == 0 ? "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n" + std::to_string(100 + i)
                          : get("/show/" + std::to_string(i));
    socket.send(all);
    for (int i = 0; i < 200; ++i) {
        std::string body = socket.read_response().body;
        if (i % 3 == 0) EXPECT_EQ(body, std::to_string(100 + i));
        else EXPECT_TRUE(body.starts_with("id=" + std::to_string(i) + "\n")) << body;
    }
}

TEST(HttpConnection, StreamsInChunksAndGoesOn) {
    TestServer server;
    std::string all = server.converse(get("/stream/ends") + get("/hello", "Connection: close\r\n"));
    EXPECT_TRUE(has(all, "Transfer-Encoding: chunked\r\n"));
    EXPECT_FALSE(has(all.substr(0, all.find("\r\n\r\n")), "Content-Length"));
    EXPECT_TRUE(has(all, "\r\n\r\n8\r\npiece 0\n\r\n8\r\npiece 1\n\r\n")) << all;
    EXPECT_TRUE(has(all, "9\r\npiece 49\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n")) << "and the next answer follows";
}

TEST(HttpConnection, StreamsToHttp10UntilItCloses) {
    TestServer server;
    std::string all = server.converse("GET /stream/ends HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_FALSE(has(all, "Transfer-Encoding"));
    EXPECT_TRUE(has(all, "Connection: close\r\n"));
    EXPECT_TRUE(has(all, "\r\n\r\npiece 0\npiece 1\n"));
    EXPECT_TRUE(all.ends_with("piece 49\n"));
}

TEST(HttpConnection, SendsNoStreamForHead) {
    TestServer server;
    std::string all = server.converse("HEAD /stream/ends HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(all.ends_with("\r\n\r\n")) << all;
    EXPECT_FALSE(has(all, "piece"));
}

// What the client has got must not look whole.
TEST(HttpConnection, CutsAStreamThatCantGoOn) {
    TestServer server;
    for (const char* how : {"breaks", "throws"}) {
        std::string all = server.converse(get("/stream/"s + how) + get("/hello"));
        EXPECT_TRUE(all.ends_with("piece 49\n\r\n")) << all;
        EXPECT_FALSE(has(all, "\r\n0\r\n"));
        EXPECT_FALSE(has(all, "secret detail"));
    }
    EXPECT_EQ(server.recorder.failures().size(), 1U);
}

TEST(HttpConnection, SendsABodyThatIsThereAlready) {
    TestServer server;
    RawSocket socket(server.port());
    socket.send(get("/fixed") + get("/hello"));
    EXPECT_EQ(socket.read_response().body, std::string(TestServer::kFixedBytes, 'x'));
    EXPECT_TRUE(has(socket.read_response().body, "hello"));
    std::string head = server.converse("HEAD /fixed HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(has(head, "Content-Length: " + std::to_string(TestServer::kFixedBytes) + "\r\n")) << head;
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

// Who asks for it and reads nothing makes the process hold nothing of it.
TEST(HttpConnection, HoldsNoCopyOfABodyThatIsThereAlready) {
    TestServer server;
    RawSocket reader(server.port());
    reader.send(get("/fixed"));
    EXPECT_EQ(reader.read_response().body.size(), TestServer::kFixedBytes);  // from now on it is in memory
    const std::size_t before = resident_bytes();
    std::vector<std::unique_ptr<RawSocket>> lazy;
    for (int i = 0; i < 32; ++i) {
        lazy.push_back(std::make_unique<RawSocket>(server.port()));
        lazy.back()->send(get("/fixed"));
    }
    expect_eventually([&] { return server.recorder.requests().size() == 33; }, "all are being answered");
    const std::size_t after = resident_bytes();
    EXPECT_LT(after, before + 4 * TestServer::kFixedBytes) << "32 copies would be " << 32 * TestServer::kFixedBytes;
}

// A slow first request holds the later ones back; they are not answered by another thread or before it.
TEST(HttpConnection, DoesNotLetALaterRequestOvertake) {
    TestServer server;
    RawSocket socket(server.port());
    socket.send(get("/gate/first") + get("/show/second"));
    server.gate.await_entered(1);
    EXPECT_EQ(server.server.requests_in_flight(), 1U);
    server.gate.open();
    EXPECT_EQ(socket.read_response().body, "first");
    EXPECT_TRUE(socket.read_response().body.starts_with("id=second"));
}

TEST(HttpConnection, AnswersARequestThatComesByteByByte) {
    TestServer server;
    RawSocket socket(server.port());
    for (char c : "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"s)
        socket.send({&c, 1});
    EXPECT_EQ(socket.read_response().body, "hi");
}

TEST(HttpConnection, IsKeptOrClosedAsTheVersionAndTheClientSay) {
    TestServer server;
    std::string closed = server.converse(get("/hello", "Connection: close\r\n"));
    EXPECT_TRUE(has(closed, "\r\nConnection: close\r\n")) << closed;
    std::string old = server.converse("GET /hello HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(has(old, "\r\nConnection: close\r\n")) << old;
    RawSocket kept(server.port());
    for (int i = 0; i < 2; ++i) {
        kept.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        EXPECT_EQ(kept.read_response().header("Connection"), "keep-alive");
    }
}

TEST(HttpConnection, EndsAfterItsNumberOfRequests) {
    TestServer server(with({.requests_per_connection = 2}));
    std::string all = server.converse(get("/hello") + get("/hello") + get("/hello"));
    EXPECT_EQ(all.find("Connection: close"), all.rfind("Connection: close"));
    EXPECT_EQ(server.recorder.requests().size(), 2U);
}

TEST(HttpConnection, AnswersAClientThatHalfCloses) {
    TestServer server;
    RawSocket socket(server.port());
    socket.send(get("/hello"));
    socket.half_close();
    EXPECT_TRUE(has(socket.read_to_end(), R"({"hello":"world"})"));
}

TEST(HttpConnection, TellsAClientThatHalfClosesWithinARequest) {
    TestServer server;
    for (const char* part : {"GET /hello HT", "GET /hello HTTP/1.1\r\nHost: a\r\n",
                             "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel"}) {
        RawSocket socket(server.port());
        socket.send(part);
        socket.half_close();
        EXPECT_TRUE(socket.read_to_end().starts_with("HTTP/1.1 400 ")) << part;
    }
}

TEST(HttpDeadline, ClosesAConnectionWhoseHeaderIsSlow) {
    TestServer server(with({.header = 100ms}));
    for (const char* part : {"G", "GET /hello HTTP/1.1\r\nHost: a\r\n"}) EXPECT_EQ(server.converse(part), "");
    expect_eventually([&] { return server.server.open_connections() == 0; }, "both connections are gone");
}

// Each byte comes in time, but the whole header does not: a deadline for each read would never end it.
TEST(HttpDeadline, IsForTheWholeHeaderAndNotForEachByte) {
    TestServer server(with({.header = 200ms}));
    RawSocket socket(server.port());
    socket.send("GET /hello HTTP/1.1\r\nX: ");
    auto start = std::chrono::steady_clock::now();
    while (!socket.is_closed_by_peer() && std::chrono::steady_clock::now() - start < kPatience) {
        try {
            socket.send("x");
        } catch (const ClientError&) {
            break;
        }
        std::this_thread::sleep_for(20ms);  // the scenario itself: a client that dawdles
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, kPatience);
}

TEST(HttpDeadline, ClosesAConnectionWhoseBodyIsSlow) {
    TestServer server(with({.body = 100ms}));
    EXPECT_EQ(server.converse("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel"), "");
}

TEST(HttpDeadline, ClosesAnIdleConnection) {
    TestServer server(with({.idle = 100ms}));
    EXPECT_EQ(server.converse(""), "");
    std::string all = server.converse(get("/hello"));
    EXPECT_TRUE(has(all, " 200 OK")) << all;
}

TEST(HttpDeadline, ClosesAConnectionWhoseReaderIsSlowWithoutDisturbingOthers) {
    TestServer server(with({.write = 200ms}));
    RawSocket lazy(server.port(), 4096);
    lazy.send(get("/big"));
    HttpClient other(server.port());
    while (server.server.open_connections() > 1 || server.recorder.requests().empty())
        ASSERT_EQ(other.get("/hello").status, 200);
    EXPECT_LT(lazy.read_to_end().size(), TestServer::kBigBytes);
}

TEST(HttpFailure, OfAHandlerIsA500WithTheRequestIdAndNoDetail) {
    TestServer server;
    HttpClient client(server.port());
    HttpResponse response = client.get("/throw", {{"X-Request-Id", "r7"}});
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(response.header("Content-Type"), "application/problem+json");
    EXPECT_TRUE(has(response.body, R"("request_id":"r7")")) << response.body;
    EXPECT_FALSE(has(response.body, "machinery")) << response.body;
    EXPECT_EQ(server.recorder.failures(), std::vector<std::string>{"r7: secret detail of the machinery"});
    EXPECT_EQ(client.get("/hello").status, 200);
}

// The hazard that moved the API away from Pistache: a client leaves while its handler runs, its descriptor
// number is given to the next client, and the late answer goes there.
TEST(HttpFailure, OfAClientToStayNeverGivesItsAnswerToTheNext) {
    TestServer server;
    constexpr std::size_t kLeaving = 20;
    for (std::size_t i = 0; i < kLeaving; ++i) {
        RawSocket leaving(server.port());
        leaving.send(get("/gate/theirs"));
        server.gate.await_entered(i + 1);
        leaving.reset();
    }
    std::vector<RawSocket> next;
    for (std::size_t i = 0; i < kLeaving; ++i) {
        next.emplace_back(server.port());
        next.back().send(get("/show/" + std::to_string(i)));
    }
    server.gate.open();
    for (std::size_t i = 0; i < kLeaving; ++i) {
        EXPECT_TRUE(next[i].read_response().body.starts_with("id=" + std::to_string(i) + "\n"));
        next[i].send(get("/show/again"));
        EXPECT_TRUE(next[i].read_response().body.starts_with("id=again\n"));
    }
    EXPECT_TRUE(server.recorder.failures().empty());
}

TEST(HttpLimits, AnswersConnectionsBeyondTheLimitWith503) {
    TestServer server(with({.connections = 2}));
    RawSocket first(server.port()), second(server.port());
    for (RawSocket* socket : {&first, &second}) {
        socket->send(get("/hello"));
        EXPECT_EQ(socket->read_response().status, 200);
    }
    std::string all = server.converse(get("/hello"));
    EXPECT_TRUE(all.starts_with("HTTP/1.1 503 ")) << all;
    EXPECT_TRUE(has(all, "\r\nRetry-After: 1\r\n")) << all;
    EXPECT_TRUE(has(all, "problem:overloaded")) << all;
    first.reset();
    second.reset();
    expect_eventually([&] { return server.server.open_connections() == 0; }, "room again");
    EXPECT_EQ(HttpClient(server.port()).get("/hello").status, 200);
}

// What comes first of the answer to somebody at another address of the loopback.
std::string ask_from(const char* address, std::uint16_t port) {
    boost::asio::io_context io;
    boost::asio::ip::tcp::socket socket(io);
    socket.open(boost::asio::ip::tcp::v4());
    socket.bind({boost::asio::ip::make_address(address), 0});
    socket.connect({boost::asio::ip::address_v4::loopback(), port});
    boost::asio::write(socket, boost::asio::buffer(get("/hello")));
    std::string answer(256, '\0');
    answer.resize(socket.read_some(boost::asio::buffer(answer)));
    return answer;
}

// 127.0.0.1 and 127.0.0.2 are two networks to the listener.
TEST(HttpLimits, LeavesRoomForOthersWhenOneNetworkHasAllItMay) {
    TestServer server(with({.connections = 10, .connections_per_network = 2}));
    RawSocket first(server.port()), second(server.port());
    for (RawSocket* socket : {&first, &second}) {
        socket->send(get("/hello"));
        EXPECT_EQ(socket->read_response().status, 200);
    }
    EXPECT_TRUE(server.converse(get("/hello")).starts_with("HTTP/1.1 503 "));
    EXPECT_TRUE(ask_from("127.0.0.2", server.port()).starts_with("HTTP/1.1 200 "));
    first.reset();
    expect_eventually([&] { return server.server.open_connections() == 1; }, "only the second is left");
    EXPECT_EQ(HttpClient(server.port()).get("/hello").status, 200) << "one left, one may come";
}

TEST(HttpLimits, CountNoNetworkOfATrustedProxy) {
    auto options = with({.connections = 10, .connections_per_network = 1});
    options.trusted_proxies.push_back(*api::Cidr::parse("127.0.0.1/32"));
    TestServer server(options);
    RawSocket first(server.port()), second(server.port());
    for (RawSocket* socket : {&first, &second}) {
        socket->send(get("/hello"));
        EXPECT_EQ(socket->read_response().status, 200);
    }
}

TEST(HttpLimits, CountASlash64AndTheSiteThatItIsOf) {
    api::NetworkCounts counts;
    const auto peer = [](const std::string& text) { return *api::IpAddress::parse(text); };
    EXPECT_TRUE(counts.admit(peer("2001:db8:1:1::1"), 1));
    EXPECT_FALSE(counts.admit(peer("2001:db8:1:1::2"), 1)) << "the same /64";
    for (const char* other : {"2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:1:4::1"})
        EXPECT_TRUE(counts.admit(peer(other), 1));
    EXPECT_FALSE(counts.admit(peer("2001:db8:1:5::1"), 1)) << "its /48 has four";
    EXPECT_TRUE(counts.admit(peer("2001:db8:2:5::1"), 1)) << "another site";
    EXPECT_TRUE(counts.admit(peer("192.0.2.1"), 1));
    counts.leave(peer("2001:db8:1:2::1"));
    EXPECT_TRUE(counts.admit(peer("2001:db8:1:5::1"), 1));
}

TEST(HttpThreads, EachServeConnectionsOfTheSamePort) {
    api::ServerOptions options;
    options.io_threads = 4;
    TestServer server(options);
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 8; ++caller)
        callers.emplace_back([&] {
            for (int i = 0; i < 20; ++i) {
                HttpClient client(server.port());
                EXPECT_EQ(client.get("/hello").status, 200);
                EXPECT_EQ(client.post_json("/echo", "{}").body, "{}");
            }
        });
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(server.recorder.requests().size(), 8U * 20 * 2);
}

TEST(HttpStart, RefusesAPortWhereAnotherProcessListensEvenIfItWouldShareIt) {
    TestServer first;
    api::ServerOptions options;
    options.port = first.port();
    api::Server second(options, first.router, first.recorder);
    try {
        second.start();
        ADD_FAILURE() << "two servers share a port";
    } catch (const api::ServerError& error) {
        EXPECT_TRUE(has(error.what(), "in use by another process")) << error.what();
    }
}

TEST(HttpStart, RefusesWhatIsNoAddress) {
    api::Router router({});
    Recorder recorder;
    api::ServerOptions options;
    options.address = "localhost";
    EXPECT_THROW(api::Server(options, router, recorder), api::ServerError);
}

TEST(HttpStop, AnswersWhatIsInFlightClosesWhatIsIdleAndAcceptsNothing) {
    TestServer server;
    RawSocket idle(server.port()), busy(server.port());
    idle.send(get("/hello"));
    EXPECT_EQ(idle.read_response().status, 200);
    busy.send(get("/gate/mine") + get("/hello"));
    server.gate.await_entered(1);
    server.server.stop_accepting();
    EXPECT_EQ(idle.read_to_end(), "");
    EXPECT_THROW(RawSocket(server.port()), ClientError);
    EXPECT_FALSE(server.server.drain(10ms));
    server.gate.open();
    HttpResponse last = busy.read_response();
    EXPECT_EQ(last.body, "mine");
    EXPECT_EQ(last.header("Connection"), "close");
    EXPECT_TRUE(server.server.drain(kPatience));
    server.server.stop();
}

TEST(HttpStop, LetsCallersGoOneByOneBeforeIt) {
    TestServer server;
    RawSocket kept(server.port()), idle(server.port());
    for (RawSocket* socket : {&kept, &idle}) {
        socket->send(get("/hello"));
        EXPECT_EQ(socket->read_response().header("Connection"), std::nullopt);
    }
    server.server.close_after_answers();
    kept.send(get("/hello"));
    const HttpResponse last = kept.read_response();
    EXPECT_EQ(last.status, 200);
    EXPECT_EQ(last.header("Connection"), "close");
    EXPECT_EQ(kept.read_to_end(), "");
    RawSocket late(server.port());  // of somebody who does not know yet
    late.send(get("/hello"));
    EXPECT_EQ(late.read_response().header("Connection"), "close");
    idle.send(get("/hello"));  // what was idle was not closed before it was asked
    EXPECT_EQ(idle.read_response().status, 200);
}

TEST(HttpStop, EndsAlsoWhileHandlersHang) {
    auto server = std::make_unique<TestServer>();
    RawSocket socket(server->port());
    socket.send(get("/gate/1"));
    server->gate.await_entered(1);
    server.reset();
    EXPECT_EQ(socket.read_to_end(), "");
}

TEST(HttpObserver, HearsEveryAnswerOnceWithItsOperation) {
    TestServer server;
    HttpClient client(server.port());
    client.get("/show/1", {{"X-Request-Id", "a"}});
    client.get("/nothing", {{"X-Request-Id", "b"}});
    client.get("/throw", {{"X-Request-Id", "c"}});
    auto seen = server.recorder.requests();
    ASSERT_EQ(seen.size(), 3U);
    EXPECT_EQ(seen[0].operation + seen[0].request_id + std::to_string(seen[0].status), "showa200");
    EXPECT_EQ(seen[1].operation + seen[1].request_id + std::to_string(seen[1].status), "unmatchedb404");
    EXPECT_EQ(seen[2].operation + seen[2].request_id + std::to_string(seen[2].status), "throwc500");
}

TEST(HttpObserver, HearsHowMuchOfEachAnswerWasSent) {
    TestServer server;
    server.converse(get("/hello", "Connection: close\r\n"));
    server.converse("HEAD /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    server.converse(get("/stream/ends", "Connection: close\r\n"));
    server.converse(get("/stream/breaks"));
    expect_eventually([&] { return server.recorder.sent().size() == 4; }, "all were sent");
    const auto sent = server.recorder.sent();
    EXPECT_GT(sent[0].bytes, 0U);
    EXPECT_TRUE(sent[0].is_whole);
    EXPECT_GE(sent[0].duration_ns, 0);
    EXPECT_EQ(sent[1].bytes, 0U) << "of HEAD there is none";
    EXPECT_GE(sent[2].bytes, static_cast<std::uint64_t>(TestServer::kPieces)) << "of a stream all pieces";
    EXPECT_TRUE(sent[2].is_whole);
    EXPECT_FALSE(sent[3].is_whole) << "a stream that broke off";
}
