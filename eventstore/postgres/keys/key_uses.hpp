#pragma once
// What is stored under a key of the keyring: while there is any, that key must not end.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "eventstore/postgres/keys/rewrapping.hpp"
#include "eventstore/postgres/store/claims.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore::postgres {

// Of some claims the orphaned ones: no event that is believed knows their owner. It may read the log, over sessions
// of its own.
using FindOrphanedClaims = std::function<std::vector<ClaimRow>(const std::vector<ClaimRow>&)>;

// Claims under this key that are not under the current one, too: without the key their owners would not be found, and
// the names would be free. Errors are sentences. All of this blocks, on connections of their own. Orphaned claims do
// not count: whoever may append can add any number of them, and no key would ever end.
Result<std::int64_t, std::string> claims_only_under(const std::string& url, const std::string& key_id,
                                                    const std::string& current_key_id,
                                                    const FindOrphanedClaims& orphans);
// Subjects' keys that it wraps, and that are not destroyed.
Result<std::int64_t, std::string> subject_keys_under(const std::string& url, const std::string& key_id,
                                                     const FindOrphanedKeys& orphans);
// Subjects' keys that it wraps, and that were destroyed within the last day: they can still be brought back.
Result<std::int64_t, std::string> buried_keys_under(const std::string& url, const std::string& key_id);

// Ends a key for all nodes, in one transaction under append's lock, unless something living is under it alone:
// returns how much is, and 0 if it has ended. Orphaned rows go: keys to the graveyard, claims for good. From then on
// the database refuses what any node makes under it. As the owner.
Result<std::int64_t, std::string> end_wrapping_key(const std::string& owner_url, const std::string& key_id,
                                                   const FindOrphanedKeys& orphans);
Result<std::int64_t, std::string> end_claims_key(const std::string& owner_url, const std::string& key_id,
                                                 const std::string& current_key_id, const FindOrphanedClaims& orphans);
// A key of somebody's keyring, as nodes that have it tell.
struct AnnouncedKey {
    std::string id;
    Instant use_from;
    std::optional<Instant> ends_at{};
    bool operator==(const AnnouncedKey&) const = default;
};
// What the database knows of keyrings.
struct KeyAnnouncements {
    std::vector<std::string> ended;       // for all nodes: nothing is taken that is made under them
    std::vector<AnnouncedKey> announced;  // within a day
};
// Tells what this node has; kept for a day. Blocks; the error is a sentence.
Result<void, std::string> announce_keys(const std::string& url, const std::vector<AnnouncedKey>& keys);
// How many sessions of members of the service's role there are in this database, but for superusers' and the
// asker's.
Result<std::int64_t, std::string> sessions_of_services(const std::string& owner_url);

// Sessions that have not ended, by the read model; 0 where there is none.
Result<std::int64_t, std::string> live_sessions(const std::string& url, Instant now);

// Claims without one of the same owner and kind under the current key, in the order of owners, after that one. At
// most so many.
Result<std::vector<ClaimRow>, std::string> claims_to_move(const std::string& owner_url,
                                                          const std::string& current_key_id, const ClaimRow& after,
                                                          int at_most);

struct MovedClaim {
    ClaimRow from;
    Bytes digest;  // of the same value under the current key
};
// Writes them under the current key, beside those that there are. One transaction under append's lock, so that
// nothing comes in between: a claim that was released meanwhile (a new name, an erased owner) is left out, and one
// that another owner has taken, too. How many were written.
Result<std::int64_t, std::string> move_claims(const std::string& owner_url, const std::string& current_key_id,
                                              const std::vector<MovedClaim>& claims);
// Removes these very claims. How many there were.
Result<std::int64_t, std::string> drop_claims(const std::string& owner_url, const std::vector<ClaimRow>& claims);
// One of these ended keys that still has claims in a database that does not know that it ended, such as one restored
// from an old backup: by today's keys those names would be free.
Result<std::optional<std::string>, std::string> ended_key_in_use(const std::string& url,
                                                                 const std::vector<std::string>& ended_key_ids);
// Removes what is left under keys that have ended, but no claim that is its owner's only one of its kind. How many
// went. Of a key under which nothing is left, this database knows from then on that it has ended, also where it is from
// before: nobody can claim under it any more.
Result<std::int64_t, std::string> drop_claims_of(const std::string& owner_url, const std::vector<std::string>& key_ids);

}  // namespace keyledger::eventstore::postgres
