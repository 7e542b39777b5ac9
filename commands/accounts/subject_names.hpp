#pragma once
// Users by what they are called: whose access is asked for by a user name or an e-mail address. Answered as
// of one moment at the head of the log, as everything about access is (I8): the name as well as the roles.
//
// The owner of a name is remembered (ClaimOwnerCache), but only as a guess: it counts if the user's stream, folded at
// the same moment as the roles, has that name. The store is read only if nothing is remembered, or if the user
// changed since. Unknown names are looked up each time.
#include <optional>
#include <string>
#include <vector>

#include "commands/services.hpp"
#include "domain/base/lru_map.hpp"

namespace keyledger {
struct SubjectAccess;
}

namespace keyledger::commands {

enum class UserNameKind { kUsername, kEmail };

// What users may be called by. The first is what searches call them, where they have one; their id otherwise.
enum class SubjectNameKind { kId, kUsername, kEmail };
using SubjectNameKinds = std::vector<SubjectNameKind>;

// Owners by the claims' keyed digests. Any thread.
using ClaimOwnerCache = SharedLruMap<std::string, UserId>;
inline constexpr std::size_t kMaxKnownOwners = 100'000;

// The kind of name that a text can be; nullopt: nobody can be called so, by what `namings` let users be
// called by.
std::optional<UserNameKind> kind_of_user_name(std::string_view text, const SubjectNameKinds& name_kinds);

// As access_of_user() of whoever is called that. Of a name that is nobody's: not active, and nothing is
// granted.
Answer<SubjectAccess> access_of_user_named(Services& services, ClaimOwnerCache& known, UserNameKind kind,
                                           std::string text, Deadline deadline);

// What to call these users by: the first of `namings` that each has.
Answer<std::vector<std::string>> names_of_users(Services& services, std::vector<UserId> user_ids,
                                                SubjectNameKinds name_kinds, Deadline deadline);

}  // namespace keyledger::commands
