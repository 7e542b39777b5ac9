#include "eventstore/append_rules.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <set>
#include <unordered_map>

#include "eventstore/codec/jcs.hpp"
#include "eventstore/codec/json_index.hpp"

namespace keyledger::eventstore {
namespace {

// Names go into the leaf's record as they are, so they must need no escape.
bool is_name(std::string_view text) {
    auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-';
    };
    return !text.empty() && text.size() <= kMaxNameBytes && std::all_of(text.begin(), text.end(), plain);
}

// How many bytes the well-formed UTF-8 sequence at the front takes; 0: none (RFC 3629 section 4). A surrogate's
// three bytes are none.
std::size_t utf8_sequence(std::string_view text) {
    auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    const unsigned lead = byte(0);
    if (lead < 0x80) return lead == 0 ? 0 : 1;
    if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        if (!follows(1) || !follows(2)) return 0;
        if (lead == 0xE0 && byte(1) < 0xA0) return 0;
        if (lead == 0xED && byte(1) > 0x9F) return 0;
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        if (!follows(1) || !follows(2) || !follows(3)) return 0;
        if (lead == 0xF0 && byte(1) < 0x90) return 0;
        if (lead == 0xF4 && byte(1) > 0x8F) return 0;
        return 4;
    }
    return 0;
}

constexpr std::size_t kWord = sizeof(std::uint64_t);

// Whether eight bytes are ASCII, and none is NUL or a backslash. In a word of ASCII alone, taking one from each byte
// sets a highest bit if and only if there is a zero.
bool is_plain_word(const char* at) {
    constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101U, kHighest = 0x80 * kOnes;
    std::uint64_t word = 0;
    std::memcpy(&word, at, kWord);
    const std::uint64_t zero_at_backslash = word ^ (kOnes * std::uint64_t{'\\'});
    return ((word | (word - kOnes) | (zero_at_backslash - kOnes)) & kHighest) == 0;
}

// An escape that starts at `text` (`\u` and four digits) and stands for NUL or a surrogate. JCS never writes a pair
// of surrogates as escapes, so none is let through.
bool is_unstorable_escape(std::string_view text) {
    if (text.size() < 6 || text[1] != 'u') return false;
    const std::string_view digits = text.substr(2, 4);
    if (digits == "0000") return true;
    const bool d = digits[0] == 'd' || digits[0] == 'D';
    const char second = digits[1];
    return d &&
           ((second >= '8' && second <= '9') || (second >= 'a' && second <= 'f') || (second >= 'A' && second <= 'F'));
}

std::optional<std::string> problem_of_texts(const NewEvent& event) {
    if (event.payload.size() > kMaxPayloadBytes) return "a payload above the limit";
    if (event.metadata.size() > kMaxMetadataBytes) return "metadata above the limit";
    // Nearly all are plain: ASCII without control characters and backslashes. Nothing of that is refused below.
    if (is_plain_json_object(event.payload) && is_plain_json_object(event.metadata)) return std::nullopt;
    if (!is_storable_json_text(event.payload)) return "a payload that jsonb can't hold";
    if (!is_storable_json_text(event.metadata)) return "metadata that jsonb can't hold";
    if (!is_json_object(event.payload) || !is_json_object(event.metadata)) return "not a JSON object";
    return std::nullopt;
}

std::optional<std::string> problem_of_events(const Append& append) {
    const bool changes_more = !append.writes.empty() || !append.claims.empty() || !append.credentials.empty() ||
                              !append.new_keys.empty() || !append.destroyed_keys.empty();
    if (append.events.empty() && (append.spent.empty() || changes_more)) return "an append without an event";
    if (append.events.size() > kMaxEventsPerCommand) return "too many events in one append";
    struct Head {
        std::int32_t version;
        const std::string* stream_type = nullptr;
    };
    std::unordered_map<Uuid, Head> heads;
    for (const StreamVersion& write : append.writes) {
        if (write.version < 0) return "a negative version";
        if (!heads.try_emplace(write.stream_id, Head{write.version}).second) return "a stream is written twice";
    }
    std::set<Uuid> guarded;
    for (const StreamVersion& guard : append.guards) {
        if (guard.version < 0) return "a negative version";
        if (heads.contains(guard.stream_id) || !guarded.insert(guard.stream_id).second)
            return "a stream is guarded twice, or guarded and written";
    }
    for (const NewEvent& event : append.events) {
        const auto head = heads.find(event.stream_id);
        if (head == heads.end()) return "an event on a stream that is not among the writes";
        if (event.version != ++head->second.version) return "an event's version does not follow";
        if (!is_name(event.stream_type) || !is_name(event.type)) return "an event or stream type that is no name";
        if (head->second.stream_type != nullptr && *head->second.stream_type != event.stream_type)
            return "two types for one stream";
        head->second.stream_type = &event.stream_type;
        if (event.schema_version < 1) return "a schema version below 1";
        if (auto problem = problem_of_texts(event)) return problem;
    }
    for (const auto& [id, head] : heads)
        if (head.stream_type == nullptr) return "a written stream without an event";
    return std::nullopt;
}

std::optional<std::string> problem_of_facts(const Append& append) {
    std::set<std::tuple<bool, std::string_view, std::string_view, std::string_view>> claims;
    for (const ClaimChange& claim : append.claims) {
        if (!is_name(claim.kind) || !is_name(claim.key_id)) return "a claim's kind or key that is no name";
        if (claim.digest.empty() || claim.digest.size() > kMaxDigestBytes) return "a claim's digest";
        if (!claims.emplace(claim.op == ClaimChange::Op::kTake, claim.kind, claim.key_id, claim.digest).second)
            return "a claim is changed twice";
    }
    std::set<Uuid> credentials;
    for (const CredentialChange& credential : append.credentials) {
        if (!is_name(credential.kind)) return "a credential's kind that is no name";
        if (!credentials.insert(credential.credential_id).second) return "a credential is changed twice";
        if (credential.expected_revision < 0) return "a negative revision";
        if (!credential.sealed && credential.expected_revision == 0)
            return "a credential is deleted that must not exist";
        if (credential.sealed && credential.sealed->size() > kMaxSealedBytes) return "a credential above the limit";
    }
    std::set<Uuid> changed_subjects;
    for (const NewSubjectKey& key : append.new_keys) {
        if (!is_name(key.key_encryption_key_id)) return "a key-encryption key id that is no name";
        if (key.wrapped.empty() || key.wrapped.size() > kMaxSealedBytes) return "a wrapped key's size";
        if (!changed_subjects.insert(key.subject).second) return "a subject key is changed twice";
    }
    for (const SubjectKeyUse& key : append.destroyed_keys)
        if (!changed_subjects.insert(key.subject).second) return "a subject key is changed twice";
    std::set<Digest> spent;
    for (const SpentValue& value : append.spent)
        if (!spent.insert(value.digest).second) return "a value is spent twice";
    return std::nullopt;
}

}  // namespace

bool is_storable_json_text(std::string_view text) {
    while (!text.empty()) {
        if (text.size() >= kWord && is_plain_word(text.data())) {
            text.remove_prefix(kWord);
            continue;
        }
        if (text.front() == '\\') {
            if (text.size() < 2 || is_unstorable_escape(text)) return false;
            text.remove_prefix(1);  // so that an escaped backslash escapes nothing
        }
        const std::size_t length = utf8_sequence(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

bool is_told_by_event(const Append& append) {
    if (append.id_retention != Append::CommandIdRetention::kForAnHour || append.events.empty()) return false;
    const auto& first = append.events.front().event_id.bytes;
    return std::equal(first.begin(), first.end(), append.command_id.begin());
}

std::optional<std::string> problem_of(const Append& append) {
    for (const std::size_t count :
         {append.writes.size(), append.guards.size(), append.claims.size(), append.credentials.size(),
          append.new_keys.size(), append.key_uses.size(), append.destroyed_keys.size()})
        if (count > kMaxItemsPerCommand) return "too many items in one append";
    if (append.spent.size() > kMaxSpentPerCommand) return "too many spent values in one append";
    if (auto problem = problem_of_events(append)) return problem;
    return problem_of_facts(append);
}

}  // namespace keyledger::eventstore
