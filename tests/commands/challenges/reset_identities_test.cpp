// What a reset leaves of accounts at other providers: nothing by which a thief of the password would come back.
#include "commands/credentials/one_time_password.hpp"
#include "tests/commands/challenges/mail_proofs.hpp"

namespace keyledger::commands {
namespace {

using test::caller;
using test::run;
using test::succeeds;

class ResetIdentitiesTest : public MailProofTest {
protected:
    template <class Command>
    void of_ann(const Command& command) {
        Streams streams;
        const auto ann = streams.read<User>(ann_);
        const Step step = [&](Attempt& attempt) -> StepResult { co_return attempt.decide_and_append(ann, command); };
        ASSERT_TRUE(succeeds(run(other.executor.run(caller(), streams, step))));
    }
    void link(std::string subject, LinkedBy by = LinkedBy::kUser) {
        of_ann(LinkIdentity{LinkedIdentityId{world.identifiers.next()}, "google", "https://there.example",
                            std::move(subject), std::nullopt, by});
    }
    std::vector<std::string> linked() {
        std::vector<std::string> subjects;
        for (const auto& identity : ann_now().identities) subjects.push_back(identity.subject);
        return subjects;
    }
    void reset_by_mail() {
        const std::string handle = ask();
        ASSERT_TRUE(succeeds(reset(by_code(handle, mailed_code(handle)))));
    }
    using Subjects = std::vector<std::string>;
};

TEST_F(ResetIdentitiesTest, TakeOffWhatWasLinkedInTheWeekBefore) {
    of_ann(VerifyEmail{});
    link("anns-own");
    clock.advance(days(8));
    link("a-thiefs");
    reset_by_mail();
    EXPECT_EQ(linked(), Subjects{"anns-own"});
}

// Whoever registered somebody else's address may have linked it long ago.
TEST_F(ResetIdentitiesTest, TakeOffAllWhereNobodyHadProvenTheAddress) {
    link("a-strangers");
    clock.advance(days(30));
    reset_by_mail();
    EXPECT_EQ(linked(), Subjects{});
}

TEST_F(ResetIdentitiesTest, LeaveWhatTheAccountBeganWith) {
    of_ann(VerifyEmail{});
    link("anns-first", LinkedBy::kRegistration);
    reset_by_mail();
    EXPECT_EQ(linked(), Subjects{"anns-first"});
}

TEST_F(ResetIdentitiesTest, HappenAtTheMachineToo) {
    of_ann(VerifyEmail{});
    link("a-thiefs");
    Caller system = caller();
    system.actor_type = eventstore::ActorType::kSystem;
    ASSERT_TRUE(succeeds(run(recover_user_as_operator(services(), ann_, system))));
    EXPECT_EQ(linked(), Subjects{});
}

}  // namespace
}  // namespace keyledger::commands
