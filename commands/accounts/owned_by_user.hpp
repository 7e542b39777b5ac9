#pragma once
// What a user owns, in one table, and how an erasure reaches it: the streams that tell of them, by type. Names are
// claims that follow from their own stream, and go with its last event, or from one that they are taken out of; of
// their credentials all go, whatever their kind (kCredentialKinds has those that there are); and their key. Erasure
// goes through the table, and a test holds it against every aggregate. Constants.
#include <string_view>

#include "commands/runtime/executor.hpp"

namespace keyledger::commands {

enum class Reach {
    kUsersKey,   // what is personal in it is sealed under the user's key, which is destroyed
    kOtherKey,   // under another, which dies by itself: of a registration, of a day's anonymous callers
    kLeft,       // the user is taken out of it
    kIdsAlone,   // ids, times and keyed digests: it stays, for the proofs of the log
    kNotTheirs,  // it is about no user
};

struct OwnedStream {
    std::string_view type;
    Reach reach;
    StepResult (*leave)(Attempt& attempt, UserId user_id) = nullptr;  // kLeft: how
};

StepResult leave_their_groups(Attempt& attempt, UserId user_id);
StepResult leave_the_administrators(Attempt& attempt, UserId user_id);
StepResult leave_their_passkeys(Attempt& attempt, UserId user_id);

inline constexpr OwnedStream kOwnedStreams[] = {
    {"user", Reach::kUsersKey},
    {"session", Reach::kUsersKey},
    {"devices", Reach::kUsersKey},
    {"challenge", Reach::kOtherKey},
    {"registration", Reach::kOtherKey},
    {"anonymous_callers", Reach::kOtherKey},
    {"assignments", Reach::kLeft, leave_their_groups},
    {"administrators", Reach::kLeft, leave_the_administrators},
    {"factors", Reach::kLeft, leave_their_passkeys},
    {"login_attempts", Reach::kIdsAlone},
    {"wrong_codes", Reach::kIdsAlone},
    {"admitted_sessions", Reach::kIdsAlone},
    {"consent", Reach::kIdsAlone},
    {"device_authorization", Reach::kIdsAlone},
    {"role", Reach::kNotTheirs},
    {"group", Reach::kNotTheirs},
    {"nestings", Reach::kNotTheirs},
    {"service_account", Reach::kNotTheirs},
    {"service_token", Reach::kNotTheirs},
    {"application", Reach::kNotTheirs},
    {"log", Reach::kNotTheirs},
    {"job", Reach::kNotTheirs},
    {"session_cleanup", Reach::kNotTheirs},
};

}  // namespace keyledger::commands
