#include "commands/runtime/executor.hpp"
#include "domain/sessions/session.hpp"
#include "eventstore/codec/events_codec.hpp"

#include "commands/access/answers_at_head.hpp"
#include "commands/accounts/set_user_status.hpp"
#include "commands/accounts/update_profile.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "eventstore/codec/envelope.hpp"
#include "eventstore/codec/jcs.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using eventstore::Call;
using eventstore::StoreError;
using test::bearer_of;
using test::caller;
using test::caller_of;
using test::caller_with_key;
using test::kAnnsEmail;
using test::login;
using test::refresh_of;
using test::run;
using test::Types;

// An error that crosses the boundary is a constant, two enumerators and a number: it has no room for a secret, but for
// the sealed token with which half a log-in goes on.
static_assert(sizeof(CommandError) <= 24 + sizeof(CommandError::go_on));

class ExecutorTest : public test::CommandTest {
protected:
    void SetUp() override {
        ann_ = world.register_user(node, kAnnsEmail, "ann");
        laptop_ = world.log_in(node, kAnnsEmail);
        before_ = world.head();
    }
    Types since() { return world.types(before_); }
    Result<Receipt, CommandError> rename(test::Node& where, std::string username, Caller from = caller()) {
        ProfileUpdate update{bearer_of(laptop_), std::move(username), std::nullopt};
        return run(update_profile(where.services, std::move(update), std::move(from)));
    }
    asio::awaitable<void> rename_elsewhere(std::string username) {
        ProfileUpdate update{bearer_of(laptop_), std::move(username), std::nullopt};
        auto from = caller();
        auto done = co_await update_profile(other.services, std::move(update), from);
        EXPECT_TRUE(test::succeeds(done));
    }
    int next_append() { return faulty.next(Call::kAppend); }

    UserId ann_;
    Grant laptop_;
    Position before_ = 0;
};

// Scenario: two nodes write one stream, and the clock of the second is behind by up to a minute. Time stands still in
// the stream until that clock has come so far; from an empty cache too. A clock that was further ahead is not followed.
TEST_F(ExecutorTest, NeverLetsTimeGoBackwardsWithinAStream) {
    const auto occurred = [&] {
        eventstore::NullFieldOpener nothing;
        return eventstore::decode_metadata(world.events().back(), nothing).occurred_at;
    };
    ASSERT_TRUE(test::succeeds(rename(node, "ann2")));
    const Instant first = occurred();
    clock.advance(-minutes(1));
    ASSERT_TRUE(test::succeeds(rename(other, "ann3")));
    EXPECT_EQ(occurred(), first);
    test::Node cold(world, store);
    ASSERT_TRUE(test::succeeds(rename(cold, "ann4")));
    EXPECT_EQ(occurred(), first);
    clock.advance(milliseconds(60'001));
    ASSERT_TRUE(test::succeeds(rename(node, "ann5")));
    EXPECT_EQ(occurred(), first + milliseconds(1));
    clock.advance(-milliseconds(60'002));
    ASSERT_TRUE(test::succeeds(rename(node, "ann6")));
    EXPECT_EQ(occurred(), first - milliseconds(60'001)) << "it was a clock that was wrong";
}

// ---- conflicts (I4) --------------------------------------------------------------------------------------------
TEST_F(ExecutorTest, DecidesAgainAfterAConflict) {
    faulty.before(Call::kAppend, next_append(), [&] { return rename_elsewhere("ann2"); });
    ASSERT_TRUE(test::succeeds(rename(node, "ann3")));
    EXPECT_EQ(since(), (Types{"user.profile_updated", "user.profile_updated"}));
}

// Scenario: whenever this command wants to append, another one was quicker. It gives up after three attempts, says that
// it is worth another try, and has written nothing.
TEST_F(ExecutorTest, GivesUpInAStormOfConflicts) {
    for (int i = 0; i < kMaxAttempts; ++i)
        faulty.before(Call::kAppend, next_append() + i,
                      [this, i] { return rename_elsewhere("other" + std::to_string(i)); });
    auto answer = rename(node, "mine");
    EXPECT_TRUE(test::refused(answer, refusals::kBusy));
    EXPECT_GT(answer.error().retry_after, Duration());
    EXPECT_EQ(since().size(), static_cast<std::size_t>(kMaxAttempts)) << "the others' alone";
    ASSERT_TRUE(run(log_in(services(), test::login_by_username("other2"), caller())));
    EXPECT_FALSE(run(log_in(services(), test::login_by_username("mine"), caller())));
}

// Scenario: nothing stands still while a refusal waits for its confirmation. Whoever tried learns nothing; that a wrong
// password was tried counts.
TEST_F(ExecutorTest, GivesUpWhereNoRefusalCanBeConfirmed) {
    for (int i = 0; i < kMaxAttempts; ++i)
        faulty.before(Call::kConfirm, faulty.next(Call::kConfirm) + i,
                      [this, i] { return rename_elsewhere("other" + std::to_string(i)); });
    auto answer = run(log_in(services(), login(kAnnsEmail, "wrong"), caller()));
    EXPECT_TRUE(test::refused(answer, refusals::kBusy));
    Types expected(3, "user.profile_updated");
    expected.emplace_back("login.failed");
    EXPECT_EQ(since(), expected);
}

// ---- outcomes that are not known (I5) --------------------------------------------------------------------------
TEST_F(ExecutorTest, AnswersARepeatAfterAnUnknownOutcome) {
    faulty.lose_outcome(next_append());
    EXPECT_TRUE(test::refused(rename(node, "ann2", caller_with_key(3)), refusals::kOutcomeUnknown));
    auto again = rename(node, "ann2", caller_with_key(3));
    ASSERT_TRUE(test::succeeds(again));
    EXPECT_EQ(again->position, before_ + 1);
    EXPECT_EQ(since(), Types{"user.profile_updated"});
}

TEST_F(ExecutorTest, CarriesOutARepeatWhoseFirstNeverArrived) {
    faulty.fail(Call::kAppend, next_append(), StoreError::kOutcomeUnknown);
    EXPECT_TRUE(test::refused(rename(node, "ann2", caller_with_key(3)), refusals::kOutcomeUnknown));
    EXPECT_TRUE(since().empty());
    ASSERT_TRUE(test::succeeds(rename(node, "ann2", caller_with_key(3))));
    EXPECT_EQ(since(), Types{"user.profile_updated"});
}

// What nobody can be asked about is not repeated, but done again: a key is no proof of who sends it.
TEST_F(ExecutorTest, DropsTheKeyOfWhatNobodyAuthorises) {
    Streams streams;
    const auto user = streams.read<User>(ann_);
    const Step step = [&](Attempt& attempt) -> StepResult {
        attempt.append(user, {UserSessionsRevoked{}});
        co_return Result<void, CommandError>{};
    };
    for (int i = 0; i < 2; ++i) {
        auto done = run(services().executor.run(caller_with_key(3), streams, step));
        ASSERT_TRUE(test::succeeds(done));
        EXPECT_FALSE(done->repeated);
    }
    EXPECT_EQ(since().size(), 2u);
}

// Scenario: the same request is on its way on two nodes, and before the slower one appends, the quicker one is done and
// its session has ended. The store tells of the duplicate first, whatever has moved.
TEST_F(ExecutorTest, AsksAgainWhoMayWhereATwinWasQuicker) {
    faulty.before(Call::kAppend, next_append(), [this]() -> asio::awaitable<void> {
        ProfileUpdate update{bearer_of(laptop_), "ann2", std::nullopt};
        auto from = caller_with_key(3);
        auto twin = co_await update_profile(other.services, std::move(update), from);
        EXPECT_TRUE(test::succeeds(twin));
        auto leaving = caller_of(laptop_);
        auto left = co_await log_out(other.services, bearer_of(laptop_), leaving);
        EXPECT_TRUE(test::succeeds(left));
    });
    EXPECT_TRUE(test::refused(rename(node, "ann2", caller_with_key(3)), refusals::kInvalidToken));
    EXPECT_EQ(since(), (Types{"user.profile_updated", "session.ended"}));
}

TEST_F(ExecutorTest, AnswersForATwinThatWasQuicker) {
    faulty.before(Call::kAppend, next_append(), [this]() -> asio::awaitable<void> {
        ProfileUpdate update{bearer_of(laptop_), "ann2", std::nullopt};
        auto from = caller_with_key(3);
        auto twin = co_await update_profile(other.services, std::move(update), from);
        EXPECT_TRUE(test::succeeds(twin));
    });
    auto slower = rename(node, "ann2", caller_with_key(3));
    ASSERT_TRUE(test::succeeds(slower));
    EXPECT_TRUE(slower->repeated);
    EXPECT_EQ(slower->position, before_ + 1);
}

// Scenario: a repeat is on its way, and at one of its steps the session ends. An answer that begins after that is a
// refusal; before it, it may be either.
TEST_F(ExecutorTest, AnswersNoRepeatOfASessionThatHasEnded) {
    const int steps = test::for_every_step([](test::Steps& steps) {
        test::Stage stage;
        stage.world.register_user(stage.node, kAnnsEmail, "ann");
        const Grant laptop = stage.world.log_in(stage.node, kAnnsEmail);
        const auto ask = [&] {
            ProfileUpdate update{bearer_of(laptop), "ann2", std::nullopt};
            return run(update_profile(stage.node.services, std::move(update), caller_with_key(3)));
        };
        ASSERT_TRUE(test::succeeds(ask()));
        stage.stepped.steps = &steps;
        steps.meanwhile = [&]() -> asio::awaitable<void> {
            auto leaving = caller_of(laptop);
            auto left = co_await log_out(stage.other.services, bearer_of(laptop), leaving);
            EXPECT_TRUE(test::succeeds(left));
        };
        const Position head = stage.world.head();
        auto again = ask();
        const bool confirmed_before = steps.where() == "after confirm" && again.has_value();
        if (steps.happened() && !confirmed_before) {
            EXPECT_TRUE(test::refused(again, refusals::kInvalidToken)) << steps.where();
        } else {
            EXPECT_TRUE(test::succeeds(again)) << steps.where();
        }
        EXPECT_EQ(stage.world.head(), head + (steps.happened() ? 1 : 0));
    });
    EXPECT_GE(steps, 4) << "the key is looked for, and the first outcome with those who ask";
}

// The client of a refresh repeats it with the token that it has: within the grace that is the same successor.
TEST_F(ExecutorTest, LetsARefreshBeRepeatedAfterAnUnknownOutcome) {
    faulty.lose_outcome(next_append());
    EXPECT_TRUE(
        test::refused(run(refresh_session(services(), refresh_of(laptop_), caller())), refusals::kOutcomeUnknown));
    auto again = run(refresh_session(services(), refresh_of(laptop_), caller()));
    ASSERT_TRUE(test::succeeds(again));
    EXPECT_EQ(again->generation, 2);
    EXPECT_EQ(since(), Types{"session.refreshed"});
}

// A command id that was made here and is known already can only be this very append, sent twice by the store.
TEST_F(ExecutorTest, TakesItsOwnResendForItsOutcome) {
    stepped.sends_twice = true;
    clock.advance(test::kSecond);
    auto grant = run(log_in(services(), login(kAnnsEmail), caller()));
    ASSERT_TRUE(test::succeeds(grant));
    EXPECT_EQ(grant->position, before_ + 1);
    EXPECT_EQ(grant->generated_at, clock.now()) << "the token's bytes follow from it";
    EXPECT_EQ(since(), Types{"session.started"});
    EXPECT_TRUE(node.cache.find(grant->session_id)) << "and it is remembered as any other";
    auto refreshed = run(refresh_session(services(), refresh_of(*grant), caller()));
    ASSERT_TRUE(test::succeeds(refreshed));
    EXPECT_EQ(since().size(), 2u);
}

TEST_F(ExecutorTest, AnswersTheSameWhenTheStoreDeliversTwice) {
    faulty.send_twice(next_append());
    ASSERT_TRUE(test::succeeds(rename(node, "ann2", caller_with_key(3))));
    EXPECT_EQ(since(), Types{"user.profile_updated"});
}

// ---- errors of the store ---------------------------------------------------------------------------------------
TEST_F(ExecutorTest, NamesEachErrorOfTheStore) {
    const std::vector<std::pair<StoreError, RefusalRef>> table{{StoreError::kUnavailable, refusals::kUnavailable},
                                                               {StoreError::kDeadline, refusals::kOverloaded},
                                                               {StoreError::kOutcomeUnknown, refusals::kOutcomeUnknown},
                                                               {StoreError::kBadData, refusals::kBroken}};
    for (const auto& [error, refusal] : table) {
        faulty.fail(Call::kAppend, next_append(), error);
        EXPECT_TRUE(test::refused(rename(node, "ann2"), refusal));
    }
    EXPECT_TRUE(since().empty());
    EXPECT_TRUE(test::succeeds(rename(node, "ann2"))) << "and goes on afterwards";
}

// No call of the store may fail into a wrong answer: for each log-in call in turn, the store is away.
TEST_F(ExecutorTest, SaysUnavailableWhicheverReadFails) {
    for (Call call : {Call::kFindCredential, Call::kReadStreams, Call::kReadSubjectKeys, Call::kAppend}) {
        test::Node cold(world, faulty);
        faulty.fail(call, faulty.next(call), StoreError::kUnavailable);
        auto answer = run(log_in(cold.services, login(kAnnsEmail), caller()));
        EXPECT_TRUE(test::refused(answer, refusals::kUnavailable)) << static_cast<int>(call);
        EXPECT_TRUE(test::succeeds(run(log_in(cold.services, login(kAnnsEmail), caller()))));
    }
    faulty.fail(Call::kConfirm, faulty.next(Call::kConfirm), StoreError::kUnavailable);
    EXPECT_TRUE(test::refused(run(log_in(services(), login(kAnnsEmail, "wrong"), caller())), refusals::kUnavailable))
        << "an unconfirmed refusal";
}

TEST_F(ExecutorTest, HandsItsDeadlineToTheStore) {
    auto late = caller_of(laptop_);
    late.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
    EXPECT_TRUE(test::refused(rename(node, "ann2", late), refusals::kOverloaded));
    EXPECT_TRUE(since().empty());
}

// ---- misuse and damage -----------------------------------------------------------------------------------------
TEST_F(ExecutorTest, ThrowsWhatAStepThrows) {
    Streams streams;
    streams.read<User>(ann_);
    const Step unnamed = [&](Attempt& attempt) -> StepResult {
        attempt.state(StreamOf<User>{test::uuid(0xFF)});
        co_return Result<void, CommandError>{};
    };
    EXPECT_THROW((void)run(services().executor.run(caller(), streams, unnamed)), std::logic_error);
}

// The key-encryption key is another one: nothing can be opened, and nothing is sealed under a key made anew.
TEST_F(ExecutorTest, SealsNothingWhereTheSubjectsKeyCannotBeOpened) {
    test::World lost(stepped, clock, 2);
    test::Node elsewhere(lost, stepped);
    auto answer = run(log_in(elsewhere.services, login(kAnnsEmail), caller()));
    EXPECT_TRUE(test::refused(answer, refusals::kCredentialTampered));
    EXPECT_EQ(lost.operator_log.lines().size(), 1u);
    EXPECT_TRUE(since().empty());
    EXPECT_TRUE(test::succeeds(run(log_in(services(), login(kAnnsEmail), caller()))));
}

// ---- what is written -------------------------------------------------------------------------------------------
// Opens what is sealed for one subject.
class OpensFor : public eventstore::FieldOpener {
public:
    OpensFor(test::World& world, const eventstore::RecordedEvent& event, eventstore::SubjectKeyPtr key)
        : world_(world), event_(event), key_(std::move(key)) {}
    std::optional<std::string> open(std::string_view field, std::string_view sealed) override {
        return world_.cipher.open_field(*key_, {event_.tenant, event_.event_id, field}, sealed);
    }

private:
    test::World& world_;
    const eventstore::RecordedEvent& event_;
    eventstore::SubjectKeyPtr key_;
};

TEST_F(ExecutorTest, SealsTheEnvelopeForWhoeverActs) {
    auto of_last = [&](const test::TestId& subject) {
        auto key = run(other.keys.find(subject, Deadline::max()));
        EXPECT_TRUE(key && key->key);
        const auto event = world.events().back();
        OpensFor opener(world, event, key->key);
        return eventstore::decode_metadata(event, opener);
    };
    ASSERT_TRUE(test::succeeds(rename(node, "ann2", caller_of(laptop_, "Ann's browser"))));
    EXPECT_EQ(of_last(ann_).user_agent.value, "Ann's browser");
    EXPECT_EQ(of_last(ann_).actor_type, eventstore::ActorType::kUser);
    EXPECT_EQ(of_last(ann_).session_id, laptop_.session_id);

    ASSERT_FALSE(run(log_in(services(), login(kAnnsEmail, "wrong"), caller("a stranger's"))));
    const AnonymousCallersId today = world.pseudonyms.anonymous_subject_of(clock.now());
    EXPECT_EQ(of_last(today).user_agent.value, "a stranger's");
    EXPECT_FALSE(of_last(ann_).user_agent.value) << "a stranger's address must not outlive his day in Ann's name";
}

TEST_F(ExecutorTest, WritesTheEnvelopeOfItsRequest) {
    auto from = caller_of(laptop_);
    from.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    ASSERT_TRUE(test::succeeds(rename(node, "ann2", from)));
    eventstore::NullFieldOpener nothing;
    const auto envelope = eventstore::decode_metadata(world.events().back(), nothing);
    EXPECT_EQ(envelope.occurred_at, clock.now());
    EXPECT_EQ(envelope.request_id, "request-1");
    EXPECT_EQ(envelope.correlation_id, "request-1");
    EXPECT_EQ(envelope.traceparent, from.traceparent);
    EXPECT_EQ(envelope.command_id, world.events().back().event_id.to_string()) << "an id that was made here";
    from.idempotency = caller_with_key(7).idempotency;
    ASSERT_TRUE(test::succeeds(rename(node, "ann3", from)));
    const auto named = eventstore::decode_metadata(world.events().back(), nothing);
    EXPECT_EQ(named.command_id.size(), 43u) << "base64url of the 32 bytes that a client's key became";
    EXPECT_EQ(named.causation_id, named.command_id);
}

// For whoever watches what is appended: the same as each envelope, but for what is personal.
TEST_F(ExecutorTest, SaysBesideAnAppendWhatItsEnvelopesSay) {
    class Noting : public test::SteppedStore {
    public:
        using SteppedStore::SteppedStore;
        Answer<eventstore::Verdict> append(eventstore::Append append, eventstore::Deadline deadline) override {
            asked.push_back(append);
            return SteppedStore::append(std::move(append), deadline);
        }
        std::vector<eventstore::Append> asked;
    };
    Noting noting(store);
    test::Node noted(world, noting);
    world.register_user(noted, "bob@example.com", "bob");
    world.refresh(noted, world.log_in(noted, kAnnsEmail));
    Caller from = caller();
    from.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    from.client_address = "192.0.2.7";
    ASSERT_TRUE(test::succeeds(rename(noted, "ann2", from)));
    from.idempotency = caller_with_key(7).idempotency;
    ASSERT_TRUE(test::succeeds(rename(noted, "ann3", from)));
    std::size_t compared = 0;
    for (const eventstore::Append& append : noting.asked) {
        if (append.events.empty()) continue;
        ASSERT_NE(append.envelope, nullptr);
        EXPECT_FALSE(append.envelope->client_address.value || append.envelope->user_agent.value ||
                     append.envelope->device.value);
        for (const eventstore::NewEvent& event : append.events) {
            eventstore::NullFieldOpener nothing;
            const eventstore::EnvelopePlace place{event.event_id, event.stream_type, event.stream_id};
            const auto read = decode_metadata(event.metadata, place, nothing);
            EXPECT_EQ(eventstore::describe(read), eventstore::describe(*append.envelope)) << event.type;
            ++compared;
        }
    }
    EXPECT_GE(compared, 5u);
}

// What two refusals cost: one read each, and no event.
TEST_F(ExecutorTest, ConfirmsEveryRefusalAndEveryIdleDecision) {
    stepped.calls.clear();
    ASSERT_TRUE(test::succeeds(rename(node, "ann")));
    EXPECT_EQ(stepped.calls, (std::map<std::string, int>{{"confirm", 1}}));
    stepped.calls.clear();
    EXPECT_TRUE(
        test::refused(run(revoke_session(services(), bearer_of(laptop_), test::TestId(ann_), caller_of(laptop_))),
                      refusals::kSessionUnknown));
    EXPECT_EQ(stepped.calls["confirm"], 1);
    EXPECT_EQ(stepped.calls["append"], 0);
}

}  // namespace
}  // namespace keyledger::commands
