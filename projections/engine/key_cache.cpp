#include "projections/engine/key_cache.hpp"

#include "projections/engine/database.hpp"
#include "projections/engine/sql_array.hpp"

namespace keyledger::projections {
namespace {

constexpr const char* kReadKeys = R"(
select subject, key_id, wrapped_key, key_encryption_key_id, destroyed_at is not null
  from keyledger.subject_keys where subject = any($1::uuid[]))";

}  // namespace

KeyCache::KeyCache(eventstore::SubjectCipher& cipher, std::size_t capacity) : cipher_(cipher), capacity_(capacity) {}

FoundKey KeyCache::find(const Uuid& subject) {
    const auto at = by_subject_.find(subject);
    if (at == by_subject_.end()) return {};
    recent_.splice(recent_.begin(), recent_, at->second);
    return at->second->found;
}

std::unordered_map<Uuid, FoundKey> KeyCache::fetch(pqxx::transaction_base& transaction,
                                                   const std::set<Uuid>& subjects) {
    SqlArray wanted;
    std::unordered_map<Uuid, FoundKey> all;
    for (const Uuid& subject : subjects) {
        wanted.add(subject);
        all[subject].state = KeyState::kUnusable;
    }
    for (const auto& row : transaction.exec_params(kReadKeys, wanted.literal())) {
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
        if (found.state != KeyState::kUnusable) remember(stored.subject, found);
        all[stored.subject] = std::move(found);
    }
    return all;
}

void KeyCache::drop(const Uuid& subject) {
    const auto at = by_subject_.find(subject);
    if (at == by_subject_.end()) return;
    recent_.erase(at->second);
    by_subject_.erase(at);
}

void KeyCache::remember(const Uuid& subject, const FoundKey& found) {
    drop(subject);
    recent_.push_front({subject, found});
    by_subject_[subject] = recent_.begin();
    if (recent_.size() <= capacity_) return;
    by_subject_.erase(recent_.back().subject);
    recent_.pop_back();
}

}  // namespace keyledger::projections
