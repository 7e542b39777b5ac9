// Failures that the log does not take: whoever has the service's database role can move the stream that counts them as
// often as they like, and a database is away at times. What can't be recorded counts all the same.
#include "commands/credentials/unrecorded_failures.hpp"

#include "commands/credentials/passwords.hpp"
#include "commands/credentials/unlock_user.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using eventstore::StoreError;
using test::caller;
using test::kAnnsEmail;
using test::kPassword;
using test::login;
using test::run;

constexpr std::int64_t kGuesses = 6;
constexpr std::int64_t kGuessesOfANetwork = 3;

Caller from(const std::string& network) {
    Caller somebody = caller();
    somebody.client_address = somebody.network = network;
    return somebody;
}

// A store on which somebody else is always quicker: a stream that is to be written moves just before it is.
class NoisyStore : public test::SteppedStore {
public:
    using SteppedStore::SteppedStore;

    Answer<eventstore::Verdict> append(eventstore::Append append, Deadline deadline) override {
        for (const auto& write : append.writes)
            if (noise && write.stream_id == victim) co_await noise();
        auto answer = co_await SteppedStore::append(std::move(append), deadline);
        co_return answer;
    }
    Answer<eventstore::Confirmation> confirm(std::vector<eventstore::StreamVersion> versions,
                                             eventstore::CommandId command_id, Deadline deadline) override {
        auto answer = co_await SteppedStore::confirm(std::move(versions), command_id, deadline);
        if (answer && never_stands_still) answer->unmoved = false;
        co_return answer;
    }

    std::function<asio::awaitable<void>()> noise;
    LoginAttemptsId victim;
    bool never_stands_still = false;
};

// Ann, who logged in from home, and two processes.
class GuessesUnderNoise : public test::CommandTest {
protected:
    void SetUp() override {
        for (test::Node* one : {&here_, &there_}) {
            one->services.settings.attempts.failures_in_a_row = kGuesses;
            one->services.settings.attempts.network_failures = kGuessesOfANetwork;
            one->services.settings.attempts.known_for = 90 * test::kDay;
        }
        ann_ = world.register_user(here_, kAnnsEmail);
        ASSERT_TRUE(gets_in(here_, "home"));
        before_ = world.head();
        for (NoisyStore* one : {&noisy_here_, &noisy_there_}) one->victim = world.pseudonyms.login_attempts_of(ann_);
    }
    void begin_noise() {
        for (NoisyStore* one : {&noisy_here_, &noisy_there_}) one->noise = [this] { return make_noise(); };
    }
    void end_noise() {
        for (NoisyStore* one : {&noisy_here_, &noisy_there_}) one->noise = nullptr;
    }
    // A record that counts for nobody.
    asio::awaitable<void> make_noise() {
        Streams streams;
        const auto attempts = streams.read<LoginAttempts>(world.pseudonyms.login_attempts_of(ann_));
        const Step step = [&](Attempt& attempt) -> StepResult {
            const SumFailedLogins command{LoginFailure::kUnknownUser, 1, {}, Instant::at_ms(1)};
            attempt.append(attempts, decide(attempt.state(attempts), command));
            co_return Result<void, CommandError>{};
        };
        Caller somebody;
        auto done = co_await other.executor.run(std::move(somebody), streams, step);
        EXPECT_TRUE(test::succeeds(done));
    }

    bool guesses(test::Node& where, const std::string& password, const std::string& network) {
        auto answer = run(log_in(where.services, login(kAnnsEmail, password), from(network)));
        EXPECT_TRUE(answer || test::refused(answer, refusals::kInvalidCredentials));
        return answer.has_value();
    }
    bool gets_in(test::Node& where, const std::string& network) { return guesses(where, kPassword, network); }
    // Each from a network of its own.
    void use_up_guesses(test::Node& where) {
        for (int i = 0; i < kGuesses; ++i) EXPECT_FALSE(guesses(where, "wrong", "network " + std::to_string(i)));
    }
    std::int64_t recorded() {
        const auto types = world.types(before_);
        return std::count(types.begin(), types.end(), "login.failed");
    }
    static std::int64_t waiting(test::Node& where) { return where.unrecorded_failures.status().waiting; }
    static Result<int, CommandError> record(test::Node& where) {
        return run(record_waiting_failures(where.services, Deadline::max()));
    }

    NoisyStore noisy_here_{faulty};
    NoisyStore noisy_there_{store};
    test::Node here_{world, noisy_here_};
    test::Node there_{world, noisy_there_};
    UserId ann_;
    Position before_ = 0;
};

// Scenario: while somebody guesses, somebody with the service's database role moves the stream that counts failures,
// before each attempt to write it. Nothing gets into the log; each process counts what it saw, and closes the account
// to networks that it does not know. The owner's stays open.
TEST_F(GuessesUnderNoise, CountAllTheSame) {
    begin_noise();
    for (test::Node* one : {&here_, &there_}) {
        use_up_guesses(*one);
        EXPECT_EQ(waiting(*one), kGuesses);
        EXPECT_FALSE(gets_in(*one, "a hotel"));
    }
    EXPECT_EQ(recorded(), 0) << "else this test is of nothing";
    EXPECT_TRUE(gets_in(here_, "home"));
    EXPECT_TRUE(gets_in(there_, "home"));
    EXPECT_FALSE(gets_in(here_, "a hotel")) << "that what failed is over could not be recorded either";
    EXPECT_FALSE(world.operator_log.lines().empty()) << "and an operator hears of it";
}

TEST_F(GuessesUnderNoise, CloseTheNetworkThatGuesses) {
    begin_noise();
    for (int i = 0; i < kGuessesOfANetwork; ++i) EXPECT_FALSE(guesses(here_, "wrong", "a cafe"));
    EXPECT_FALSE(gets_in(here_, "a cafe"));
    EXPECT_FALSE(guesses(here_, "wrong", "a cafe"));
    EXPECT_EQ(waiting(here_), kGuessesOfANetwork) << "a knock in a pause counts for nothing, and prolongs none";
    EXPECT_TRUE(gets_in(here_, "a hotel"));
    clock.advance(test::kSecond);
    EXPECT_TRUE(gets_in(here_, "a cafe"));
}

// A known network has the same number of guesses, and no more.
TEST_F(GuessesUnderNoise, CountInANetworkThatTheAccountKnows) {
    begin_noise();
    for (int i = 0; i < kGuesses; ++i) {
        EXPECT_FALSE(guesses(here_, "wrong", "home"));
        clock.advance(test::kDay);
    }
    EXPECT_FALSE(gets_in(here_, "home"));
}

TEST_F(GuessesUnderNoise, AreRecordedWhenTheLogTakesThem) {
    begin_noise();
    use_up_guesses(here_);
    ASSERT_TRUE(test::refused(record(here_), refusals::kBusy));
    EXPECT_TRUE(gets_in(there_, "a hotel")) << "what the other process could not say, this one does not know";
    end_noise();
    EXPECT_EQ(record(here_).value(), kGuesses);
    EXPECT_EQ(waiting(here_), 0);
    EXPECT_EQ(recorded(), kGuesses);
    EXPECT_FALSE(gets_in(there_, "another hotel"));
    EXPECT_FALSE(gets_in(here_, "another hotel"));
    EXPECT_TRUE(gets_in(there_, "home"));
    EXPECT_TRUE(gets_in(here_, "another hotel")) << "a good log-in begins anew";
}

TEST_F(GuessesUnderNoise, AreOverWithAGoodLogInAndWithAnUnlock) {
    begin_noise();
    use_up_guesses(here_);
    end_noise();
    EXPECT_TRUE(gets_in(here_, "home"));
    EXPECT_EQ(waiting(here_), 0);
    EXPECT_EQ(recorded(), kGuesses) << "in the audit trail they are";
    EXPECT_TRUE(gets_in(here_, "a hotel"));

    begin_noise();
    use_up_guesses(here_);
    end_noise();
    EXPECT_FALSE(gets_in(here_, "another hotel"));
    ASSERT_TRUE(test::succeeds(run(unlock_user_as_operator(here_.services, ann_, caller()))));
    EXPECT_EQ(waiting(here_), 0);
    EXPECT_TRUE(gets_in(here_, "another hotel"));
    EXPECT_TRUE(gets_in(there_, "a third hotel"));
}

// Whatever keeps it out of the log. Of an append whose outcome is unknown too many may be counted, and never too few.
TEST_F(GuessesUnderNoise, CountWhateverKeepsThemOutOfTheLog) {
    using eventstore::Call;
    const std::vector<std::pair<Call, StoreError>> table{{Call::kAppend, StoreError::kUnavailable},
                                                         {Call::kAppend, StoreError::kDeadline},
                                                         {Call::kAppend, StoreError::kOutcomeUnknown},
                                                         {Call::kAppend, StoreError::kBadData}};
    std::int64_t count = 0;
    for (const auto& [call, error] : table) {
        faulty.fail(call, faulty.next(call), error);
        EXPECT_FALSE(guesses(here_, "wrong", "network " + std::to_string(count)));
        EXPECT_EQ(waiting(here_), ++count) << static_cast<int>(error);
    }
    EXPECT_EQ(record(here_).value(), count);
}

// Whoever moves the user's own stream keeps every log-in from its answer, right or wrong. A guess it was.
TEST_F(GuessesUnderNoise, CountWhereNobodyIsToldThatTheyWereWrong) {
    const Grant grant = run(log_in(here_.services, login(kAnnsEmail), from("home"))).value();
    before_ = world.head();
    noisy_here_.never_stands_still = true;
    const auto wrong = run(log_in(here_.services, login(kAnnsEmail, "wrong"), from("a cafe")));
    EXPECT_TRUE(test::refused(wrong, refusals::kBusy));
    EXPECT_EQ(recorded(), 1);
    auto change = test::password_change(test::bearer_of(grant), "wrong");
    const auto changed = run(change_password(here_.services, std::move(change), test::caller_of(grant)));
    EXPECT_TRUE(test::refused(changed, refusals::kBusy));
    EXPECT_EQ(recorded(), 2);
}

// ---- the memory ------------------------------------------------------------------------------------------------
class UnrecordedFailuresTest : public testing::Test {
protected:
    bool begin(const UserId& whose, const std::string& network) {
        return kept.begin({whose, LoginFailure::kWrongPassword, network}, caller(), test::kNow);
    }
    void keep(const UserId& whose, const std::string& network) {
        ASSERT_TRUE(begin(whose, network));
        kept.keep(whose, network, {}, limits, test::kNow);
    }
    bool lets_in(const UserId& whose, const std::string& network) {
        LoginAttempts recorded;
        recorded.networks = {{"home", 0, {}, test::kNow}};
        return may_try(kept.tally(whose).added_to(recorded, limits), network, limits, test::kNow);
    }

    UnrecordedFailures kept{2};
    LoginAttemptLimits limits;
    const UserId ann = test::uuid(1);
    const UserId bob = test::uuid(2);
    const UserId cyd = test::uuid(3);
};

// Nothing is forgotten to make room: whoever fills it would have free guesses. So it closes.
TEST_F(UnrecordedFailuresTest, LetInNobodyFromWhereTheyAreNotKnownWhileThereIsNoRoom) {
    keep(ann, "a cafe");
    keep(bob, "a cafe");
    EXPECT_TRUE(lets_in(cyd, "a hotel"));
    EXPECT_FALSE(begin(cyd, "a cafe"));
    EXPECT_TRUE(kept.status().is_full);
    for (const UserId& whose : {ann, bob, cyd}) {
        EXPECT_FALSE(lets_in(whose, "a hotel"));
        EXPECT_TRUE(lets_in(whose, "home"));
    }
    kept.mark_recorded(ann, "a cafe", 1);
    EXPECT_FALSE(lets_in(cyd, "a hotel")) << "how many were not kept nobody knows";
    kept.mark_recorded(bob, "a cafe", 1);
    EXPECT_TRUE(lets_in(cyd, "a hotel"));
    EXPECT_EQ(kept.status().waiting, 0);
}

TEST_F(UnrecordedFailuresTest, CountFromTheMomentInWhichTheyAreKnown) {
    limits.failures_in_a_row = 2;
    ASSERT_TRUE(begin(ann, "a cafe"));
    ASSERT_TRUE(begin(ann, "a cafe"));
    EXPECT_FALSE(lets_in(ann, "a hotel"));
    EXPECT_EQ(kept.status().waiting, 0) << "they are on their way";
    kept.settle(ann, "a cafe");
    EXPECT_TRUE(lets_in(ann, "a hotel"));
    kept.keep(ann, "a cafe", {}, limits, test::kNow);
    EXPECT_EQ(kept.status().waiting, 1);
    kept.forget(ann);
    EXPECT_EQ(kept.status().waiting, 0);
    ASSERT_TRUE(begin(bob, "one network"));
    ASSERT_TRUE(begin(bob, "and another")) << "there is room again";
}

}  // namespace
}  // namespace keyledger::commands
