#include "commands/anonymous_callers/erase_anonymous_callers.hpp"
#include "domain/anonymous_callers/anonymous_callers.hpp"
#include "eventstore/codec/events_codec.hpp"

#include "commands/credentials/passwords.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::kAnnsEmail;
using test::run;

constexpr int kKeepDays = 30;

// Somebody failed to log in on a day, and somebody else on the next one.
class EraseAnonymousCallersTest : public test::CommandTest {
protected:
    void SetUp() override {
        world.register_user(other, kAnnsEmail);
        try_in_vain();
        clock.advance(test::kDay);
        try_in_vain();
    }
    void try_in_vain() {
        const auto outcome = run(log_in(services(), test::login(kAnnsEmail, "not the password"), test::caller()));
        ASSERT_TRUE(test::refused(outcome, refusals::kInvalidCredentials));
    }
    Result<int, CommandError> erase(test::Node& on) {
        Caller system;
        system.actor_type = eventstore::ActorType::kSystem;
        return run(erase_anonymous_callers(on.services, kKeepDays, system));
    }
    eventstore::KeyState key_of_day(Instant at) {
        const AnonymousCallersId subject = world.pseudonyms.anonymous_subject_of(at);
        return run(node.keys.find(subject, Deadline::max())).value().state;
    }
    // Of every failed log-in, in order: what its envelope still tells.
    std::vector<std::optional<std::string>> addresses() {
        std::vector<std::optional<std::string>> all;
        for (const auto& event : world.events()) {
            if (event.type != LoginFailed::kType) continue;
            struct Opener : eventstore::FieldOpener {
                std::optional<std::string> open(std::string_view field, std::string_view sealed) override {
                    const auto ref = cipher.parse_sealed(sealed).value();
                    const auto found = run(keys.find(ref.subject, Deadline::max())).value();
                    if (!found.key) return std::nullopt;
                    return cipher.open_field(*found.key, {event.tenant, event.event_id, field}, sealed);
                }
                Opener(eventstore::SubjectCipher& c, eventstore::SubjectKeys& k, const eventstore::RecordedEvent& e)
                    : cipher(c), keys(k), event(e) {}
                eventstore::SubjectCipher& cipher;
                eventstore::SubjectKeys& keys;
                const eventstore::RecordedEvent& event;
            } opener(world.cipher, node.keys, event);
            all.push_back(eventstore::decode_metadata(event, opener).client_address.value);
        }
        return all;
    }
};

TEST_F(EraseAnonymousCallersTest, KeepsWhatIsNotOldEnough) {
    clock.advance((kKeepDays - 1) * test::kDay);
    const Position before = world.head();
    EXPECT_EQ(erase(node).value(), 0);
    EXPECT_EQ(world.head(), before);
    EXPECT_EQ(addresses(), (std::vector<std::optional<std::string>>{"192.0.2.1", "192.0.2.1"}));
}

TEST_F(EraseAnonymousCallersTest, DestroysADaysKeyWithAnEventThatNamesTheDay) {
    clock.advance(kKeepDays * test::kDay);
    ASSERT_EQ(key_of_day(test::kNow), eventstore::KeyState::kLive);  // and is remembered
    const Position before = world.head();
    EXPECT_EQ(erase(node).value(), 1);
    const auto events = world.events(before);
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].stream_id, world.pseudonyms.anonymous_subject_of(test::kNow));
    eventstore::NullFieldOpener nothing;
    const auto decoded = eventstore::decode_any(events[0], nothing);
    const auto& event = *eventstore::event_in<AnonymousCallers>(*decoded);
    const auto erased = std::get<AnonymousCallersErased>(event);
    EXPECT_EQ(erased.before - erased.from, test::kDay);
    EXPECT_LE(erased.from, test::kNow);
    EXPECT_GT(erased.before, test::kNow);
    EXPECT_EQ(key_of_day(test::kNow), eventstore::KeyState::kDestroyed) << "it was remembered beyond its end";
    EXPECT_EQ(key_of_day(test::kNow + test::kDay), eventstore::KeyState::kLive);
    const AnonymousCallersId subject = world.pseudonyms.anonymous_subject_of(test::kNow);
    const auto stored = run(node.keys.stored(subject, Deadline::max())).value();
    ASSERT_TRUE(stored);
    EXPECT_TRUE(stored->wrapped.empty());
}

TEST_F(EraseAnonymousCallersTest, LeavesAnErasedValueWhereAnAddressWas) {
    clock.advance(kKeepDays * test::kDay);
    ASSERT_TRUE(erase(node));
    EXPECT_EQ(addresses(), (std::vector<std::optional<std::string>>{std::nullopt, "192.0.2.1"}));
}

TEST_F(EraseAnonymousCallersTest, DoesItOnce) {
    clock.advance(2 * 365 * test::kDay);  // and finds what was left for years
    EXPECT_EQ(erase(node).value(), 2);
    const Position before = world.head();
    EXPECT_EQ(erase(node).value(), 0);
    EXPECT_EQ(erase(other).value(), 0);
    EXPECT_EQ(world.head(), before);
}

// Two nodes look at the same moment: the second has read that the key lives when the first destroys it.
TEST_F(EraseAnonymousCallersTest, AgreesWithAnotherNodeThatDoesTheSame) {
    clock.advance(kKeepDays * test::kDay);
    const Position before = world.head();
    faulty.before(eventstore::Call::kAppend, faulty.next(eventstore::Call::kAppend), [&]() -> asio::awaitable<void> {
        Caller system;
        system.actor_type = eventstore::ActorType::kSystem;
        auto done = co_await erase_anonymous_callers(other.services, kKeepDays, system);
        EXPECT_EQ(done.value(), 1);
    });
    EXPECT_EQ(erase(node).value(), 0);
    EXPECT_EQ(world.types(before), test::Types{"anonymous_callers.erased"});
}

// Whoever still remembers the key would seal under it; the store refuses, and nothing is written under a dead key. The
// attempt counts all the same.
TEST_F(EraseAnonymousCallersTest, IsNoticedByANodeThatStillRemembersTheKey) {
    world.register_user(other, "bob@example.com");
    clock.advance(kKeepDays * test::kDay);
    ASSERT_EQ(key_of_day(test::kNow), eventstore::KeyState::kLive);
    ASSERT_EQ(erase(other).value(), 1);
    clock.advance(-(kKeepDays + 1) * test::kDay);  // a clock that is far behind
    const Position before = world.head();
    const auto outcome = run(log_in(services(), test::login("bob@example.com", "not the password"), test::caller()));
    EXPECT_TRUE(test::refused(outcome, refusals::kInvalidCredentials));
    EXPECT_EQ(world.types(before), test::Types{"login.failed"});
    EXPECT_EQ(addresses().back(), std::nullopt) << "there is no key for it";
    EXPECT_TRUE(world.operator_log.lines().empty());
}

// The subject of a day's anonymous callers follows from the day, so that whoever may append can destroy its key before
// the day is over: guesses count as on any other day.
TEST_F(EraseAnonymousCallersTest, LetsNoGuessGoUncountedWhereTheKeyOfTheDayIsGone) {
    clock.advance(kKeepDays * test::kDay);
    ASSERT_EQ(erase(other).value(), 1);
    clock.advance(-(kKeepDays + 1) * test::kDay);
    const Position before = world.head();
    for (int i = 0; i < 3; ++i) try_in_vain();
    EXPECT_EQ(key_of_day(clock.now()), eventstore::KeyState::kDestroyed);
    EXPECT_EQ(world.types(before), (test::Types{"login.failed", "login.failed", "login.failed"}));
}

// Nor one where it is wrapped by what nobody here knows: whoever may append can make a key for a day that has none.
TEST_F(EraseAnonymousCallersTest, LetsNoGuessGoUncountedWhereTheKeyOfTheDayIsMadeUp) {
    clock.advance(test::kDay);
    eventstore::Append made_up;
    made_up.command_id.fill(7);
    made_up.writes = {{test::uuid(99), 0}};
    made_up.events.push_back({"session", test::uuid(99), 1, "session.ended", 1, test::uuid(98), "{}", "{}"});
    made_up.new_keys = {{world.pseudonyms.anonymous_subject_of(clock.now()), test::uuid(97), "junk", "made-up"}};
    ASSERT_TRUE(run(store.append(made_up, Deadline::max())));
    const Position before = world.head();
    try_in_vain();
    EXPECT_EQ(world.types(before), test::Types{"login.failed"});
    EXPECT_EQ(node.unrecorded_failures.status().waiting, 0);
    EXPECT_EQ(addresses().back(), std::nullopt);
}

// That it can't be read for a moment is no reason to leave out where somebody came from.
TEST_F(EraseAnonymousCallersTest, KeepsTheAddressWhereTheKeyOfTheDayIsAwayForAMoment) {
    using eventstore::Call;
    node.keys.forget(world.pseudonyms.anonymous_subject_of(clock.now()));
    faulty.fail(Call::kReadSubjectKeys, faulty.next(Call::kReadSubjectKeys), eventstore::StoreError::kUnavailable);
    try_in_vain();
    EXPECT_EQ(addresses(), (std::vector<std::optional<std::string>>(3, "192.0.2.1")));

    node.keys.forget(world.pseudonyms.anonymous_subject_of(clock.now()));
    const int next = faulty.next(Call::kReadSubjectKeys);
    for (int nth : {next, next + 1}) faulty.fail(Call::kReadSubjectKeys, nth, eventstore::StoreError::kUnavailable);
    try_in_vain();
    EXPECT_EQ(addresses().size(), 3u) << "the store is away, so nothing is recorded";
    EXPECT_EQ(node.unrecorded_failures.status().waiting, 1) << "and it counts";
    ASSERT_TRUE(test::succeeds(run(record_waiting_failures(services(), Deadline::max()))));
    EXPECT_EQ(addresses(), (std::vector<std::optional<std::string>>(4, "192.0.2.1")));
}

}  // namespace
}  // namespace keyledger::commands
