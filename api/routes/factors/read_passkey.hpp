#pragma once
// What browsers send of passkeys, as PublicKeyCredential.toJSON() writes it (W3C Web Authentication section 5.1), and
// the handle of the challenge beside it. Members that nobody needs are let be.
#include "api/wire/read_json.hpp"
#include "commands/passkeys/ports.hpp"

namespace keyledger::api::routes {

// In base64url.
inline constexpr std::size_t kMaxPasskeyHandleBytes = 1024;
inline constexpr std::size_t kMaxCredentialIdBytes = 1364;  // 1023 (Web Authentication section 4)
inline constexpr std::size_t kMaxClientDataTextBytes = 11 * 1024;
inline constexpr std::size_t kMaxAttestationTextBytes = 32 * 1024;
inline constexpr std::size_t kMaxAuthenticatorDataTextBytes = 4 * 1024;
inline constexpr std::size_t kMaxSignatureTextBytes = 2 * 1024;
inline constexpr std::size_t kMaxUserHandleTextBytes = 86;  // 64

commands::MadePasskey read_made_passkey(JsonFields& body);
// `handle` and `credential` in the object of that name; empty: in the body itself.
commands::PasskeyAnswer read_passkey_answer(JsonFields& body, std::string_view within = {});

}  // namespace keyledger::api::routes
