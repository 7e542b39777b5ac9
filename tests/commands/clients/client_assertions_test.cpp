// What clients sign: once, for this issuer, now; and what is told of it to whom.
#include "tests/commands/clients/service_accounts_fixture.hpp"

namespace keyledger::commands {
namespace {

using ClientAssertionsTest = ServiceAccountsTest;

TEST_F(ClientAssertionsTest, EarnATokenByAnAssertionOnceOnAllNodes) {
    const ServiceAccountId id = account();
    ASSERT_TRUE(test::succeeds(add_key(roots_, id, "key")));
    const auto grant = log_in_with(node, assertion(id, "one"));
    ASSERT_TRUE(test::succeeds(grant));
    EXPECT_TRUE(test::refused(log_in_with(node, assertion(id, "one")), refusals::kInvalidClient));
    EXPECT_TRUE(test::refused(log_in_with(other, assertion(id, "one")), refusals::kInvalidClient));
    EXPECT_TRUE(
        test::refused(log_in_with(other, assertion(id, "one", kIssuer, kNow + seconds(90))), refusals::kInvalidClient));
    EXPECT_TRUE(test::succeeds(log_in_with(other, assertion(id, "two"))));
}

// Scenario: one assertion is presented fifty times at the same moment, to two nodes, for a token and to ask.
TEST_F(ClientAssertionsTest, EarnOneTokenWhenFiftyComeAtOnceOnTwoNodes) {
    const ServiceAccountId id = account();
    ASSERT_TRUE(test::succeeds(add_key(roots_, id, "key")));
    const auto present = [&](int nth) -> asio::awaitable<bool> {
        test::Node& at = nth % 2 == 0 ? node : other;
        auto proof = *proof_of_assertion(at.services, assertion(id, "one"));
        auto from = caller();
        if (nth % 5 == 0) {
            const auto asked = co_await authenticate_client(at.services, std::move(proof), std::move(from));
            co_return asked.has_value();
        }
        ServiceLogIn request{std::move(proof), {}, {}};
        const auto earned = co_await log_in_service(at.services, std::move(request), std::move(from));
        co_return earned.has_value();
    };
    std::vector<asio::awaitable<bool>> rivals;
    for (int i = 0; i < 50; ++i) rivals.push_back(present(i));
    const auto opened = test::run_all(std::move(rivals));
    EXPECT_EQ(std::ranges::count(opened, true), 1);
    EXPECT_LE(std::ranges::count(world.types(), "service_token.issued"), 1);
}

TEST_F(ClientAssertionsTest, SpendAnAssertionByAskingToo) {
    const ServiceAccountId id = account();
    ASSERT_TRUE(test::succeeds(add_key(roots_, id, "key")));
    auto proof = proof_of_assertion(services(), assertion(id, "one"));
    ASSERT_TRUE(proof);
    const Position before = world.head();
    EXPECT_TRUE(test::succeeds(run(authenticate_client(services(), *proof, caller()))));
    EXPECT_EQ(world.head(), before) << "no stream grows by it";
    EXPECT_TRUE(test::refused(run(authenticate_client(other.services, *proof, caller())), refusals::kInvalidClient));
    EXPECT_TRUE(test::refused(log_in_with(other, assertion(id, "one")), refusals::kInvalidClient));
}

TEST_F(ClientAssertionsTest, RefuseAssertionsThatAreNotForThisIssuerNow) {
    const ServiceAccountId id = account();
    ASSERT_TRUE(test::succeeds(add_key(roots_, id, "key")));
    const Duration minute = minutes(1);
    const std::string bad[] = {assertion(id, "1", "https://else.example"),
                               assertion(id, "2", std::string(kIssuer) + "/oauth2/token"),
                               assertion(id, "3", kIssuer, kNow - minute),
                               assertion(id, "4", kIssuer, kNow + 61 * minute),
                               assertion(id, "5", kIssuer, kNow + minute, "another"),
                               assertion(id, "6", kIssuer, kNow + minute, "forged"),
                               assertion(test::uuid(4), "7")};
    for (const std::string& text : bad)
        EXPECT_TRUE(test::refused(log_in_with(node, text), refusals::kInvalidClient)) << text;
    const std::string text = id.to_string();
    const std::string of_two =
        "key|" + text + '|' + test::uuid(4).to_string() + '|' + kIssuer + "|8|" + std::to_string((kNow + minute).ms());
    EXPECT_TRUE(test::refused(log_in_with(node, of_two), refusals::kInvalidClient)) << "issuer and subject differ";
    EXPECT_TRUE(test::succeeds(log_in_with(node, assertion(id, "9", kIssuer, kNow + 60 * minute))));
    ASSERT_TRUE(test::succeeds(run(remove_account_key(services(), bearer_of(roots_), id, "key", caller_of(roots_)))));
    EXPECT_TRUE(test::refused(log_in_with(node, assertion(id, "10")), refusals::kInvalidClient));
}

// What is about the assertion alone is told to everybody, and counts for nobody; what is about the account to
// nobody, but that its own assertion was used.
TEST_F(ClientAssertionsTest, TellWhatIsWrongWithAnAssertionAndNothingOfAccounts) {
    const ServiceAccountId id = account();
    ASSERT_TRUE(test::succeeds(add_key(roots_, id, "key")));
    const auto fault_of = [&](const std::string& text) {
        auto refused = log_in_with(node, text);
        EXPECT_TRUE(test::refused(refused, refusals::kInvalidClient)) << text;
        return refused ? ClientFault::kNone : refused.error().client;
    };
    const std::pair<std::string, const char*> unfit[] = {
        {"nonsense", "six parts"},
        {assertion(id, "1", "https://else.example"), "issuer as its only 'aud': "},
        {assertion(id, "2", kIssuer, kNow - minutes(1)), "has expired"},
        {assertion(id, "3", kIssuer, kNow + seconds(4000)), "within an hour"},
        {assertion(test::uuid(4), "4", "https://else.example"), "issuer as its only 'aud': "}};
    for (int i = 0; i < 40; ++i)
        for (const auto& [text, says] : unfit) {
            const auto proof = proof_of_assertion(services(), text);
            ASSERT_FALSE(proof) << text;
            EXPECT_NE(proof.error().why.find(says), std::string::npos) << proof.error().why;
            log_rejected_assertion(services(), proof.error(), caller());
        }
    const auto lines = world.operator_log.lines();
    for (const auto& [text, says] : unfit)
        EXPECT_TRUE(std::ranges::any_of(lines, [&](const std::string& line) { return line.find(says) != line.npos; }))
            << says;
    EXPECT_LT(lines.size(), 150U) << "the log is not for whoever wants to fill it";
    EXPECT_EQ(fault_of(assertion(test::uuid(4), "5")), ClientFault::kUnproved);
    EXPECT_EQ(fault_of(assertion(id, "6", kIssuer, kNow + minutes(1), "another")), ClientFault::kUnproved);
    EXPECT_EQ(fault_of(assertion(id, "7", kIssuer, kNow + minutes(1), "forged")), ClientFault::kUnproved);
    ASSERT_TRUE(test::succeeds(log_in_with(node, assertion(id, "8"))));
    EXPECT_EQ(fault_of(assertion(id, "8")), ClientFault::kAssertionUsed);
    EXPECT_EQ(fault_of(assertion(id, "8", kIssuer, kNow + minutes(1), "another")), ClientFault::kUnproved)
        << "who can't sign learns nothing";
    const auto noted = [&](const char* what) {
        const auto all = world.operator_log.lines();
        return std::ranges::any_of(all, [&](const std::string& line) { return line.find(what) != line.npos; });
    };
    for (const char* what : {"no such client", "'kid' and the algorithm", "not signed by its key", "used before"})
        EXPECT_TRUE(noted(what)) << what;
}

}  // namespace
}  // namespace keyledger::commands
