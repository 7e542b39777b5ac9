#pragma once
// The aggregate `log`: what the log says about itself: which keys authenticate its events, and which records the
// service did not write. One stream in every log; it is folded before anything else can be believed. Pure.
#include <string>
#include <variant>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/id.hpp"

namespace keyledger {

// ---- events -----------------------------------------------------------------------------------------------
struct LogMacKeyAdded {  // events that follow may carry MACs of this key
    std::string key_id;
    static constexpr std::string_view kType = "log.mac_key_added";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "Events that follow may be authenticated by another key of the keyring.";
    static constexpr auto fields() {
        return std::tuple{Field{"key_id", &LogMacKeyAdded::key_id, "as `keyledger keys list` shows it"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::success(key_id); }
};
struct LogMacKeyClosed {  // what stands behind `last_position` under this key is not the service's
    std::string key_id;
    std::int64_t last_position = 0;
    static constexpr std::string_view kType = "log.mac_key_closed";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "Nothing behind that position is authenticated by this key any more.";
    static constexpr auto fields() {
        using E = LogMacKeyClosed;
        return std::tuple{Field{"key_id", &E::key_id, "as `keyledger keys list` shows it"},
                          Field{"last_position", &E::last_position, "up to where it counts"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::success(key_id); }
};
struct LogDisavowed {  // the record there was not written by the service, and means nothing
    std::int64_t position = 0;
    std::string leaf_hash;  // that is stored with it, in hex
    static constexpr std::string_view kType = "log.disavowed";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "The record at that position was not written by the service. It keeps its position and its place in its "
        "stream, and means nothing; in Kafka `log.record_disavowed` stands there.";
    static constexpr auto fields() {
        using E = LogDisavowed;
        return std::tuple{Field{"position", &E::position, "of the record"},
                          Field{"leaf_hash", &E::leaf_hash, "SHA-256 (hex) that is stored with it"}};
    }
    AuditOutcome outcome() const { return AuditOutcome::success(std::to_string(position)); }
};
using LogEvent = std::variant<LogMacKeyAdded, LogMacKeyClosed, LogDisavowed>;

// ---- commands ---------------------------------------------------------------------------------------------
struct AddMacKey {
    std::string key_id;
};
struct CloseMacKey {
    std::string key_id;
    std::int64_t last_position = 0;
};
struct DisavowRecords {
    std::vector<LogDisavowed> records;
};

// ---- state ------------------------------------------------------------------------------------------------
struct LogKeeping {
    std::vector<std::string> added;
    std::vector<std::string> closed;
    std::int64_t disavowed = 0;  // how many records
    bool operator==(const LogKeeping&) const = default;

    static constexpr std::string_view kStreamType = "log";
    static constexpr std::string_view kTitle = "The log itself";
    static constexpr std::string_view kMeaning =
        "One in each log: what it says of its own events. In Kafka these events have the stream as their subject.";
    static constexpr About kAbout = About::stream();
    using Event = LogEvent;
    static constexpr int kFold = 1;  // as Session's
    static constexpr auto fields() {
        using L = LogKeeping;
        return std::tuple{Field{"added", &L::added}, Field{"closed", &L::closed}, Field{"disavowed", &L::disavowed}};
    }
};
inline constexpr Id<LogKeeping> kLogStream{Uuid{{0x6b, 0x65, 0x79, 0x6c, 0x65, 0x64, 0x80, 0x67,  //
                                                 0x80, 0x6c, 0x6f, 0x67, 0x6b, 0x65, 0x70, 0x01}}};

// ---- rules ------------------------------------------------------------------------------------------------
using LogCommand = std::variant<AddMacKey, CloseMacKey, DisavowRecords>;
std::vector<LogEvent> decide(const LogKeeping& log,
                             const LogCommand& command);  // empty: it is so already. Records may be disavowed twice
LogKeeping evolve(LogKeeping log, const LogEvent& event, const Recorded& recorded);

}  // namespace keyledger
