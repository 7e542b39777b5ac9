#include "security/primitives/derivation.hpp"

#include <stdexcept>
#include <string>

#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::security {
namespace {

constexpr std::string_view kSalt = "keyledger sealing root 1";

}  // namespace

Secret derived_key(const Key& root, std::string_view purpose, std::string_view context) {
    if (root.purpose != KeyPurpose::kSealingRoot) throw std::invalid_argument("key " + root.id + " is no sealing root");
    if (root.material.empty()) throw MissingKey("key " + root.id + " is revoked");
    return hkdf_key(root.material, kSalt, length_prefixed({purpose, context}));
}

}  // namespace keyledger::security
