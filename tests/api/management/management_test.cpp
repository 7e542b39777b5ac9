#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "api/management/management_server.hpp"
#include "api/wire/read_json.hpp"
#include "tests/support/http/http_client.hpp"

using namespace keyledger;
using namespace keyledger::test;
using namespace std::string_literals;

namespace {

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

api::Response set_level(api::Request& request) {
    api::JsonFields body(request);
    std::string level = body.required_string("level", 10);
    auto read = body.finish();
    if (!read) return read.error();
    return api::json(200, level);
}

class Management {
public:
    explicit Management(api::ManagementOptions options = {}) : server(prepared(std::move(options), *this), routes()) {
        server.start();
    }
    std::vector<std::string> failures() {
        std::lock_guard lock(mutex_);
        return failures_;
    }

private:
    static api::ManagementOptions prepared(api::ManagementOptions options, Management& self) {
        options.port = 0;
        options.on_failure = [&self](std::string_view operation, std::string_view what) {
            std::lock_guard lock(self.mutex_);
            self.failures_.push_back(std::string(operation) + ": " + std::string(what));
        };
        return options;
    }
    static std::vector<api::ManagementRoute> routes() {
        std::vector<api::ManagementRoute> made;
        made.push_back({"metrics", api::Method::kGet, "/metrics", [](api::Request&) {
                            api::Response response;
                            response.content_type = "text/plain; version=0.0.4; charset=utf-8";
                            response.body = "up 1\n" + std::string(300'000, '#') + "\n";
                            return response;
                        }});
        made.push_back({"ready", api::Method::kGet, "/health/ready", [](api::Request& request) {
                            std::string verbose(request.query_parameter("verbose").value_or("no"));
                            return api::json(503, "{\"ready\":false,\"verbose\":\"" + verbose + "\"}");
                        }});
        made.push_back({"throw", api::Method::kGet, "/throw", [](api::Request&) -> api::Response {
                            throw std::runtime_error("secret detail of the machinery");
                        }});
        made.push_back({"set_level", api::Method::kPut, "/log-level", set_level});
        return made;
    }

    std::mutex mutex_;
    std::vector<std::string> failures_;

public:
    api::ManagementServer server;  // last: its thread uses what is above
};

}  // namespace

TEST(Management, ServesItsRoutesWithTheirStatusTypeAndBody) {
    Management management;
    HttpClient client(management.server.port());
    HttpResponse metrics = client.get("/metrics");
    EXPECT_EQ(metrics.status, 200);
    EXPECT_EQ(metrics.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_TRUE(metrics.body.starts_with("up 1\n"));
    EXPECT_GT(metrics.body.size(), 300'000U);
    HttpResponse ready = client.get("/health/ready?verbose=yes");
    EXPECT_EQ(ready.status, 503);
    EXPECT_EQ(ready.body, R"({"ready":false,"verbose":"yes"})");
    EXPECT_EQ(ready.header("Cache-Control"), "no-store");
    EXPECT_TRUE(ready.header("X-Request-Id"));
}

TEST(Management, ReadsBodiesAsStrictlyAsTheApi) {
    Management management;
    HttpClient client(management.server.port());
    EXPECT_EQ(client.put_json("/log-level", R"({"level":"debug"})").body, "debug");
    EXPECT_EQ(client.put_json("/log-level", R"({"level":"debug","x":1})").status, 400);
    EXPECT_EQ(client.request("PUT", "/log-level", {{"Content-Type", "text/plain"}}, "debug").status, 415);
    EXPECT_EQ(client.put_json("/log-level", std::string(20'000, 'x')).status, 413);
}

TEST(Management, AnswersUnknownPathsAndMethods) {
    Management management;
    HttpResponse missing = HttpClient(management.server.port()).get("/nothing");
    EXPECT_EQ(missing.status, 404);
    EXPECT_TRUE(has(missing.body, "urn:keyledger:problem:not-found")) << missing.body;
    EXPECT_EQ(HttpClient(management.server.port()).del("/metrics").status, 405);
}

TEST(Management, HidesWhatAHandlerThrew) {
    Management management;
    HttpClient client(management.server.port());
    HttpResponse response = client.get("/throw");
    EXPECT_EQ(response.status, 500);
    EXPECT_TRUE(has(response.body, "urn:keyledger:problem:internal-error")) << response.body;
    EXPECT_FALSE(has(response.body, "machinery")) << response.body;
    EXPECT_EQ(management.failures(), std::vector<std::string>{"throw: secret detail of the machinery"});
    EXPECT_EQ(client.get("/health/ready").status, 503);
}

// RFC 9110 section 9.3.2: the header of GET, and no body. `wget --spider` asks so.
TEST(Management, AnswersHeadAsGetWithoutItsBody) {
    Management management;
    for (const char* target : {"/metrics", "/health/ready", "/nothing", "/throw"}) {
        RawSocket socket(management.server.port());
        socket.send("GET "s + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
        const HttpResponse get = socket.read_response();
        socket.send("HEAD "s + target + " HTTP/1.1\r\nHost: a\r\n\r\nHEAD "s + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
        for (int i = 0; i < 2; ++i) {
            const HttpResponse head = socket.read_response(true);
            EXPECT_EQ(head.status, get.status) << target;
            EXPECT_EQ(head.header("Content-Length"), get.header("Content-Length")) << target;
            EXPECT_EQ(head.header("Content-Type"), get.header("Content-Type")) << target;
        }
    }
    RawSocket socket(management.server.port());
    socket.send("HEAD /log-level HTTP/1.1\r\nHost: a\r\n\r\n");
    const HttpResponse refused = socket.read_response(true);
    EXPECT_EQ(refused.status, 405);
    EXPECT_EQ(refused.header("Allow"), "PUT, OPTIONS");
    socket.send("OPTIONS /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(socket.read_response().header("Allow"), "GET, HEAD, OPTIONS");
}

TEST(Management, KeepsOrClosesAsTheVersionAndTheClientSay) {
    Management management;
    for (const char* last :
         {"GET /health/ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
          "GET /health/ready HTTP/1.1\r\nHost: a\r\nConnection: x, , CLOSE,\r\n\r\n",
          "GET /health/ready HTTP/1.0\r\n\r\n", "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"}) {
        RawSocket socket(management.server.port());
        socket.send("GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_FALSE(socket.read_response().header("Connection")) << "HTTP/1.1 keeps it without a word";
        socket.send(last + "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"s);
        EXPECT_EQ(socket.read_response().header("Connection"), "close") << last;
        EXPECT_EQ(socket.read_to_end(), "") << "what comes behind the last request is nobody's";
    }
    RawSocket old(management.server.port());
    for (int i = 0; i < 2; ++i) {
        old.send("GET /health/ready HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        EXPECT_EQ(old.read_response().header("Connection"), "keep-alive");
    }
}

// By the same reader as the API's listener, whose tests have all of it (http_message_test.cpp).
TEST(Management, FramesRequestsAsTheApiDoes) {
    Management management;
    const auto status_of = [&](const std::string& bytes) {
        RawSocket socket(management.server.port());
        socket.send(bytes);
        return socket.read_response().status;
    };
    const std::string ready = "/health/ready HTTP/1.1\r\n";
    for (const std::string& good : std::vector<std::string>{
             "\r\nGET " + ready + "Host: a\r\n\r\n", "GET http://else.test" + ready + "Host: a\r\n\r\n",
             "GET HTTPS://else.test:9" + ready + "Host: a:1\r\n\r\n",
             "GET /health/ready?&verbose=x&& HTTP/1.1\r\nHost: a\r\n\r\n",
             "GET " + ready + "Host: a\r\nExpect: ,\r\n\r\n"})
        EXPECT_EQ(status_of(good), 503) << good;
    for (const std::string& bad : std::vector<std::string>{
             "GET " + ready + "\r\n", "GET " + ready + "Host: a\r\nHost: a\r\n\r\n",
             "GET " + ready + "Host: a b\r\n\r\n",
             "GET " + ready + "Host: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
             "GET " + ready + "Host: a\r\nContent-Length: 2,2\r\n\r\nxx",
             "GET " + ready + "Host: a\r\nX: a\r\n b\r\n\r\n",
             "GET " + ready + "Host: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
             "GET " + ready + "Host: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             "GET " + ready + "Host : a\r\n\r\n", "GET /../metrics HTTP/1.1\r\nHost: a\r\n\r\n",
             "GET /health/ready?verbose=1&verbose=2 HTTP/1.1\r\nHost: a\r\n\r\n", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"})
        EXPECT_EQ(status_of(bad), 400) << bad;
    EXPECT_EQ(status_of("GET /health/ready HTTP/3.0\r\nHost: a\r\n\r\n"), 505);
    EXPECT_EQ(status_of("GET /health/ready HTTP/1.2\r\nHost: a\r\n\r\n"), 503);
    EXPECT_EQ(status_of("GET /health/ready HTTP/1.9\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET " + ready + "Host: a\r\nExpect: wonders\r\n\r\n"), 417);
    EXPECT_EQ(status_of("GET " + ready + "Host: a\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n"), 431);
    EXPECT_EQ(status_of("GET /" + std::string(9'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n"), 414);
    EXPECT_EQ(status_of("PUT /log-level HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n"), 413);
}

TEST(Management, AnswersEveryRequestOfMany) {
    Management management;
    RawSocket socket(management.server.port());
    const std::string body = R"({"level":"debug"})";
    const std::string put = "PUT /log-level HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
    std::string all;
    for (int i = 0; i < 60; ++i)
        all += "\r\nGET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n" + put + "Content-Length: 17\r\n\r\n" + body;
    socket.send(all);
    for (int i = 0; i < 60; ++i) {
        EXPECT_EQ(socket.read_response().status, 503);
        EXPECT_EQ(socket.read_response().body, "debug");
    }
    for (const char c : put + "Transfer-Encoding: chunked\r\n\r\n11\r\n" + body + "\r\n0\r\n\r\n") socket.send({&c, 1});
    EXPECT_EQ(socket.read_response().body, "debug") << "byte by byte";
    socket.send(put + "Content-Length: 17\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(socket.read_response().status, 100);
    socket.send(body);
    EXPECT_EQ(socket.read_response().body, "debug");
}

// Pistache keeps an answer under its descriptor's number until the handler has returned. Clients ask and
// leave at once, others come and are likely to get the same numbers: each must get its own answer, not a
// metric or a refusal that was meant for one who left.
TEST(Management, NeverGivesTheAnswerOfAClientThatLeftToTheNext) {
    Management management;
    std::atomic<int> strange = 0;
    auto call = [&] {
        for (int i = 0; i < 150; ++i) {
            RawSocket leaving(management.server.port());
            leaving.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
            leaving.reset();
            RawSocket nonsense(management.server.port());
            nonsense.send("\x16\x03\x01 nonsense\r\n\r\n");
            nonsense.reset();
            HttpResponse own = HttpClient(management.server.port()).get("/health/ready");
            if (own.status != 503 || !has(own.body, "ready")) ++strange;
        }
    };
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 4; ++caller) callers.emplace_back(call);
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(strange, 0);
}

TEST(Management, StartsAndStopsAgainAndAgain) {
    for (int i = 0; i < 20; ++i) {
        Management management;
        RawSocket idle(management.server.port());
        if (i % 2 == 0) {
            EXPECT_EQ(HttpClient(management.server.port()).get("/health/ready").status, 503);
        }
    }
}

TEST(Management, RefusesAPortInUseAndWhatIsNoAddress) {
    Management management;
    api::ManagementOptions options;
    options.port = management.server.port();
    EXPECT_THROW(api::ManagementServer(options, {}).start(), api::ManagementError);
    options.address = "localhost";
    EXPECT_THROW(api::ManagementServer(options, {}).start(), api::ManagementError);
}

TEST(Management, ServesOnIpv6Too) {
    api::ManagementOptions options;
    options.address = "::1";
    options.port = 0;
    api::ManagementServer server(options, {});
    server.start();
    EXPECT_NE(server.port(), 0);
}
