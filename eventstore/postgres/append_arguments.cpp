#include "eventstore/postgres/append_arguments.hpp"

#include <algorithm>

#include "eventstore/leaf.hpp"
#include "security/bytes.hpp"

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

AppendArguments::AppendArguments() { set_recorded_at(0); }

// In the order of the function's parameters, after tenant and time.
std::vector<BinaryArray*> AppendArguments::arrays() {
    return {&command_ids_,         &fingerprints_,     &write_commands_,
            &write_streams_,       &write_types_,      &write_versions_,
            &guard_commands_,      &guard_streams_,    &guard_versions_,
            &event_writes_,        &event_versions_,   &event_types_,
            &event_schemas_,       &event_ids_,        &event_payloads_,
            &event_metadatas_,     &event_leaves_,     &claim_commands_,
            &claim_takes_,         &claim_kinds_,      &claim_key_ids_,
            &claim_digests_,       &claim_owners_,     &credential_commands_,
            &credential_ids_,      &credential_owners_, &credential_kinds_,
            &credential_revisions_, &credential_sealed_, &key_commands_,
            &key_subjects_,        &key_ids_,          &key_wrapped_,
            &key_encryption_key_ids_, &use_commands_,  &use_subjects_,
            &use_key_ids_,         &use_destroys_};
}

const std::vector<TypeId>& AppendArguments::types() {
    static const std::vector<TypeId> kTypes = [] {
        AppendArguments empty;
        std::vector<TypeId> types{kText, kTimestamp};
        for (const BinaryArray* array : empty.arrays()) types.push_back(array->type());
        return types;
    }();
    return kTypes;
}

const std::string& AppendArguments::statement() {
    static const std::string kStatement = [] {
        std::string text = "select outcome, first_position, event_count, fingerprint, id, version, claim_kind"
                           " from keyledger.append(";
        for (std::size_t i = 1; i <= types().size(); ++i)
            text.append(i == 1 ? "$" : ", $").append(std::to_string(i));
        return text + ")";
    }();
    return kStatement;
}

std::vector<std::string_view> AppendArguments::values() {
    std::vector<std::string_view> values{kDefaultTenant, recorded_at_};
    for (BinaryArray* array : arrays()) values.push_back(array->bytes());
    return values;
}

void AppendArguments::set_recorded_at(std::int64_t recorded_at_ms) {
    recorded_at_ms_ = recorded_at_ms;
    recorded_at_.clear();
    put_integer(recorded_at_, server_time(recorded_at_ms));
}

void AppendArguments::clear() {
    commands_ = 0;
    writes_ = 0;
    for (BinaryArray* array : arrays()) array->clear();
}

void AppendArguments::add(const Append& append) {
    ++commands_;
    command_ids_.add(security::view_of(append.command_id));
    fingerprints_.add(security::view_of(append.fingerprint));
    add_writes(append);
    add_events(append);
    add_facts(append);
}

void AppendArguments::add_writes(const Append& append) {
    for (const auto& [stream_id, version] : append.writes) {
        const auto first = std::find_if(append.events.begin(), append.events.end(),
                                        [&](const NewEvent& event) { return event.stream_id == stream_id; });
        write_commands_.add(commands_);
        write_streams_.add(stream_id);
        write_types_.add(first->stream_type);  // append_rules: every written stream has an event
        write_versions_.add(version);
    }
    for (const auto& [stream_id, version] : append.guards) {
        guard_commands_.add(commands_);
        guard_streams_.add(stream_id);
        guard_versions_.add(version);
    }
}

void AppendArguments::add_events(const Append& append) {
    for (const NewEvent& event : append.events) {
        const auto write = std::find_if(append.writes.begin(), append.writes.end(), [&](const StreamVersion& one) {
            return one.stream_id == event.stream_id;
        });
        event_writes_.add(writes_ + static_cast<std::int32_t>(write - append.writes.begin()) + 1);
        event_versions_.add(event.version);
        event_types_.add(event.type);
        event_schemas_.add_int2(event.schema_version);
        event_ids_.add(event.event_id);
        event_payloads_.add_jsonb(event.payload);
        event_metadatas_.add_jsonb(event.metadata);
        event_leaves_.add(security::view_of(leaf_hash(kDefaultTenant, event, recorded_at_ms_)));
    }
    writes_ += static_cast<std::int32_t>(append.writes.size());
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
    for (const NewSubjectKey& key : append.new_keys) {
        key_commands_.add(commands_);
        key_subjects_.add(key.subject);
        key_ids_.add(key.key_id);
        key_wrapped_.add(key.wrapped);
        key_encryption_key_ids_.add(key.key_encryption_key_id);
    }
    for (const auto* uses : {&append.key_uses, &append.destroyed_keys}) {
        for (const SubjectKeyUse& use : *uses) {
            use_commands_.add(commands_);
            use_subjects_.add(use.subject);
            use_key_ids_.add(use.key_id);
            use_destroys_.add_bool(uses == &append.destroyed_keys);
        }
    }
}

}  // namespace keyledger::eventstore::postgres
