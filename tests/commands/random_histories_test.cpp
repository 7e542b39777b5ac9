// Random histories, seeded by the test's name: what a node remembers of a stream is what anybody would read of it, and
// the log keeps its promises, whatever happened.
#include <array>
#include <map>
#include <random>
#include <set>

#include "commands/answers_at_head.hpp"
#include "commands/end_sessions.hpp"
#include "commands/roles.hpp"
#include "commands/set_user_status.hpp"
#include "commands/update_profile.hpp"
#include "tests/commands/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller_of;
using test::kOtherPassword;
using test::kPassword;
using test::run;

std::string text_of(const std::optional<std::string>& text) { return text.value_or("-"); }
std::string text_of(const std::optional<Uuid>& id) { return id ? id->to_string() : "-"; }

std::string text_of(const User& user) {
    std::ostringstream out;
    out << "user " << static_cast<int>(user.status) << ' ' << text_of(user.email) << ' '
        << text_of(user.username) << ' ' << text_of(user.name) << ' ' << static_cast<int>(user.standing)
        << ' ' << user.registered_at_ms << ' ' << user.credential_id.to_string() << ' ' << user.sealed_sha256
        << ' ' << user.security_stamp << ' ' << user.sessions_ended_before << ' '
        << text_of(user.kept_session);
    return out.str();
}
std::string text_of(const Session& session) {
    std::ostringstream out;
    out << "session " << static_cast<int>(session.status) << ' ' << session.user_id.to_string() << ' '
        << session.client_id << ' ' << session.security_stamp << ' ' << session.device << ' ' << session.generation
        << ' ' << session.first_position << ' ' << session.started_at_ms << ' ' << session.refreshed_at_ms << ' '
        << session.expires_at_ms;
    for (const std::string& audience : session.audiences) out << ' ' << audience;
    return out.str();
}
std::string text_of(const LoginAttempts& attempts) {
    return "attempts " + std::to_string(attempts.failures_in_a_row) + ' ' + std::to_string(attempts.last_failed_at_ms);
}
std::string text_of(const AnonymousCallers& callers) {
    return "anonymous callers " + std::to_string(static_cast<int>(callers.status));
}
std::string text_of(const Role& role) {
    std::string text = "role " + std::to_string(static_cast<int>(role.status)) + ' ' + role.name;
    for (const std::string& permission : role.permissions.texts()) text += ' ' + permission;
    return text;
}
std::string text_of(const std::vector<Uuid>& ids) {
    std::string text;
    for (const Uuid& id : ids) text += ' ' + id.to_string();
    return text;
}
std::string text_of(const Assignments& assignments) { return "assignments" + text_of(assignments.roles); }
std::string text_of(const Administrators& administrators) { return "administrators" + text_of(administrators.users); }
std::string text_of(const Fold& fold) {
    const std::string state = std::visit([](const auto& s) { return text_of(s); }, *fold.state);
    return std::to_string(fold.version) + ": " + state;
}

std::uint64_t seed_of(const testing::TestInfo& test) {
    const std::string name = std::string(test.test_suite_name()) + '.' + test.name();
    std::uint64_t seed = 0xCBF29CE484222325ULL;  // FNV-1a
    for (const char c : name) seed = (seed ^ static_cast<std::uint8_t>(c)) * 0x100000001B3ULL;
    return seed;
}

// A person with a device or more: what he was given, good or not.
struct Person {
    std::string email;
    Uuid id;
    std::vector<Grant> grants;
};

// Any one of these may be refused; what counts is what stands in the log and in the memories afterwards.
class Chance {
public:
    Chance(std::uint64_t seed, test::Stage& stage, test::Node& one, test::Node& two)
        : random_(seed), stage_(stage), nodes_{&one, &two} {}
    void reseed(std::uint64_t seed) { random_.seed(seed); }

    void begin() {
        for (int i = 0; i < 3; ++i) {
            const std::string email = "person" + std::to_string(i) + "@example.com";
            people_.push_back({email, stage_.world.register_user(*nodes_[0], email), {}});
        }
        stage_.world.create_administrator(*nodes_[0], "root@example.com");
        root_ = stage_.world.log_in(*nodes_[0], "root@example.com");
    }

    asio::awaitable<void> act() {
        Services& services = nodes_[one_of(2)]->services;
        Person& person = people_[one_of(people_.size())];
        stage_.clock.advance(static_cast<std::int64_t>(one_of(8'000)));
        const std::size_t choices = person.grants.empty() ? 3 : 12;
        const std::size_t choice = one_of(choices);
        switch (choice) {
            case 0: {
                const auto password = one_of(2) == 0 ? kPassword : kOtherPassword;
                co_await log_in_as(services, person, password);
                break;
            }
            case 1: co_await log_in_as(services, person, "not the password"); break;
            case 2: co_await set_status(services, person); break;
            case 3: co_await log_out_of(services, person); break;
            case 4: co_await revoke_one(services, person); break;
            case 5: co_await revoke_all(services, person); break;
            case 6: co_await change_password_of(services, person); break;
            case 7: co_await rename(services, person); break;
            case 8: stage_.world.hasher.strength = 1 + static_cast<int>(one_of(3)); break;
            case 9: co_await assign_or_withdraw(services, person); break;
            default: co_await refresh(services, person); break;
        }
    }

private:
    std::size_t one_of(std::size_t count) { return static_cast<std::size_t>(random_() % count); }
    Grant& grant_of(Person& person) { return person.grants[one_of(person.grants.size())]; }
    Caller from(const Grant& grant) { return caller_of(grant, one_of(6) == 0 ? "phone" : "laptop"); }

    asio::awaitable<void> log_in_as(Services& services, Person& person, std::string password) {
        auto request = test::login(person.email, std::move(password));
        auto asks = test::caller();
        auto grant = co_await log_in(services, std::move(request), asks);
        if (grant) person.grants.push_back(*grant);
    }
    asio::awaitable<void> refresh(Services& services, Person& person) {
        auto request = test::refresh_of(grant_of(person));
        auto asks = from(grant_of(person));
        auto grant = co_await refresh_session(services, std::move(request), asks);
        if (grant) person.grants.push_back(*grant);
    }
    asio::awaitable<void> set_status(Services& services, Person& person) {
        const Bearer root = bearer_of(root_);
        auto asks = caller_of(root_);
        std::string reason = "chance";
        if (one_of(3) == 0) {
            (void)co_await disable_user(services, root, person.id, reason, asks);
        } else {
            (void)co_await enable_user(services, root, person.id, asks);
        }
    }
    asio::awaitable<void> log_out_of(Services& services, Person& person) {
        const Grant grant = grant_of(person);
        auto asks = from(grant);
        (void)co_await log_out(services, bearer_of(grant), asks);
    }
    asio::awaitable<void> revoke_one(Services& services, Person& person) {
        const Grant grant = grant_of(person);
        auto asks = from(grant);
        (void)co_await revoke_session(services, bearer_of(grant), grant_of(person).session_id, asks);
    }
    asio::awaitable<void> revoke_all(Services& services, Person& person) {
        const Grant grant = grant_of(person);
        auto asks = from(grant);
        const Sparing sparing = one_of(2) == 0 ? Sparing::kCurrentSession : Sparing::kNoSession;
        (void)co_await revoke_all_sessions(services, bearer_of(grant), sparing, asks);
    }
    asio::awaitable<void> change_password_of(Services& services, Person& person) {
        const Grant grant = grant_of(person);
        auto asks = from(grant);
        const bool forth = one_of(2) == 0;
        auto change = test::password_change(bearer_of(grant), forth ? kPassword : kOtherPassword,
                                            forth ? kOtherPassword : kPassword);
        (void)co_await change_password(services, std::move(change), asks);
    }
    asio::awaitable<void> rename(Services& services, Person& person) {
        const Grant grant = grant_of(person);
        auto asks = from(grant);
        ProfileUpdate update{bearer_of(grant), "name" + std::to_string(one_of(4)), std::nullopt};
        (void)co_await update_profile(services, std::move(update), asks);
    }

    // The administrator's, so that the set of them moves too.
    asio::awaitable<void> assign_or_withdraw(Services& services, Person& person) {
        const Bearer root = bearer_of(root_);
        auto asks = caller_of(root_);
        if (one_of(2) == 0) {
            (void)co_await assign_role(services, root, person.id, kAdministratorRole, asks);
        } else {
            (void)co_await withdraw_role(services, root, person.id, kAdministratorRole, asks);
        }
    }

    std::mt19937_64 random_;
    test::Stage& stage_;
    std::array<test::Node*, 2> nodes_;
    std::vector<Person> people_;
    Grant root_;
};

// ---- promises --------------------------------------------------------------------------------------------------
// Every stream as a node remembers it, if it does, against a reader who never heard of it.
void expect_memories_equal_the_log(test::Stage& stage, std::initializer_list<test::Node*> nodes) {
    std::map<Uuid, std::string> heads;
    for (const auto& event : stage.world.events()) heads[event.stream_id] = event.stream_type;
    test::Node reader(stage.world, stage.store);
    for (const auto& [stream_id, type] : heads) {
        Streams streams;
        if (type == User::kStreamType) streams.read<User>(stream_id);
        if (type == Session::kStreamType) streams.read<Session>(stream_id);
        if (type == LoginAttempts::kStreamType) streams.read<LoginAttempts>(stream_id);
        if (type == Role::kStreamType) streams.read<Role>(stream_id);
        if (type == Assignments::kStreamType) streams.read<Assignments>(stream_id);
        if (type == Administrators::kStreamType) streams.read<Administrators>(stream_id);
        auto read = run(reader.executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max()));
        ASSERT_TRUE(read);
        for (test::Node* node : nodes) {
            const auto remembered = node->cache.find(stream_id);
            if (remembered && remembered->version == read->front().version) {
                EXPECT_EQ(text_of(*remembered), text_of(read->front()));
            }
            auto caught_up = run(node->executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max()));
            ASSERT_TRUE(caught_up);
            EXPECT_EQ(text_of(caught_up->front()), text_of(read->front()));
        }
    }
}

void expect_dense(test::Stage& stage) {
    Position position = 0;
    std::map<Uuid, std::int32_t> versions;
    std::set<Uuid> ids;
    for (const auto& event : stage.world.events()) {
        EXPECT_EQ(event.position, ++position);
        EXPECT_EQ(event.version, ++versions[event.stream_id]);
        EXPECT_TRUE(ids.insert(event.event_id).second);
    }
}

// I10: of all that was said and typed, nothing is readable in the log or in the journal.
void expect_no_secrets(test::Stage& stage) {
    std::string all;
    for (const auto& event : stage.world.events()) all += event.payload + event.metadata;
    for (const std::string& line : stage.world.journal.lines()) all += line;
    for (const char* secret : {kPassword, kOtherPassword, "not the password", "person0@", "person1@", "root@", "name0",
                               "name1", "192.0.2.1", "laptop"})
        EXPECT_EQ(all.find(secret), std::string::npos) << secret;
}

class RandomHistories : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Seeds, RandomHistories, testing::Range(0, test::kBreadth.histories));

TEST_P(RandomHistories, AreRememberedAsTheyAreRead) {
    const std::uint64_t seed = seed_of(*testing::UnitTest::GetInstance()->current_test_info());
    SCOPED_TRACE("seed " + std::to_string(seed));
    test::Stage stage;
    for (test::Node* node : {&stage.node, &stage.other})
        node->services.settings.attempts = {4, test::kMinuteMs};
    Chance chance(seed, stage, stage.node, stage.other);
    chance.begin();
    for (int i = 0; i < 80; ++i) run(chance.act());
    expect_memories_equal_the_log(stage, {&stage.node, &stage.other});
    expect_dense(stage);
    expect_no_secrets(stage);
    EXPECT_GT(stage.world.head(), 30);
}

// The same with four histories at once on four threads, over both nodes: what is refused for being busy is refused,
// and nothing is half done.
TEST_P(RandomHistories, AreRememberedAsTheyAreReadWhenManyActAtOnce) {
    const std::uint64_t seed = seed_of(*testing::UnitTest::GetInstance()->current_test_info());
    SCOPED_TRACE("seed " + std::to_string(seed));
    test::Stage stage;
    test::Node third(stage.world, stage.store);  // the stage's first one is for one thread
    Chance first(seed, stage, stage.other, third);
    first.begin();
    auto act_often = [](Chance& chance) -> asio::awaitable<int> {
        for (int i = 0; i < 30; ++i) co_await chance.act();
        co_return 0;
    };
    std::vector<Chance> others(4, first);  // each its own copy of the beginning
    std::vector<asio::awaitable<int>> all;
    for (std::size_t i = 0; i < others.size(); ++i) {
        others[i].reseed(seed + i);
        all.push_back(act_often(others[i]));
    }
    test::run_all(std::move(all));
    expect_memories_equal_the_log(stage, {&stage.other, &third});
    expect_dense(stage);
    expect_no_secrets(stage);
}

}  // namespace
}  // namespace keyledger::commands
