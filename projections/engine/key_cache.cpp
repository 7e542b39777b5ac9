#include "projections/engine/key_cache.hpp"

#include "projections/engine/database.hpp"
#include "projections/engine/sql_array.hpp"

namespace keyledger::projections {
namespace {

constexpr const char* kReadKeys = R"(
select subject, key_id, wrapped_key, key_encryption_key_id, destroyed_at is not null
  from keyledger.subject_keys where subject = any($1::uuid[]))";

}  // namespace

KeyCache::KeyCache(eventstore::SubjectCipher& cipher, std::size_t capacity) : cipher_(cipher), by_subject_(capacity) {}

FoundKey KeyCache::find(const Uuid& subject) {
    const FoundKey* known = by_subject_.use(subject);
    return known ? *known : FoundKey{};
}

std::unordered_map<Uuid, FoundKey> KeyCache::fetch(pqxx::transaction_base& transaction,
                                                   const std::set<Uuid>& subjects) {
    SqlArray wanted(ElementType::kUuid);
    std::unordered_map<Uuid, FoundKey> all;
    for (const Uuid& subject : subjects) {
        wanted.add(subject);
        all[subject].state = KeyState::kUnusable;
    }
    for (const auto& row : transaction.exec_params(kReadKeys, wanted.parameter())) {
        eventstore::StoredSubjectKey stored;
        stored.subject = uuid_from(row[0]);
        stored.key_id = uuid_from(row[1]);
        stored.wrapped = pqxx::binarystring(row[2]).str();
        stored.key_encryption_key_id = row[3].c_str();
        stored.destroyed = row[4].as<bool>();
        FoundKey found{KeyState::kDestroyed, nullptr};
        if (!stored.destroyed) {
            found.key = cipher_.unwrap(stored);  // or LackingKey: trouble that passes with a newer keyring
            found.state = found.key ? KeyState::kLive : KeyState::kUnusable;
        }
        if (found.state != KeyState::kUnusable) by_subject_.put(stored.subject, found);
        all[stored.subject] = std::move(found);
    }
    return all;
}

}  // namespace keyledger::projections
