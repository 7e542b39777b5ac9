#include "eventstore/event_macs.hpp"

#include <algorithm>

#include "security/primitives/bytes.hpp"

namespace keyledger::eventstore {

std::shared_ptr<const security::HmacKey> event_mac_key(std::string_view secret, std::string_view key_id,
                                                       const Uuid& log_id) {
    const std::string log = log_id.to_string();
    const std::string info = security::length_prefixed({"keyledger event mac", log, key_id});
    const Digest derived = security::hkdf_sha256(secret, {}, info);
    return std::make_shared<const security::HmacKey>(security::view_of(derived));
}

Mac mac_of(const security::HmacKey& key, const Digest& leaf) {
    const Digest whole = key.of(security::view_of(leaf));
    Mac mac{};
    std::copy_n(whole.begin(), mac.size(), mac.begin());
    return mac;
}

}  // namespace keyledger::eventstore
