// A store that is watched answers what it answers; lines and spans follow from that.
#include "app/observing/watched_store.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

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

    Append last;  // that it was asked for

    Answer<Verdict> append(Append asked, eventstore::Deadline) override {
        last = std::move(asked);
        co_return answer;
    }
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
        return of("user", "user.disabled", R"({"reason":"left"})", metadata);
    }
    static Append of(std::string stream_type, std::string type, std::string payload,
                     const eventstore::EventMetadata& metadata) {
        Append append;
        eventstore::NewEvent& event = append.events.emplace_back();
        event.stream_type = std::move(stream_type);
        event.stream_id = kAnn;
        event.type = std::move(type);
        event.payload = std::move(payload);
        event.event_id = kAnn;
        NoSealer sealer;
        event.metadata = eventstore::encode(metadata, {event.event_id, event.stream_type, event.stream_id}, sealer);
        return append;
    }
    static std::string golden(const std::string& name) {
        std::ifstream in("tests/golden/" + name + ".json");
        EXPECT_TRUE(in) << name;
        return {std::istreambuf_iterator<char>(in), {}};
    }
    // Lines and spans of this append alone.
    std::string recorded_of(Append what) {
        std::filesystem::remove(folder / "admin.jsonl");
        spans.all.clear();
        EXPECT_TRUE(append(std::move(what)));
        std::ifstream in(folder / "admin.jsonl");
        std::string all{std::istreambuf_iterator<char>(in), {}};
        for (const auto& span : spans.all) all += span.name + ' ' + span.trace_id + ' ' + span.parent_id + '\n';
        return all;
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

// Commands say with an append what its envelopes say: then none is decoded.
TEST_F(WatchedStoreTest, ReadsNoEnvelopeThatIsSaidBesideTheEvents) {
    eventstore::EventMetadata said;
    said.actor_type = eventstore::ActorType::kUser;
    said.actor_id = "0192e4a0-0000-7abc-8def-0123456789aa";
    said.traceparent = kTraced;
    Append unread = disabling();
    unread.events.front().metadata = "no JSON";
    unread.envelope = std::make_shared<const eventstore::EventMetadata>(said);
    store->record_spans(recorder);
    ASSERT_TRUE(append(std::move(unread)));
    EXPECT_EQ(lines(), 1u);
    EXPECT_EQ(spans.all.size(), 1u);
    EXPECT_EQ(inner.last.envelope, nullptr) << "the writer would have to give it back";
}

// The same is recorded, whoever acts on what, in a command and in the service, traced or not.
TEST_F(WatchedStoreTest, RecordsTheSameWhetherEnvelopesAreSaidOrRead) {
    using eventstore::ActorType;
    struct Kind {
        const char *stream_type, *type, *file;
    };
    const Kind kinds[] = {{"user", "user.disabled", "user.disabled.1"},
                          {"session", "session.refreshed", "session.refreshed.1"},
                          {"session", "session.ended", "session.ended.1"},
                          {"challenge", "challenge.asked", "challenge.asked.1"},
                          {"role", "role.deleted", "role.deleted.1"}};
    std::size_t told = 0;
    for (const bool serves : {false, true}) {
        if (serves) admin_log->serve(app::LogFormat::kJson);
        for (const bool records : {false, true}) {
            store.emplace(inner, *admin_log);
            if (records) store->record_spans(recorder);
            for (const Kind& kind : kinds)
                for (const ActorType actor :
                     {ActorType::kAnonymous, ActorType::kUser, ActorType::kClient, ActorType::kSystem})
                    for (const std::string& id : {std::string(), kAnn.to_string(), std::string("shop")})
                        for (const std::string& trace : {std::string(), std::string(kTraced)}) {
                            eventstore::EventMetadata metadata;
                            metadata.actor_type = actor;
                            metadata.actor_id = id;
                            metadata.command_id = "c";
                            metadata.request_id = "r1";
                            metadata.traceparent = trace;
                            metadata.session_id = SessionId{kAnn};
                            Append read = of(kind.stream_type, kind.type, golden(kind.file), metadata);
                            Append said = read;
                            said.envelope = std::make_shared<const eventstore::EventMetadata>(metadata);
                            EXPECT_EQ(recorded_of(std::move(read)), recorded_of(std::move(said)))
                                << kind.type << ' ' << id << ' ' << trace;
                            told += lines();
                        }
        }
    }
    EXPECT_GT(told, 10u) << "else nothing was compared";
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
