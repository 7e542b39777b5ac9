#pragma once
// Users by what they are called: whose access is asked for by a user name or an e-mail address. Answered as
// of one moment at the head of the log, as everything about access is (I8): the name as well as the roles.
//
// Whose a name is, is remembered (KnownOwners), and only ever a guess: the answer holds where the user's
// stream, as folded, has that name, and is the stream that the roles were answered beside. Only where nothing
// is remembered, or the user changed since, is anything read of the store. An unknown name is looked for each
// time.
#include <optional>
#include <string>
#include <vector>

#include "commands/access/answers_at_head.hpp"
#include "domain/base/lru_map.hpp"

namespace keyledger::commands {

enum class UserNameKind { kUsername, kEmail };

// What users may be called by. The first is what searches call them, where they have one; their id otherwise.
enum class SubjectNaming { kId, kUsername, kEmail };
using SubjectNamings = std::vector<SubjectNaming>;

// Owners by the claims' keyed digests. Any thread.
using KnownOwners = SharedLruMap<std::string, Uuid>;
inline constexpr std::size_t kMaxKnownOwners = 100'000;

// The kind of name that a text can be; nullopt: nobody can be called so, by what `namings` let users be
// called by.
std::optional<UserNameKind> kind_of_user_name(std::string_view text, const SubjectNamings& namings);

// As access_of_user() of whoever is called that. Of a name that is nobody's: not active, and nothing is
// granted.
Answer<SubjectAccess> access_of_user_called(Services& services, KnownOwners& known, UserNameKind kind, std::string text,
                                            Deadline deadline);

// What to call these users by: the first of `namings` that each has.
Answer<std::vector<std::string>> names_of_users(Services& services, std::vector<Uuid> user_ids, SubjectNamings namings,
                                                Deadline deadline);

}  // namespace keyledger::commands
