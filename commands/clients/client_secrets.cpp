#include "commands/clients/client_secrets.hpp"

#include <algorithm>

#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"

namespace keyledger::commands {
namespace {

constexpr std::size_t kIdBytes = 16;

}  // namespace

Secret client_secret_text(const CredentialId& secret_id, const Secret& random) {
    std::string bytes(security::view_of(secret_id));
    bytes.append(random.reveal());
    std::string encoded = security::base64url_encode(bytes);
    Secret::wipe(bytes);
    std::string text(kClientSecretPrefix);
    text.append(encoded);
    Secret::wipe(encoded);
    return Secret::take(std::move(text));
}

std::optional<PresentedSecret> read_client_secret(const Secret& text) {
    std::string_view encoded = text.reveal();
    if (!encoded.starts_with(kClientSecretPrefix)) return std::nullopt;
    encoded.remove_prefix(kClientSecretPrefix.size());
    auto bytes = security::base64url_decode(encoded);
    if (!bytes || bytes->size() != kIdBytes + kClientSecretBytes) return std::nullopt;
    PresentedSecret presented;
    std::copy_n(bytes->begin(), kIdBytes, presented.secret_id.uuid.bytes.begin());
    Secret::wipe(*bytes);
    presented.digest = security::sha256(text.reveal());
    return presented;
}

std::string client_secret_kind(const CredentialId& secret_id) { return "client_secret." + secret_id.to_string(); }

}  // namespace keyledger::commands
