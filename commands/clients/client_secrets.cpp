#include "commands/clients/client_secrets.hpp"

#include <algorithm>

#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"

namespace keyledger::commands {
namespace {

constexpr std::size_t kIdBytes = 16;

}  // namespace

Secret client_secret_text(const Uuid& secret_id, const Secret& random) {
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
    std::copy_n(bytes->begin(), kIdBytes, presented.secret_id.bytes.begin());
    Secret::wipe(*bytes);
    presented.digest = security::sha256(text.reveal());
    return presented;
}

std::string client_secret_kind(const Uuid& secret_id) { return "client_secret." + secret_id.to_string(); }

std::optional<security::Digest> ClientSecrets::recall(const std::string& sealed_sha256) {
    const std::lock_guard lock(mutex_);
    const auto at = places_.find(sealed_sha256);
    if (at == places_.end()) return std::nullopt;
    recent_.splice(recent_.begin(), recent_, at->second);
    return at->second->digest;
}

void ClientSecrets::remember(const std::string& sealed_sha256, const security::Digest& digest) {
    const std::lock_guard lock(mutex_);
    if (capacity_ == 0 || places_.contains(sealed_sha256)) return;
    recent_.push_front({sealed_sha256, digest});
    places_.emplace(sealed_sha256, recent_.begin());
    if (recent_.size() <= capacity_) return;
    places_.erase(recent_.back().sealed_sha256);
    recent_.pop_back();
}

}  // namespace keyledger::commands
