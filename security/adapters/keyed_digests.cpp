#include "security/adapters/keyed_digests.hpp"

#include "security/keys/sealing.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::security {
namespace {

// Digests that are remembered by value (a device, a command id) must not change when the key rotates: they are made
// with the first claim key for as long as it is not revoked.
const Key& oldest_claim_key(const Keyring& keyring, Instant now) {
    const Key* const current = keyring.current(KeyPurpose::kClaims, now);
    const Key* oldest = keyring.last_usable(KeyPurpose::kClaims, now);
    // Where the first key is the current one, the last may be its successor, published and not in use yet.
    if (current != nullptr && current->use_from < oldest->use_from) oldest = current;
    if (oldest == nullptr) throw MissingKey("no key for 'claims' is in use: run 'keyledger keys rotate claims'");
    return *oldest;
}

Digest keyed(const Key& key, std::initializer_list<std::string_view> parts) {
    const std::string message = length_prefixed(parts);
    return hmac_sha256(key.material.reveal(), {message});
}
Digest keyed(const Keyring& keyring, Instant now, std::initializer_list<std::string_view> parts) {
    return keyed(oldest_claim_key(keyring, now), parts);
}

// One that everybody derives alike.
Uuid derived_uuid(std::initializer_list<std::string_view> parts) {
    return uuid_of(sha256(std::string_view(length_prefixed(parts))));
}

}  // namespace

std::vector<eventstore::ClaimDigest> KeyringPseudonyms::claim(std::string_view kind, std::string_view key) {
    const auto keyring = keyring_.snapshot();
    std::vector<eventstore::ClaimDigest> digests;
    for (const Key* claim_key : keyring->usable(KeyPurpose::kClaims, clock_.now()))
        digests.push_back({claim_key->id, claim_digest(*claim_key, eventstore::kDefaultTenant, kind, key)});
    if (digests.empty()) throw MissingKey("no key for 'claims' is in use: run 'keyledger keys rotate claims'");
    return digests;
}

bool KeyringPseudonyms::Agents::are_of(const KeyringPtr& keyring, const Key& key) const {
    const bool is_same_snapshot = !keyring_.owner_before(keyring) && !keyring.owner_before(keyring_);
    return is_same_snapshot && key_ == &key && pseudonyms_;
}

std::optional<std::string> KeyringPseudonyms::Agents::find(const KeyringPtr& keyring, const Key& key,
                                                           const std::string& agent) {
    const std::lock_guard lock(mutex_);
    if (!are_of(keyring, key)) return std::nullopt;
    const std::string* const known = pseudonyms_->use(agent);
    return known ? std::optional(*known) : std::nullopt;
}

void KeyringPseudonyms::Agents::put(const KeyringPtr& keyring, const Key& key, const std::string& agent,
                                    const std::string& pseudonym) {
    const std::lock_guard lock(mutex_);
    if (!are_of(keyring, key)) {
        pseudonyms_.emplace(kMostKept);
        keyring_ = keyring;
        key_ = &key;
    }
    pseudonyms_->put(agent, pseudonym);
}

std::string KeyringPseudonyms::device(std::string_view user_agent) {
    const auto keyring = keyring_.snapshot();
    const Key& key = oldest_claim_key(*keyring, clock_.now());
    const std::string agent(user_agent);
    if (auto known = agents_.find(keyring, key, agent)) return *std::move(known);
    const Digest digest = keyed(key, {"device", eventstore::kDefaultTenant, agent});
    std::string pseudonym = base64url_encode(view_of(digest).substr(0, 16));
    agents_.put(keyring, key, agent, pseudonym);
    return pseudonym;
}

std::string KeyringPseudonyms::network(const UserId& user_id, std::string_view network) {
    const auto keyring = keyring_.snapshot();
    const Digest digest =
        keyed(*keyring, clock_.now(), {"network", eventstore::kDefaultTenant, view_of(user_id), network});
    return base64url_encode(view_of(digest).substr(0, 16));
}

DeviceId KeyringPseudonyms::device_of(const UserId& user_id, std::string_view kept_id) {
    const auto keyring = keyring_.snapshot();
    return DeviceId{uuid_of(
        keyed(*keyring, clock_.now(), {"device of user", eventstore::kDefaultTenant, view_of(user_id), kept_id}))};
}

std::string KeyringPseudonyms::agent_network(const UserId& user_id, std::string_view agent, std::string_view network) {
    const auto keyring = keyring_.snapshot();
    const Digest digest = keyed(*keyring, clock_.now(),
                                {"agent and network", eventstore::kDefaultTenant, view_of(user_id), agent, network});
    return base64url_encode(view_of(digest).substr(0, 16));
}

DevicesId KeyringPseudonyms::devices_of(const UserId& user_id) {
    return DevicesId{derived_uuid({"devices", eventstore::kDefaultTenant, view_of(user_id)})};
}

Uuid KeyringPseudonyms::bucket(std::string_view key) const {
    const auto keyring = keyring_.snapshot();
    return uuid_of(keyed(*keyring, clock_.now(), {"limit", eventstore::kDefaultTenant, key}));
}

LoginAttemptsId KeyringPseudonyms::login_attempts_of(const UserId& user_id) {
    return LoginAttemptsId{derived_uuid({"login_attempts", eventstore::kDefaultTenant, view_of(user_id)})};
}

AnonymousCallersId KeyringPseudonyms::anonymous_subject_of(Instant now) {
    return AnonymousCallersId{
        derived_uuid({"anonymous", eventstore::kDefaultTenant, std::to_string(now.since_epoch() / days(1))})};
}

commands::Idempotency KeyringIdempotencyKeys::derive(std::string_view operation, std::string_view principal,
                                                     std::string_view key,
                                                     const std::vector<std::string_view>& request) {
    const auto keyring = keyring_.snapshot();
    const Instant now = clock_.now();
    const Secret& material = oldest_claim_key(*keyring, now).material;
    std::string digests;
    for (const std::string_view part : request)
        digests += view_of(hmac_sha256(material.reveal(), {"part of a request", part}));
    return {keyed(*keyring, now, {"command", eventstore::kDefaultTenant, operation, principal, key}),
            keyed(*keyring, now, {"fingerprint", operation, digests})};
}

}  // namespace keyledger::security
