#include "eventstore/postgres/store/append_arguments.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "eventstore/leaf.hpp"
#include "security/primitives/bytes.hpp"

namespace keyledger::eventstore::postgres {

std::string_view BinaryArray::bytes() {
    std::string header;
    put_integer(header, count_ > 0 ? std::int32_t{1} : std::int32_t{0});  // dimensions
    put_integer(header, has_null_ ? std::int32_t{1} : std::int32_t{0});
    put_integer(header, type_.element);
    if (count_ == 0) {  // an array without dimensions has no bounds
        bytes_.replace(0, header.size(), header);
        return std::string_view(bytes_).substr(0, header.size());
    }
    put_integer(header, count_);
    put_integer(header, std::int32_t{1});  // the first index
    bytes_.replace(0, kHeader, header);
    return bytes_;
}

AppendArguments::AppendArguments() { put_integer(recorded_at_, server_time({})); }

// In the order of the function's parameters, after tenant, time and key.
std::vector<BinaryArray*> AppendArguments::arrays() {
    return {&command_ids_,
            &fingerprints_,
            &command_hours_,
            &stream_ids_,
            &stream_types_,
            &stream_versions_,
            &stream_writers_,
            &guard_commands_,
            &guard_streams_,
            &event_streams_,
            &event_versions_,
            &event_types_,
            &event_schemas_,
            &event_ids_,
            &event_payloads_,
            &event_metadatas_,
            &event_leaves_,
            &event_macs_,
            &claim_commands_,
            &claim_takes_,
            &claim_kinds_,
            &claim_key_ids_,
            &claim_digests_,
            &claim_owners_,
            &credential_commands_,
            &credential_ids_,
            &credential_owners_,
            &credential_kinds_,
            &credential_revisions_,
            &credential_sealed_,
            &read_key_subjects_,
            &read_key_ids_,
            &use_commands_,
            &use_keys_,
            &new_key_commands_,
            &new_key_subjects_,
            &new_key_ids_,
            &new_key_wrapped_,
            &new_key_encryption_key_ids_,
            &destroyed_key_commands_,
            &destroyed_key_subjects_,
            &destroyed_key_ids_,
            &spent_commands_,
            &spent_digests_,
            &spent_made_,
            &spent_expiries_};
}

const std::vector<TypeId>& AppendArguments::types() {
    static const std::vector<TypeId> kTypes = [] {
        AppendArguments empty;
        std::vector<TypeId> types{kText, kTimestamp, kText};
        for (const BinaryArray* array : empty.arrays()) types.push_back(array->type());
        return types;
    }();
    return kTypes;
}

const std::string& AppendArguments::statement() {
    static const std::string kStatement = [] {
        std::string text =
            "select outcome, first_position, event_count, fingerprint, id, version, claim_kind, spent_digest"
            " from keyledger.append(";
        for (std::size_t i = 1; i <= types().size(); ++i) text.append(i == 1 ? "$" : ", $").append(std::to_string(i));
        return text + ")";
    }();
    return kStatement;
}

void AppendArguments::prepare() {
    if (prepared_) return;
    order_streams();
    order_read_keys();
    prepared_ = true;
}

std::vector<std::string_view> AppendArguments::values() {
    prepare();
    std::vector<std::string_view> values{kDefaultTenant, recorded_at_, mac_key_id_};
    for (BinaryArray* array : arrays()) values.push_back(array->bytes());
    return values;
}

void AppendArguments::stamp(std::span<const Append* const> added, Instant recorded_at, const WritingKey& key) {
    recorded_at_.clear();
    put_integer(recorded_at_, server_time(recorded_at));
    mac_key_id_ = key.id;
    event_leaves_.clear();
    event_macs_.clear();
    stamps_.clear();
    for (const Append* append : added) {
        for (const NewEvent& event : append->events) {
            const Digest leaf = leaf_hash(kDefaultTenant, event, recorded_at);
            event_leaves_.add(security::view_of(leaf));
            const Mac mac = mac_of(*key.key, leaf);
            event_macs_.add(security::view_of(mac));
            stamps_.push_back({leaf, mac});
        }
    }
}

void AppendArguments::add(const Append& append) {
    prepared_ = false;
    ++commands_;
    command_ids_.add(security::view_of(append.command_id));
    fingerprints_.add(security::view_of(append.fingerprint));
    command_hours_.add_int2(append.id_retention == Append::CommandIdRetention::kForAnHour ? std::int16_t{1}
                                                                                          : std::int16_t{0});
    add_streams(append);
    add_events(append);
    add_facts(append);
    add_keys(append);
}

std::size_t AppendArguments::stream_of(const StreamVersion& read) {
    const auto [at, is_new] = stream_index_.try_emplace(read.stream_id, streams_.size());
    if (is_new) streams_.push_back({read.stream_id, {}, read.version, 0});
    return at->second;
}

void AppendArguments::add_streams(const Append& append) {
    for (const StreamVersion& guard : append.guards) guards_.push_back({commands_, stream_of(guard)});
    for (const StreamVersion& write : append.writes) streams_[stream_of(write)].writer = commands_;
}

void AppendArguments::add_events(const Append& append) {
    for (const NewEvent& event : append.events) {
        const std::size_t stream = stream_index_.at(event.stream_id);  // append_rules: it is among the writes
        streams_[stream].type = event.stream_type;
        streams_of_events_.push_back(stream);
        event_versions_.add(event.version);
        event_types_.add(event.type);
        event_schemas_.add_int2(event.schema_version);
        event_ids_.add(event.event_id);
        event_payloads_.add(event.payload);
        event_metadatas_.add(event.metadata);
    }
}

void AppendArguments::add_facts(const Append& append) {
    for (const ClaimChange& claim : append.claims) {
        claim_commands_.add(commands_);
        claim_takes_.add_bool(claim.op == ClaimChange::Op::kTake);
        claim_kinds_.add(claim.kind);
        claim_key_ids_.add(claim.key_id);
        claim_digests_.add(claim.digest);
        claim_owners_.add(claim.owner);
    }
    for (const CredentialChange& credential : append.credentials) {
        credential_commands_.add(commands_);
        credential_ids_.add(credential.credential_id);
        credential_owners_.add(credential.owner);
        credential_kinds_.add(credential.kind);
        credential_revisions_.add(credential.expected_revision);
        credential.sealed ? credential_sealed_.add(*credential.sealed) : credential_sealed_.add_null();
    }
    for (const SpentValue& value : append.spent) {
        spent_commands_.add(commands_);
        spent_digests_.add(security::view_of(value.digest));
        spent_made_.add_time(value.made_at);
        spent_expiries_.add_time(value.expires_at);
    }
}

void AppendArguments::add_keys(const Append& append) {
    for (const SubjectKeyUse& use : append.key_uses) {
        // A command's own new key is its subject's live one exactly if the new key is accepted.
        const bool is_own_new = std::any_of(append.new_keys.begin(), append.new_keys.end(), [&](const auto& key) {
            return key.subject == use.subject && key.key_id == use.key_id;
        });
        if (is_own_new) continue;
        uses_.push_back({commands_, read_keys_.size()});
        read_keys_.push_back(use);
    }
    for (const NewSubjectKey& key : append.new_keys) {
        new_key_commands_.add(commands_);
        new_key_subjects_.add(key.subject);
        new_key_ids_.add(key.key_id);
        new_key_wrapped_.add(key.wrapped);
        new_key_encryption_key_ids_.add(key.key_encryption_key_id);
    }
    for (const SubjectKeyUse& key : append.destroyed_keys) {
        destroyed_key_commands_.add(commands_);
        destroyed_key_subjects_.add(key.subject);
        destroyed_key_ids_.add(key.key_id);
    }
}

// Those that exist first, each part by id, as the server's index has them: then it compares whole arrays at once.
void AppendArguments::order_streams() {
    std::vector<std::size_t> order(streams_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const Stream& left = streams_[a];
        const Stream& right = streams_[b];
        return std::tuple(left.version == 0, left.id) < std::tuple(right.version == 0, right.id);
    });
    for (BinaryArray* array : {&stream_ids_, &stream_types_, &stream_versions_, &stream_writers_, &guard_commands_,
                               &guard_streams_, &event_streams_})
        array->clear();
    std::vector<std::int32_t> place(streams_.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        const Stream& stream = streams_[order[i]];
        place[order[i]] = static_cast<std::int32_t>(i) + 1;
        stream_ids_.add(stream.id);
        stream_types_.add(stream.type);
        stream_versions_.add(stream.version);
        stream_writers_.add(stream.writer);
    }
    for (const Reference& guard : guards_) {
        guard_commands_.add(guard.command);
        guard_streams_.add(place[guard.to]);
    }
    for (const std::size_t stream : streams_of_events_) event_streams_.add(place[stream]);
}

void AppendArguments::order_read_keys() {
    std::vector<std::size_t> order(read_keys_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    auto key = [&](std::size_t i) { return std::tie(read_keys_[i].subject, read_keys_[i].key_id); };
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
    for (BinaryArray* array : {&read_key_subjects_, &read_key_ids_, &use_commands_, &use_keys_}) array->clear();
    std::vector<std::int32_t> place(read_keys_.size());
    std::int32_t distinct = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (i == 0 || key(order[i - 1]) != key(order[i])) {
            ++distinct;
            read_key_subjects_.add(read_keys_[order[i]].subject);
            read_key_ids_.add(read_keys_[order[i]].key_id);
        }
        place[order[i]] = distinct;
    }
    for (const Reference& use : uses_) {
        use_commands_.add(use.command);
        use_keys_.add(place[use.to]);
    }
}

}  // namespace keyledger::eventstore::postgres
