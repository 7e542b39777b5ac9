#include "app/cli/orphaned_rows.hpp"

#include <algorithm>

#include "api/wire/write_json.hpp"
#include "app/core/system_ports.hpp"
#include "commands/anonymous_callers/erase_anonymous_callers.hpp"
#include "commands/runtime/ports.hpp"
#include "eventstore/sealing/lacking_key.hpp"
#include "security/adapters/keyed_digests.hpp"
#include "security/adapters/keyring_cipher.hpp"

namespace keyledger::app {
namespace {

using eventstore::RecordedEvent;
using eventstore::StoredSubjectKey;
using eventstore::StreamFrom;
using eventstore::StreamSlice;
using eventstore::postgres::ClaimRow;

constexpr auto kPatience = std::chrono::seconds(60);

bool can_be_believed(const RecordedEvent& event) {
    switch (event.trust) {
        case RecordedEvent::Trust::kInert: return false;
        case RecordedEvent::Trust::kKeyMissing:
            throw std::runtime_error("the event at position " + std::to_string(event.position) +
                                     " is authenticated by key " + event.mac_key_id +
                                     ", which the keyring lacks: run it again with the newest one");
        case RecordedEvent::Trust::kUnchecked:
        case RecordedEvent::Trust::kChanged:  // the service wrote it, whatever became of it
        case RecordedEvent::Trust::kBelieved: break;
    }
    return true;
}

// Subjects of the days that there may be callers of: up to tomorrow, for clocks differ.
std::map<Uuid, std::string> days_until(Instant now, commands::Pseudonyms& pseudonyms) {
    std::map<Uuid, std::string> subjects;
    const std::int64_t tomorrow = now.since_epoch() / days(1) + 1;
    for (std::int64_t day = tomorrow; day >= 0 && day > tomorrow - commands::kMaxDaysBack; --day)
        subjects[pseudonyms.anonymous_subject_of(Instant() + days(day))] =
            "the anonymous callers of " + api::rfc3339(Instant() + days(day)).substr(0, 10);
    return subjects;
}

}  // namespace

std::map<Uuid, std::string> believed_streams(const ReadStreams& read, const std::vector<Uuid>& ids) {
    std::map<Uuid, std::string> types;
    std::vector<StreamFrom> asked;
    for (const Uuid& id : std::set<Uuid>(ids.begin(), ids.end())) asked.push_back({id});
    while (!asked.empty()) {
        std::vector<StreamFrom> further;
        for (const StreamSlice& slice : read(asked)) {
            const auto first = std::ranges::find_if(slice.events, can_be_believed);
            if (first != slice.events.end()) types[slice.stream_id] = first->stream_type;
            else if (!slice.events.empty() && slice.events.back().version < slice.version)
                further.push_back({slice.stream_id, slice.events.back().version});
        }
        asked = std::move(further);
    }
    return types;
}

OrphanedRows::OrphanedRows(const Config& config, std::shared_ptr<const security::Keyring> keyring)
    : config_(config), keyring_(std::move(keyring)) {
    // What decides over an end is read as the owner: whoever has the service's role has no say in such a session.
    if (!config_.owner_database_url.empty()) config_.database_url = config_.owner_database_url;
}

std::map<Uuid, std::string> OrphanedRows::believed(const std::vector<Uuid>& ids) {
    if (!log_) log_ = std::make_unique<Log>(config_, authenticity_with([keyring = keyring_] { return keyring; }));
    const ReadStreams read = [this](const std::vector<StreamFrom>& streams) {
        return log_->run(log_->store().read_streams(streams, std::chrono::steady_clock::now() + kPatience));
    };
    return believed_streams(read, ids);
}

std::map<Uuid, std::string> OrphanedRows::owners_of(const std::vector<StoredSubjectKey>& keys) {
    if (keys.empty()) return {};
    std::vector<Uuid> ids;
    for (const auto& key : keys) ids.push_back(key.subject);
    auto known = believed(ids);
    if (days_.empty()) {
        const SystemClock clock;
        const security::LiveKeyring live(keyring_);
        security::KeyringPseudonyms pseudonyms(live, clock);
        days_ = days_until(clock.now(), pseudonyms);
    }
    for (const Uuid& id : ids)
        if (const auto day = days_.find(id); day != days_.end()) known.insert(*day);
    return known;
}

bool OrphanedRows::opens(const StoredSubjectKey& key) const try {
    const SystemClock clock;
    const security::LiveKeyring live(keyring_);
    return security::KeyringCipher(live, clock).unwrap(key) != nullptr;
} catch (const eventstore::LackingKey&) {
    return false;
}

std::vector<StoredSubjectKey> OrphanedRows::keys(const std::vector<StoredSubjectKey>& keys) {
    std::vector<StoredSubjectKey> closed;
    for (const auto& key : keys)
        if (!opens(key)) closed.push_back(key);
    const auto known = owners_of(closed);
    std::erase_if(closed, [&](const StoredSubjectKey& key) { return known.contains(key.subject); });
    return closed;
}

std::vector<ClaimRow> OrphanedRows::claims(const std::vector<ClaimRow>& claims) {
    std::vector<Uuid> ids;
    for (const auto& claim : claims) ids.push_back(claim.owner);
    const auto known = believed(ids);
    std::vector<ClaimRow> left;
    for (const auto& claim : claims)
        if (!known.contains(claim.owner)) left.push_back(claim);
    return left;
}

}  // namespace keyledger::app
