#include "eventstore/postgres/keys/subject_key_rows.hpp"

namespace keyledger::eventstore::postgres {

std::vector<StoredSubjectKey> subject_keys_in(const pqxx::result& rows) {
    std::vector<StoredSubjectKey> keys;
    for (const auto& row : rows)
        keys.push_back({uuid_in(row[0]), uuid_in(row[1]), bytes_in(row[2]), row[3].as<std::string>(), false});
    return keys;
}

void set_aside(pqxx::transaction_base& work, const StoredSubjectKey& key) {
    work.exec_params("with gone as (delete from keyledger.subject_keys where subject = $1::uuid and key_id = $2::uuid"
                     " and wrapped_key = $3::bytea and destroyed_at is null"
                     " returning subject, tenant, key_id, wrapped_key, key_encryption_key_id)"
                     " insert into keyledger.graveyard (subject, tenant, key_id, wrapped_key, key_encryption_key_id)"
                     " select * from gone on conflict (subject) do nothing",
                     key.subject.to_string(), key.key_id.to_string(), bytea_of(key.wrapped));
}

}  // namespace keyledger::eventstore::postgres
