#pragma once
// Clients' keys and the JWTs that they sign, as commands want to know them. Any thread.
#include "commands/ports.hpp"

namespace keyledger::security {

class JwtClientAssertions : public commands::ClientAssertions {
public:
    std::optional<ServiceAccount::PublicKey> read_key(std::string_view jwk) override;
    std::optional<Claims> read(std::string_view assertion) override;
    bool is_signed_by(std::string_view assertion, const ServiceAccount::PublicKey& key) override;
};

}  // namespace keyledger::security
