#include "security/primitives/derivation.hpp"

#include <stdexcept>
#include <string>

#include "security/primitives/bytes.hpp"

namespace keyledger::security {
namespace {

constexpr std::string_view kSalt = "keyledger sealing root 1";

}  // namespace

Secret derived_key(const Key& root, std::string_view purpose, std::string_view context) {
    if (root.purpose != KeyPurpose::kSealingRoot) throw std::invalid_argument("key " + root.id + " is no sealing root");
    if (root.material.empty()) throw MissingKey("key " + root.id + " is revoked");
    const std::string info = length_prefixed({purpose, context});
    return root.extracted ? hkdf_expanded(*root.extracted, info) : hkdf_key(root.material, kSalt, info);
}

std::unique_ptr<const HmacKey> extracted_from_root(const Secret& material) {
    const Secret extracted = hkdf_extracted(material, kSalt);
    return std::make_unique<const HmacKey>(extracted.reveal());
}

}  // namespace keyledger::security
