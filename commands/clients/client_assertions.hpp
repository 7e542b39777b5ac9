#pragma once
// What commands need to know of the JWTs that clients authenticate with: a port, as those of commands/runtime/ports.hpp
// are, and shared like them.
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "domain/clients/service_account.hpp"

namespace keyledger::commands {

namespace asio = boost::asio;

// JWTs that clients sign to prove who they are (RFC 7523 section 3), and the keys that they register.
class ClientAssertions {
public:
    virtual ~ClientAssertions() = default;
    // Of a JWK (RFC 7517): a public key of RSA from 2048 bits on, P-256 or Ed25519, and nothing private, under which
    // nobody else can sign. The public members alone, in canonical form.
    // With the `kid` that it came with. The error is a sentence: what is wrong with it.
    virtual asio::awaitable<Result<ServiceAccount::PublicKey, std::string>> read_key(std::string jwk) = 0;

    struct Claims {
        KeyAlgorithm algorithm = KeyAlgorithm::kEs256;  // of the header; to be held against the key's
        std::optional<std::string> key_id;              // none: the header names none
        std::string issuer;
        std::string subject;
        std::string audience;  // the only one
        std::string id;        // jti, or what stands for it
        Instant expires_at;
        std::optional<Instant> issued_at;
        std::optional<Instant> not_before;
    };
    // What it claims, unverified. The error is a sentence for whoever made it; it tells them nothing of others.
    virtual Result<Claims, std::string> read(std::string_view assertion) = 0;
    // False also under a key that read_key() would refuse today, whenever it was registered.
    virtual asio::awaitable<bool> is_signed_by(std::string assertion, ServiceAccount::PublicKey key) = 0;
};

}  // namespace keyledger::commands
