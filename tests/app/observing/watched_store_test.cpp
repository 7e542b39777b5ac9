// A store that is watched answers what it answers; lines and spans follow from that.
#include "app/observing/watched_store.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "eventstore/codec/envelope.hpp"
#include "tests/support/run.hpp"
#include "tests/support/world/stand_ins.hpp"

using namespace keyledger;
using eventstore::Append;
using eventstore::StoreError;
using eventstore::Verdict;

namespace {

const Uuid kAnn = *Uuid::parse("0192e4a0-0000-7abc-8def-0123456789ab");
constexpr const char* kTraced = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

// Answers every append as it is told; nothing else is asked.
class AnsweringStore : public eventstore::Store {
public:
    Result<Verdict, StoreError> answer = Verdict{eventstore::Appended{7, 1}};

    Answer<Verdict> append(Append, eventstore::Deadline) override { co_return answer; }
    Answer<std::vector<eventstore::StreamSlice>> read_streams(std::vector<eventstore::StreamFrom>,
                                                              eventstore::Deadline) override {
        co_return Unexpected(StoreError::kUnavailable);
    }
    Answer<eventstore::Confirmation> confirm(std::vector<eventstore::StreamVersion>, eventstore::CommandId,
                                             eventstore::Deadline) override {
        co_return Unexpected(StoreError::kUnavailable);
    }
    Answer<std::optional<Uuid>> find_claim(std::string, std::vector<eventstore::ClaimDigest>,
                                           eventstore::Deadline) override {
        co_return Unexpected(StoreError::kUnavailable);
    }
    Answer<std::optional<eventstore::ClaimedCredential>> find_credential(std::string,
                                                                         std::vector<eventstore::ClaimDigest>,
                                                                         std::string, eventstore::Deadline) override {
        co_return Unexpected(StoreError::kUnavailable);
    }
    Answer<std::vector<eventstore::StoredCredential>> read_credentials(Uuid, eventstore::Deadline) override {
        co_return Unexpected(StoreError::kUnavailable);
    }
    Answer<std::optional<eventstore::StoredCredential>> read_credential(Uuid, std::string,
                                                                        eventstore::Deadline) override {
        co_return Unexpected(StoreError::kUnavailable);
    }
    Answer<std::vector<eventstore::StoredSubjectKey>> read_subject_keys(std::vector<Uuid>,
                                                                        eventstore::Deadline) override {
        co_return Unexpected(StoreError::kUnavailable);
    }
    Answer<std::vector<eventstore::RecordedEvent>> read_log(Position, std::int32_t, eventstore::Deadline) override {
        co_return Unexpected(StoreError::kUnavailable);
    }
    void keep_snapshot(eventstore::Snapshot) override {}
    Answer<eventstore::Head> head(eventstore::Deadline) override { co_return Unexpected(StoreError::kUnavailable); }
};

class NoSealer : public eventstore::FieldSealer {
public:
    std::string seal(std::string_view, std::string_view) override { return "sealed"; }
};

class Spans : public integrations::SpanSink {
public:
    void take(integrations::Span span) noexcept override { all.push_back(std::move(span)); }
    std::vector<integrations::Span> all;
};

struct WatchedStoreTest : testing::Test {
    WatchedStoreTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "keyledger-watched.XXXXXX").string();
        folder = ::mkdtemp(pattern.data());
        admin_log.emplace((folder / "admin.jsonl").string(), clock);
        store.emplace(inner, *admin_log);
    }
    ~WatchedStoreTest() override { std::filesystem::remove_all(folder); }

    Append disabling(const std::string& traceparent = "") const {
        eventstore::EventMetadata metadata;
        metadata.actor_type = eventstore::ActorType::kUser;
        metadata.actor_id = "0192e4a0-0000-7abc-8def-0123456789aa";
        metadata.command_id = "c";
        metadata.request_id = "r1";
        metadata.traceparent = traceparent;
        Append append;
        eventstore::NewEvent& event = append.events.emplace_back();
        event.stream_type = "user";
        event.stream_id = kAnn;
        event.type = "user.disabled";
        event.payload = R"({"reason":"left"})";
        event.event_id = kAnn;
        NoSealer sealer;
        event.metadata = eventstore::encode(metadata, {event.event_id, event.stream_type, event.stream_id}, sealer);
        return append;
    }
    std::size_t lines() const {
        std::ifstream in(folder / "admin.jsonl");
        std::size_t count = 0;
        for (std::string line; std::getline(in, line);) ++count;
        return count;
    }
    Result<Verdict, StoreError> append(Append what) {
        return test::run(store->append(std::move(what), eventstore::Deadline::max()));
    }

    std::filesystem::path folder;
    test::FixedClock clock{Instant::at_ms(1'796'032'800'000)};
    AnsweringStore inner;
    std::optional<app::AdminLog> admin_log;
    std::optional<app::WatchedStore> store;
    Spans spans;
    app::TraceRecorder recorder{spans, clock};
};

}  // namespace

TEST_F(WatchedStoreTest, TellsOfActsThatAreInTheLogAndOfThoseThatMayBe) {
    ASSERT_TRUE(append(disabling()));
    EXPECT_EQ(lines(), 1u);
    for (const Verdict& refused :
         {Verdict{eventstore::Conflict{}}, Verdict{eventstore::ClaimTaken{"email"}},
          Verdict{eventstore::AlreadySpent{}}, Verdict{eventstore::Duplicate{7, 1, {}, true}}}) {
        inner.answer = refused;
        (void)append(disabling());
    }
    EXPECT_EQ(lines(), 1u) << "nothing was written";
    inner.answer = Unexpected(StoreError::kUnavailable);
    (void)append(disabling());
    EXPECT_EQ(lines(), 1u);
    inner.answer = Unexpected(StoreError::kOutcomeUnknown);
    (void)append(disabling());
    EXPECT_EQ(lines(), 2u);
}

// Nobody else knows an id that was made here: its duplicate is the same append, sent twice.
TEST_F(WatchedStoreTest, TellsOfWhatWasSentTwice) {
    inner.answer = Verdict{eventstore::Duplicate{7, 1, {}, true}};
    Append own = disabling();
    own.id_retention = Append::CommandIdRetention::kForAnHour;
    (void)append(std::move(own));
    EXPECT_EQ(lines(), 1u);
}

TEST_F(WatchedStoreTest, RecordsSpansOfWhatIsTraced) {
    (void)append(disabling(kTraced));
    EXPECT_TRUE(spans.all.empty()) << "nobody records";
    store->record_spans(recorder);
    (void)append(disabling());
    (void)append(disabling("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"));
    EXPECT_TRUE(spans.all.empty());
    (void)append(disabling(kTraced));
    ASSERT_EQ(spans.all.size(), 1u);
    EXPECT_EQ(spans.all[0].trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_EQ(spans.all[0].parent_id, "00f067aa0ba902b7");
    EXPECT_FALSE(spans.all[0].has_failed);
    inner.answer = Unexpected(StoreError::kUnavailable);
    (void)append(disabling(kTraced));
    ASSERT_EQ(spans.all.size(), 2u);
    EXPECT_TRUE(spans.all[1].has_failed);
}

TEST_F(WatchedStoreTest, LetsThroughWhatItCanNotRead) {
    Append garbage = disabling();
    garbage.events.front().metadata = "no JSON";
    store->record_spans(recorder);
    EXPECT_TRUE(append(std::move(garbage)));
    Append unknown = disabling(kTraced);
    unknown.events.front().type = "user.of_tomorrow";
    EXPECT_TRUE(append(std::move(unknown)));
    EXPECT_TRUE(append(Append{}));
}
