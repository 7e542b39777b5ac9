#include "eventstore/postgres/keys/rewrapping.hpp"

#include "eventstore/postgres/connection/pqxx_connection.hpp"
#include "eventstore/postgres/keys/subject_key_rows.hpp"

namespace keyledger::eventstore::postgres {
namespace {

constexpr int kKeysInOneGo = 1'000;

std::vector<StoredSubjectKey> next_keys(pqxx::transaction_base& work, const std::string& wanted, const Uuid& after) {
    return subject_keys_in(work.exec_params(
        "select subject, key_id, wrapped_key, key_encryption_key_id from keyledger.subject_keys"
        " where subject > $1::uuid and destroyed_at is null and key_encryption_key_id <> $2 order by subject "
        "limit $3",
        after.to_string(), wanted, kKeysInOneGo));
}

// Compare and swap: whoever destroyed it in this moment wins.
std::int64_t put_back(pqxx::transaction_base& work, const StoredSubjectKey& key, const NewSubjectKey& wrapped) {
    const auto done = work.exec_params(
        "update keyledger.subject_keys set wrapped_key = $4::bytea, key_encryption_key_id = $5"
        " where subject = $1::uuid and key_id = $2::uuid and wrapped_key = $3::bytea and destroyed_at is "
        "null",
        key.subject.to_string(), key.key_id.to_string(), bytea_of(key.wrapped), bytea_of(wrapped.wrapped),
        wrapped.key_encryption_key_id);
    return static_cast<std::int64_t>(done.affected_rows());
}

}  // namespace

Result<RewrapResult, std::string> rewrap_subject_keys(const std::string& owner_url,
                                                      const std::string& key_encryption_key_id, const Rewrap& rewrap,
                                                      const FindOrphanedKeys& orphans,
                                                      const RewrapProgress& progress) try {
    const auto session = connect(owner_url);
    RewrapResult all;
    Uuid after;
    for (;;) {
        std::vector<StoredSubjectKey> unopened;
        {
            pqxx::work work(*session);
            const auto keys = next_keys(work, key_encryption_key_id, after);
            if (keys.empty()) return all;
            for (const StoredSubjectKey& key : keys) {
                const auto wrapped = rewrap(key);
                if (wrapped) all.keys += put_back(work, key, *wrapped);
                else unopened.push_back(key);
            }
            work.commit();
            after = keys.back().subject;
        }
        if (!unopened.empty()) {
            const auto away = orphans(unopened);
            pqxx::work work(*session);
            for (const StoredSubjectKey& key : away) set_aside(work, key);
            work.commit();
            all.set_aside += std::ssize(away);
            all.unopened += std::ssize(unopened) - std::ssize(away);
        }
        if (progress) progress(all.keys);
    }
} catch (const pqxx::failure& failure) {
    return Unexpected(std::string(failure.what()));
}

Result<std::vector<StoredSubjectKey>, std::string> living_keys_of(const std::string& owner_url,
                                                                  const std::vector<Uuid>& subjects) try {
    const auto session = connect(owner_url);
    pqxx::work work(*session);
    return subject_keys_in(
        work.exec_params("select subject, key_id, wrapped_key, key_encryption_key_id from keyledger.subject_keys"
                         " where subject = any($1::uuid[]) and destroyed_at is null order by subject",
                         array_of(subjects, [](const Uuid& subject) { return subject.to_string(); })));
} catch (const pqxx::failure& failure) {
    return Unexpected(std::string(failure.what()));
}

}  // namespace keyledger::eventstore::postgres
