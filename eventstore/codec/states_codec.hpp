#pragma once
// The states of long streams to JSON and back, for snapshots: of the aggregates with a `kFold` (domain/). What is
// personal in them is in the clear here: whoever keeps it seals it under its subject's key.
#include <string>
#include <string_view>

#include "domain/access/administrators.hpp"
#include "domain/access/assignments.hpp"
#include "domain/access/group.hpp"
#include "domain/access/nestings.hpp"
#include "domain/access/role.hpp"
#include "domain/clients/service_account.hpp"
#include "domain/credentials/login_attempts.hpp"
#include "domain/log/log_keeping.hpp"
#include "domain/sessions/session.hpp"
#include "domain/users/user.hpp"

namespace keyledger::eventstore {

std::string encode_state(const User& user);
std::string encode_state(const Session& session);
std::string encode_state(const LoginAttempts& attempts);
std::string encode_state(const Role& role);
std::string encode_state(const Group& group);
std::string encode_state(const Assignments& assignments);
std::string encode_state(const Administrators& administrators);
std::string encode_state(const Nestings& nestings);
std::string encode_state(const ServiceAccount& account);
std::string encode_state(const LogKeeping& log);

// Throw CodecError for what was not written by the functions above.
void decode_state(std::string_view text, User& user);
void decode_state(std::string_view text, Session& session);
void decode_state(std::string_view text, LoginAttempts& attempts);
void decode_state(std::string_view text, Role& role);
void decode_state(std::string_view text, Group& group);
void decode_state(std::string_view text, Assignments& assignments);
void decode_state(std::string_view text, Administrators& administrators);
void decode_state(std::string_view text, Nestings& nestings);
void decode_state(std::string_view text, ServiceAccount& account);
void decode_state(std::string_view text, LogKeeping& log);

}  // namespace keyledger::eventstore
