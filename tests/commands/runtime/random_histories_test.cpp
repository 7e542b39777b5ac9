// Random histories, seeded by the test's name: what a node remembers of a stream is what anybody would read of it, and
// the log keeps its promises, whatever happened.
#include <map>
#include <set>

#include "tests/commands/runtime/chance.hpp"

namespace keyledger::commands {
namespace {

using test::Chance;
using test::kOtherPassword;
using test::kPassword;
using test::run;
using test::seed_of;

std::string text_of(const std::optional<std::string>& text) { return text.value_or("-"); }
std::string text_of(const std::optional<Uuid>& id) { return id ? id->to_string() : "-"; }

std::string text_of(const User& user) {
    std::ostringstream out;
    out << "user " << static_cast<int>(user.status) << ' ' << text_of(user.email) << ' ' << text_of(user.username)
        << ' ' << text_of(user.name) << ' ' << static_cast<int>(user.standing) << ' ' << user.registered_at_ms << ' '
        << user.credential_id.to_string() << ' ' << user.sealed_sha256 << ' ' << user.security_stamp << ' '
        << user.sessions_ended_before << ' ' << text_of(user.kept_session);
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
    for (const std::string& permission : role.rules.allow.texts()) text += ' ' + permission;
    for (const std::string& permission : role.rules.deny.texts()) text += " not " + permission;
    return text;
}
std::string text_of(const std::vector<Uuid>& ids) {
    std::string text;
    for (const Uuid& id : ids) text += ' ' + id.to_string();
    return text;
}
std::string text_of(const Assignments& assignments) {
    return "assignments" + text_of(assignments.roles) + " in" + text_of(assignments.groups);
}
std::string text_of(const Group& group) {
    return "group " + std::to_string(static_cast<int>(group.status)) + ' ' + group.name;
}
std::string text_of(const Nestings& nestings) {
    std::string text = "nestings " + std::to_string(nestings.count);
    for (const auto& [child, parents] : nestings.parents) text += ' ' + child.to_string() + " under" + text_of(parents);
    return text;
}
std::string text_of(const Administrators& administrators) { return "administrators" + text_of(administrators.users); }
std::string text_of(const ServiceAccount& account) {
    std::string text = "service account " + std::to_string(static_cast<int>(account.status)) + ' ' + account.name +
                       ' ' + std::to_string(account.tokens_ended_before);
    for (const auto& secret : account.secrets) text += ' ' + secret.id.to_string() + secret.sealed_sha256;
    for (const auto& key : account.keys) text += ' ' + key.id;
    return text;
}
std::string text_of(const ServiceToken& token) {
    return "service token " + std::to_string(static_cast<int>(token.status)) + ' ' +
           token.service_account_id.to_string() + ' ' + token.credential + ' ' + std::to_string(token.expires_at_ms);
}
std::string text_of(const LogKeeping& log) {
    std::string text = "log " + std::to_string(log.disavowed);
    for (const std::string& key : log.added) text += " + " + key;
    for (const std::string& key : log.closed) text += " - " + key;
    return text;
}
std::string text_of(const Fold& fold) {
    const std::string state = std::visit([](const auto& s) { return text_of(s); }, *fold.state);
    return std::to_string(fold.version) + ": " + state;
}

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
        if (type == Group::kStreamType) streams.read<Group>(stream_id);
        if (type == Nestings::kStreamType) streams.read<Nestings>(stream_id);
        if (type == ServiceAccount::kStreamType) streams.read<ServiceAccount>(stream_id);
        if (type == ServiceToken::kStreamType) streams.read<ServiceToken>(stream_id);
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
    for (test::Node* node : {&stage.node, &stage.other}) node->services.settings.attempts = {4, 3, test::kMinuteMs, 0};
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
