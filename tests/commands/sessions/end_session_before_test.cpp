#include "commands/sessions/end_session_before.hpp"

#include "commands/access/answers_at_head.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller;
using test::kAnnsEmail;
using test::run;
using test::Types;

class EndSessionBeforeTest : public test::CommandTest {
protected:
    void SetUp() override {
        world.register_user(node, kAnnsEmail);
        before_ = world.log_in(node, kAnnsEmail);
        head_ = world.head();
    }
    bool lives() { return run(bearer_at_head(services(), bearer_of(before_), Deadline::max())).has_value(); }

    Grant before_;
    Position head_ = 0;
};

TEST_F(EndSessionBeforeTest, EndsItOnce) {
    for (int i = 0; i < 2; ++i) run(end_session_before(services(), bearer_of(before_), caller()));
    EXPECT_EQ(world.types(head_), Types{"session.ended"});
    EXPECT_FALSE(lives());
    EXPECT_TRUE(world.operator_log.lines().empty());
}

// Whoever gets in then gets what they earned all the same: recovery codes are shown once.
TEST_F(EndSessionBeforeTest, IsToldTheOperatorWhereItFails) {
    using eventstore::Call;
    const int next = faulty.next(Call::kAppend);
    for (int nth = next; nth < next + 20; ++nth) faulty.fail(Call::kAppend, nth, eventstore::StoreError::kUnavailable);
    run(end_session_before(services(), bearer_of(before_), caller()));
    ASSERT_EQ(world.operator_log.lines().size(), 1U);
    EXPECT_NE(world.operator_log.lines().front().find(before_.session_id.to_string()), std::string::npos);
    EXPECT_TRUE(lives());
}

}  // namespace
}  // namespace keyledger::commands
