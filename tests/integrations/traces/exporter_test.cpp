// A collector that answers as a test tells it to, and the exporter before it: what is sent, what is tried again, what
// is dropped, and that nobody waits.
#include "integrations/traces/exporter.hpp"

#include <gtest/gtest.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>

using namespace keyledger;
using namespace keyledger::integrations;
using namespace std::chrono_literals;
using commands::OutgoingAnswer;
using commands::OutgoingFault;

namespace {

using Outcome = Result<OutgoingAnswer, OutgoingFault>;

constexpr auto kPatience = 20s;

// Answers request after request as `answers` has it, and the last for ever.
class ScriptedCollector : public commands::Outgoing {
public:
    explicit ScriptedCollector(std::vector<Outcome> answers) : answers_(std::move(answers)) {}

    boost::asio::awaitable<Outcome> ask(commands::OutgoingRequest request, eventstore::Deadline deadline) override {
        std::optional<Outcome> answer;
        bool is_held = false;
        {
            const std::lock_guard lock(mutex_);
            bodies_.push_back(std::string(request.body->content.reveal()));
            for (const auto& field : request.fields)
                fields_ += field.name + ":" + std::string(field.value.reveal()) + ";";
            answer = answers_.at(std::min(bodies_.size(), answers_.size()) - 1);
            is_held = is_held_;
        }
        changed_.notify_all();
        if (is_held) {
            boost::asio::steady_timer until(co_await boost::asio::this_coro::executor);
            until.expires_at(deadline);
            co_await until.async_wait(boost::asio::use_awaitable);
            co_return Unexpected(OutgoingFault::kTooSlow);
        }
        co_return std::move(*answer);
    }
    void hold() {
        const std::lock_guard lock(mutex_);
        is_held_ = true;
    }
    std::vector<std::string> await_requests(std::size_t count) {
        std::unique_lock lock(mutex_);
        EXPECT_TRUE(changed_.wait_for(lock, kPatience, [&] { return bodies_.size() >= count; }));
        return bodies_;
    }
    std::string fields() {
        const std::lock_guard lock(mutex_);
        return fields_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Outcome> answers_;
    std::vector<std::string> bodies_;
    std::string fields_;
    bool is_held_ = false;
};

Outcome status(int code, std::string body = "{}") { return OutgoingAnswer{code, "application/json", std::move(body)}; }
Outcome fault(OutgoingFault of) { return Unexpected(of); }

TraceExporterOptions options() {
    TraceExporterOptions all;
    all.url = "http://127.0.0.1:1/v1/traces";
    all.delay = 1ms;
    all.first_pause = 1ms;
    all.longest_pause = 2ms;
    return all;
}

Span named(const std::string& name) {
    Span span;
    span.trace_id = std::string(32, 'a');
    span.span_id = std::string(16, 'b');
    span.name = name;
    return span;
}

void await(const TraceExporter& exporter, const std::function<bool(const TraceExporterStatus&)>& holds) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!holds(exporter.status())) {
        ASSERT_LT(std::chrono::steady_clock::now(), until);
        std::this_thread::sleep_for(1ms);  // it tells nobody what it counts: one has to ask
    }
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST(TraceExporter, SendsWhatWaitsWithTheCollectorsFields) {
    boost::asio::io_context context;
    ScriptedCollector collector({status(200)});
    auto with_key = options();
    with_key.headers.emplace_back("x-api-key", Secret("k"));
    TraceExporter exporter(context, collector, std::move(with_key), {});
    exporter.take(named("one"));
    EXPECT_TRUE(has(collector.await_requests(1).front(), "\"name\":\"one\""));
    await(exporter, [](const auto& now) { return now.exported == 1; });
    EXPECT_EQ(collector.fields(), "x-api-key:k;");
}

TEST(TraceExporter, TriesTheSameAgainWhereThatMayHelp) {
    for (const auto& trouble : {status(429), status(502), status(503), status(504), fault(OutgoingFault::kUnreachable),
                                fault(OutgoingFault::kTooSlow), fault(OutgoingFault::kBroken)}) {
        boost::asio::io_context context;
        ScriptedCollector collector({trouble, status(200)});
        TraceExporter exporter(context, collector, options(), {});
        exporter.take(named("one"));
        EXPECT_TRUE(has(collector.await_requests(2).at(1), "\"name\":\"one\""));
        await(exporter, [](const auto& now) { return now.exported == 1; });
        EXPECT_EQ(exporter.status().failures, 1);
        EXPECT_EQ(exporter.status().dropped + exporter.status().rejected, 0);
    }
}

TEST(TraceExporter, DoesNotInsistOnWhatTheCollectorDoesNotWant) {
    for (const auto& trouble : {status(400), status(401), status(500), fault(OutgoingFault::kRedirected),
                                fault(OutgoingFault::kTooLarge), fault(OutgoingFault::kBadUrl)}) {
        boost::asio::io_context context;
        ScriptedCollector collector({trouble, status(200)});
        TraceExporter exporter(context, collector, options(), {});
        exporter.take(named("one"));
        await(exporter, [](const auto& now) { return now.rejected == 1; });
        exporter.take(named("two"));
        EXPECT_FALSE(has(collector.await_requests(2).at(1), "\"name\":\"one\""));
    }
}

TEST(TraceExporter, CountsWhatTheCollectorLeftOut) {
    boost::asio::io_context context;
    ScriptedCollector collector({status(200, R"({"partialSuccess":{"rejectedSpans":"1"}})")});
    auto slower = options();
    slower.delay = 50ms;
    TraceExporter exporter(context, collector, std::move(slower), {});
    exporter.take(named("one"));
    exporter.take(named("two"));
    await(exporter, [](const auto& now) { return now.exported + now.rejected == 2; });
    EXPECT_EQ(exporter.status().rejected, 1);
}

TEST(TraceExporter, DropsWhatFindsNoRoomAndMakesNobodyWait) {
    boost::asio::io_context context;
    ScriptedCollector collector({status(200)});
    collector.hold();
    auto small = options();
    small.most_waiting = 8;
    small.most_in_request = 4;
    small.within = 500ms;
    small.first_pause = small.longest_pause = 10s;
    TraceExporter exporter(context, collector, std::move(small), {});
    exporter.take(named("first"));
    collector.await_requests(1);
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < 1000; ++i) exporter.take(named("more"));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 400ms) << "a collector that holds a request holds nobody else";
    EXPECT_EQ(exporter.status().waiting, 8u);
    EXPECT_EQ(exporter.status().dropped, 992);
}

TEST(TraceExporter, GivesUpOnSpansThatWereTriedForTooLong) {
    boost::asio::io_context context;
    ScriptedCollector collector({fault(OutgoingFault::kUnreachable)});
    auto impatient = options();
    impatient.patience = 20ms;
    TraceExporter exporter(context, collector, std::move(impatient), {});
    exporter.take(named("one"));
    await(exporter, [](const auto& now) { return now.dropped == 1; });
}

TEST(TraceExporter, TellsWhenTroubleBeginsAndEnds) {
    boost::asio::io_context context;
    ScriptedCollector collector({status(503), status(503), status(200)});
    std::mutex mutex;
    std::vector<std::string> told;
    TraceExporter exporter(context, collector, options(), [&](const std::string& trouble) {
        const std::lock_guard lock(mutex);
        told.push_back(trouble);
    });
    exporter.take(named("one"));
    await(exporter, [](const auto& now) { return now.exported == 1; });
    const std::lock_guard lock(mutex);
    EXPECT_EQ(told, (std::vector<std::string>{"status 503", ""}));
}

TEST(TraceExporter, SendsTheRestWhenItStops) {
    boost::asio::io_context context;
    ScriptedCollector collector({status(200)});
    auto slow = options();
    slow.delay = 60s;
    slow.most_in_request = 2;
    TraceExporter exporter(context, collector, std::move(slow), {});
    exporter.take(named("one"));
    EXPECT_TRUE(exporter.stop(kPatience));
    EXPECT_EQ(exporter.status().exported, 1);
    exporter.take(named("late"));
    EXPECT_EQ(exporter.status().dropped, 1);
    EXPECT_TRUE(exporter.stop(kPatience)) << "twice is once";
}

TEST(TraceExporter, StopsAlthoughTheCollectorIsAway) {
    boost::asio::io_context context;
    ScriptedCollector collector({fault(OutgoingFault::kUnreachable)});
    auto slow = options();
    slow.first_pause = slow.longest_pause = 60s;
    TraceExporter exporter(context, collector, std::move(slow), {});
    exporter.take(named("one"));
    collector.await_requests(1);
    EXPECT_TRUE(exporter.stop(kPatience));
    EXPECT_EQ(exporter.status().dropped, 1);
}
