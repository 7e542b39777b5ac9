#include "commands/accounts/owned_by_user.hpp"

#include <algorithm>

#include "commands/credentials/named_credential.hpp"
#include "eventstore/declarations.hpp"
#include "tests/commands/passkeys/passkeys.hpp"

namespace keyledger::commands {
namespace {

const OwnedStream* row_of(std::string_view stream_type) {
    const auto* row = std::ranges::find(kOwnedStreams, stream_type, &OwnedStream::type);
    return row == std::end(kOwnedStreams) ? nullptr : row;
}
bool has_personal_fields(const eventstore::AggregateInfo& aggregate) {
    const auto is_personal = [](const eventstore::FieldInfo& field) { return field.type.is_personal; };
    return std::ranges::any_of(aggregate.events,
                               [&](const auto& event) { return std::ranges::any_of(event.fields, is_personal); });
}

TEST(OwnedByUser, HasEveryAggregateOnce) {
    for (const auto& aggregate : eventstore::aggregates())
        EXPECT_EQ(std::ranges::count(kOwnedStreams, aggregate.stream_type, &OwnedStream::type), 1)
            << aggregate.stream_type << ": say in owned_by_user.hpp how an erasure reaches it";
    EXPECT_EQ(std::size(kOwnedStreams), eventstore::aggregates().size());
}

TEST(OwnedByUser, HasAKeyForWhateverIsPersonal) {
    for (const auto& aggregate : eventstore::aggregates()) {
        const OwnedStream* row = row_of(aggregate.stream_type);
        ASSERT_TRUE(row) << aggregate.stream_type;
        const bool has_key = row->reach == Reach::kUsersKey || row->reach == Reach::kOtherKey;
        EXPECT_TRUE(has_key || !has_personal_fields(aggregate)) << aggregate.stream_type;
    }
}

TEST(OwnedByUser, HasAWayOutOfWhateverIsLeft) {
    for (const OwnedStream& owned : kOwnedStreams)
        EXPECT_EQ(owned.leave != nullptr, owned.reach == Reach::kLeft) << owned.type;
}

// Names are claims, and follow from the stream that holds them: a user's own ends, and they are taken out of the
// others.
TEST(OwnedByUser, HasNoNamesThatOutliveTheUser) {
    for (const auto& aggregate : eventstore::aggregates()) {
        if (aggregate.name_kinds.empty() || aggregate.stream_type == User::kStreamType) continue;
        const Reach reach = row_of(aggregate.stream_type)->reach;
        EXPECT_TRUE(reach == Reach::kNotTheirs || reach == Reach::kLeft) << aggregate.stream_type;
    }
}

class OwnedByUserTest : public PasskeysTest {
protected:
    // What stands before the first dot.
    std::set<std::string> credential_kinds() {
        std::set<std::string> kinds;
        const auto all = run(world.store.read_credentials(ann_, Deadline::max()));
        for (const auto& one : all.value()) kinds.insert(one.kind.substr(0, one.kind.find('.')));
        return kinds;
    }
};

// A new kind that users have belongs into this life, too.
TEST_F(OwnedByUserTest, LosesCredentialsOfEveryKindThatThereIs) {
    world.accounts.password_history = 3;
    ASSERT_TRUE(test::succeeds(run(change_password(
        services(), {bearer_of(grant_), Secret(kPassword), Secret("another violet tractor")}, caller_of(grant_)))));
    ASSERT_TRUE(test::succeeds(begin(proof(std::nullopt, "another violet tractor"))));
    const test::PlainAuthenticator phone = made(proof(std::nullopt, "another violet tractor"));
    std::set<std::string> of_users(std::begin(kCredentialKinds), std::end(kCredentialKinds));
    of_users.erase("client_secret");
    EXPECT_EQ(credential_kinds(), of_users);
    const auto grant = log_in_with(phone);
    ASSERT_TRUE(test::succeeds(grant));
    ASSERT_TRUE(test::succeeds(run(
        request_own_erasure(services(), {bearer_of(*grant), Secret("another violet tractor")}, caller_of(*grant)))));
    EXPECT_EQ(credential_kinds(), std::set<std::string>{});
}

TEST_F(OwnedByUserTest, PutsNoCredentialOfAnotherKind) {
    Streams streams;
    const auto user = streams.read<User>(ann_);
    const Secret clear("478231");
    const Step step = [&](Attempt& attempt) -> StepResult {
        const CredentialId id{services().identifiers.next()};
        KEYLEDGER_CO_TRY(put, co_await put_credential(services(), attempt, clear, id, ann_, "pin", 0));
        attempt.append(user, std::vector<UserEvent>(1, UserEmailVerified{}));
        co_return Result<void, CommandError>{};
    };
    EXPECT_THROW(run(services().executor.run(caller(), streams, step)), std::logic_error);
}

}  // namespace
}  // namespace keyledger::commands
