#pragma once
// Passkeys without cryptography: what an authenticator would sign is the challenge with the name of its key.
#include <map>
#include <mutex>

#include "commands/passkeys/passkey_challenges.hpp"

namespace keyledger::test {

class PlainPasskeys : public commands::PasskeyCeremonies {
public:
    std::string relying_party_id() const override { return "example.org"; }
    boost::asio::awaitable<Result<commands::NewPasskey, std::string>> judge_new(commands::MadePasskey made,
                                                                                std::string challenge) override;
    boost::asio::awaitable<Result<commands::ProvenPasskey, std::string>> judge_answer(
        const commands::PasskeyAnswer& answer, std::string public_key, PasskeyBackup backup,
        std::string challenge) override;
};

// A handle is the number under which its challenge is remembered.
class PlainPasskeyChallenges : public commands::PasskeyChallenges {
public:
    std::string random(std::size_t bytes) override;
    std::string seal(const commands::PasskeyChallenge& challenge) override;
    std::optional<commands::PasskeyChallenge> open(const Secret& handle) override;

private:
    std::mutex mutex_;
    int drawn_ = 0;
    std::map<std::string, commands::PasskeyChallenge> sealed_;
};

// An authenticator that has one passkey. All may be changed between two ceremonies.
struct PlainAuthenticator {
    std::string credential_id;  // base64url
    std::string user_handle{};  // of the account that it was made for
    std::int64_t counter = 0;

    commands::MadePasskey make(const std::string& challenge) const;
    commands::PasskeyAnswer answer(const commands::AskedPasskey& asked) const;
};

}  // namespace keyledger::test
