#pragma once
// What is known of a log's MACs: from which position on events carry one, under which keys, and which records were
// disavowed. It comes from a signed statement and from the log itself, and decides whether events can be believed.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "eventstore/event_macs.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore {

// Where a log comes from, as a signed note: made once for each log id, by the migration that began MACs or by a
// restore, and never by what signs tree heads: a head would exempt all that it covers.
//
//     keyledger-origin/<log id>
//     first-key <key id>
//     until <position> <log id, or "without-macs">      one line for each earlier part, in order
struct LogOrigin {
    Uuid log_id;
    std::string first_key_id;  // needs no announcement
    struct Part {
        Position until = 0;          // the last position of the part
        std::optional<Uuid> log_id;  // that its MACs are for; nullopt: it has none
        bool operator==(const Part&) const = default;
    };
    std::vector<Part> earlier;
    bool operator==(const LogOrigin&) const = default;
};
std::string origin_note_name(const Uuid& log_id);
std::string origin_text(const LogOrigin& origin);
// nullopt: it is no statement of this kind.
std::optional<LogOrigin> parse_origin(std::string_view text);

// The key under which what is appended now is authenticated.
struct WritingKey {
    std::string id;
    std::shared_ptr<const security::HmacKey> key;
};

struct LogFacts {
    LogOrigin origin;
    // Announced keys, and the positions that they may stand at.
    struct Range {
        Position after = 0;
        std::optional<Position> until;
    };
    std::map<std::string, Range, std::less<>> keys;
    std::unordered_map<Position, Digest> disavowed;
    Position signed_until = 0;   // what the newest tree head that is known covers, or the log says was covered once
    std::int32_t version = 0;    // of the log's own stream, as far as it was taken in
    Digest leaf_hash{};          // of the event there
    bool is_complete = true;     // nothing in it was under a key that the keyring lacks
    std::string lacking_key_id;  // the first such key, else empty

    // Of a log of which nothing is known yet but this.
    static LogFacts of(LogOrigin origin);
    // The next event of the log's own stream, judged by what is known so far. One that is not believed says nothing.
    void take(const RecordedEvent& event, const EventMacs& macs);
};

// Checks events one after the other. One thread's.
class EventJudge {
public:
    // Both outlive it.
    EventJudge(const EventMacs& macs, const LogFacts& facts) : macs_(macs), facts_(facts) {}
    RecordedEvent::Trust of(const RecordedEvent& event);
    // Whether the log may know this event's key although it is not known here.
    bool is_of_unknown_key(const RecordedEvent& event) const;

private:
    bool is_authentic(const RecordedEvent& event, const security::HmacKey* key) const;
    const LogOrigin::Part* earlier_part(Position position) const;
    RecordedEvent::Trust of_failed(const RecordedEvent& event) const;

    const EventMacs& macs_;
    const LogFacts& facts_;
    // The last one that was used: one follows another.
    std::string key_id_;
    Uuid key_log_;
    std::shared_ptr<const security::HmacKey> key_;
};

}  // namespace keyledger::eventstore
