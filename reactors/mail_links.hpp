#pragma once
// What leads from a mail to a page of this service. Any thread.
#include <string>
#include <string_view>
#include <utility>

#include "commands/challenges/challenge_secrets.hpp"

namespace keyledger::reactors {

class MailLinks {
public:
    // `base`: what the paths of pages are put behind, from configuration and never from a request. `secrets` outlives
    // it.
    MailLinks(commands::ChallengeSecrets& secrets, std::string base) : secrets_(secrets), base_(std::move(base)) {}

    // A secret: whoever has it may do what the page does.
    std::string to(std::string_view page, const commands::MailLink& link) const {
        return base_ + std::string(page) + "?token=" + secrets_.seal(link);
    }

private:
    commands::ChallengeSecrets& secrets_;
    const std::string base_;
};

}  // namespace keyledger::reactors
