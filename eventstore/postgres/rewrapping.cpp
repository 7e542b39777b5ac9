#include "eventstore/postgres/rewrapping.hpp"

#include "eventstore/postgres/pqxx_connection.hpp"

namespace keyledger::eventstore::postgres {
namespace {

constexpr int kKeysInOneGo = 1'000;

std::vector<StoredSubjectKey> next_keys(pqxx::transaction_base& work, const std::string& wanted, const Uuid& after) {
    std::vector<StoredSubjectKey> keys;
    const auto rows = work.exec_params(
        "select subject, key_id, wrapped_key, key_encryption_key_id from keyledger.subject_keys"
        " where subject > $1::uuid and destroyed_at is null and key_encryption_key_id <> $2 order by subject limit $3",
        after.to_string(), wanted, kKeysInOneGo);
    for (const auto& row : rows)
        keys.push_back({uuid_in(row[0]), uuid_in(row[1]), bytes_in(row[2]), row[3].as<std::string>(), false});
    return keys;
}

}  // namespace

Result<Rewrapped, std::string> rewrap_subject_keys(const std::string& owner_url,
                                                   const std::string& key_encryption_key_id, const Rewrap& rewrap,
                                                   const RewrapProgress& progress) try {
    const auto session = connect(owner_url);
    Rewrapped all;
    Uuid after;
    for (;;) {
        pqxx::work work(*session);
        const auto keys = next_keys(work, key_encryption_key_id, after);
        if (keys.empty()) return all;
        for (const StoredSubjectKey& key : keys) {
            const auto wrapped = rewrap(key);
            if (!wrapped) {
                ++all.unopened;
                continue;
            }
            // Compare and swap: whoever destroyed it in this moment wins.
            const auto done = work.exec_params(
                "update keyledger.subject_keys set wrapped_key = $4::bytea, key_encryption_key_id = $5"
                " where subject = $1::uuid and key_id = $2::uuid and wrapped_key = $3::bytea and destroyed_at is null",
                key.subject.to_string(), key.key_id.to_string(), bytea_of(key.wrapped), bytea_of(wrapped->wrapped),
                wrapped->key_encryption_key_id);
            all.keys += static_cast<std::int64_t>(done.affected_rows());
        }
        work.commit();
        after = keys.back().subject;
        if (progress) progress(all.keys);
    }
} catch (const pqxx::failure& failure) {
    return Unexpected(std::string(failure.what()));
}

}  // namespace keyledger::eventstore::postgres
