#include "tests/support/world/stand_ins.hpp"

#include <charconv>

#include "commands/credentials/passwords.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::test {
namespace {

using commands::HashingError;
using commands::PasswordCheck;

// A bijection of 64 bits that looks random (the finaliser of splitmix64).
std::uint64_t scattered(std::uint64_t value) {
    value += 0x9E3779B97F4A7C15ULL;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
    return value ^ (value >> 31);
}

void put(std::uint8_t* at, std::uint64_t value) {
    for (int i = 7; i >= 0; --i, value >>= 8) at[i] = static_cast<std::uint8_t>(value & 0xFF);
}

Uuid uuid_of(std::string_view purpose, std::string_view text) {
    const auto digest = security::sha256({purpose, "|", text});
    Uuid id;
    std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
    return id;
}

}  // namespace

Uuid CountedIdentifiers::next() {
    const std::uint64_t count = ++count_;
    Uuid id;
    put(id.bytes.data(), count << 20);  // grows, as the time of a UUIDv7 does
    put(id.bytes.data() + 8, scattered(seed_ << 40 | count));
    id.bytes[6] = static_cast<std::uint8_t>(0x70 | (id.bytes[6] & 0x0F));
    id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3F));
    return id;
}

eventstore::CommandId CountedIdentifiers::next_command_id() {
    const std::uint64_t count = ++count_;
    eventstore::CommandId id{};
    for (std::size_t part = 2; part < 4; ++part) put(id.data() + 8 * part, scattered(seed_ << 40 | count << 2 | part));
    const Uuid first = next();
    std::copy_n(first.bytes.begin(), first.bytes.size(), id.begin());
    return id;
}

Secret CountedIdentifiers::next_secret() {
    const auto id = next_command_id();
    return Secret(security::view_of(id));
}

asio::awaitable<Result<ServiceAccount::PublicKey, std::string>> PlainAssertions::read_key(std::string jwk) {
    if (jwk.empty() || jwk == "bad") co_return Unexpected(std::string("it is bad"));
    co_return ServiceAccount::PublicKey{jwk, KeyAlgorithm::kEs256, jwk};
}

Result<PlainAssertions::Claims, std::string> PlainAssertions::read(std::string_view assertion) {
    std::vector<std::string> parts(1);
    for (const char c : assertion) c == '|' ? void(parts.emplace_back()) : parts.back().push_back(c);
    if (parts.size() != 6) return Unexpected(std::string("it has no six parts"));
    Claims claims;
    if (parts[0] != "forged") claims.key_id = parts[0];
    claims.issuer = parts[1];
    claims.subject = parts[2];
    claims.audience = parts[3];
    claims.id = parts[4];
    claims.expires_at = Instant::at_ms(std::stoll(parts[5]));
    return claims;
}

asio::awaitable<bool> PlainAssertions::is_signed_by(std::string assertion, ServiceAccount::PublicKey key) {
    co_return assertion.starts_with(key.id + '|');
}

asio::awaitable<Result<Secret, HashingError>> PlainHasher::hash(Secret password, commands::HashingRequester, Deadline) {
    if (before) co_await before();
    if (overloaded) co_return Unexpected(HashingError::kOverloaded);
    ++hashed;
    const std::string clear = instead.empty() ? std::string(password.reveal()) : instead;
    co_return Secret(std::to_string(strength) + ':' + clear);
}

asio::awaitable<Result<PasswordCheck, HashingError>> PlainHasher::verify(Secret password, Secret hash,
                                                                         commands::HashingRequester, Deadline) {
    if (before) co_await before();
    if (overloaded) co_return Unexpected(HashingError::kOverloaded);
    ++verified;
    const std::string_view stored = hash.reveal();
    int stored_strength = 0;
    const auto colon = std::from_chars(stored.data(), stored.data() + stored.size(), stored_strength).ptr;
    const std::string_view clear = stored.substr(static_cast<std::size_t>(colon - stored.data()) + 1);
    const bool matches = Secret::equal(clear, password.reveal());
    co_return PasswordCheck{matches, matches && stored_strength < strength};
}

asio::awaitable<Result<PasswordCheck, HashingError>> PlainHasher::verify_decoy(Secret, commands::HashingRequester,
                                                                               Deadline) {
    if (before) co_await before();
    if (overloaded) co_return Unexpected(HashingError::kOverloaded);
    ++verified;
    co_return PasswordCheck{};
}

asio::awaitable<Result<std::optional<RefusalRef>, HashingError>> ShortPolicy::judge(Secret password,
                                                                                    commands::PasswordIdentity identity,
                                                                                    Deadline) {
    std::optional<RefusalRef> problem;
    const std::string local = identity.email.substr(0, identity.email.find('@'));
    if (password.size() < 15) problem = refusals::kPasswordTooShort;
    else if (!local.empty() && password.reveal().find(local) != std::string_view::npos)
        problem = refusals::kPasswordContainsIdentity;
    co_return problem;
}

std::vector<eventstore::ClaimDigest> PlainPseudonyms::claim(std::string_view kind, std::string_view key) {
    std::vector<eventstore::ClaimDigest> digests;
    for (const std::string& key_id : claim_keys) {
        const auto digest = security::sha256({key_id, "|", kind, "|", key});
        digests.push_back({key_id, std::string(security::view_of(digest))});
    }
    return digests;
}

std::string PlainPseudonyms::device(std::string_view user_agent) {
    const auto digest = security::sha256({"device|", user_agent});
    return security::hex_encode(security::view_of(digest)).substr(0, 32);
}

std::string PlainPseudonyms::network(const UserId& user_id, std::string_view network) {
    const auto digest = security::sha256({"network|", security::view_of(user_id), network});
    return security::hex_encode(security::view_of(digest)).substr(0, 32);
}

DeviceId PlainPseudonyms::device_of(const UserId& user_id, std::string_view kept_id) {
    return DeviceId{uuid_of("device", user_id.to_string() + '|' + std::string(kept_id))};
}

std::string PlainPseudonyms::agent_network(const UserId& user_id, std::string_view agent, std::string_view network) {
    const auto digest = security::sha256({"agent|", security::view_of(user_id), agent, "|", network});
    return security::hex_encode(security::view_of(digest)).substr(0, 32);
}

DevicesId PlainPseudonyms::devices_of(const UserId& user_id) {
    return DevicesId{uuid_of("devices", user_id.to_string())};
}

LoginAttemptsId PlainPseudonyms::login_attempts_of(const UserId& user_id) {
    return LoginAttemptsId{uuid_of("login_attempts", user_id.to_string())};
}

AnonymousCallersId PlainPseudonyms::anonymous_subject_of(Instant now) {
    return AnonymousCallersId{uuid_of("anonymous", std::to_string(now.since_epoch() / days(1)))};
}

void MemoryOperatorLog::warning(std::string_view what, const Uuid& about) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::string(what) + ": " + about.to_string());
}

std::vector<std::string> MemoryOperatorLog::lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
}

}  // namespace keyledger::test
