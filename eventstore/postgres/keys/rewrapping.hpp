#pragma once
// Wraps subjects' keys under another key-encryption key. The keys themselves, and all that is sealed, stay as they are.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "domain/base/result.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore::postgres {

struct RewrapResult {
    std::int64_t keys = 0;       // now wrapped under the new one
    std::int64_t set_aside = 0;  // nobody's
    std::int64_t unopened = 0;   // somebody's that can't be opened: they stay as they are
};
// nullopt: it can't be opened.
using Rewrap = std::function<std::optional<NewSubjectKey>(const StoredSubjectKey&)>;
// Of some keys the orphaned ones. It may read the log, over sessions of its own.
using FindOrphanedKeys = std::function<std::vector<StoredSubjectKey>(const std::vector<StoredSubjectKey>&)>;
using RewrapProgress = std::function<void(std::int64_t keys)>;

// Every living key that is not wrapped under `key_encryption_key_id`, while the service runs or not: one that is
// destroyed meanwhile stays destroyed. `nobodys` is asked about those that can't be opened; what it names goes to the
// graveyard, from where it can be brought back for a day. As the owner. The text says what went wrong; what was done by
// then stays done.
Result<RewrapResult, std::string> rewrap_subject_keys(const std::string& owner_url,
                                                      const std::string& key_encryption_key_id, const Rewrap& rewrap,
                                                      const FindOrphanedKeys& orphans,
                                                      const RewrapProgress& progress = {});

// Living keys of these subjects, without those that there are none of. As the owner.
Result<std::vector<StoredSubjectKey>, std::string> living_keys_of(const std::string& owner_url,
                                                                  const std::vector<Uuid>& subjects);

}  // namespace keyledger::eventstore::postgres
