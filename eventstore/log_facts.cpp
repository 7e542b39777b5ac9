#include "eventstore/log_facts.hpp"

#include <algorithm>
#include <charconv>

#include "domain/log/log_keeping.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "eventstore/codec/jcs.hpp"
#include "eventstore/leaf.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::eventstore {
namespace {

using Trust = RecordedEvent::Trust;

constexpr std::string_view kName = "keyledger-origin/";
constexpr std::string_view kFirstKey = "first-key ";
constexpr std::string_view kUntil = "until ";
constexpr std::string_view kWithoutMacs = "without-macs";

std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

std::optional<LogOrigin::Part> parse_part(std::string_view line) {
    LogOrigin::Part part;
    if (!line.starts_with(kUntil)) return std::nullopt;
    line.remove_prefix(kUntil.size());
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), part.until);
    if (error != std::errc{} || end == line.data() + line.size() || *end != ' ' || part.until < 1) return std::nullopt;
    const std::string_view log(end + 1, static_cast<std::size_t>(line.data() + line.size() - end - 1));
    if (log == kWithoutMacs) return part;
    part.log_id = Uuid::parse(log);
    return part.log_id ? std::optional(part) : std::nullopt;
}

bool is_leaf_right(const RecordedEvent& event) {
    try {
        return eventstore::leaf_hash(event) == event.leaf_hash;
    } catch (const CodecError&) {
        return false;
    }
}

}  // namespace

std::string origin_note_name(const Uuid& log_id) { return std::string(kName) + log_id.to_string(); }

std::string origin_text(const LogOrigin& origin) {
    std::string text = origin_note_name(origin.log_id) + '\n';
    text.append(kFirstKey).append(origin.first_key_id).append("\n");
    for (const LogOrigin::Part& part : origin.earlier) {
        text.append(kUntil).append(std::to_string(part.until)).append(" ");
        text.append(part.log_id ? part.log_id->to_string() : std::string(kWithoutMacs)).append("\n");
    }
    return text;
}

std::optional<LogOrigin> parse_origin(std::string_view text) {
    LogOrigin origin;
    const std::string_view name = take_line(text);
    if (!name.starts_with(kName)) return std::nullopt;
    const auto log_id = Uuid::parse(name.substr(kName.size()));
    const std::string_view key = take_line(text);
    if (!log_id || !key.starts_with(kFirstKey) || key.size() == kFirstKey.size()) return std::nullopt;
    origin.log_id = *log_id;
    origin.first_key_id = key.substr(kFirstKey.size());
    while (!text.empty()) {
        const auto part = parse_part(take_line(text));
        if (!part || (!origin.earlier.empty() && part->until <= origin.earlier.back().until)) return std::nullopt;
        origin.earlier.push_back(*part);
    }
    return origin;
}

LogFacts LogFacts::of(LogOrigin origin) {
    LogFacts facts;
    facts.keys[origin.first_key_id] = {};
    facts.origin = std::move(origin);
    return facts;
}

void LogFacts::take(const RecordedEvent& event, const EventMacs& macs) {
    RecordedEvent judged = event;
    judged.trust = EventJudge(macs, *this).of(event);
    version = event.version;
    leaf_hash = event.leaf_hash;
    if (judged.trust == Trust::kKeyMissing && is_complete) lacking_key_id = event.mac_key_id;
    is_complete = is_complete && judged.trust != Trust::kKeyMissing;
    if (judged.trust != Trust::kBelieved) return;
    struct FactsVisitor {
        LogFacts& facts;
        Position position;
        void operator()(const LogMacKeyAdded& added) const {
            facts.keys.try_emplace(added.key_id, Range{position, {}});
        }
        void operator()(const LogMacKeyClosed& closed) const {
            if (const auto at = facts.keys.find(closed.key_id); at != facts.keys.end())
                at->second.until = closed.last_position;
            // It was said once a tree head covered all that (app/cli/cli_mac_keys.cpp).
            facts.signed_until = std::max(facts.signed_until, closed.last_position);
        }
        void operator()(const LogDisavowed& disavowed) const {
            const auto leaf = security::hex_decode(disavowed.leaf_hash);
            if (!leaf || leaf->size() != sizeof(Digest)) throw CodecError("a disavowed record without a leaf hash");
            Digest digest{};
            std::copy(leaf->begin(), leaf->end(), digest.begin());
            facts.disavowed[disavowed.position] = digest;
        }
    };
    NullFieldOpener nothing;
    const AnyEventPtr decoded = decode_any(judged, nothing);
    if (const LogEvent* of_log = event_in<LogKeeping>(*decoded))
        std::visit(FactsVisitor{*this, event.position}, *of_log);
}

const LogOrigin::Part* EventJudge::earlier_part(Position position) const {
    for (const LogOrigin::Part& part : facts_.origin.earlier)
        if (position <= part.until) return &part;
    return nullptr;
}

bool EventJudge::is_of_unknown_key(const RecordedEvent& event) const {
    return !event.mac_key_id.empty() && !facts_.keys.contains(event.mac_key_id);
}

bool EventJudge::is_authentic(const RecordedEvent& event, const security::HmacKey* key) const {
    if (event.is_canonical != (key != nullptr) || !is_leaf_right(event)) return false;
    // No comparison in constant time is needed: nobody can try several MACs on one record.
    return key == nullptr || mac_of(*key, event.leaf_hash) == event.mac;
}

Trust EventJudge::of(const RecordedEvent& event) {
    const LogOrigin::Part* part = earlier_part(event.position);
    if (part != nullptr && !part->log_id)
        return is_authentic(event, nullptr) && event.mac_key_id.empty() ? Trust::kBelieved : Trust::kChanged;
    const auto range = facts_.keys.find(event.mac_key_id);
    if (range == facts_.keys.end() || event.position <= range->second.after ||
        (range->second.until && event.position > *range->second.until))
        return of_failed(event);
    const Uuid& log_id = part != nullptr ? *part->log_id : facts_.origin.log_id;
    if (!key_ || key_id_ != event.mac_key_id || key_log_ != log_id) {
        key_ = macs_.key(event.mac_key_id, log_id);
        key_id_ = event.mac_key_id;
        key_log_ = log_id;
    }
    if (!key_) return Trust::kKeyMissing;
    return is_authentic(event, key_.get()) ? Trust::kBelieved : of_failed(event);
}

Trust EventJudge::of_failed(const RecordedEvent& event) const {
    const auto disavowed = facts_.disavowed.find(event.position);
    if (disavowed != facts_.disavowed.end() && disavowed->second == event.leaf_hash) return Trust::kInert;
    return event.position <= facts_.signed_until ? Trust::kChanged : Trust::kInert;
}

}  // namespace keyledger::eventstore
