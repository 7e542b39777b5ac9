#pragma once
// The states of long streams to JSON and back, for snapshots. Only of aggregates that hold no personal data: those
// with a `kFold` (domain/).
#include <string>
#include <string_view>

#include "domain/login_attempts/login_attempts.hpp"
#include "domain/session/session.hpp"

namespace keyledger::eventstore {

std::string encode_state(const Session& session);
std::string encode_state(const LoginAttempts& attempts);

// Throw CodecError for what was not written by the functions above.
void decode_state(std::string_view text, Session& session);
void decode_state(std::string_view text, LoginAttempts& attempts);

}  // namespace keyledger::eventstore
