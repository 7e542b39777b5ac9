#pragma once
// A keyring that is the same in every run, but for its signing key: what is signed is signed by the fuzzer.
#include "domain/base/time.hpp"
#include "security/keys/keyring.hpp"

namespace keyledger::fuzz {

inline constexpr Instant kNow = Instant::at_ms(1'700'000'000'000);

inline const security::Keyring& test_keys() {
    static const security::Keyring all = [] {
        std::vector<security::Key> keys;
        for (const security::KeyPurpose purpose : security::kAllKeyPurposes) {
            security::Key key;
            key.id = std::string(name_of(purpose)).substr(0, 8);
            key.purpose = purpose;
            key.algorithm = std::string(security::algorithm_for(purpose));
            key.use_from = key.created_at = kNow - seconds(1);
            if (purpose == security::KeyPurpose::kTokenSigning) {
                const auto algorithm = security::SigningAlgorithm::kEdDsa;
                key.algorithm = std::string(name_of(algorithm));
                key.signing = std::make_shared<const security::SigningKey>(security::SigningKey::generate(algorithm));
            } else {
                key.material = Secret(std::string(32, 'k'));
            }
            keys.push_back(std::move(key));
        }
        return security::Keyring(std::move(keys));
    }();
    return all;
}

}  // namespace keyledger::fuzz
