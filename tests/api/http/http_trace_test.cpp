// A request's own span, where requests are traced (W3C Trace Context).
#include <gtest/gtest.h>

#include "api/requests/identifiers.hpp"
#include "tests/api/http/http_fixture.hpp"

using namespace keyledger;
using namespace keyledger::test;

TEST(HttpRequest, IsASpanOfItsOwnWhereThatIsRecorded) {
    const std::string caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0";
    const auto own = [&](const api::TraceRules& rules, const std::string& flag) {
        api::RandomBytes random;
        return api::begin_span(random, caller + flag, rules);
    };
    for (const std::string flag : {"0", "1"}) {
        const std::string followed = own({true, 0.5, true}, flag);
        EXPECT_TRUE(api::accept_traceparent(followed)) << followed;
        EXPECT_EQ(api::trace_id_of(followed), api::trace_id_of(caller + flag)) << "the trace goes on";
        EXPECT_NE(api::span_id_of(followed), api::span_id_of(caller + flag)) << "with a span of its own";
        EXPECT_EQ(api::is_sampled(followed), flag == "1") << "as the caller decided";
        EXPECT_TRUE(api::is_sampled(own({true, 1, false}, flag))) << "whatever the caller decided";
        EXPECT_FALSE(api::is_sampled(own({true, 0, false}, flag)));
    }
    api::RandomBytes random;
    int recorded = 0;
    for (int i = 0; i < 10'000; ++i)
        recorded += int{api::is_sampled(api::begin_span(random, std::nullopt, {true, 0.3}))};
    EXPECT_NEAR(recorded, 3'000, 450);  // beyond 9 standard deviations

    api::ServerOptions options;
    options.traces = {true, 1, true};
    TestServer server(options);
    HttpClient client(server.port());
    const std::string body = client.get("/show/1", {{"traceparent", caller + "1"}}).body;
    const std::string seen = body.substr(body.find("trace=") + 6, 55);
    EXPECT_EQ(api::trace_id_of(seen), api::trace_id_of(caller + "1"));
    EXPECT_NE(api::span_id_of(seen), api::span_id_of(caller + "1"));
    EXPECT_TRUE(api::is_sampled(seen));
}
