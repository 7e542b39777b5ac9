#include "integrations/outgoing/curl_outgoing.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>

#include "tests/support/raw_server/raw_server.hpp"
#include "tests/support/run.hpp"

using namespace keyledger;
using namespace keyledger::integrations;
using namespace std::chrono_literals;
using commands::OutgoingAnswer;
using commands::OutgoingFault;
using commands::OutgoingRequest;
using test::http_answer;
using test::RawConnection;
using test::RawServer;
using test::TestCertificate;

namespace keyledger::commands {

void PrintTo(OutgoingFault fault, std::ostream* out) { *out << name_of(fault); }

}  // namespace keyledger::commands

namespace {

using Asked = Result<OutgoingAnswer, OutgoingFault>;

OutgoingOptions with_named(std::initializer_list<const char*> hosts) {
    OutgoingOptions options;
    for (const char* host : hosts) options.named_hosts.push_back(*NamedHost::parse(host));
    return options;
}
OutgoingOptions of_this_machine() { return with_named({"127.0.0.1", "localhost"}); }

OutgoingRequest request_to(std::string url, std::chrono::milliseconds within = 20s) {
    OutgoingRequest request;
    request.url = std::move(url);
    request.within = within;
    return request;
}
Asked ask(CurlOutgoing& outgoing, OutgoingRequest request) {
    return test::run(outgoing.ask(std::move(request), std::chrono::steady_clock::now() + 30s));
}
// The fault of one request to a server that does this with every connection.
OutgoingFault fault_of(RawServer::Serve serve, std::chrono::milliseconds within = 20s) {
    RawServer server(std::move(serve));
    CurlOutgoing outgoing(of_this_machine());
    const Asked asked = ask(outgoing, request_to(server.url(), within));
    EXPECT_FALSE(asked);
    return asked ? OutgoingFault::kBusy : asked.error();
}
RawServer::Serve answering(std::string answer) {
    return [answer](RawConnection& connection) {
        while (!connection.head().empty()) connection.send(answer);
    };
}

// What opens once, for all who wait.
class Gate {
public:
    void open() {
        const std::lock_guard lock(mutex_);
        is_open_ = true;
        opened_.notify_all();
    }
    void wait() {
        std::unique_lock lock(mutex_);
        opened_.wait(lock, [this] { return is_open_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable opened_;
    bool is_open_ = false;
};

}  // namespace

TEST(CurlOutgoing, AsksAndIsAnswered) {
    std::promise<std::string> seen;
    RawServer server([&](RawConnection& connection) {
        seen.set_value(connection.head());
        connection.send(http_answer("200 OK", "application/json; charset=utf-8", R"({"a":1})"));
    });
    CurlOutgoing outgoing(of_this_machine());
    OutgoingRequest request = request_to(server.url("/keys?a=b"));
    request.accept = "application/json";
    const Asked asked = ask(outgoing, std::move(request));
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->status, 200);
    EXPECT_EQ(asked->type, "application/json; charset=utf-8");
    EXPECT_EQ(asked->body, R"({"a":1})");
    EXPECT_EQ(seen.get_future().get(), "GET /keys?a=b HTTP/1.1\r\nHost: 127.0.0.1:" + server.port() +
                                           "\r\nUser-Agent: Keyledger\r\nAccept: application/json\r\n\r\n");
}

TEST(CurlOutgoing, PostsAndTellsWhoItIs) {
    std::promise<std::string> head;
    std::promise<std::string> body;
    RawServer server([&](RawConnection& connection) {
        head.set_value(connection.head());
        body.set_value(connection.body(7));
        connection.send(http_answer("400 Bad Request", "application/json", "{}"));
    });
    CurlOutgoing outgoing(of_this_machine());
    OutgoingRequest request = request_to(server.url());
    request.authorization = Secret("Basic abc");
    request.body = commands::OutgoingBody{"application/x-www-form-urlencoded", Secret("a=b&c=d")};
    const Asked asked = ask(outgoing, std::move(request));
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->status, 400);
    const std::string said = head.get_future().get();
    EXPECT_TRUE(said.starts_with("POST / HTTP/1.1\r\n")) << said;
    for (const char* line : {"\r\nAuthorization: Basic abc\r\n", "\r\nContent-Length: 7\r\n",
                             "\r\nContent-Type: application/x-www-form-urlencoded\r\n"})
        EXPECT_NE(said.find(line), said.npos) << said;
    EXPECT_EQ(body.get_future().get(), "a=b&c=d");
}

TEST(CurlOutgoing, KeepsItsConnection) {
    RawServer server(answering(http_answer("200 OK", "text/plain", "a")));
    CurlOutgoing outgoing(of_this_machine());
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(ask(outgoing, request_to(server.url())));
    EXPECT_EQ(server.connections(), 1);
}

TEST(CurlOutgoing, GoesToNoAddressThatIsNotOfTheOpenInternet) {
    const TestCertificate certificate;
    RawServer server(answering(http_answer("200 OK", "text/plain", "a")), &certificate);
    OutgoingOptions options = with_named({"elsewhere.test"});
    options.ca_file = certificate.file();
    CurlOutgoing outgoing(options);
    // As an address, in forms that only libcurl reads, and by a name that has it.
    for (const char* host : {"127.0.0.1", "2130706433", "0x7f.1", "127.1", "localhost", "0.0.0.0"}) {
        const Asked asked = ask(outgoing, request_to("https://" + std::string(host) + ":" + server.port() + "/"));
        ASSERT_FALSE(asked) << host;
        EXPECT_EQ(asked.error(), OutgoingFault::kForbiddenHost) << host;
    }
    EXPECT_EQ(server.connections(), 0);
    CurlOutgoing named([&] {
        options.named_hosts = {*NamedHost::parse("localhost:" + server.port())};
        return options;
    }());
    EXPECT_TRUE(ask(named, request_to("https://localhost:" + server.port() + "/")));
    EXPECT_EQ(ask(named, request_to("https://127.0.0.1:" + server.port() + "/")).error(),
              OutgoingFault::kForbiddenHost);
}

TEST(CurlOutgoing, AsksNobodyByAUrlThatIsNoneOfItsOwn) {
    RawServer server(answering(http_answer("200 OK", "text/plain", "a")));
    CurlOutgoing outgoing(with_named({"other.test"}));
    for (const std::string& url : {server.url(), "http://localhost:" + server.port() + "/", std::string("nothing")})
        EXPECT_EQ(ask(outgoing, request_to(url)).error(), OutgoingFault::kBadUrl) << url;
    EXPECT_EQ(server.connections(), 0);
}

TEST(CurlOutgoing, TakesNoProxyOfTheEnvironment) {
    RawServer proxy(answering(http_answer("200 OK", "text/plain", "of the proxy")));
    RawServer server(answering(http_answer("200 OK", "text/plain", "of the server")));
    for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"})
        ASSERT_EQ(setenv(name, proxy.url().c_str(), 1), 0);
    CurlOutgoing outgoing(of_this_machine());
    const Asked asked = ask(outgoing, request_to(server.url()));
    for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"}) unsetenv(name);
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->body, "of the server");
    EXPECT_EQ(proxy.connections(), 0);
}

TEST(CurlOutgoing, BelievesOnlyCertificatesThatItsOwnAuthoritySigned) {
    const TestCertificate right;
    const TestCertificate other;
    const TestCertificate wrong_name("elsewhere.test");
    RawServer server(answering(http_answer("200 OK", "text/plain", "a")), &right);
    RawServer misnamed(answering(http_answer("200 OK", "text/plain", "a")), &wrong_name);
    RawServer plain([](RawConnection& connection) { connection.send("220 no TLS here\r\n"); });
    const auto asked_with = [](const std::string& ca_file, const RawServer& of) {
        OutgoingOptions options = of_this_machine();
        options.ca_file = ca_file;
        CurlOutgoing outgoing(options);
        return ask(outgoing, request_to("https://localhost:" + of.port() + "/"));
    };
    EXPECT_TRUE(asked_with(right.file(), server));
    EXPECT_EQ(asked_with(other.file(), server).error(), OutgoingFault::kTls);
    EXPECT_EQ(asked_with("", server).error(), OutgoingFault::kTls);
    EXPECT_EQ(asked_with("/nowhere.pem", server).error(), OutgoingFault::kTls);
    EXPECT_EQ(asked_with(wrong_name.file(), misnamed).error(), OutgoingFault::kTls);
    EXPECT_EQ(asked_with(right.file(), plain).error(), OutgoingFault::kTls);
}

TEST(CurlOutgoing, FollowsNobody) {
    RawServer other(answering(http_answer("200 OK", "text/plain", "a")));
    const std::string elsewhere = "HTTP/1.1 302 Found\r\nLocation: " + other.url() + "\r\nContent-Length: 0\r\n\r\n";
    EXPECT_EQ(fault_of(answering(elsewhere)), OutgoingFault::kRedirected);
    EXPECT_EQ(other.connections(), 0);
}

TEST(CurlOutgoing, TakesNoMoreThanWasSaid) {
    // Said before, endless without a length, endless in chunks, and fields without end.
    EXPECT_EQ(fault_of(answering("HTTP/1.1 200 OK\r\nContent-Length: 262145\r\n\r\n")), OutgoingFault::kTooLarge);
    const auto endless = [](std::string begin, std::string more) {
        return [begin, more](RawConnection& connection) {
            connection.head();
            for (bool goes_on = connection.send(begin); goes_on;) goes_on = connection.send(more);
        };
    };
    const std::string chunk = "1000\r\n" + std::string(0x1000, 'a') + "\r\n";
    EXPECT_EQ(fault_of(endless("HTTP/1.1 200 OK\r\n\r\n", std::string(1000, 'a'))), OutgoingFault::kTooLarge);
    EXPECT_EQ(fault_of(endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunk)),
              OutgoingFault::kTooLarge);
    EXPECT_EQ(fault_of(endless("HTTP/1.1 200 OK\r\n", "X-More: " + std::string(500, 'a') + "\r\n")),
              OutgoingFault::kTooLarge);
    EXPECT_EQ(fault_of(endless("", "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n")), OutgoingFault::kTooLarge);

    RawServer exact(answering(http_answer("200 OK", "text/plain", std::string(1000, 'a'))));
    CurlOutgoing outgoing(of_this_machine());
    OutgoingRequest request = request_to(exact.url());
    request.most_bytes = 1000;
    EXPECT_EQ(ask(outgoing, std::move(request))->body.size(), 1000u);
    request = request_to(exact.url());
    request.most_bytes = 999;
    EXPECT_EQ(ask(outgoing, std::move(request)).error(), OutgoingFault::kTooLarge);
}

TEST(CurlOutgoing, WaitsNoLongerThanWasSaid) {
    const auto silent = [](RawConnection& connection) { connection.wait_for_end(); };
    EXPECT_EQ(fault_of(silent, 200ms), OutgoingFault::kTooSlow);
    const auto drop_by_drop = [](RawConnection& connection) {
        connection.head();
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        while (connection.send("a")) std::this_thread::sleep_for(5ms);  // as slow servers do
    };
    EXPECT_EQ(fault_of(drop_by_drop, 200ms), OutgoingFault::kTooSlow);
}

TEST(CurlOutgoing, TellsWhatIsBroken) {
    EXPECT_EQ(fault_of([](RawConnection&) {}), OutgoingFault::kBroken);  // accepts, and goes
    const auto half = [](RawConnection& connection) {
        connection.head();
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    };
    EXPECT_EQ(fault_of(half), OutgoingFault::kBroken);
    EXPECT_EQ(fault_of(answering("SSH-2.0-nothing\r\n")), OutgoingFault::kBroken);
    EXPECT_EQ(fault_of(answering("HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n")), OutgoingFault::kBroken);

    std::string nobody;
    {
        RawServer gone(answering(""));
        nobody = gone.url();
    }
    CurlOutgoing outgoing(of_this_machine());
    EXPECT_EQ(ask(outgoing, request_to(nobody)).error(), OutgoingFault::kUnreachable);
    EXPECT_EQ(ask(outgoing, request_to("https://nobody.invalid/")).error(), OutgoingFault::kUnknownHost);
}

TEST(CurlOutgoing, LetsOneHostTakeNoMoreThanItsShare) {
    Gate gate;
    std::mutex mutex;
    int at_once = 0;
    int most_at_once = 0;
    RawServer slow([&](RawConnection& connection) {
        while (!connection.head().empty()) {
            {
                const std::lock_guard lock(mutex);
                most_at_once = std::max(most_at_once, ++at_once);
            }
            gate.wait();
            {
                const std::lock_guard lock(mutex);
                --at_once;
            }
            connection.send(http_answer("200 OK", "text/plain", "slow"));
        }
    });
    RawServer quick(answering(http_answer("200 OK", "text/plain", "quick")));
    OutgoingOptions options = of_this_machine();
    options.at_once_to_a_host = 2;
    options.waiting_for_a_host = 3;
    CurlOutgoing outgoing(options);
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    const auto open_after = [&](boost::asio::awaitable<Asked> work) -> boost::asio::awaitable<Asked> {
        Asked asked = co_await std::move(work);
        for (bool are_there = false; !are_there; std::this_thread::yield()) {
            const std::lock_guard lock(mutex);
            are_there = at_once == 2;
        }
        gate.open();
        co_return asked;
    };
    // One after the other on one thread: the sixth finds no room, and another host is served all the while.
    std::vector<boost::asio::awaitable<Asked>> works;
    for (int i = 0; i < 6; ++i) works.push_back(outgoing.ask(request_to(slow.url(), 60s), deadline));
    works.push_back(open_after(outgoing.ask(request_to(quick.url(), 60s), deadline)));
    const std::vector<Asked> asked = test::run_all(std::move(works), 1);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(asked[static_cast<std::size_t>(i)]->body, "slow");
    EXPECT_EQ(asked[5].error(), OutgoingFault::kBusy);
    EXPECT_EQ(asked[6]->body, "quick");
    EXPECT_EQ(most_at_once, 2);
    EXPECT_EQ(outgoing.counts().shed, 1u);
    EXPECT_EQ(outgoing.counts().begun, 6u);
    EXPECT_TRUE(ask(outgoing, request_to(slow.url())));
}

TEST(CurlOutgoing, GivesUpWhatWaitsTooLong) {
    RawServer silent([](RawConnection& connection) { connection.wait_for_end(); });
    OutgoingOptions options = of_this_machine();
    options.at_once_to_a_host = 1;
    CurlOutgoing outgoing(options);
    auto first = std::async(std::launch::async, [&] { return ask(outgoing, request_to(silent.url())); });
    while (silent.connections() == 0) std::this_thread::yield();
    EXPECT_EQ(ask(outgoing, request_to(silent.url(), 100ms)).error(), OutgoingFault::kTooSlow);
    EXPECT_EQ(silent.connections(), 1);
    outgoing.stop();
    EXPECT_EQ(first.get().error(), OutgoingFault::kStopped);
}

TEST(CurlOutgoing, AnswersAllWhenItStops) {
    RawServer silent([](RawConnection& connection) { connection.wait_for_end(); });
    CurlOutgoing outgoing(of_this_machine());
    std::vector<std::future<Asked>> asked;
    for (int i = 0; i < 8; ++i)  // four under way, and four that wait
        asked.push_back(std::async(std::launch::async, [&] { return ask(outgoing, request_to(silent.url())); }));
    while (silent.connections() < 4) std::this_thread::yield();
    outgoing.stop();
    outgoing.stop();
    for (auto& one : asked) EXPECT_EQ(one.get().error(), OutgoingFault::kStopped);
    EXPECT_EQ(ask(outgoing, request_to(silent.url())).error(), OutgoingFault::kStopped);
}
