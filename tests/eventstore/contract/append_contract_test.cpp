// What every store does with an append.
#include <algorithm>

#include "eventstore/append_rules.hpp"
#include "eventstore/leaf.hpp"
#include "tests/eventstore/contract/store_fixture.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::test;

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract, testing::ValuesIn(stores_under_test()),
                         [](const auto& info) { return info.param.name; });

TEST_P(StoreContract, GivesPositionsOneAfterTheOther) {
    const Uuid a = next_uuid();
    const Uuid b = next_uuid();
    const Position before = head().cursor.position;
    const Appended first = accepted(AppendBuilder().write(a, 0, 2).write(b, 0));
    EXPECT_EQ(first.first_position, before + 1);
    EXPECT_EQ(first.event_count, 3);
    EXPECT_EQ(accepted(AppendBuilder().write(a, 2)).first_position, before + 4);
    EXPECT_EQ(head().cursor.position, before + 4);
}

TEST_P(StoreContract, KeepsEveryMemberOfAnEvent) {
    const Uuid id = next_uuid();
    Append append = AppendBuilder().write(id, 0, 1, R"({"a":"ü\n\"","b":[1,-9007199254740992,null,true],"c":{}})");
    append.events[0].schema_version = 7;
    append.events[0].type = "user.something_else";
    const Appended appended = accepted(append);
    const RecordedEvent event = stream(id).events.at(0);
    EXPECT_EQ(event.position, appended.first_position);
    EXPECT_EQ(event.tenant, kDefaultTenant);
    EXPECT_EQ(event.stream_type, "user");
    EXPECT_EQ(event.stream_id, id);
    EXPECT_EQ(event.version, 1);
    EXPECT_EQ(event.type, "user.something_else");
    EXPECT_EQ(event.schema_version, 7);
    EXPECT_EQ(event.event_id, append.events[0].event_id);
    EXPECT_GT(event.recorded_at, Instant());
    EXPECT_EQ(event.leaf_hash, leaf_hash(kDefaultTenant, append.events[0], event.recorded_at));
    EXPECT_EQ(event.leaf_hash, leaf_hash(event)) << "what a reader hashes again";
    EXPECT_EQ(event.trust, RecordedEvent::Trust::kBelieved);
    EXPECT_EQ(event.payload, append.events[0].payload) << "byte for byte";
}

TEST_P(StoreContract, RefusesAVersionThatMoved) {
    const Uuid id = next_uuid();
    accepted(AppendBuilder().write(id, 0, 3));
    const auto conflict = refused_as<Conflict>(AppendBuilder().write(id, 2));
    EXPECT_EQ(conflict.kind, Conflict::Kind::kStream);
    EXPECT_EQ(conflict.id, id);
    EXPECT_EQ(conflict.version, 3);
    EXPECT_EQ(refused_as<Conflict>(AppendBuilder().write(id, 0)).version, 3);
    EXPECT_EQ(refused_as<Conflict>(AppendBuilder().write(next_uuid(), 1)).version, 0);
}

TEST_P(StoreContract, RefusesAGuardThatMoved) {
    const Uuid user = next_uuid();
    accepted(AppendBuilder().write(user, 0));
    accepted(AppendBuilder().write(next_uuid(), 0).guard(user, 1).guard(next_uuid(), 0));
    accepted(AppendBuilder().write(user, 1));
    const auto conflict = refused_as<Conflict>(AppendBuilder().write(next_uuid(), 0).guard(user, 1));
    EXPECT_EQ(conflict.id, user);
    EXPECT_EQ(conflict.version, 2);
    EXPECT_EQ(refused_as<Conflict>(AppendBuilder().write(next_uuid(), 0).guard(user, 0)).version, 2);
}

TEST_P(StoreContract, ARefusedCommandLeavesNoTrace) {
    const Uuid user = next_uuid();
    const Uuid other = next_uuid();
    const Bytes email = next_bytes();
    const Uuid credential = next_uuid();
    const Position before = head().cursor.position;
    const Append refused = AppendBuilder()
                               .write(other, 0)
                               .guard(user, 1)
                               .take("email", email, other)
                               .credential(credential, other, 0, "sealed")
                               .new_key(other, next_uuid());
    refused_as<Conflict>(refused);
    EXPECT_EQ(head().cursor.position, before);
    EXPECT_EQ(version_of(other), 0);
    EXPECT_EQ(await(store().find_claim("email", {{"key-1", email}}, soon())).value(), std::nullopt);
    EXPECT_FALSE(await(store().read_credential(other, "password", soon())).value().has_value());
    EXPECT_TRUE(await(store().read_subject_keys({other}, soon())).value().empty());
    accepted(AppendBuilder().write(user, 0));
    accepted(refused);  // the command id was not spent
}

TEST_P(StoreContract, AnswersARepeatedCommandWithItsFirstOutcome) {
    const Uuid id = next_uuid();
    const Append append = AppendBuilder().write(id, 0, 2);
    const Appended first = accepted(append);
    accepted(AppendBuilder().write(id, 2));
    const auto again = refused_as<Duplicate>(append);
    EXPECT_EQ(again.first_position, first.first_position);
    EXPECT_EQ(again.event_count, 2);
    EXPECT_EQ(again.fingerprint, append.fingerprint);
    EXPECT_TRUE(again.same_request);
    EXPECT_EQ(version_of(id), 3);
}

TEST_P(StoreContract, TellsAnotherRequestUnderTheSameCommandId) {
    const Append first = AppendBuilder().write(next_uuid(), 0);
    accepted(first);
    const auto other = refused_as<Duplicate>(AppendBuilder().id(first.command_id).write(next_uuid(), 0));
    EXPECT_FALSE(other.same_request);
    EXPECT_EQ(other.fingerprint, first.fingerprint);
}

TEST_P(StoreContract, LooksForDuplicateThenConflictThenClaim) {
    const Uuid user = next_uuid();
    const Bytes email = next_bytes();
    const Append first = AppendBuilder().write(user, 0).take("email", email, user);
    accepted(first);
    const UserId thief = next_uuid();
    AppendBuilder all;
    all.id(first.command_id).write(thief, 5).take("email", email, thief);
    refused_as<Duplicate>(all);
    all.id(next_digest());
    EXPECT_EQ(refused_as<Conflict>(all).id, thief);
}

TEST_P(StoreContract, NamesTheFirstKindThatMoved) {
    const Uuid written = next_uuid();
    const Uuid guarded = next_uuid();
    const Uuid credential = next_uuid();
    const Uuid subject = next_uuid();
    AppendBuilder append;
    append.use_key(subject, next_uuid()).credential(credential, subject, 4, "x");
    append.guard(next_uuid(), 0).guard(guarded, 2).write(next_uuid(), 0).write(written, 1).write(next_uuid(), 0);
    EXPECT_EQ(refused_as<Conflict>(append).id, written);
    Append without = append;
    without.writes[1].version = 0;
    without.events[1].version = 1;
    EXPECT_EQ(refused_as<Conflict>(without).id, guarded);
    without.guards.clear();
    auto conflict = refused_as<Conflict>(without);
    EXPECT_EQ(conflict.kind, Conflict::Kind::kCredential);
    EXPECT_EQ(conflict.id, credential);
    without.credentials.clear();
    conflict = refused_as<Conflict>(without);
    EXPECT_EQ(conflict.kind, Conflict::Kind::kSubjectKey);
    EXPECT_EQ(conflict.id, subject);
}

// ---- claims ----------------------------------------------------------------------------------------------------
TEST_P(StoreContract, GivesAClaimToOneOwnerOnly) {
    const Uuid first = next_uuid();
    const Uuid second = next_uuid();
    const Bytes email = next_bytes();
    accepted(AppendBuilder().write(first, 0).take("email", email, first));
    EXPECT_EQ(refused_as<ClaimTaken>(AppendBuilder().write(second, 0).take("email", email, second)).kind, "email");
    EXPECT_EQ(version_of(second), 0);
    EXPECT_EQ(await(store().find_claim("email", {{"key-1", email}}, soon())).value(), first);
    accepted(AppendBuilder().write(second, 0).take("username", email, second));  // kinds are worlds of their own
    EXPECT_EQ(await(store().find_claim("username", {{"key-0", email}, {"key-1", email}}, soon())).value(), second);
    EXPECT_EQ(await(store().find_claim("username", {{"key-0", email}}, soon())).value(), std::nullopt);
}

TEST_P(StoreContract, ReleasesBeforeItTakes) {
    const Uuid user = next_uuid();
    const Uuid other = next_uuid();
    const Bytes old_name = next_bytes();
    const Bytes new_name = next_bytes();
    accepted(AppendBuilder().write(user, 0).take("username", old_name, user));
    accepted(AppendBuilder().write(user, 1).take("username", new_name, user).release("username", old_name, user));
    accepted(AppendBuilder().write(other, 0).take("username", old_name, other));
    // Handing over in one command, in whichever order it is written down.
    accepted(AppendBuilder().write(user, 2).take("username", new_name, other).release("username", new_name, user));
    EXPECT_EQ(await(store().find_claim("username", {{"key-1", new_name}}, soon())).value(), other);
}

TEST_P(StoreContract, TakesAndReleasesClaimsWithoutEffectToo) {
    const Uuid user = next_uuid();
    const Uuid other = next_uuid();
    const Bytes name = next_bytes();
    accepted(AppendBuilder().write(user, 0).take("username", name, user));
    accepted(AppendBuilder().write(user, 1).take("username", name, user));
    accepted(AppendBuilder().write(other, 0).release("username", name, other).release("email", name, other));
    EXPECT_EQ(await(store().find_claim("username", {{"key-1", name}}, soon())).value(), user);
}

// ---- credentials -----------------------------------------------------------------------------------------------
TEST_P(StoreContract, ChangesACredentialByCompareAndSwap) {
    const Uuid user = next_uuid();
    const Uuid id = next_uuid();
    accepted(AppendBuilder().write(user, 0).credential(id, user, 0, Bytes("one\0two", 7)));
    auto stored = await(store().read_credential(user, "password", soon())).value();
    ASSERT_TRUE(stored.has_value());
    EXPECT_EQ(stored->credential_id, id);
    EXPECT_EQ(stored->owner, user);
    EXPECT_EQ(stored->kind, "password");
    EXPECT_EQ(stored->revision, 1);
    EXPECT_EQ(stored->sealed, Bytes("one\0two", 7));

    accepted(AppendBuilder().write(user, 1).credential(id, user, 1, "new"));
    const auto conflict = refused_as<Conflict>(AppendBuilder().write(user, 2).credential(id, user, 1, "late"));
    EXPECT_EQ(conflict.kind, Conflict::Kind::kCredential);
    EXPECT_EQ(conflict.id, id);
    EXPECT_EQ(conflict.version, 2);
    EXPECT_EQ(await(store().read_credential(user, "password", soon())).value()->sealed, "new");

    accepted(AppendBuilder().write(user, 2).credential(id, user, 2, std::nullopt));
    EXPECT_FALSE(await(store().read_credential(user, "password", soon())).value().has_value());
    EXPECT_EQ(refused_as<Conflict>(AppendBuilder().write(user, 3).credential(id, user, 2, "x")).version, 0);
}

// What a log-in asks, in one read.
TEST_P(StoreContract, FindsACredentialByItsOwnersClaim) {
    const Uuid user = next_uuid();
    const Uuid bare = next_uuid();
    const auto [theirs, others] = std::pair{Bytes("theirs\0x", 8) + user.to_string(), "others" + bare.to_string()};
    const auto found = [&](std::vector<ClaimDigest> digests) {
        return await(store().find_credential("email", std::move(digests), "password", soon())).value();
    };
    accepted(AppendBuilder().write(user, 0).take("email", theirs, user).credential(next_uuid(), user, 0, "old"));
    accepted(AppendBuilder().write(bare, 0).take("email", others, bare));
    const Uuid newest = next_uuid();
    accepted(AppendBuilder().write(user, 1).credential(newest, user, 0, Bytes("n\0w", 3)));
    accepted(AppendBuilder().write(user, 2).credential(next_uuid(), user, 0, "no password", "totp"));

    EXPECT_FALSE(found({{"key-1", "nobody's"}}).has_value());
    EXPECT_FALSE(found({{"key-2", theirs}}).has_value());
    const auto of_bare = found({{"key-1", others}});
    ASSERT_TRUE(of_bare.has_value());
    EXPECT_EQ(of_bare->owner, bare);
    EXPECT_FALSE(of_bare->credential.has_value());
    const auto of_user = found({{"key-2", theirs}, {"key-1", theirs}});
    ASSERT_TRUE(of_user && of_user->credential);
    EXPECT_EQ(of_user->owner, user);
    EXPECT_EQ(of_user->credential->credential_id, newest);
    EXPECT_EQ(of_user->credential->owner, user);
    EXPECT_EQ(of_user->credential->kind, "password");
    EXPECT_EQ(of_user->credential->revision, 1);
    EXPECT_EQ(of_user->credential->sealed, Bytes("n\0w", 3));
}

TEST_P(StoreContract, NeverChangesAnotherOwnersCredential) {
    const Uuid user = next_uuid();
    const UserId thief = next_uuid();
    const Uuid id = next_uuid();
    accepted(AppendBuilder().write(user, 0).credential(id, user, 0, "mine"));
    for (const std::int32_t revision : {0, 1}) {
        refused_as<Conflict>(AppendBuilder().write(thief, 0).credential(id, thief, revision, "his"));
        refused_as<Conflict>(AppendBuilder().write(thief, 0).credential(id, user, revision, "his", "totp"));
    }
    EXPECT_EQ(await(store().read_credential(user, "password", soon())).value()->sealed, "mine");
}

TEST_P(StoreContract, ReplacesACredentialByANewOne) {
    const Uuid user = next_uuid();
    const Uuid old_id = next_uuid();
    const Uuid new_id = next_uuid();
    accepted(AppendBuilder().write(user, 0).credential(old_id, user, 0, "old"));
    accepted(
        AppendBuilder().write(user, 1).credential(old_id, user, 1, std::nullopt).credential(new_id, user, 0, "new"));
    EXPECT_EQ(await(store().read_credential(user, "password", soon())).value()->credential_id, new_id);
}

// ---- subject keys ----------------------------------------------------------------------------------------------
TEST_P(StoreContract, KeepsOneKeyForASubject) {
    const Uuid user = next_uuid();
    const Uuid key = next_uuid();
    accepted(AppendBuilder().write(user, 0).new_key(user, key).use_key(user, key));  // sealed under its own new key
    const auto stored = await(store().read_subject_keys({next_uuid(), user}, soon())).value();
    ASSERT_EQ(stored.size(), 1U);
    EXPECT_EQ(stored[0].subject, user);
    EXPECT_EQ(stored[0].key_id, key);
    EXPECT_EQ(stored[0].wrapped, "wrapped");
    EXPECT_EQ(stored[0].key_encryption_key_id, "kek-1");
    EXPECT_FALSE(stored[0].destroyed);

    const auto conflict = refused_as<Conflict>(AppendBuilder().write(user, 1).new_key(user, next_uuid()));
    EXPECT_EQ(conflict.kind, Conflict::Kind::kSubjectKey);
    EXPECT_EQ(conflict.id, user);
}

TEST_P(StoreContract, RefusesWhatWasSealedUnderAnyKeyButTheLiveOne) {
    const Uuid user = next_uuid();
    const Uuid key = next_uuid();
    refused_as<Conflict>(AppendBuilder().write(user, 0).use_key(user, key));
    accepted(AppendBuilder().write(user, 0).new_key(user, key));
    accepted(AppendBuilder().write(user, 1).use_key(user, key));
    const Uuid late = next_uuid();
    refused_as<Conflict>(AppendBuilder().write(user, 2).new_key(user, late).use_key(user, late));
    refused_as<Conflict>(AppendBuilder().write(user, 2).use_key(user, next_uuid()));
}

TEST_P(StoreContract, DestroysAKeyForEver) {
    const Uuid user = next_uuid();
    const Uuid key = next_uuid();
    refused_as<Conflict>(AppendBuilder().write(user, 0).destroy_key(user, key));
    accepted(AppendBuilder().write(user, 0).new_key(user, key));
    refused_as<Conflict>(AppendBuilder().write(user, 1).destroy_key(user, next_uuid()));
    accepted(AppendBuilder().write(user, 1).use_key(user, key).destroy_key(user, key));
    const auto stored = await(store().read_subject_keys({user}, soon())).value();
    ASSERT_EQ(stored.size(), 1U);
    EXPECT_TRUE(stored[0].destroyed);
    EXPECT_TRUE(stored[0].wrapped.empty());
    refused_as<Conflict>(AppendBuilder().write(user, 2).use_key(user, key));
    refused_as<Conflict>(AppendBuilder().write(user, 2).destroy_key(user, key));
    refused_as<Conflict>(AppendBuilder().write(user, 2).new_key(user, next_uuid()));
}

// ---- what is refused at the door -------------------------------------------------------------------------------
TEST_P(StoreContract, RefusesWhatIsNoAppend) {
    const Uuid id = next_uuid();
    auto refused = [&](const char* why, auto change) {
        Append append = AppendBuilder().write(id, 0, 2);
        change(append);
        const auto verdict = this->append(append);
        EXPECT_TRUE(!verdict && verdict.error() == StoreError::kBadData) << why;
    };
    refused("no event", [](Append& a) { a.events.clear(); });
    refused("nothing at all", [](Append& a) { a = AppendBuilder(); });
    refused("a hole in the versions", [](Append& a) { a.events[1].version = 3; });
    refused("versions that do not follow the head", [](Append& a) { a.writes[0].version = 1; });
    refused("a stream that is not written", [](Append& a) { a.events[1].stream_id = next_uuid(); });
    refused("a write without an event", [](Append& a) { a.writes.push_back({next_uuid(), 0}); });
    refused("a stream written twice", [](Append& a) { a.writes.push_back(a.writes[0]); });
    refused("a stream guarded twice", [](Append& a) { a.guards = {{Uuid{{1}}, 0}, {Uuid{{1}}, 1}}; });
    refused("a stream guarded and written", [](Append& a) { a.guards = a.writes; });
    refused("a type that needs escapes", [](Append& a) { a.events[0].type = "user\"x"; });
    refused("two stream types", [](Append& a) { a.events[1].stream_type = "session"; });
    refused("a payload above the limit",
            [](Append& a) { a.events[0].payload = "{\"a\":\"" + std::string(kMaxPayloadBytes, 'x') + "\"}"; });
    refused("metadata above the limit",
            [](Append& a) { a.events[0].metadata = "{\"a\":\"" + std::string(kMaxMetadataBytes, 'x') + "\"}"; });
    refused("too many events",
            [](Append& a) { a = AppendBuilder().write(next_uuid(), 0, static_cast<int>(kMaxEventsPerCommand) + 1); });
    for (const char* text : {"{\"a\":\"\\u0000\"}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\\uDFff\"}",
                             "{\"a\":\"\xED\xA0\x80\"}", "{\"a\":\"\xFF\"}", "[]", "1", "", "{", "{\"a\":}", "{}{}"}) {
        refused(text, [&](Append& a) { a.events[1].payload = text; });
        refused(text, [&](Append& a) { a.events[0].metadata = text; });
    }
    refused("a NUL", [](Append& a) { a.events[0].payload = std::string("{\"a\":\"\0\"}", 9); });
    EXPECT_EQ(version_of(id), 0);
}

// Whoever may append may have put the first record there: it keeps nobody from the stream.
TEST_P(StoreContract, TakesEventsWhateverTypeTheFirstRecordHas) {
    const Uuid id = next_uuid();
    accepted(AppendBuilder().write(id, 0));
    accepted(AppendBuilder().write(id, 1, 1, "{}", "session"));
    const StreamSlice slice = stream(id);
    ASSERT_EQ(slice.events.size(), 2U);
    EXPECT_EQ(slice.stream_type, "user");
    EXPECT_EQ(slice.events[1].stream_type, "session");
}

TEST_P(StoreContract, TakesTheLargestAppend) {
    const Uuid id = next_uuid();
    const std::string payload = "{\"a\":\"" + std::string(kMaxPayloadBytes - 8, 'x') + "\"}";
    ASSERT_EQ(payload.size(), kMaxPayloadBytes);
    const Appended appended = accepted(AppendBuilder().write(id, 0, static_cast<int>(kMaxEventsPerCommand), payload));
    EXPECT_EQ(appended.event_count, static_cast<std::int32_t>(kMaxEventsPerCommand));
    EXPECT_EQ(stream(id).events.back().payload, payload) << "byte for byte";
}

TEST_P(StoreContract, AppendsNothingAfterItsDeadline) {
    const Uuid id = next_uuid();
    const Append append = AppendBuilder().write(id, 0);
    const auto late = await(store().append(append, std::chrono::steady_clock::now() - std::chrono::seconds(1)));
    EXPECT_TRUE(!late && late.error() == StoreError::kDeadline);
    EXPECT_EQ(version_of(id), 0);
}

// ---- many at once ----------------------------------------------------------------------------------------------
TEST_P(StoreContract, LetsOneOfManyWinAVersion) {
    constexpr int kRivals = 40;
    const Uuid id = next_uuid();
    for (std::int32_t version = 0; version < 3; ++version) {
        std::vector<Store::Answer<Verdict>> rivals;
        for (int i = 0; i < kRivals; ++i) {
            Append append = AppendBuilder().write(id, version).write(next_uuid(), 0);
            rivals.push_back(store().append(std::move(append), soon()));
        }
        int won = 0;
        for (const auto& verdict : await_all(std::move(rivals))) {
            ASSERT_TRUE(verdict.has_value());
            if (std::holds_alternative<Appended>(*verdict)) {
                ++won;
            } else {
                EXPECT_EQ(std::get<Conflict>(*verdict).version, version + 1);
            }
        }
        EXPECT_EQ(won, 1);
    }
    EXPECT_EQ(version_of(id), 3);
}

TEST_P(StoreContract, AppendsOneCommandOnceHoweverOftenItIsSentAtOnce) {
    const Uuid id = next_uuid();
    const Append append = AppendBuilder().write(id, 0, 2);
    std::vector<Store::Answer<Verdict>> repeats;
    for (int i = 0; i < 20; ++i) repeats.push_back(store().append(append, soon()));
    int appended = 0;
    Position first_position = 0;
    for (const auto& verdict : await_all(std::move(repeats))) {
        if (const auto* won = std::get_if<Appended>(&verdict.value())) {
            ++appended;
            first_position = won->first_position;
        }
    }
    EXPECT_EQ(appended, 1);
    EXPECT_EQ(version_of(id), 2);
    EXPECT_EQ(refused_as<Duplicate>(append).first_position, first_position);
}

TEST_P(StoreContract, GivesAClaimToOneOfManyAtOnce) {
    const Bytes email = next_bytes();
    std::vector<Store::Answer<Verdict>> rivals;
    for (int i = 0; i < 20; ++i) {
        const Uuid user = next_uuid();
        Append append = AppendBuilder().write(user, 0).take("email", email, user);
        rivals.push_back(store().append(std::move(append), soon()));
    }
    int won = 0;
    for (const auto& verdict : await_all(std::move(rivals))) won += std::holds_alternative<Appended>(verdict.value());
    EXPECT_EQ(won, 1);
}

// "Disable the user" and a log-in guarded by the same version: whichever comes first, both must not pass (I4).
TEST_P(StoreContract, HoldsGuardsAgainstWritesThatArriveTogether) {
    for (int round = 0; round < 20; ++round) {
        const Uuid user = next_uuid();
        accepted(AppendBuilder().write(user, 0));
        Append disable = AppendBuilder().write(user, 1);
        std::vector<Store::Answer<Verdict>> both;
        for (int i = 0; i < 3; ++i) {
            Append log_in = AppendBuilder().write(next_uuid(), 0).guard(user, 1);
            both.push_back(store().append(std::move(log_in), soon()));
        }
        both.push_back(store().append(std::move(disable), soon()));
        for (int i = 0; i < 3; ++i) {
            Append log_in = AppendBuilder().write(next_uuid(), 0).guard(user, 1);
            both.push_back(store().append(std::move(log_in), soon()));
        }
        const auto verdicts = await_all(std::move(both));
        const Position disabled_at = std::get<Appended>(verdicts[3].value()).first_position;
        for (std::size_t i = 0; i < verdicts.size(); ++i) {
            if (i == 3) continue;
            if (const auto* log_in = std::get_if<Appended>(&verdicts[i].value())) {
                EXPECT_LT(log_in->first_position, disabled_at) << "a log-in after the user was disabled";
            }
        }
    }
}

TEST_P(StoreContract, DoesNotLetAPoisonedCommandDisturbItsNeighbours) {
    std::vector<Store::Answer<Verdict>> all;
    constexpr int kCommands = 30;
    for (int i = 0; i < kCommands; ++i) {
        Append append = AppendBuilder().write(next_uuid(), 0, 1, i % 10 == 7 ? R"({"broken":)" : "{}");
        all.push_back(store().append(std::move(append), soon()));
    }
    const auto verdicts = await_all(std::move(all));
    for (int i = 0; i < kCommands; ++i) {
        const auto& verdict = verdicts[static_cast<std::size_t>(i)];
        if (i % 10 == 7) {
            EXPECT_TRUE(!verdict && verdict.error() == StoreError::kBadData) << i;
        } else {
            EXPECT_TRUE(verdict && std::holds_alternative<Appended>(*verdict)) << i;
        }
    }
}

// Whatever this node's clock says by then.
TEST_P(StoreContract, RecordsNothingBeforeItWasDecidedNorBeforeTheNewestEvent) {
    const Uuid ahead = next_uuid();
    Append decided_later = AppendBuilder().write(ahead, 0);
    const Instant now = Instant::at_ms(1'750'000'000'123);
    decided_later.decided_at = now + milliseconds(5);
    accepted(decided_later);
    EXPECT_EQ(stream(ahead).events.at(0).recorded_at, now + milliseconds(5));
    const Uuid next = next_uuid();
    accepted(AppendBuilder().write(next, 0));
    EXPECT_EQ(stream(next).events.at(0).recorded_at, now + milliseconds(5));
}
