#pragma once
// Codes, links and handles that are remembered here instead of sealed. Thread-safe. Those of one world are good on all
// of its nodes.
#include <mutex>
#include <vector>

#include "commands/challenges/challenge_secrets.hpp"

namespace keyledger::test {

class PlainChallengeSecrets : public commands::ChallengeSecrets {
public:
    explicit PlainChallengeSecrets(const commands::Clock& clock) : clock_(clock) {}

    std::string current_key() override { return "root"; }
    std::optional<std::string> code(const commands::CodeSource& source) override;
    std::string seal(const commands::ChallengeHandle& handle) override;
    std::string seal(const commands::MailLink& link) override;
    std::optional<commands::ChallengeHandle> open_handle(ChallengePurpose purpose, std::string_view sealed) override;
    std::optional<commands::MailLink> open_link(ChallengePurpose purpose, std::string_view sealed) override;

private:
    const commands::Clock& clock_;
    std::mutex mutex_;
    std::vector<commands::ChallengeHandle> handles_;
    std::vector<commands::MailLink> links_;
};

}  // namespace keyledger::test
