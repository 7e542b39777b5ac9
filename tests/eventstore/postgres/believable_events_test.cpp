// The service's role in the database may call `append` with whatever it likes, and a superuser may change
// what is there. Nobody but the service writes an event that is believed.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "eventstore/aggregates.hpp"
#include "eventstore/audit/head_tag.hpp"
#include "eventstore/audit/tree_head.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "eventstore/codec/jcs.hpp"
#include "eventstore/leaf.hpp"
#include "eventstore/postgres/keys/mac_keys.hpp"
#include "eventstore/postgres/migrations/migrator.hpp"
#include "eventstore/postgres/store/postgres_log_source.hpp"
#include "eventstore/postgres/store/postgres_store.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"
#include "tests/support/await.hpp"
#include "tests/support/postgres/event_macs.hpp"
#include "tests/support/postgres/postgres.hpp"
#include "tests/support/postgres/raw_writer.hpp"
#include "tests/support/world/appends.hpp"
#include "tests/support/world/made_here.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::eventstore::postgres;
using namespace keyledger::test;

namespace {

using Trust = RecordedEvent::Trust;
constexpr Instant kNow = Instant::at_ms(1'750'000'000'123);

class NoSealer : public FieldSealer {
public:
    std::string seal(std::string_view, std::string_view) override { return {}; }
};

struct BelievableEvents : testing::Test {
    Database own;
    PostgresStore store{{.url = own.service_url(), .authenticity = authenticity()}, [] { return kNow; }};
    const Uuid log_id = Uuid::parse(own.execute("select log_id from keyledger.log")).value();

    Uuid append_one() {
        const Uuid id = next_uuid();
        append(AppendBuilder().write(id, 0));
        return id;
    }
    void append(const Append& append) {
        const auto verdict = await(store.append(append, soon()));
        ASSERT_TRUE(verdict && std::holds_alternative<Appended>(*verdict));
    }
    // What the log says of itself, by a key of the service.
    void say(std::int32_t version, const LogEvent& event) {
        NoSealer sealer;
        const EncodedEvent encoded = encode(event, sealer);
        Append said = AppendBuilder().write(kLogStream, version, 1, encoded.payload, "log");
        said.events[0].type = encoded.type;
        append(said);
    }
    // As somebody with the service's role and without its keys.
    void forge(const Append& append, const std::string& key_id = kMacKey) {
        RawWriter writer(own.service_url());
        writer.key = WritingKey{key_id, event_mac_key("guessed", key_id, log_id)};
        ASSERT_EQ(writer.append({append}), std::vector{0});
    }
    void sign_head(Position size) {
        const audit::TreeHead head{log_id, size, {}, Instant::at_ms(5)};
        const std::string note = event_macs()->sign(audit::origin_of(log_id), audit::checkpoint_text(head));
        store_note(size, note);
    }
    // As the service's role may: whatever it has, and nobody looks whose it is. With the tag that the service makes, so
    // that the signature is looked at.
    void store_note(Position position, const std::string& note) {
        const std::string at = std::to_string(position);
        RawWriter(own.service_url())
            .run("select keyledger.store_tree_head('" + log_id.to_string() + "', " + at +
                 ", (select leaf_hash from keyledger.events where position = " + at + "), '\\x', '" + note + "', '\\x" +
                 security::hex_encode(security::view_of(audit::HeadTags(event_macs().get(), log_id).of(note))) + "')");
    }
    // Of a process that starts now.
    std::vector<Trust> standings(std::shared_ptr<const EventMacs> macs = event_macs()) {
        PostgresLogSource source(own.service_url(), std::make_shared<Authenticity>(std::move(macs)));
        std::vector<Trust> all;
        const auto read = source.read_after({}, 1000).value();
        for (const RecordedEvent& event : read) all.push_back(event.trust);
        return all;
    }
};

const auto kGood = Trust::kBelieved;
const auto kBad = Trust::kInert;

}  // namespace

TEST_F(BelievableEvents, WhatTheServicesRoleAppendsByItselfMeansNothing) {
    const Uuid id = append_one();
    forge(AppendBuilder().write(id, 1));              // right leaf, wrong MAC
    forge(AppendBuilder().write(id, 2), "mac-evil");  // a key that nobody announced
    append(AppendBuilder().write(id, 3));
    EXPECT_EQ(standings(), (std::vector{kGood, kBad, kBad, kGood}));
    const auto slices = await(store.read_streams({{id, 0}}, soon())).value();
    ASSERT_EQ(slices[0].events.size(), 4U) << "it keeps its position and its version";
    EXPECT_TRUE(slices[0].events[1].is_inert());
    NullFieldOpener nothing;
    EXPECT_THROW((void)decode_any(slices[0].events[1], nothing), CodecError) << "nobody parses it";
}

TEST_F(BelievableEvents, ARecordThatWasChangedBeforeItsTreeHeadMeansNothing) {
    append_one();
    append_one();
    own.execute("update keyledger.events set payload_text = '{\"n\":2}' where position = 2");
    EXPECT_EQ(standings(), (std::vector{kGood, kBad}));
    own.execute("update keyledger.events set payload_text = '{\"n\":1}', mac = set_byte(mac, 0, get_byte(mac, 0) # 1)"
                " where position = 2");
    EXPECT_EQ(standings(), (std::vector{kGood, kBad}));
}

TEST_F(BelievableEvents, ARecordThatWasChangedAfterItsTreeHeadStopsReaders) {
    append_one();
    const Uuid id = append_one();
    sign_head(2);
    own.execute("update keyledger.events set payload_text = '{\"n\":2}' where position = 2");
    EXPECT_EQ(standings(), (std::vector{kGood, Trust::kChanged}));
    const auto slices = await(store.read_streams({{id, 0}}, soon())).value();
    NullFieldOpener nothing;
    EXPECT_THROW((void)decode_any(slices[0].events[0], nothing), CodecError);
}

// The service's role can add heads of its own, and can't take those away that are there.
TEST_F(BelievableEvents, ATreeHeadCountsWhateverTheServicesRolePutsBesideIt) {
    append_one();
    append_one();
    sign_head(2);
    for (int i = 0; i < 30; ++i) store_note(2, "junk");
    RawWriter role(own.service_url());
    EXPECT_THROW(role.run("delete from keyledger.tree_heads"), std::runtime_error);
    own.execute("update keyledger.events set payload_text = '{\"n\":2}' where position = 2");
    EXPECT_EQ(standings(), (std::vector{kGood, Trust::kChanged}));
}

// Once the log says that a key was closed, a head had covered what stood under it: that holds without the head.
TEST_F(BelievableEvents, WhatWasCoveredWhenAKeyWasClosedIsChangedAndNotInert) {
    const auto both = std::make_shared<TestMacs>(std::vector<std::string>{kMacKey, "mac-2"});
    append_one();
    append_one();
    say(0, LogMacKeyAdded{"mac-2"});
    say(1, LogMacKeyClosed{kMacKey, 2});
    own.execute("update keyledger.events set payload_text = '{\"n\":2}' where position = 2");
    EXPECT_EQ(standings(both), (std::vector{kGood, Trust::kChanged, kBad, kBad}));
}

TEST_F(BelievableEvents, ADisavowedRecordStaysInertUnderTreeHeads) {
    append_one();
    forge(AppendBuilder().write(next_uuid(), 0));
    const std::string leaf = own.execute("select encode(leaf_hash, 'hex') from keyledger.events where position = 2");
    say(0, LogDisavowed{2, leaf});
    sign_head(3);
    EXPECT_EQ(standings(), (std::vector{kGood, kBad, kGood}));
    own.execute("update keyledger.events set leaf_hash = sha256('x') where position = 2");
    EXPECT_EQ(standings(), (std::vector{kGood, Trust::kChanged, kGood})) << "that is not what was disavowed";
}

TEST_F(BelievableEvents, NobodyDisavowsWithoutAKey) {
    append_one();
    const std::string leaf = own.execute("select encode(leaf_hash, 'hex') from keyledger.events where position = 1");
    NoSealer sealer;
    Append forged =
        AppendBuilder().write(kLogStream, 0, 1, encode(LogEvent(LogDisavowed{1, leaf}), sealer).payload, "log");
    forged.events[0].type = LogDisavowed::kType;
    forge(forged);
    EXPECT_EQ(standings(), (std::vector{kGood, kBad}));
}

// A rotation that this node has not heard of: it must not take what the others wrote for somebody else's.
TEST_F(BelievableEvents, AnAnnouncedKeyThatTheKeyringLacksStopsReaders) {
    append_one();
    say(0, LogMacKeyAdded{"mac-2"});
    RawWriter writer(own.service_url());
    const TestMacs both({kMacKey, "mac-2"});
    writer.key = WritingKey{"mac-2", both.key("mac-2", log_id)};
    writer.append({AppendBuilder().write(next_uuid(), 0)});
    EXPECT_EQ(standings(), (std::vector{kGood, kGood, Trust::kKeyMissing}));
    EXPECT_EQ(standings(std::make_shared<TestMacs>(both)), (std::vector{kGood, kGood, kGood}));
}

TEST_F(BelievableEvents, AKeyOfTheKeyringCountsFromItsAnnouncementOn) {
    const auto both = std::make_shared<TestMacs>(std::vector<std::string>{kMacKey, "mac-2"});
    RawWriter writer(own.service_url());
    writer.key = WritingKey{"mac-2", both->key("mac-2", log_id)};
    writer.append({AppendBuilder().write(next_uuid(), 0)});
    say(0, LogMacKeyAdded{"mac-2"});
    EXPECT_EQ(standings(both), (std::vector{kBad, kGood})) << "nodes with and without the key say the same";
}

TEST_F(BelievableEvents, NothingIsAppendedUnderAClosedKeyNorBelievedBehindItsEnd) {
    const auto both = std::make_shared<TestMacs>(std::vector<std::string>{kMacKey, "mac-2"});
    append_one();
    say(0, LogMacKeyAdded{"mac-2"});
    ASSERT_EQ(close_mac_key(own.owner_url(), kMacKey).value(), 2);
    ASSERT_EQ(close_mac_key(own.owner_url(), kMacKey).value(), 2) << "it may be repeated";
    RawWriter writer(own.service_url());
    EXPECT_THROW(writer.append({AppendBuilder().write(next_uuid(), 0)}), std::runtime_error);

    PostgresStore rotated({.url = own.service_url(), .authenticity = std::make_shared<Authenticity>(both)},
                          [] { return kNow; });
    ASSERT_TRUE(await(rotated.read_log(1, 10, soon())));  // it hears of the new key
    NoSealer sealer;
    Append closed =
        AppendBuilder().write(kLogStream, 1, 1, encode(LogEvent(LogMacKeyClosed{kMacKey, 2}), sealer).payload, "log");
    closed.events[0].type = LogMacKeyClosed::kType;
    const auto verdict = await(rotated.append(closed, soon()));
    ASSERT_TRUE(verdict && std::holds_alternative<Appended>(*verdict)) << "the committer changed its key";

    // A superuser who has the old key, which leaked.
    own.execute("delete from keyledger.closed_mac_keys");
    writer.append({AppendBuilder().write(next_uuid(), 0)});
    EXPECT_EQ(standings(both), (std::vector{kGood, kGood, kGood, kBad}));
}

// Nothing is skipped, and nothing is called inert that others believe; a session that reads other things is not
// disturbed.
TEST_F(BelievableEvents, WhoeverLacksAKeyGoesOnFromThereOnceItIsThere) {
    append_one();
    say(0, LogMacKeyAdded{"mac-2"});
    const auto both = std::make_shared<TestMacs>(std::vector<std::string>{kMacKey, "mac-2"});
    const auto theirs = std::make_shared<Authenticity>(both);
    PostgresStore rotated({.url = own.service_url(), .authenticity = theirs}, [] { return kNow; });
    ASSERT_TRUE(theirs->is_announced(own.service_url(), "mac-2").value());
    rotated.use_newest_key();
    ASSERT_TRUE(await(rotated.append(AppendBuilder().write(next_uuid(), 0), soon())));
    ASSERT_EQ(own.execute("select mac_key_id from keyledger.events where position = 3"), "mac-2");

    struct GrowingMacs : TestMacs {
        GrowingMacs() : TestMacs(std::vector<std::string>{kMacKey}) {}
        std::shared_ptr<const security::HmacKey> key(std::string_view id, const Uuid& log_id) const override {
            return has_all ? all.key(id, log_id) : TestMacs::key(id, log_id);
        }
        const TestMacs all{std::vector<std::string>{kMacKey, "mac-2"}};
        std::atomic<bool> has_all{false};
    };
    const auto growing = std::make_shared<GrowingMacs>();
    std::vector<std::string> asked_for;
    const auto on_lacking = [&](const std::string& id) {
        asked_for.push_back(id);
        return growing->has_all.load();
    };
    PostgresLogSource source(own.service_url(), std::make_shared<Authenticity>(growing, on_lacking));
    const auto before = source.read_after({}, 2).value();
    ASSERT_EQ(before.size(), 2U);
    const Cursor place{before.back().position, before.back().leaf_hash};
    EXPECT_EQ(source.read_after(place, 10).error(), ReadError::kUnavailable);
    EXPECT_EQ(asked_for, std::vector<std::string>{"mac-2"});
    EXPECT_TRUE(source.head()) << "the session is good";
    growing->has_all = true;
    const auto behind = source.read_after(place, 10).value();
    ASSERT_EQ(behind.size(), 1U);
    EXPECT_EQ(behind[0].trust, Trust::kBelieved);
    EXPECT_EQ(standings(std::make_shared<TestMacs>(std::vector<std::string>{kMacKey})).back(), Trust::kKeyMissing)
        << "who only reports says so";
}

TEST_F(BelievableEvents, ALogWhoseOriginNobodySignedIsNotRead) {
    append_one();
    own.execute("update keyledger.origins set note = replace(note, 'first-key mac-1', 'first-key mac-2')");
    PostgresLogSource source(own.service_url(), authenticity());
    EXPECT_EQ(source.read_after({}, 10).error(), ReadError::kUnavailable);
    // A tree head is signed with the same key, and says nothing about where MACs begin.
    sign_head(1);
    own.execute("update keyledger.origins set note = (select note from keyledger.tree_heads)");
    EXPECT_EQ(source.read_after({}, 10).error(), ReadError::kUnavailable);
}

TEST_F(BelievableEvents, ARestoredLogBelievesWhatItHadAndWhatFollows) {
    append_one();
    Migrator(own.owner_url(), event_macs()).renew_log_id();
    PostgresStore restored({.url = own.service_url(), .authenticity = authenticity()}, [] { return kNow; });
    ASSERT_TRUE(await(restored.append(AppendBuilder().write(next_uuid(), 0), soon())));
    forge(AppendBuilder().write(next_uuid(), 0));
    Migrator(own.owner_url(), event_macs()).renew_log_id();
    EXPECT_EQ(standings(), (std::vector{kGood, kGood, kBad}));
}

// ---- the migration ----------------------------------------------------------------------------------------------
namespace {

// As the program before wrote it: jsonb, and no MAC.
void insert_old_event(const Database& database, Position position, const NewEvent& event) {
    const Digest leaf = leaf_hash(kDefaultTenant, event, kNow);
    database.execute("insert into keyledger.events values (" + std::to_string(position) + ", 'default', '" +
                     event.stream_type + "', '" + event.stream_id.to_string() + "', " + std::to_string(event.version) +
                     ", '" + event.type + "', 1, '" + event.event_id.to_string() + "', '" + event.payload + "', '" +
                     event.metadata + "', to_timestamp(" + std::to_string(kNow.ms()) + " / 1000.0), '\\x" +
                     security::hex_encode(security::view_of(leaf)) + "');" + "insert into keyledger.streams values ('" +
                     event.stream_id.to_string() + "', '" + event.stream_type + "', 'default', " +
                     std::to_string(event.version) + ", " + std::to_string(position) + ")");
}

}  // namespace

TEST(Migration, KeepsWhatIsThereAndFixesWhereMacsBegin) {
    Database own;
    Migrator migrator(own.owner_url(), event_macs());
    const auto names = migrations();
    const auto at = std::ranges::find(names, "believable_events", &Migration::name);
    ASSERT_NE(at, names.end());
    const int count = static_cast<int>(names.end() - at);
    ASSERT_EQ(std::ssize(migrator.down(count)), count);
    for (Position position : {1, 2}) {
        const Append append = AppendBuilder().write(next_uuid(), 0, 1, R"({"aa":"é","b":1})");
        insert_old_event(own, position, append.events[0]);
    }
    EXPECT_THROW(Migrator(own.owner_url()).up(), MigrationFailure) << "without a keyring";
    ASSERT_EQ(std::ssize(migrator.up()), count);

    PostgresStore store({.url = own.service_url(), .authenticity = authenticity()},
                        [] { return kNow - milliseconds(5); });
    ASSERT_TRUE(await(store.append(AppendBuilder().write(next_uuid(), 0), soon())));
    const auto read = [&] { return await(store.read_log(1, 10, soon())).value(); };
    ASSERT_EQ(read().size(), 3U);
    for (const RecordedEvent& event : read()) EXPECT_EQ(event.trust, kGood) << event.position;
    EXPECT_FALSE(read()[1].is_canonical);
    EXPECT_TRUE(read()[2].is_canonical);
    EXPECT_EQ(read()[2].recorded_at, kNow) << "not before the newest";
    EXPECT_THROW(migrator.down(count), MigrationFailure) << "its events can't be told in the old form";

    own.execute("update keyledger.events set payload = '{}' where position = 1");
    EXPECT_EQ(read()[0].trust, Trust::kChanged) << "what was there before is vouched for by the statement";
    own.execute("update keyledger.events set payload = payload_text::jsonb, payload_text = null where position = 3");
    EXPECT_NE(read()[2].trust, kGood) << "no event goes back to the old form";
}

// A node of before calls a function that is not there any more.
TEST(Migration, TakesTheOldAppendAway) {
    Database own;
    EXPECT_EQ(own.execute("select count(*) from pg_proc where pronamespace = 'keyledger'::regnamespace"
                          " and proname = 'append'"),
              "1");
    EXPECT_EQ(own.execute("select proargnames @> array['mac_key', 'event_macs'] from pg_proc where proname = 'append'"
                          " and pronamespace = 'keyledger'::regnamespace"),
              "t");
}

// ---- time --------------------------------------------------------------------------------------------------------
// Two nodes whose clocks are 10 s apart append in turns.
TEST(RecordedAt, NeverFallsWhoeverAppends) {
    Database own;
    PostgresStore ahead({.url = own.service_url(), .authenticity = authenticity()}, [] { return kNow + seconds(10); });
    PostgresStore behind({.url = own.service_url(), .authenticity = authenticity()}, [] { return kNow; });
    for (int i = 0; i < 20; ++i) {
        PostgresStore& store = i % 2 == 0 ? ahead : behind;
        Append append = AppendBuilder().write(next_uuid(), 0);
        append.decided_at = kNow + milliseconds(10'000 + i);
        const auto verdict = await(store.append(append, soon()));
        ASSERT_TRUE(verdict && std::holds_alternative<Appended>(*verdict)) << i;
    }
    EXPECT_EQ(
        own.execute("select count(*) from (select recorded_at < lag(recorded_at) over (order by position) as falls"
                    " from keyledger.events) as e where falls"),
        "0");
    const auto recorded = await(ahead.read_log(1, 100, soon())).value();
    for (const RecordedEvent& event : recorded) {
        EXPECT_EQ(event.trust, kGood) << "it was hashed again";
        EXPECT_GE(event.recorded_at, kNow + milliseconds(10'000 + event.position - 1)) << "not before it was decided";
    }
}

TEST(RecordedAt, IsNotDraggedIntoTheFuture) {
    Database own;
    RawWriter writer(own.service_url());
    writer.recorded_at = Instant::at_ms(4'000'000'000'000);  // in 2096
    EXPECT_THROW(writer.append({AppendBuilder().write(next_uuid(), 0)}), std::runtime_error);
    PostgresStore store({.url = own.service_url(), .authenticity = authenticity()},
                        [] { return Instant::at_ms(4'000'000'000'000); });
    EXPECT_EQ(await(store.append(AppendBuilder().write(next_uuid(), 0), soon())).error(), StoreError::kUnavailable);
    EXPECT_NE(store.status().committer.last_error.find("clock"), std::string::npos);
}

TEST(RecordedAt, IsRightAgainOnceTheClockIs) {
    Database own;
    std::atomic<Instant> now = Instant::at_ms(4'000'000'000'000);  // in 2096
    PostgresStore store({.url = own.service_url(), .authenticity = authenticity()}, [&] { return now.load(); });
    EXPECT_EQ(await(store.append(AppendBuilder().write(next_uuid(), 0), soon())).error(), StoreError::kUnavailable);
    now = kNow;
    const auto verdict = await(store.append(AppendBuilder().write(next_uuid(), 0), soon()));
    ASSERT_TRUE(verdict && std::holds_alternative<Appended>(*verdict));
    EXPECT_EQ(await(store.read_log(1, 1, soon())).value().at(0).recorded_at, kNow);
}

// ---- destroyed keys ----------------------------------------------------------------------------------------------
TEST(Graveyard, GivesADestroyedKeyBackForADayToTheOwnerAlone) {
    Database own;
    PostgresStore store({.url = own.service_url(), .authenticity = authenticity()}, [] { return kNow; });
    const Uuid subject = next_uuid();
    const Uuid key = next_uuid();
    ASSERT_TRUE(await(store.append(AppendBuilder().write(next_uuid(), 0).new_key(subject, key), soon())));
    RawWriter attacker(own.service_url());
    attacker.append({AppendBuilder().write(next_uuid(), 0).destroy_key(subject, key)});
    const auto stored = [&] { return await(store.read_subject_keys({subject}, soon())).value().at(0); };
    ASSERT_TRUE(stored().destroyed);
    EXPECT_THROW(attacker.run("select * from keyledger.graveyard"), std::runtime_error);
    EXPECT_THROW(attacker.run("delete from keyledger.graveyard"), std::runtime_error);
    EXPECT_EQ(attacker.run("select keyledger.purge_graveyard()"), "0") << "nothing is a day old by the server's clock";
    ASSERT_TRUE(bring_back_key(own.owner_url(), subject).value());
    EXPECT_FALSE(stored().destroyed);
    EXPECT_EQ(stored().wrapped, "wrapped");
    EXPECT_FALSE(bring_back_key(own.owner_url(), subject).value()) << "once";
}

TEST(Graveyard, IsEmptiedAfterADay) {
    Database own;
    RawWriter writer(own.service_url());
    const Uuid subject = next_uuid();
    const Uuid key = next_uuid();
    writer.append({AppendBuilder().write(next_uuid(), 0).new_key(subject, key)});
    writer.append({AppendBuilder().write(next_uuid(), 0).destroy_key(subject, key)});
    own.execute("update keyledger.graveyard set buried_at = buried_at - interval '24 hours 1 second'");
    EXPECT_EQ(writer.run("select keyledger.purge_graveyard()"), "1");
    EXPECT_FALSE(bring_back_key(own.owner_url(), subject).value());
    EXPECT_EQ(own.execute("select count(*) from keyledger.graveyard"), "0");
}

TEST(CommandIds, ThatTheServiceMadeGoAfterAnHour) {
    Database own;
    PostgresStore store({.url = own.service_url(), .authenticity = authenticity()}, [] { return kNow; });
    Append made_here = AppendBuilder().write(next_uuid(), 0);
    made_here.id_retention = Append::CommandIdRetention::kForAnHour;
    ASSERT_TRUE(await(store.append(made_here, soon())));
    ASSERT_TRUE(await(store.append(AppendBuilder().write(next_uuid(), 0), soon())));
    own.execute("update keyledger.commands set recorded_at = now() - interval '59 minutes'");
    EXPECT_EQ(own.execute("select keyledger.prune_commands(now() - interval '72 hours', 10)"), "0");
    own.execute("update keyledger.commands set recorded_at = now() - interval '61 minutes'");
    EXPECT_EQ(own.execute("select keyledger.prune_commands(now() - interval '72 hours', 10)"), "1");
}

// An id that the service made stands in the log, as its first event's.
TEST(CommandIds, ThatEventsTellAreWrittenNowhereElse) {
    Database own;
    PostgresStore store({.url = own.service_url(), .authenticity = authenticity()}, [] { return kNow; });
    const Uuid stream = next_uuid();
    const Append one = made_here(AppendBuilder().write(stream, 0, 2));
    ASSERT_TRUE(await(store.append(one, soon())));
    EXPECT_EQ(own.execute("select count(*) from keyledger.commands"), "0");
    EXPECT_TRUE(std::holds_alternative<Duplicate>(await(store.append(one, soon())).value()));
    ASSERT_TRUE(await(store.append(AppendBuilder().write(stream, 2), soon())));
    EXPECT_EQ(own.execute("select count(*) from keyledger.commands"), "1");
    EXPECT_EQ(own.execute("select count(*) from keyledger.events"), "3");
}
