#include "app/cli/replay_sources.hpp"

#include <algorithm>
#include <iostream>
#include <map>
#include <set>

#include "app/cli/progress.hpp"
#include "app/core/kafka_client.hpp"
#include "app/core/log_reading.hpp"
#include "app/core/system_ports.hpp"
#include "eventstore/audit/export_file.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "eventstore/kafka/topics/topic_events.hpp"
#include "security/adapters/keyring_macs.hpp"

namespace keyledger::app {
namespace {

namespace audit = eventstore::audit;
using commands::Replay;
using eventstore::RecordedEvent;

constexpr std::int32_t kBatch = 5'000;

std::runtime_error missing(Position position, const std::string& advice) {
    return std::runtime_error("position " + std::to_string(position) + " is missing: " + advice);
}

bool was_recorded_by(const RecordedEvent& event, Instant time) {
    return !event.is_inert() && event.recorded_at <= time;
}

// ---- the database -----------------------------------------------------------------------------------------
// The last event of that time or an earlier one; 0: there is none. Looked for from the end.
Position last_recorded_by(Log& log, Position head, Instant time) {
    for (Position end = head; end > 0; end -= std::min<Position>(end, kBatch)) {
        const Position first = std::max<Position>(1, end - kBatch + 1);
        Position last = 0;
        for (const RecordedEvent& event : log.read(first, static_cast<std::int32_t>(end - first + 1)))
            if (was_recorded_by(event, time)) last = event.position;
        if (last > 0) return last;
    }
    return 0;
}

// ---- an export --------------------------------------------------------------------------------------------
// Nearly no line is of an event that disavows a record, and that is told without parsing them: JSON says the type as it
// is, or with an escape.
bool may_disavow(std::string_view line) {
    return line.find(LogDisavowed::kType) != line.npos || line.find('\\') != line.npos;
}

// The records that an export says the service did not write: the newest word counts first, for what is
// disavowed itself disavows nothing. What was appended behind the last tree head may not be disavowed yet.
std::set<Position> disavowed_in(const std::string& path) {
    std::map<Position, Position> words;  // of the event that says so, of the record
    audit::ExportReader reader(path);
    while (const auto line = reader.next_line()) {
        if (!may_disavow(*line)) continue;
        RecordedEvent event = reader.parsed(*line);
        if (event.stream_type != LogKeeping::kStreamType || event.type != LogDisavowed::kType) continue;
        event.trust = RecordedEvent::Trust::kBelieved;
        eventstore::NullFieldOpener nothing;
        const auto decoded = eventstore::decode_any(event, nothing);
        words[event.position] = std::get<LogDisavowed>(*eventstore::event_in<LogKeeping>(*decoded)).position;
    }
    std::set<Position> disavowed;
    for (auto word = words.rbegin(); word != words.rend(); ++word)
        if (!disavowed.contains(word->first)) disavowed.insert(word->second);
    return disavowed;
}

RecordedEvent::Trust trust_by(const std::set<Position>& disavowed, Position position) {
    return disavowed.contains(position) ? RecordedEvent::Trust::kInert : RecordedEvent::Trust::kBelieved;
}

Position last_recorded_by(const std::string& path, const std::set<Position>& disavowed, Instant time) {
    Position last = 0;
    audit::ExportReader reader(path);
    while (auto event = reader.next()) {
        event->trust = trust_by(disavowed, event->position);
        if (was_recorded_by(*event, time)) last = event->position;
    }
    return last;
}

// ---- the topic --------------------------------------------------------------------------------------------
// Without a keyring nobody can tell whose the records are.
std::shared_ptr<const eventstore::EventMacs> macs_of(const Config& config) {
    if (config.keyring_file.empty()) {
        std::cerr << "audit replay: KEYLEDGER_KEYRING_FILE is not set: who wrote the records is not checked\n";
        return nullptr;
    }
    auto keyring = security::Keyring::load(config.keyring_file);
    if (!keyring) throw std::runtime_error(keyring.error().message);
    return std::make_shared<security::KeyringMacs>([keyring = *keyring] { return keyring; },
                                                   [] { return SystemClock().now(); });
}

}  // namespace

Position fold_database(const Config& config, ReplayEnd until, Replay& replay) {
    Log log(config);
    if (!log.authenticates())
        throw std::runtime_error("only the keyring tells the service's events from others: set KEYLEDGER_KEYRING_FILE");
    Position end = log.head().cursor.position;
    if (until.position) end = std::min(end, *until.position);
    if (until.time) end = last_recorded_by(log, end, *until.time);
    Progress progress("audit replay");
    Position last = 0;
    while (last < end) {
        const auto events = log.read(last + 1, static_cast<std::int32_t>(std::min<Position>(kBatch, end - last)));
        if (events.empty() || events.front().position != last + 1)
            throw missing(last + 1, "run 'keyledger audit verify'");
        for (const RecordedEvent& event : events) {
            if (event.position != last + 1) throw missing(last + 1, "run 'keyledger audit verify'");
            replay.take(event);
            last = event.position;
        }
        progress(last, end);
    }
    return last;
}

Position fold_file(const std::string& path, ReplayEnd until, Replay& replay) {
    const std::set<Position> disavowed = disavowed_in(path);
    if (until.time) until.position = last_recorded_by(path, disavowed, *until.time);
    audit::ExportReader reader(path);
    auto next_word = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    Position last = 0;
    bool is_over = false;  // what follows is read all the same: a file that is no export is refused
    while (auto event = reader.next()) {
        if (is_over) continue;
        if (event->position != last + 1) throw missing(last + 1, path + " is not whole");
        is_over = until.position && event->position > *until.position;
        if (is_over) continue;
        event->trust = trust_by(disavowed, event->position);
        replay.take(*event);
        last = event->position;
        if (last % kBatch != 0 || std::chrono::steady_clock::now() < next_word) continue;
        next_word += std::chrono::seconds(1);
        std::cerr << "audit replay: " << last << " events\n";
    }
    return last;
}

Position fold_topic(const Config& config, ReplayEnd until, Replay& replay) {
    using eventstore::kafka::TopicReader;
    auto client = kafka_client(config, 0);
    client.log = {};  // what goes wrong is told once, at the end
    eventstore::kafka::TopicSettings topics;
    topics.prefix = config.kafka_topic_prefix;
    topics.partitions = config.kafka_partitions;
    const auto macs = macs_of(config);
    const auto read = [&](const std::function<TopicReader::Then(const RecordedEvent&)>& on_event) {
        auto read = eventstore::kafka::read_events(client, topics, macs, on_event);
        if (!read) throw std::runtime_error("Kafka: " + read.error().sentence);
        return std::move(*read);
    };
    if (until.time) {
        Position end = 0;
        const auto seen = read([&](const RecordedEvent& event) {
            if (was_recorded_by(event, *until.time)) end = event.position;
            return TopicReader::Then::kGoOn;
        });
        if (seen.without_time > 0)
            std::cerr << "audit replay: of " << seen.without_time
                      << " older records the topic does not say when they were recorded: they count as "
                         "recorded when "
                         "they were decided\n";
        until.position = end;
    }
    Position last = 0;
    const auto found = read([&](const RecordedEvent& event) {
        if (until.position && event.position > *until.position) return TopicReader::Then::kStop;
        replay.take(event);
        last = event.position;
        return TopicReader::Then::kGoOn;
    });
    if (found.foreign > 0)
        std::cerr << "audit replay: passed over " << found.foreign << " records that the service did not write\n";
    return last;
}

}  // namespace keyledger::app
