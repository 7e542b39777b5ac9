#pragma once
// A user whom codes and links reach, as the mail would bring them.
#include "commands/challenges/challenges.hpp"
#include "commands/credentials/reset_password.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {

inline constexpr const char* kNewPassword = "another horse altogether";
inline constexpr const char* kNobodysEmail = "nobody@example.com";

// What a mail about the challenge has, to the user as they are now.
inline MailLink link_of(ChallengePurpose purpose, const ChallengeHandle& handle, const UserId& user_id,
                        const User& user) {
    return {purpose,          handle.challenge_id, Uuid{}, user_id, user.security_stamp, address_digest(handle.address),
            handle.expires_at};
}

inline Presented by_code(const std::string& handle, const std::string& code,
                         ChallengePurpose purpose = ChallengePurpose::kResetPassword) {
    Presented presented;
    presented.purpose = purpose;
    presented.handle = Secret(handle);
    presented.code = Secret(code);
    return presented;
}
inline Presented by_link(const std::string& link, ChallengePurpose purpose = ChallengePurpose::kResetPassword) {
    Presented presented;
    presented.purpose = purpose;
    presented.link = Secret(link);
    return presented;
}

class MailProofTest : public test::CommandTest {
protected:
    void SetUp() override {
        ann_ = world.register_user(node, test::kAnnsEmail);
        before_ = world.head();
    }
    test::Node& node_of(int number) { return number % 2 == 0 ? node : other; }

    Result<AskedChallenge, CommandError> asking(ChallengePurpose purpose, std::string email,
                                                std::optional<std::string> handle = std::nullopt) {
        ChallengeAsk ask{purpose, std::move(email), std::move(handle), {}};
        return test::run(ask_challenge(other.services, std::move(ask), test::caller()));
    }
    std::string ask(ChallengePurpose purpose = ChallengePurpose::kResetPassword, const char* email = test::kAnnsEmail) {
        auto asked = asking(purpose, email);
        EXPECT_TRUE(test::succeeds(asked));
        return asked ? asked->handle : std::string();
    }
    // The mail to Ann, as of now.
    User ann_now() {
        const std::vector<LoadStream> streams{{ann_, User::kStreamType}};
        const auto folds = test::run(other.executor.folder().load(streams, Freshness::kAtHead, Deadline::max()));
        return state_of<User>(folds->front());
    }
    ChallengeHandle opened(ChallengePurpose purpose, const std::string& handle) {
        return world.challenge_secrets.open_handle(purpose, handle).value();
    }
    std::string mailed_code(const std::string& handle, ChallengePurpose purpose = ChallengePurpose::kResetPassword) {
        const auto of = opened(purpose, handle);
        return *world.challenge_secrets.code(
            {purpose, "root", ann_, ann_now().security_stamp, of.challenge_id, address_digest(of.address)});
    }
    std::string mailed_link(const std::string& handle, ChallengePurpose purpose = ChallengePurpose::kResetPassword) {
        return world.challenge_secrets.seal(link_of(purpose, opened(purpose, handle), ann_, ann_now()));
    }
    void turn_on_second_factor() {
        Streams streams;
        const auto ann = streams.read<User>(ann_);
        const Step step = [&](Attempt& attempt) -> StepResult {
            co_return attempt.decide_and_append(ann, TurnOnSecondFactor{});
        };
        ASSERT_TRUE(test::succeeds(test::run(other.executor.run(test::caller(), streams, step))));
    }
    static std::string wrong(std::string code) {
        code.back() = code.back() == '0' ? '1' : '0';
        return code;
    }

    asio::awaitable<Result<Receipt, CommandError>> reset_at(test::Node& at, Presented presented,
                                                            const char* password = kNewPassword) {
        PasswordReset reset{std::move(presented), Secret(std::string_view(password))};
        return reset_password(at.services, std::move(reset), test::caller());
    }
    Result<Receipt, CommandError> reset(Presented presented, const char* password = kNewPassword) {
        return test::run(reset_at(other, std::move(presented), password));
    }
    int count(const std::string& type) {
        const auto types = world.types(before_);
        return static_cast<int>(std::ranges::count(types, type));
    }

    UserId ann_;
    Position before_ = 0;
};

}  // namespace keyledger::commands
