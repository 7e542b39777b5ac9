#pragma once
// Logs and tree heads in memory, and who makes heads of them. Signatures are a word: nobody here cares what one is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "eventstore/audit/export_file.hpp"
#include "eventstore/audit/tree_head_file.hpp"
#include "eventstore/audit/tree_head_maker.hpp"
#include "eventstore/audit/verify.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "eventstore/codec/jcs.hpp"
#include "eventstore/leaf.hpp"

namespace keyledger::eventstore::audit::test {

inline Uuid id_of(std::uint8_t number) {
    Uuid id;
    id.bytes[15] = number;
    return id;
}
inline const Uuid kLog = id_of(200);

// A log of streams that take turns.
inline std::vector<RecordedEvent> some_events(int count, int streams = 3) {
    std::vector<RecordedEvent> events;
    for (int i = 0; i < count; ++i) {
        RecordedEvent event;
        event.position = i + 1;
        event.tenant = "default";
        event.stream_type = "user";
        event.stream_id = id_of(static_cast<std::uint8_t>(i % streams));
        event.version = i / streams + 1;
        event.type = "user.enabled";
        event.event_id = id_of(static_cast<std::uint8_t>(i));
        event.payload = R"({"b": 1, "a": ")" + std::to_string(i) + "\"}";
        event.metadata = R"({"m": "x\ny"})";
        event.recorded_at = Instant::at_ms(1'700'000'000'000 + i);
        event.leaf_hash = leaf_hash(event);
        events.push_back(event);
    }
    return events;
}

inline TreeHead head_of(const std::vector<RecordedEvent>& events, std::size_t size) {
    Frontier frontier;
    for (std::size_t i = 0; i < size; ++i) frontier.append(events[i].leaf_hash);
    return {kLog, static_cast<Position>(size), frontier.root(), Instant::at_ms(5)};
}

inline Verification verify_all(const std::vector<RecordedEvent>& events, std::vector<TreeHead> heads) {
    Verifier verifier(std::move(heads));
    for (const RecordedEvent& event : events)
        if (!verifier.take(event)) break;
    return verifier.finish();
}

// Signs by a word in front: the maker and its file must not care what a signature is.
inline std::string pretend_sign(const TreeHead& head) { return checkpoint_text(head) + "\n\u2014 k sig\n"; }
inline Result<std::string, std::string> pretend_open(std::string_view note) {
    if (!note.ends_with("\n\u2014 k sig\n")) return Unexpected(std::string("not signed"));
    return std::string(note.substr(0, note.find("\n\n") + 1));
}

struct HeldLog : LogSource {
    std::vector<RecordedEvent> events;
    std::optional<ReadError> failure;
    Result<std::vector<RecordedEvent>, ReadError> read_after(const Cursor& cursor, std::int32_t limit) override {
        if (failure) return Unexpected(*failure);
        const auto at = static_cast<std::size_t>(cursor.position);
        if (at > events.size() || (at > 0 && events[at - 1].leaf_hash != cursor.leaf_hash))
            return Unexpected(ReadError::kCursorUnknown);
        std::vector<RecordedEvent> read(events.begin() + cursor.position, events.end());
        if (std::ssize(read) > limit) read.resize(static_cast<std::size_t>(limit));
        return read;
    }
    Result<Head, ReadError> head() override { return Head{}; }
    void wait(std::chrono::milliseconds) override {}
    void interrupt() override {}
};
struct HeldLeadership : Leadership {
    Candidacy candidacy = Candidacy::kLeading;
    Candidacy try_acquire() override { return candidacy; }
    bool still_held() override { return candidacy == Candidacy::kLeading; }
    void release() override {}
};
struct HeldState : TreeHeadStore {
    std::optional<TreeHeadState> state;
    bool refuses = false;
    Result<StoredTreeHeads, ReadError> load(const Uuid&, const OpenNote& open) override {
        const bool opens = state && open_tree_head(state->note, open);
        return StoredTreeHeads{opens ? state : std::nullopt, state && !opens, false};
    }
    void look_again() override {}
    Result<void, std::string> store(const Uuid&, const TreeHeadState& next) override {
        if (refuses) return Unexpected(std::string("too many in a minute"));
        state = next;
        return {};
    }
};

struct NullFieldSealer : FieldSealer {
    std::string seal(std::string_view, std::string_view) override { return {}; }
};

struct MakerTest : testing::Test {
    HeldLog log;
    HeldLeadership leadership;
    HeldState state;
    std::vector<SignedTreeHead> made;
    std::vector<std::string> told;
    Instant now;
    bool sink_fails = false;
    std::vector<LogDisavowed> disavowed;
    bool appends = true;
    LogSource* follows = nullptr;

    // As the service does: an event of the log's own stream for each, behind all others.
    Result<void, std::string> disavow(const std::vector<LogDisavowed>& records) {
        if (!appends) return Unexpected(std::string("the database is away"));
        NullFieldSealer sealer;
        for (const LogDisavowed& record : records) {
            RecordedEvent event = log.events.back();
            event.position = std::ssize(log.events) + 1;
            event.stream_type = LogKeeping::kStreamType;
            event.stream_id = kLogStream;
            event.version = static_cast<std::int32_t>(disavowed.size()) + 1;
            event.type = LogDisavowed::kType;
            event.payload = encode(*any_event<LogKeeping>(record), sealer).payload;
            event.trust = RecordedEvent::Trust::kBelieved;
            event.leaf_hash = leaf_hash(event);
            log.events.push_back(event);
            disavowed.push_back(record);
        }
        return {};
    }

    TreeHeadMaker maker(std::optional<SignedTreeHead> seen = {}) {
        TreeHeadPorts ports{log, leadership, state, {}, {}, {}, {}, {}, {}};
        ports.tell = [this](const std::string& trouble) { told.push_back(trouble); };
        ports.disavow = [this](const std::vector<LogDisavowed>& records) { return disavow(records); };
        ports.now = [this] { return now += milliseconds(1); };
        ports.sign = pretend_sign;
        ports.open = pretend_open;
        ports.follows = follows;
        ports.sinks.push_back([this](const SignedTreeHead& head) -> Result<void, std::string> {
            if (sink_fails) return Unexpected(std::string("the disk is full"));
            made.push_back(head);
            return {};
        });
        return TreeHeadMaker(kLog, TreeHeadMaker::Part::kMakes, std::chrono::seconds(1), std::move(ports),
                             std::move(seen));
    }
};

}  // namespace keyledger::eventstore::audit::test
