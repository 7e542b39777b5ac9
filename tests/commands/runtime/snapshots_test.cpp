// A session that is refreshed for weeks, and a process that meets it for the first time.
#include "commands/runtime/snapshots.hpp"

#include <thread>

#include "commands/accounts/erase_user.hpp"
#include "commands/accounts/set_user_status.hpp"
#include "commands/accounts/update_profile.hpp"
#include "eventstore/aggregates.hpp"
#include "eventstore/codec/states_codec.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::kAnnsEmail;
using test::run;

// Hands on what it is asked, and counts the events that it gave.
class CountingStore : public test::SteppedStore {
public:
    using test::SteppedStore::SteppedStore;
    Answer<std::vector<eventstore::StreamSlice>> read_streams(std::vector<eventstore::StreamFrom> streams,
                                                              eventstore::Deadline deadline) override {
        if (reads_left == 0) co_return Unexpected(eventstore::StoreError::kDeadline);
        if (reads_left > 0) --reads_left;
        auto slices = co_await test::SteppedStore::read_streams(std::move(streams), deadline);
        if (edit && slices) edit(*slices);
        for (const auto& slice : *slices) events_read += slice.events.size();
        co_return slices;
    }
    void keep_snapshot(eventstore::Snapshot snapshot) override {
        if (!losing_snapshots) test::SteppedStore::keep_snapshot(std::move(snapshot));
    }
    std::size_t events_read = 0;
    bool losing_snapshots = false;
    int reads_left = -1;  // then the time is over; below 0: it is never
    std::function<void(std::vector<eventstore::StreamSlice>&)> edit;
};

class SnapshotsTest : public test::CommandTest {
protected:
    void SetUp() override {
        world.register_user(node, kAnnsEmail);
        grant = world.log_in(node, kAnnsEmail);
    }
    void refresh_up_to(std::int32_t version) {
        for (std::int32_t at = static_cast<std::int32_t>(grant.generation); at < version; ++at)
            grant = world.refresh(node, grant);
    }
    bool has_snapshot(std::int32_t version) {
        std::vector<eventstore::StreamFrom> from;
        from.push_back({grant.session_id, 0, fold_name_of(Session::kStreamType)});
        const auto slices = run(store.read_streams(std::move(from), Deadline::max())).value();
        return slices[0].snapshot && slices[0].snapshot->version == version;
    }
    // It is kept behind the answer.
    void wait_for_snapshot(std::int32_t version) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!has_snapshot(version)) {
            ASSERT_LT(std::chrono::steady_clock::now(), end) << "no snapshot of version " << version;
            std::this_thread::yield();
        }
    }
    // On a process that remembers nothing.
    Fold load_cold() {
        test::Node fresh(world, counting);
        Streams streams;
        streams.read<Session>(grant.session_id);
        auto folds = run(fresh.executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max()));
        return folds.value().front();
    }

    CountingStore counting{store};
    Grant grant;
};

TEST_F(SnapshotsTest, SpareAColdLoadTheBeginningOfALongStream) {
    refresh_up_to(2 * kSnapshotEvery);
    wait_for_snapshot(2 * kSnapshotEvery);
    refresh_up_to(2 * kSnapshotEvery + 7);
    const Fold fold = load_cold();
    EXPECT_EQ(counting.events_read, 7u);
    EXPECT_EQ(fold.version, 2 * kSnapshotEvery + 7);
    const Session& session = state_of<Session>(fold);
    const Session remembered = state_of<Session>(*node.cache.find(grant.session_id));
    EXPECT_EQ(eventstore::encode_state(session), eventstore::encode_state(remembered));
}

// Those that were kept on the way were lost.
TEST_F(SnapshotsTest, AreKeptByAColdLoadToo) {
    refresh_up_to(kSnapshotEvery - 1);
    counting.losing_snapshots = true;
    test::Node forgetful(world, counting);
    for (int i = 0; i < 20; ++i) grant = world.refresh(forgetful, grant);
    EXPECT_FALSE(has_snapshot(kSnapshotEvery));
    counting.losing_snapshots = false;
    load_cold();
    wait_for_snapshot(kSnapshotEvery + 19);
}

TEST_F(SnapshotsTest, AreLeftOutWhenTheyWereChanged) {
    refresh_up_to(kSnapshotEvery);
    wait_for_snapshot(kSnapshotEvery);
    counting.edit = [](std::vector<eventstore::StreamSlice>& slices) {
        if (slices[0].snapshot) slices[0].snapshot->sealed.back() ^= 1;
    };
    const Fold fold = load_cold();
    EXPECT_EQ(fold.version, kSnapshotEvery);
    EXPECT_EQ(counting.events_read, static_cast<std::size_t>(kSnapshotEvery)) << "from the start";
    EXPECT_EQ(state_of<Session>(fold).generation, kSnapshotEvery);
}

TEST_F(SnapshotsTest, OfAnotherPlaceAreLeftOut) {
    refresh_up_to(kSnapshotEvery);
    wait_for_snapshot(kSnapshotEvery);
    counting.edit = [](std::vector<eventstore::StreamSlice>& slices) {
        if (slices[0].snapshot) slices[0].snapshot->version -= 1;  // as if it had been of the event before
    };
    EXPECT_EQ(load_cold().version, kSnapshotEvery);
    EXPECT_EQ(counting.events_read, static_cast<std::size_t>(kSnapshotEvery));
}

// ---- streams that their subject lengthens ----------------------------------------------------------------------
// Somebody who updates the profile over and over, and is to be disabled and erased all the same.
class LongUserTest : public SnapshotsTest {
protected:
    void SetUp() override {
        SnapshotsTest::SetUp();
        ann = grant.user_id;
        world.create_administrator(node, "root@example.com");
        root = world.log_in(node, "root@example.com");
    }
    // Up to that version, sealed and appended like any other.
    void lengthen(std::int32_t version) { lengthen(node, version); }
    void lengthen(test::Node& on, std::int32_t version) {
        Streams streams;
        const auto user = streams.read<User>(ann);
        for (std::int32_t at = load_ann(on).version; at < version;) {
            const std::int32_t count = std::min(version - at, 50);
            const Step step = [&](Attempt& attempt) -> StepResult {
                std::vector<UserEvent> events;
                for (std::int32_t i = 1; i <= count; ++i) events.push_back(update_named(at + i));
                attempt.append(user, events);
                co_return Result<void, CommandError>{};
            };
            ASSERT_TRUE(test::succeeds(run(on.executor.run(test::caller_of(grant), streams, step))));
            at += count;
        }
    }
    static UserEvent update_named(std::int32_t version) {
        return UserProfileUpdated{{"ann" + std::to_string(version)}, {"Ann " + std::to_string(version)}};
    }
    Fold load_ann(test::Node& on) {
        Streams streams;
        streams.read<User>(ann);
        auto folds = run(on.executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max()));
        return folds.value().front();
    }
    Result<std::vector<Fold>, eventstore::StoreError> load_cold_ann() {
        test::Node fresh(world, counting);
        Streams streams;
        streams.read<User>(ann);
        return run(fresh.executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max()));
    }
    std::optional<eventstore::Snapshot> snapshot_of_ann() {
        std::vector<eventstore::StreamFrom> from;
        from.push_back({ann, 0, fold_name_of(User::kStreamType)});
        return run(store.read_streams(std::move(from), Deadline::max())).value()[0].snapshot;
    }
    void wait_for_snapshot_of_ann(std::int32_t version) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        for (auto kept = snapshot_of_ann(); !kept || kept->version != version; kept = snapshot_of_ann()) {
            ASSERT_LT(std::chrono::steady_clock::now(), end) << "no snapshot of version " << version;
            std::this_thread::yield();
        }
    }

    UserId ann;
    Grant root;
};

TEST_F(LongUserTest, IsReadFromASnapshotSealedUnderTheUsersKey) {
    lengthen(2 * kSnapshotEvery);
    wait_for_snapshot_of_ann(2 * kSnapshotEvery);
    lengthen(2 * kSnapshotEvery + 7);
    const auto folds = load_cold_ann();
    ASSERT_TRUE(folds);
    EXPECT_EQ(counting.events_read, 7u);
    const User& user = state_of<User>(folds->front());
    EXPECT_EQ(user.name, "Ann 207");
    EXPECT_EQ(user.email, kAnnsEmail);
    EXPECT_EQ(folds->front().position, load_ann(node).position);
    const auto kept = *snapshot_of_ann();
    const auto key = run(node.keys.find(ann, Deadline::max()))->key;
    EXPECT_TRUE(open_snapshot(world.cipher, key, User::kStreamType, kept));
    EXPECT_FALSE(open_snapshot(world.cipher, nullptr, User::kStreamType, kept)) << "under the service's key";
    EXPECT_FALSE(open_snapshot(world.cipher, world.cipher.make_key(ann), User::kStreamType, kept));
}

TEST_F(LongUserTest, IsForgottenBySnapshotsWithTheErasure) {
    lengthen(2 * kSnapshotEvery);
    wait_for_snapshot_of_ann(2 * kSnapshotEvery);
    const auto before = *snapshot_of_ann();
    ASSERT_TRUE(test::succeeds(run(request_erasure(node.services, test::bearer_of(root), ann, test::caller_of(root)))));
    wait_for_snapshot_of_ann(2 * kSnapshotEvery + 2);
    const auto key = run(other.keys.find(ann, Deadline::max()))->key;
    EXPECT_FALSE(open_snapshot(world.cipher, key, User::kStreamType, before)) << "the one before, in a backup";
    const auto folds = load_cold_ann();
    EXPECT_EQ(counting.events_read, 0u);
    EXPECT_EQ(state_of<User>(folds->front()).status, User::Status::kErased);
    EXPECT_FALSE(state_of<User>(folds->front()).has_personal_data());
}

// A node that had the key in its memory wrote it late.
TEST_F(LongUserTest, IsReadAgainWhereASnapshotsKeyIsDestroyed) {
    lengthen(2 * kSnapshotEvery);
    wait_for_snapshot_of_ann(2 * kSnapshotEvery);
    counting.losing_snapshots = true;
    test::Node forgetful(world, counting);
    ASSERT_TRUE(run(request_erasure(forgetful.services, test::bearer_of(root), ann, test::caller_of(root))));
    EXPECT_EQ(snapshot_of_ann()->version, 2 * kSnapshotEvery) << "the dead one";
    counting.losing_snapshots = false;
    const auto folds = load_cold_ann();
    EXPECT_EQ(state_of<User>(folds->front()).status, User::Status::kErased);
    wait_for_snapshot_of_ann(2 * kSnapshotEvery + 2);
}

// Snapshots were lost, and a load can't come to the end of the stream in its time.
TEST_F(LongUserTest, IsFoldedInAsManyLoadsAsItTakes) {
    constexpr std::int32_t kPage = kSnapshotEvery + 50;
    test::Node forgetful(world, counting);
    counting.losing_snapshots = true;
    lengthen(forgetful, 3 * kPage);
    EXPECT_FALSE(snapshot_of_ann());
    counting.losing_snapshots = false;
    counting.part_size = kPage;
    for (std::int32_t attempt = 1; attempt <= 3; ++attempt) {
        counting.reads_left = 1;
        const auto folds = load_cold_ann();
        ASSERT_EQ(folds.has_value(), attempt == 3) << attempt;
        if (folds) {
            EXPECT_EQ(state_of<User>(folds->front()).name, "Ann " + std::to_string(3 * kPage));
        }
        wait_for_snapshot_of_ann(attempt * kPage);
    }
}

// The keyring lacks what wraps the users' keys, for an hour perhaps: what is folded then must not be remembered.
TEST_F(LongUserTest, IsNotRememberedByWhoeverCannotOpenTheKey) {
    test::Node forgetful(world, counting);
    counting.losing_snapshots = true;
    lengthen(forgetful, 2 * kSnapshotEvery);
    counting.losing_snapshots = false;
    test::TestCipher stranger;
    eventstore::SubjectKeys keys(store, stranger);
    FoldCache cache;
    Folder folder(store, stranger, keys, cache);
    Streams streams;
    streams.read<User>(ann);
    const auto folds = run(folder.load(streams.loads(), Freshness::kAtHead, Deadline::max()));
    EXPECT_FALSE(state_of<User>(folds->front()).email);
    ASSERT_TRUE(load_cold_ann());
    wait_for_snapshot_of_ann(2 * kSnapshotEvery);
    EXPECT_TRUE(open_snapshot(world.cipher, run(node.keys.find(ann, Deadline::max()))->key, User::kStreamType,
                              *snapshot_of_ann()));
}

// Its key is not in the keyring any more, and it is of the stream's head.
TEST_F(LongUserTest, IsReadAgainWhereASnapshotCannotBeOpened) {
    lengthen(2 * kSnapshotEvery);
    wait_for_snapshot_of_ann(2 * kSnapshotEvery);
    auto useless = *snapshot_of_ann();
    useless.sealed.back() ^= 1;
    store.keep_snapshot(useless);
    while (snapshot_of_ann()->sealed != useless.sealed) std::this_thread::yield();
    counting.part_size = kSnapshotEvery + 50;
    counting.reads_left = 2;  // the useless one, and a page
    EXPECT_FALSE(load_cold_ann());
    wait_for_snapshot_of_ann(kSnapshotEvery + 50);
    counting.reads_left = 1;
    EXPECT_TRUE(load_cold_ann());
}

TEST(FoldNames, AreOfAllAggregatesWhoseStreamsSomebodyCanLengthen) {
    EXPECT_EQ(fold_name_of(User::kStreamType), "user.5/3");
    EXPECT_EQ(fold_name_of(Session::kStreamType), "session.4/3");
    EXPECT_EQ(fold_name_of(LoginAttempts::kStreamType), "login_attempts.3/3");
    EXPECT_EQ(fold_name_of(Role::kStreamType), "role.1/3");
    EXPECT_EQ(fold_name_of(Group::kStreamType), "group.1/3");
    EXPECT_EQ(fold_name_of(Assignments::kStreamType), "assignments.1/3");
    EXPECT_EQ(fold_name_of(Administrators::kStreamType), "administrators.1/3");
    EXPECT_EQ(fold_name_of(Nestings::kStreamType), "nestings.1/3");
    EXPECT_EQ(fold_name_of(ServiceAccount::kStreamType), "service_account.3/3");
    EXPECT_EQ(fold_name_of(Application::kStreamType), "application.2/3");
    EXPECT_EQ(fold_name_of(Consent::kStreamType), "consent.2/3");
    EXPECT_EQ(fold_name_of(AdmittedSessions::kStreamType), "admitted_sessions.1/3");
    EXPECT_EQ(fold_name_of(SessionCleanup::kStreamType), "session_cleanup.1/3");
    EXPECT_EQ(fold_name_of(LogKeeping::kStreamType), "log.1/3") << "whoever appends what is disavowed lengthens it";
    // An event or two, and never more.
    EXPECT_EQ(fold_name_of(ServiceToken::kStreamType), "");
    EXPECT_EQ(fold_name_of(AnonymousCallers::kStreamType), "");
    EXPECT_EQ(fold_name_of(JobOutcome::kStreamType), "");
}

// Whoever changes what `evolve` makes of these events raises the aggregate's kFold, and then this text: or else a
// process would go on from what another fold has made.
template <class Aggregate>
std::string kept_text(const Aggregate& aggregate) {
    const std::string text = eventstore::encode_state(aggregate);
    EXPECT_EQ(eventstore::encode_state(*eventstore::decode_state(Aggregate::kStreamType, text)), text);
    return std::to_string(Aggregate::kFold) + ' ' + text;
}
template <class Aggregate>
Aggregate folded_of(std::vector<typename Aggregate::Event> events) {
    Aggregate aggregate;
    Position position = 10;
    for (const auto& event : events) {
        aggregate = evolve(aggregate, event, {position, Instant::at_ms(100 * position)});
        ++position;
    }
    return aggregate;
}

TEST(FoldNames, StandForWhatTheFoldMakesOfASession) {
    const SessionStarted started{test::uuid(1), "shop", {"https://shop.example"}, 2, "laptop", Instant::at_ms(9000)};
    const auto session = folded_of<Session>({started, SessionRefreshed{2, "phone"}, SessionRefreshRefused{7},
                                             SessionReauthenticated{{ProofMethod::kPassword}}});
    EXPECT_EQ(kept_text(session),
              R"(4 {"audiences":["https://shop.example"],"browser_session_id":null,"client_id":"shop",)"
              R"("device":"phone","device_id":null,)"
              R"("expires_at_ms":9000,"first_position":10,"generation":2,"proofs":[{"at_ms":1300,"method":"pwd"}],)"
              R"("refreshed_at_ms":1100,"scope":[],"security_stamp":2,"started_at_ms":1000,)"
              R"("status":"live","user_id":"00000000-0000-7000-8000-000000000001"})");
}

TEST(FoldNames, StandForWhatTheFoldMakesOfAUser) {
    const UserRegistered registered{{"ann@example.com"}, {}, {"Ann"}};
    const auto user =
        folded_of<User>({registered, UserPasswordSet{test::uuid(2), "aa"}, UserProfileUpdated{{"ann"}, {"Ann Lee"}},
                         UserSessionsRevoked{test::uuid(3)}, UserErasureRequested{Instant::at_ms(5000)}});
    EXPECT_EQ(kept_text(user),
              R"(5 {"credential_id":"00000000-0000-7000-8000-000000000002","email":"ann@example.com",)"
              R"("email_proof":"none","erasure_due_at_ms":5000,"former_email":null,"former_email_proof":"none",)"
              R"("identities":[],"kept_session":null,"locale":null,"name":"Ann Lee","origin":"registered",)"
              R"("password_counts_from_ms":0,)"
              R"("password_expires_at_ms":0,"password_use":"logs_in","registered_at_ms":1000,"sealed_sha256":"aa",)"
              R"("second_factor":"off","second_factor_counts_from_ms":0,"security_stamp":2,)"
              R"("sessions_ended_before":14,"standing":"user","status":"active","undo_until_ms":0,"username":"ann"})");
}

TEST(FoldNames, StandForWhatTheFoldMakesOfFailedLogins) {
    const auto attempts = folded_of<LoginAttempts>(
        {LoginFailed{test::uuid(1), LoginFailure::kWrongPassword, "net"}, LoginNetworkSeen{test::uuid(1), "home"}});
    EXPECT_EQ(kept_text(attempts),
              R"(3 {"alerted_at_ms":0,"devices":[],"failures_in_a_row":1,"last_failed_at_ms":1000,"networks":[)"
              R"({"failures":1,"last_failed_at_ms":1000,"logged_in_at_ms":0,"network":"net"},)"
              R"({"failures":0,"last_failed_at_ms":0,"logged_in_at_ms":1100,"network":"home"}]})");
}

TEST(FoldNames, StandForWhatTheFoldMakesOfAccess) {
    const auto role = folded_of<Role>({RoleDefined{"viewer", {"todos:read"}, RoleKind::kCustom, {"todos:delete"}}});
    EXPECT_EQ(kept_text(role), R"(1 {"allow":["todos:read"],"deny":["todos:delete"],"kind":"custom","name":"viewer",)"
                               R"("status":"defined"})");
    EXPECT_EQ(kept_text(folded_of<Group>({GroupDefined{"staff"}, GroupRenamed{"crew"}})),
              R"(1 {"name":"crew","status":"defined"})");
    const test::TestId one = test::uuid(1);
    const test::TestId two = test::uuid(2);
    EXPECT_EQ(kept_text(folded_of<Assignments>({RoleAssigned{one, two}, GroupMemberAdded{one, test::uuid(3)}})),
              R"(1 {"groups":["00000000-0000-7000-8000-000000000003"],)"
              R"("roles":["00000000-0000-7000-8000-000000000002"]})");
    EXPECT_EQ(kept_text(folded_of<Administrators>({AdministratorsJoined{one}})),
              R"(1 {"users":["00000000-0000-7000-8000-000000000001"]})");
    const auto nestings = folded_of<Nestings>({GroupNested{one, two}});
    EXPECT_EQ(kept_text(nestings), R"(1 {"children":["00000000-0000-7000-8000-000000000002"],)"
                                   R"("parents":["00000000-0000-7000-8000-000000000001"]})");
}

TEST(FoldNames, StandForWhatTheFoldMakesOfAServiceAccount) {
    const auto account = folded_of<ServiceAccount>(
        {ServiceAccountRegistered{"billing", {"https://b.example"}}, ServiceAccountSecretAdded{test::uuid(2), "bb"},
         ServiceAccountKeyAdded{"k1", KeyAlgorithm::kEdDsa, "{}", "orders"}, ServiceAccountDisabled{}});
    EXPECT_EQ(kept_text(account), R"(3 {"audiences":["https://b.example"],)"
                                  R"("keys":[{"algorithm":"EdDSA","id":"k1","jwk":"{}","kid":"orders"}],)"
                                  R"("name":"billing","registered_at_ms":1000,)"
                                  R"("secrets":[{"id":"00000000-0000-7000-8000-000000000002","sealed_sha256":"bb"}],)"
                                  R"("status":"disabled","tokens_ended_before":13})");
    const auto again = eventstore::decode_state(ServiceAccount::kStreamType, eventstore::encode_state(account));
    EXPECT_EQ(*eventstore::state_in<ServiceAccount>(*again), account);
}

TEST(FoldNames, StandForWhatTheFoldMakesOfTheLog) {
    const auto log =
        folded_of<LogKeeping>({LogMacKeyAdded{"mac-2"}, LogDisavowed{3, "aa"}, LogMacKeyClosed{"mac-1", 9}});
    EXPECT_EQ(kept_text(log), R"(1 {"added":["mac-2"],"closed":["mac-1"],"disavowed":1})");
}

// The largest states that their limits allow are kept all the same.
TEST(FoldNames, StandForStatesThatFit) {
    Nestings nestings;
    for (std::uint8_t child = 0; nestings.count < kMaxNestings; ++child) {
        auto& parents = nestings.parents[test::uuid(child)];
        for (std::size_t i = 0; i < kMaxGroupsAbove; ++i, ++nestings.count) parents.push_back(test::uuid(1));
    }
    EXPECT_LT(kept_text(nestings).size(), kMaxStateBytes);
    RoleDefined largest{std::string(kMaxRoleNameBytes, 'a'), {}, RoleKind::kCustom, {}};
    for (std::size_t i = 0; i < kMaxPermissionsPerRole; ++i) {
        const std::string name = std::to_string(1000 + i) + std::string(kMaxSegmentBytes - 4, 'a');
        largest.permissions.push_back(name + '/' + std::string(kMaxInstanceBytes, 'a') + ':' +
                                      std::string(kMaxSegmentBytes, 'a'));
    }
    EXPECT_LT(kept_text(folded_of<Role>({largest})).size(), kMaxStateBytes);
}

}  // namespace
}  // namespace keyledger::commands
