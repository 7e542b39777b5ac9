// One code for what was pushed (RFC 9126), however often a browser brings it.
#include "commands/authorization/issue_code.hpp"

#include "commands/authorization/sealed.hpp"
#include "tests/commands/authorization/shop_fixture.hpp"

namespace keyledger::commands {
namespace {

using test::caller;
using test::run;

class IssueCodeTest : public ShopTest {
protected:
    AuthorizationRequest pushed() {
        AuthorizationRequest one = request();
        one.pushed = PushedRequest{world.identifiers.next(), stores->server_now()};
        return one;
    }
    AuthorizationView view() { return run(view_authorization(services(), shop_, browser_, Deadline::max())).value(); }
    Result<AuthorizationCode, CommandError> issue(const AuthorizationRequest& request) {
        return run(issue_code(services(), view(), request, caller()));
    }
};

TEST_F(IssueCodeTest, GivesWhatWasPushedOneCode) {
    const AuthorizationRequest one = pushed();
    const auto code = issue(one);
    ASSERT_TRUE(test::succeeds(code));
    EXPECT_EQ(code->session_id.is_nil(), false);
    EXPECT_TRUE(test::refused(issue(one), refusals::kRequestUriUsed));
    EXPECT_TRUE(test::refused(run(issue_code(other.services, view(), one, caller())), refusals::kRequestUriUsed));
    EXPECT_TRUE(test::succeeds(issue(pushed()))) << "the next one is another";
    EXPECT_TRUE(since().empty()) << "it appends no event";
    EXPECT_TRUE(test::succeeds(exchange(*code)));
}

TEST_F(IssueCodeTest, BeginsWhatWasPushedForNinetySeconds) {
    const PushedRequest one{world.identifiers.next(), clock.now()};
    EXPECT_TRUE(may_begin(one, clock.now() + seconds(90)));
    EXPECT_FALSE(may_begin(one, clock.now() + seconds(90) + milliseconds(1)));
}

TEST_F(IssueCodeTest, SpendsNothingOfWhatWasSent) {
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(test::succeeds(issue(request())));
}

// Scenario (I13): one request_uri is in fifty tabs of a browser that is logged in, and all of them go on at the same
// moment, on two nodes.
TEST_F(IssueCodeTest, GivesOneCodeForFiftyAtOnceOnTwoNodes) {
    const AuthorizationRequest one = pushed();
    std::vector<asio::awaitable<Result<AuthorizationCode, CommandError>>> rivals;
    for (int i = 0; i < 50; ++i)
        rivals.push_back(issue_code((i % 2 == 0 ? node : other).services, view(), one, caller()));
    std::vector<AuthorizationCode> codes;
    for (const auto& outcome : test::run_all(std::move(rivals))) {
        if (outcome) codes.push_back(*outcome);
        else EXPECT_TRUE(test::refused(outcome, refusals::kRequestUriUsed));
    }
    ASSERT_EQ(codes.size(), 1U);
    EXPECT_TRUE(test::succeeds(exchange(codes.front())));
    EXPECT_EQ(since(), test::Types{"session.started"});
}

}  // namespace
}  // namespace keyledger::commands
