#pragma once
// Keys derived from a sealing root, one for each purpose (HKDF, RFC 5869). A root must have the purpose
// kSealingRoot (std::invalid_argument) and not be revoked (MissingKey). Any thread.
#include <memory>
#include <string_view>

#include "domain/base/secret.hpp"
#include "security/keys/keyring.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::security {

// A key that belongs to a purpose and, where it narrows further, a context (a session, say). Purposes never
// meet, because both are length-prefixed in HKDF's info.
Secret derived_key(const Key& root, std::string_view purpose, std::string_view context = {});

// What all keys of a root are expanded from, ready for it: Key::extracted. The material is not empty.
std::unique_ptr<const HmacKey> extracted_from_root(const Secret& material);

}  // namespace keyledger::security
