#include "eventstore/postgres/store/batch.hpp"

#include <algorithm>

#include "security/primitives/bytes.hpp"

namespace keyledger::eventstore::postgres {
namespace {

std::string name_of(const ClaimChange& claim) {
    return security::length_prefixed({claim.kind, claim.key_id, claim.digest});
}

}  // namespace

std::size_t weight_of(const Append& append) {
    std::size_t bytes = 512 + append.spent.size() * sizeof(SpentValue);
    for (const NewEvent& event : append.events) bytes += event.payload.size() + event.metadata.size() + 256;
    for (const CredentialChange& credential : append.credentials)
        bytes += credential.sealed ? credential.sealed->size() : 0;
    return bytes;
}

bool Batch::admits(const Append& append) const {
    if (empty()) return true;
    if (command_ids_.contains(append.command_id)) return false;
    for (const StreamVersion& write : append.writes)
        if (streams_.contains(write.stream_id)) return false;
    for (const StreamVersion& guard : append.guards)
        if (const auto known = streams_.find(guard.stream_id); known != streams_.end())
            if (known->second.use == Use::kChanged || known->second.version != guard.version) return false;
    for (const ClaimChange& claim : append.claims)
        if (claims_.contains(name_of(claim))) return false;
    for (const SpentValue& value : append.spent)
        if (spent_.contains(value.digest)) return false;
    for (const CredentialChange& credential : append.credentials)
        if (credentials_.contains(credential.credential_id)) return false;
    for (const NewSubjectKey& key : append.new_keys)
        if (subjects_.contains(key.subject)) return false;
    for (const SubjectKeyUse& key : append.destroyed_keys)
        if (subjects_.contains(key.subject)) return false;
    for (const SubjectKeyUse& key : append.key_uses)
        if (const auto known = subjects_.find(key.subject); known != subjects_.end())
            if (known->second == Use::kChanged) return false;
    return true;
}

void Batch::add(PendingAppend waiting) {
    const Append& append = waiting.append;
    command_ids_.insert(append.command_id);
    for (const auto& [stream_id, version] : append.guards)
        streams_.try_emplace(stream_id, StreamUse{version, Use::kRead});
    for (const auto& [stream_id, version] : append.writes) streams_[stream_id] = {version, Use::kChanged};
    for (const ClaimChange& claim : append.claims) claims_.insert(name_of(claim));
    for (const SpentValue& value : append.spent) spent_.insert(value.digest);
    for (const CredentialChange& credential : append.credentials) credentials_.insert(credential.credential_id);
    for (const SubjectKeyUse& key : append.key_uses) subjects_.try_emplace(key.subject, Use::kRead);
    for (const NewSubjectKey& key : append.new_keys) subjects_[key.subject] = Use::kChanged;
    for (const SubjectKeyUse& key : append.destroyed_keys) subjects_[key.subject] = Use::kChanged;
    bytes_ += waiting.weight;
    arguments_.add(append);
    waiting_.push_back(std::move(waiting));
}

Instant Batch::stamp(Instant now, Instant floor, const WritingKey& key) {
    Instant recorded_at = std::max(now, floor);
    std::vector<const Append*> appends;
    for (const PendingAppend& waiting : waiting_) {
        recorded_at = std::max(recorded_at, waiting.append.decided_at);
        appends.push_back(&waiting.append);
    }
    arguments_.stamp(appends, recorded_at, key);
    recorded_at_ = recorded_at;
    mac_key_id_ = key.id;
    return recorded_at;
}

std::vector<RecordedEvent> Batch::take_recorded(const std::vector<Position>& first_positions) {
    std::vector<RecordedEvent> recorded;
    std::size_t stamp = 0;
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
        std::vector<NewEvent>& events = waiting_[i].append.events;
        Position position = first_positions[i];
        if (position == 0) {
            stamp += events.size();
            continue;
        }
        for (NewEvent& event : events) {
            const auto& [leaf, mac] = arguments_.stamps()[stamp++];
            RecordedEvent& one = recorded.emplace_back();
            one.position = position++;
            one.tenant = kDefaultTenant;
            one.stream_type = std::move(event.stream_type);
            one.stream_id = event.stream_id;
            one.version = event.version;
            one.type = std::move(event.type);
            one.schema_version = event.schema_version;
            one.event_id = event.event_id;
            one.payload = std::move(event.payload);
            one.metadata = std::move(event.metadata);
            one.recorded_at = recorded_at_;
            one.leaf_hash = leaf;
            one.is_canonical = true;
            one.mac_key_id = mac_key_id_;
            one.mac = mac;
            one.trust = RecordedEvent::Trust::kBelieved;
        }
    }
    return recorded;
}

Batch Batch::only(std::size_t first, std::size_t last) {
    Batch part;
    part.first_sent_at = first_sent_at;
    for (std::size_t i = first; i < last; ++i) part.add(std::move(waiting_[i]));
    return part;
}

}  // namespace keyledger::eventstore::postgres
