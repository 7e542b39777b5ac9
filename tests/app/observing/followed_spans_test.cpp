// What a follower did with the events of a traced request, told from what it reads and where it says it is.
#include "app/observing/followed_spans.hpp"

#include <gtest/gtest.h>

#include "tests/support/world/stand_ins.hpp"

using namespace keyledger;
using eventstore::as_followed;
using eventstore::RecordedEvent;

namespace {

const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kRequest = "00f067aa0ba902b7";
constexpr Instant kNow = Instant::at_ms(1'796'032'800'000);

class Spans : public integrations::SpanSink {
public:
    void take(integrations::Span span) noexcept override { all.push_back(std::move(span)); }
    std::vector<integrations::Span> all;
};

RecordedEvent event(Position position, const std::string& flags = "01") {
    RecordedEvent one;
    one.position = position;
    one.stream_type = "user";
    one.type = "user.disabled";
    one.payload = R"({"reason":""})";
    one.metadata = R"({"actor_id":"","actor_type":"anonymous","causation_id":"","client_address":null,"command_id":"",)"
                   R"("correlation_id":"","device":null,"occurred_at_ms":1,"request_id":"","session_id":null,)"
                   R"("traceparent":"00-)" +
                   kTrace + "-" + kRequest + "-" + flags + R"(","user_agent":null})";
    one.recorded_at = kNow;
    one.trust = RecordedEvent::Trust::kBelieved;
    return one;
}

struct FollowedSpansTest : testing::Test {
    Spans told;
    test::FixedClock clock{kNow};
    app::TraceRecorder recorder{told, clock};
    app::FollowedSpans followed{recorder, clock, span(), 2};

    static integrations::Span span() {
        integrations::Span one;
        one.name = "project";
        return one;
    }
};

}  // namespace

TEST_F(FollowedSpansTest, AreChildrenOfTheRequestAndEndWithTheLastPart) {
    followed.read(as_followed({event(1), event(2)}));
    followed.done("users", 2);
    EXPECT_TRUE(told.all.empty()) << "one of two read models";
    followed.done("audit", 1);
    ASSERT_EQ(told.all.size(), 1u);
    EXPECT_EQ(told.all[0].trace_id, kTrace);
    EXPECT_EQ(told.all[0].parent_id, kRequest);
    EXPECT_TRUE(told.all[0].is_parent_remote);
    EXPECT_EQ(told.all[0].span_id.size(), 16u);
    EXPECT_LE(told.all[0].begun_ns, told.all[0].ended_ns);
    followed.done("audit", 2);
    ASSERT_EQ(told.all.size(), 2u);
    EXPECT_NE(told.all[0].span_id, told.all[1].span_id);
}

TEST_F(FollowedSpansTest, AreToldOnceHoweverOftenAPartSaysWhereItIs) {
    followed.read(as_followed({event(1)}));
    followed.done("users", 1);
    followed.done("users", 1);
    EXPECT_TRUE(told.all.empty());
    followed.done("audit", 1);
    followed.read(as_followed({event(1)}));
    followed.done("users", 1);
    followed.done("audit", 1);
    EXPECT_EQ(told.all.size(), 1u);
}

TEST_F(FollowedSpansTest, AreNotOfWhatNobodyRecords) {
    RecordedEvent inert = event(2);
    inert.trust = RecordedEvent::Trust::kInert;
    RecordedEvent old = event(3);
    old.recorded_at = kNow - hours(1);
    RecordedEvent garbage = event(4);
    garbage.metadata = "no JSON";
    followed.read(as_followed({event(1, "00"), inert, old}));
    followed.read(as_followed({garbage}));
    followed.done("users", 4);
    followed.done("audit", 4);
    EXPECT_TRUE(told.all.empty());
}

TEST_F(FollowedSpansTest, TakeNoMoreThanSoManyForAPartThatStandsStopped) {
    for (Position first = 1; first < 20'000; first += 1'000) {
        std::vector<RecordedEvent> events;
        for (Position at = first; at < first + 1'000; ++at) events.push_back(event(at));
        followed.read(as_followed(std::move(events)));
        followed.done("users", first + 999);
    }
    followed.done("audit", 20'000);
    EXPECT_LE(told.all.size(), 4'096u);
    EXPECT_GT(told.all.size(), 0u);
}
