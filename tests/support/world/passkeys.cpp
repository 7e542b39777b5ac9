#include "tests/support/world/passkeys.hpp"

#include "security/primitives/base64url.hpp"

namespace keyledger::test {
namespace {

using namespace commands;

std::string key_of(const std::string& credential_id) { return "key of " + credential_id; }

}  // namespace

boost::asio::awaitable<Result<NewPasskey, std::string>> PlainPasskeys::judge_new(MadePasskey made,
                                                                                 std::string challenge) {
    if (made.client_data_json != challenge) co_return Unexpected(std::string("the answer is to another challenge"));
    NewPasskey passkey;
    passkey.credential_id = made.attestation_object;
    passkey.public_key = key_of(made.attestation_object);
    co_return passkey;
}

boost::asio::awaitable<Result<ProvenPasskey, std::string>> PlainPasskeys::judge_answer(const PasskeyAnswer& answer,
                                                                                       std::string public_key,
                                                                                       PasskeyBackup backup,
                                                                                       std::string challenge) {
    if (answer.signature != challenge + " by " + public_key)
        co_return Unexpected(std::string("the signature is wrong"));
    ProvenPasskey proven;
    proven.counter = std::stoll(answer.authenticator_data);
    proven.backup = backup;
    co_return proven;
}

std::string PlainPasskeyChallenges::random(std::size_t) {
    const std::lock_guard lock(mutex_);
    return security::base64url_encode("random " + std::to_string(++drawn_));
}

std::string PlainPasskeyChallenges::seal(const PasskeyChallenge& challenge) {
    const std::lock_guard lock(mutex_);
    const std::string handle = "challenge " + std::to_string(sealed_.size() + 1);
    sealed_.emplace(handle, challenge);
    return handle;
}

std::optional<PasskeyChallenge> PlainPasskeyChallenges::open(const Secret& handle) {
    const std::lock_guard lock(mutex_);
    const auto found = sealed_.find(std::string(handle.reveal()));
    return found == sealed_.end() ? std::nullopt : std::optional(found->second);
}

MadePasskey PlainAuthenticator::make(const std::string& challenge) const { return {challenge, credential_id}; }

PasskeyAnswer PlainAuthenticator::answer(const AskedPasskey& asked) const {
    PasskeyAnswer answer;
    answer.handle = Secret(asked.handle);
    answer.credential_id = credential_id;
    answer.authenticator_data = std::to_string(counter);
    answer.signature = asked.challenge + " by " + key_of(credential_id);
    answer.user_handle = user_handle;
    return answer;
}

}  // namespace keyledger::test
