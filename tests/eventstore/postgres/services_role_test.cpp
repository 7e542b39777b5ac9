// Whoever holds the service's role in the database runs what it may run with whatever they like: the functions
// that work with the owner's rights say how far each of their parameters goes, and tree heads are added and not
// taken away.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "eventstore/append_rules.hpp"
#include "eventstore/audit/head_tag.hpp"
#include "eventstore/postgres/store/authenticity.hpp"
#include "eventstore/postgres/store/postgres_store.hpp"
#include "eventstore/postgres/store/read_session.hpp"
#include "eventstore/postgres/store/tree_heads.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"
#include "tests/eventstore/postgres/asked.hpp"
#include "tests/support/await.hpp"
#include "tests/support/postgres/event_macs.hpp"
#include "tests/support/postgres/postgres.hpp"
#include "tests/support/postgres/raw_writer.hpp"
#include "tests/support/world/appends.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::test;

namespace {

struct ServicesRole : testing::Test {
    Database own;
    RawWriter role{own.service_url()};
    const Uuid log_id = Uuid::parse(own.execute("select log_id from keyledger.log")).value();

    // "refused", or the first field of what it says.
    std::string said(const std::string& sql) try { return role.run(sql); } catch (const std::runtime_error&) {
        return "refused";
    }
    std::string append(const Append& append) try {
        return std::to_string(role.append({append}).at(0));
    } catch (const std::runtime_error&) {
        return "refused";
    }
    std::string leaf_at(Position position) {
        return "(select leaf_hash from keyledger.events where position = " + std::to_string(position) + ")";
    }
    std::string store(const std::string& log, const std::string& position, const std::string& leaf,
                      const std::string& frontier = "''", const std::string& note = "'a note'",
                      const std::string& tag = "sha256('a tag')") {
        return "select keyledger.store_tree_head(" + log + ", " + position + ", " + leaf + ", " + frontier + ", " +
               note + ", " + tag + ")";
    }
    // What this service would store with that note.
    std::string tag_of(const std::string& note) {
        const Digest tag = audit::HeadTags(event_macs().get(), log_id).of(note);
        return "'\\x" + security::hex_encode(security::view_of(tag)) + "'";
    }
    postgres::PostgresTreeHeads heads() { return postgres::PostgresTreeHeads(own.service_url(), event_macs()); }
    std::string note_of(Position size) {
        return event_macs()->sign(audit::origin_of(log_id),
                                  audit::checkpoint_text(audit::TreeHead{log_id, size, {}, Instant::at_ms(5)}));
    }
    Digest leaf_hash_at(Position position) {
        const auto hex = own.execute("select encode" + ("(" + leaf_at(position)) + ", 'hex')");
        Digest hash{};
        std::ranges::copy(security::hex_decode(hex).value(), hash.begin());
        return hash;
    }
    static std::string plan(const std::string& position, const std::string& ordinal, const std::string& kind,
                            const std::string& arguments,
                            const std::string& log = "(select log_id from keyledger.log)") {
        return "select keyledger.plan_jobs(" + log + ", 'test', array[" + position + "], array[" + ordinal +
               "], array[" + kind + "], array[gen_random_uuid()], array[" + arguments + "])";
    }
    static std::string finish(const std::string& attempt, const std::string& state,
                              const std::string& code = "'a-code'") {
        return "select keyledger.finish_job((select log_id from keyledger.log), 'test', 1, 0, " + attempt + ", " +
               state + ", 1000, " + code + ")";
    }
    // In this order; the log has one event.
    std::vector<Asked> asked_of_jobs() const {
        const std::string log = "(select log_id from keyledger.log)";
        return {
            {"plan_jobs", plan("1", "0", "'a'", "'{}'"), "0"},
            {"plan_jobs", plan("1", "0", "'a'", "'{}'"), "0"},  // what stands there was not planned, and gives way
            {"plan_jobs", plan("1", "1", "'a'", "'{}'", "gen_random_uuid()"), "refused"},
            {"plan_jobs", plan("2", "0", "'a'", "'{}'"), "refused"},  // no such event
            {"plan_jobs", plan("1", "64", "'a'", "'{}'"), "refused"},
            {"plan_jobs", plan("1", "1", "repeat('a', 65)", "'{}'"), "refused"},
            {"plan_jobs", plan("1", "1", "'a'", "'{somebody@example.org}'"), "refused"},
            {"plan_jobs",
             plan("1", "1", "'a'", "'{' || repeat(gen_random_uuid() || ',', 8) || gen_random_uuid() || '}'"),
             "refused"},
            {"plan_jobs",
             "select keyledger.plan_jobs(" + log +
                 ", 'A test', array[1], array[0], array['a'], array[gen_random_uuid()], array['{}'])",
             "refused"},
            {"claim_job", "select its_attempt from keyledger.claim_job(gen_random_uuid(), 'test', 1)", ""},
            {"claim_job", "select its_attempt from keyledger.claim_job(" + log + ", 'test', 2000000000)", "1"},
            {"finish_job", finish("2", "'done'"), "f"},
            {"finish_job", finish("1", "'paid'"), "refused"},
            {"finish_job", finish("1", "null"), "refused"},
            {"finish_job", finish("1", "'dead'", "repeat('x', 65)"), "refused"},
            {"finish_job", finish("1", "'dead'"), "t"},
            {"retry_job", "select keyledger.retry_job(" + log + ", 'test', 1, 0)", "t"},
            {"retry_job", "select keyledger.retry_job(" + log + ", 'test', 1, 0)", "f"},
            {"drop_job", "select keyledger.drop_job(" + log + ", 'test', 1, 0)", "t"},
            {"drop_job", "select keyledger.drop_job(" + log + ", 'test', 1, 0)", "f"},
            {"prune_jobs", "select keyledger.prune_jobs(1000000000)", "0"},
        };
    }
    std::string stored() { return own.execute("select count(*) from keyledger.tree_heads"); }
};

const audit::OpenNote kOpen = [](std::string_view note) -> Result<std::string, std::string> {
    auto text = event_macs()->open(note);
    if (text) return std::move(*text);
    return Unexpected(std::string("nobody's"));
};
const std::string kThisLog = "(select log_id from keyledger.log)";

}  // namespace

// By what its own sessions begin with: an operator of its own makes other streams' events, or none, the answer.
TEST_F(ServicesRole, BendsNoNameInTheServicesSessions) {
    const Uuid mine = next_uuid();
    const Uuid others = next_uuid();
    const auto settings = postgres::PostgresStoreSettings{.url = own.service_url(), .authenticity = authenticity()};
    const auto now = [] { return Instant::at_ms(1'750'000'000'123); };
    {
        postgres::PostgresStore store(settings, now);
        for (const Uuid& id : {mine, others}) {
            const auto verdict = await(store.append(AppendBuilder().write(id, 0, 2), soon()));
            ASSERT_TRUE(verdict && std::holds_alternative<Appended>(*verdict));
        }
    }
    role.run("do $$ begin execute format('alter role current_user in database %I set search_path = read_models,"
             " pg_catalog', current_database()); end $$");
    role.run("create function read_models.is_mine(a uuid, b uuid) returns boolean language sql as"
             " $$ select a operator(pg_catalog.=) '" +
             others.to_string() + "'::uuid $$");
    role.run("create operator read_models.= (leftarg = uuid, rightarg = uuid, function = read_models.is_mine)");
    RawWriter bent(own.service_url());
    ASSERT_EQ(bent.run("select stream_id from keyledger.events where stream_id = '" + mine.to_string() + "' limit 1"),
              others.to_string());
    postgres::PostgresStore store(settings, now);
    const auto slices = await(store.read_streams({{mine}}, soon())).value();
    ASSERT_EQ(slices.at(0).events.size(), 2U);
    for (const RecordedEvent& event : slices[0].events) EXPECT_EQ(event.stream_id, mine);
    const auto verdict = await(store.append(AppendBuilder().write(mine, 2), soon()));
    EXPECT_TRUE(verdict && std::holds_alternative<Appended>(*verdict));
    // And were one bent, it would take no other stream's events for those that it asked for.
    const auto reader = postgres::open_reader(own.service_url(), std::chrono::seconds(5));
    pqxx::nontransaction(*reader).exec("set search_path = read_models, pg_catalog");
    postgres::prepare_reads(*reader);
    EXPECT_THROW(postgres::read_streams(*reader, {{mine}}, nullptr), pqxx::failure);
}

// A function with the owner's rights that is not in this table fails here: look at its parameters first.
TEST_F(ServicesRole, ItsFunctionsBoundWhatTheyTake) {
    role.recorded_at = own.server_now();  // what is old causes no jobs
    ASSERT_EQ(append(AppendBuilder().write(next_uuid(), 0)), "0");
    const std::string some = "array[gen_random_uuid()]";
    const std::string one = some + ", array[1], array[1], ";
    const std::string take = "select keyledger.take_limits(" + one;
    std::vector<Asked> table = asked_of_jobs();
    const Asked kOthers[]{
        {"prune_limits", "select keyledger.prune_limits(1000000000)", "0"},
        {"prune_spent", "select keyledger.prune_spent(1000000000)", "0"},
        {"take_limits", take + "array[1], array[2592000000000], array[true])", "({0},{1})"},
        {"take_limits", take + "array[1], array[2592000000001], array[true])", "refused"},
        {"take_limits", take + "array[1], array[8000000000000000000], array[true])", "refused"},
        {"take_limits", take + "array[8000000000000000000], array[8000000000000000000], array[true])", "refused"},
        {"take_limits", take + "array[0], array[1], array[true])", "refused"},
        {"take_limits",
         "select keyledger.take_limits(" + some +
             ", array[null::int], array[1], array[1], array[1],"
             " array[true])",
         "refused"},
        {"take_limits", "select keyledger.take_limits(" + some + " || " + one + "array[1], array[1], array[true])",
         "refused"},
        {"take_limits",
         "select keyledger.take_limits(array(select gen_random_uuid() from generate_series(1, 20001)),"
         " '{}', '{}', '{}', '{}', '{}')",
         "refused"},
        {"prune_commands", "select keyledger.prune_commands('infinity', 1000000)", "0"},
        {"prune_commands", "select keyledger.prune_commands(null, 1000000)", "0"},
        {"prune_commands", "select keyledger.prune_commands(now() - interval '23 hours', 1000000)", "0"},
        {"prune_commands", "select keyledger.prune_commands('-infinity', 1000000)", "0"},
        {"buried_under", "select keyledger.buried_under(repeat('x', 1000000))", "0"},
        {"purge_graveyard", "select keyledger.purge_graveyard()", "0"},
        {"store_tree_head", store(kThisLog, "2", leaf_at(1)), "refused"},
        {"store_tree_head", store(kThisLog, "4000000000000000000", leaf_at(1)), "refused"},
        {"store_tree_head", store(kThisLog, "-1", leaf_at(1)), "refused"},
        {"store_tree_head", store(kThisLog, "1", "sha256('x')"), "refused"},
        {"store_tree_head", store("gen_random_uuid()", "1", leaf_at(1)), "refused"},
        {"store_tree_head", store(kThisLog, "1", leaf_at(1), "decode(repeat('00', 2049), 'hex')"), "refused"},
        {"store_tree_head", store(kThisLog, "1", leaf_at(1), "''", "repeat('x', 1025)"), "refused"},
        {"store_tree_head", store(kThisLog, "1", leaf_at(1), "''", "'a note'", "decode(repeat('00', 33), 'hex')"),
         "refused"},
        {"store_tree_head", store(kThisLog, "1", leaf_at(1), "''", "''"), "refused"},
        {"store_tree_head", store(kThisLog, "1", leaf_at(1)), ""},
        {"prune_tree_heads", "select keyledger.prune_tree_heads()", "0"},
        {"tell_keys", "select keyledger.tell_keys(array['a'], array[0], array[null::bigint])", ""},
        {"tell_keys", "select keyledger.tell_keys(array[repeat('a', 65)], array[0], array[0])", "refused"},
        {"tell_keys", "select keyledger.tell_keys(array[''], array[0], array[0])", "refused"},
        {"tell_keys", "select keyledger.tell_keys(array[null], array[0], array[0])", "refused"},
        {"tell_keys", "select keyledger.tell_keys(array['a'], array[0], array[0, 1])", "refused"},
        {"tell_keys",
         "select keyledger.tell_keys(array(select n::text from generate_series(1, 201) n),"
         " array_fill(0::bigint, array[201]), array_fill(0::bigint, array[201]))",
         "refused"},
    };
    std::ranges::copy(kOthers, std::back_inserter(table));
    std::ranges::copy(asked_of_lookups(), std::back_inserter(table));
    std::set<std::string> looked_at{"append"};
    own.execute("update keyledger.commands set recorded_at = now() - interval '23 hours 59 minutes'");
    for (const Asked& asked : table) {
        looked_at.insert(asked.function);
        EXPECT_EQ(said(asked.sql), asked.says) << asked.sql;
    }
    EXPECT_EQ(stored(), "1");
    const std::string all = own.execute("select string_agg(distinct proname, ' ' order by proname) from pg_proc"
                                        " where prosecdef and pronamespace = 'keyledger'::regnamespace");
    std::string names;
    for (const std::string& name : looked_at) names += (names.empty() ? "" : " ") + name;
    EXPECT_EQ(all, names);
}

TEST_F(ServicesRole, AppendsNothingLargerThanTheServiceMakes) {
    const Uuid id = next_uuid();
    const std::string long_name(65, 'x');
    const Uuid key = next_uuid();
    auto with_key = AppendBuilder().write(next_uuid(), 0).new_key(id, key).build();
    with_key.new_keys[0].wrapped = std::string(1025, 'x');
    EXPECT_EQ(append(with_key), "refused");
    EXPECT_EQ(append(AppendBuilder().write(next_uuid(), 0).take(long_name, next_bytes(), id)), "refused");
    EXPECT_EQ(append(AppendBuilder().write(next_uuid(), 0).take("email", std::string(65, 'x'), id)), "refused");
    EXPECT_EQ(append(AppendBuilder().write(next_uuid(), 0).credential(next_uuid(), id, 0, std::string(16'385, 'x'))),
              "refused");
    EXPECT_EQ(append(AppendBuilder().write(next_uuid(), 0).credential(next_uuid(), id, 0, "x", long_name)), "refused");
    EXPECT_EQ(append(AppendBuilder().spend(next_digest(), {}, own.server_now() + kMaxSpentLife + minutes(1))),
              "refused");
    AppendBuilder many;
    for (std::size_t i = 0; i <= kMaxSpentPerCommand; ++i) many.spend(next_digest(), {}, own.server_now() + minutes(1));
    EXPECT_EQ(append(many), "refused");
}

// It can spend what it likes, and take nothing back: nor can it see what is spent.
TEST_F(ServicesRole, TakesNoSpentValueBack) {
    const Append spends = AppendBuilder().spend(next_digest(), {}, own.server_now() + minutes(1));
    ASSERT_EQ(append(spends), "0");
    for (const char* sql :
         {"delete from keyledger.spent", "update keyledger.spent set expires_at = now() - interval '1 hour'",
          "select count(*) from keyledger.spent", "truncate keyledger.spent",
          "insert into keyledger.spent (tenant, digest, expires_at) values ('default', sha256('x'), now())",
          "update keyledger.log set spent_since = '-infinity'"})
        EXPECT_EQ(said(sql), "refused") << sql;
    EXPECT_EQ(said("select keyledger.prune_spent(1000)"), "0");
    own.execute("update keyledger.spent set expires_at = clock_timestamp() - interval '9 minutes'");
    EXPECT_EQ(said("select keyledger.prune_spent(1000)"), "0");
    Append again = spends;
    again.command_id = next_digest();
    EXPECT_EQ(append(again), "6");
}

TEST_F(ServicesRole, TellsSoManyKeysAndTheOldestGo) {
    for (int i = 0; i < 6; ++i)
        ASSERT_EQ(said("select keyledger.tell_keys(array(select '" + std::to_string(i) +
                       "-' || n from generate_series(1, 200) n), array_fill(0::bigint, array[200]),"
                       " array_fill(null::bigint, array[200]))"),
                  "");
    EXPECT_EQ(own.execute("select count(*) from keyledger.told_keys"), "1000");
    EXPECT_EQ(own.execute("select count(*) from keyledger.told_keys where key_id like '0-%'"), "0");
    const auto tell = [&](const std::string& end) {
        EXPECT_EQ(said("select keyledger.tell_keys(array['5-1'], array[7], array[" + end + "::bigint])"), "");
        return own.execute("select coalesce(ends_at_ms, 0) from keyledger.told_keys where key_id = '5-1'");
    };
    EXPECT_EQ(tell("9"), "9");
    EXPECT_EQ(tell("null"), "9") << "a keyring of before does not know of the end";
    EXPECT_EQ(tell("8"), "8");
    for (const char* sql :
         {"delete from keyledger.told_keys", "update keyledger.told_keys set ends_at_ms = null",
          "insert into keyledger.told_keys (key_id, use_from_ms) values ('b', 0)", "truncate keyledger.told_keys"})
        EXPECT_EQ(said(sql), "refused") << sql;
}

TEST_F(ServicesRole, TakesNoTreeHeadAway) {
    ASSERT_EQ(append(AppendBuilder().write(next_uuid(), 0)), "0");
    ASSERT_EQ(said(store(kThisLog, "1", leaf_at(1))), "");
    for (const char* sql :
         {"delete from keyledger.tree_heads", "update keyledger.tree_heads set position = 4000000000000000000",
          "truncate keyledger.tree_heads", "drop table keyledger.tree_heads",
          "alter table keyledger.tree_heads rename to gone", "update keyledger.log set first_head_at = null",
          "insert into keyledger.tree_heads (log_id, position, leaf_hash, frontier, note)"
          " select log_id, 1, leaf_hash, '', 'x' from keyledger.log, keyledger.events",
          "create or replace function keyledger.prune_tree_heads() returns bigint language sql as 'select 0::bigint'"})
        EXPECT_EQ(said(sql), "refused") << sql;
    EXPECT_EQ(stored(), "1");
}

// What somebody adds costs readers a little, and there is an end to it. The minute is the server's: the count goes
// on in the next one where it ends meanwhile.
TEST_F(ServicesRole, AddsSoManyTreeHeadsInAMinuteAndNoMore) {
    ASSERT_EQ(append(AppendBuilder().write(next_uuid(), 0)), "0");
    int added = 0;
    while (added < 500 && said(store(kThisLog, "1", leaf_at(1))).empty()) ++added;
    EXPECT_GE(added, 120);
    EXPECT_LE(added, 240);
    own.execute("select setval('keyledger.tree_head_pace', last_value - 1000000) from keyledger.tree_head_pace");
    EXPECT_EQ(said(store(kThisLog, "1", leaf_at(1))), "") << "the last one was a minute ago";
    own.execute("select setval('keyledger.tree_head_pace', last_value + 60000000) from keyledger.tree_head_pace");
    EXPECT_EQ(said(store(kThisLog, "1", leaf_at(1))), "") << "the clock was set back";
    for (const char* sql :
         {"select setval('keyledger.tree_head_pace', 0)", "select nextval('keyledger.tree_head_pace')",
          "alter sequence keyledger.tree_head_pace restart"})
        EXPECT_EQ(said(sql), "refused") << sql;
}

// A service that signs a head each second, which is the shortest that can be set, fits into the pace, and as many
// others.
TEST_F(ServicesRole, LeavesRoomForAHeadEachSecond) {
    ASSERT_EQ(append(AppendBuilder().write(next_uuid(), 0)), "0");
    auto service = heads();
    own.execute("select setval('keyledger.tree_head_pace', floor(extract(epoch from clock_timestamp()) / 60)::bigint"
                " * 1000000)");
    const audit::TreeHeadState state{note_of(1), {1, leaf_hash_at(1)}, ""};
    for (int i = 0; i < 120; ++i) {
        const auto stored = service.store(log_id, state);
        ASSERT_TRUE(stored) << i << ' ' << stored.error();
    }
}

// Scenario: somebody adds a head in a transaction and leaves it open; or has begun with a log that never had one,
// whose row they then hold. The service adds its own meanwhile, at once.
TEST_F(ServicesRole, KeepsNoTreeHeadOfTheServicesOutByAnOpenTransaction) {
    ASSERT_EQ(append(AppendBuilder().write(next_uuid(), 0)), "0");
    ASSERT_EQ(said("begin"), "");
    ASSERT_EQ(said(store(kThisLog, "1", leaf_at(1))), "");
    auto service = heads();
    audit::TreeHeadState state{note_of(1), {1, leaf_hash_at(1)}, ""};
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < 3; ++i) {
        const auto stored = service.store(log_id, state);
        EXPECT_TRUE(stored) << stored.error();
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
    ASSERT_EQ(said("rollback"), "");
    EXPECT_EQ(stored(), "3");
    EXPECT_TRUE(service.store(log_id, state));
    EXPECT_EQ(own.execute("select first_head_at is not null from keyledger.log"), "t");
}

// Scenario: for a day and longer somebody added what looks like a head in all but what the keyring alone makes. Each
// reader finds the one below that is the service's, whatever it begins with.
TEST_F(ServicesRole, StopsNoReaderByAHundredThousandTreeHeads) {
    const Uuid id = next_uuid();
    for (std::int32_t version = 0; version < 3; ++version) ASSERT_EQ(append(AppendBuilder().write(id, version)), "0");
    ASSERT_EQ(said(store(kThisLog, "2", leaf_at(2), "''", "'" + note_of(2) + "'", tag_of(note_of(2)))), "");
    const std::string text = audit::checkpoint_text(audit::TreeHead{log_id, 3, {}, Instant::at_ms(5)});
    own.execute("insert into keyledger.tree_heads (log_id, position, leaf_hash, frontier, note, tag)"
                " select log_id, 3, leaf_hash, decode(repeat('ab', 2000), 'hex'), '" +
                text +
                "' || 'seal ' || sha256("
                " n::text::bytea)::text || E'\\n', sha256(n::text::bytea) from keyledger.log, keyledger.events,"
                " generate_series(1, 100000) as n where keyledger.events.position = 3");
    const auto begun = std::chrono::steady_clock::now();
    const auto found = heads().load(log_id, kOpen);
    const auto took = std::chrono::steady_clock::now() - begun;
    ASSERT_TRUE(found && found->newest);
    EXPECT_EQ(found->newest->cursor.position, 2);
    EXPECT_EQ(found->unopened, 100'000);
    RecordProperty("milliseconds", std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
    postgres::Authenticity authenticity(event_macs());
    std::int64_t pages = 0;
    const auto looked = authenticity.look_at_heads(own.service_url(), [&](std::int64_t) { return ++pages, true; });
    ASSERT_TRUE(looked) << looked.error();
    EXPECT_TRUE(*looked);
    EXPECT_GE(pages, 200);
    EXPECT_EQ(authenticity.heads().found().newest->cursor.position, 2);
    const auto stopped = authenticity.look_at_heads(own.service_url(), {});
    EXPECT_TRUE(stopped && *stopped) << "nothing is looked at twice";
    EXPECT_EQ(authenticity.heads().looked_at(), 100'001);

    postgres::Authenticity told(event_macs());
    const auto cancelled = told.look_at_heads(own.service_url(), [](std::int64_t heads) { return heads < 5'000; });
    EXPECT_TRUE(cancelled && !*cancelled);
    EXPECT_LE(told.heads().looked_at(), 10'000);
}

// One from before there were tags counts by its signature; of others a wrong tag is the end.
TEST_F(ServicesRole, TakesNoTreeHeadWithoutTheTagOfItsNote) {
    ASSERT_EQ(append(AppendBuilder().write(next_uuid(), 0)), "0");
    ASSERT_EQ(said(store(kThisLog, "1", leaf_at(1), "''", "'" + note_of(1) + "'", tag_of(note_of(2)))), "");
    EXPECT_FALSE(heads().load(log_id, kOpen)->newest);
    EXPECT_EQ(heads().load(log_id, kOpen)->unopened, 1);
    own.execute("update keyledger.tree_heads set tag = null");
    EXPECT_TRUE(heads().load(log_id, kOpen)->newest);
    EXPECT_TRUE(postgres::PostgresTreeHeads(own.service_url(), nullptr).load(log_id, kOpen)->newest);
}

// Junk from today takes away nothing from before today: of each hour the first and the last stay, of each day too.
TEST_F(ServicesRole, PrunesNothingThatWasThereBeforeBySomethingNew) {
    ASSERT_EQ(append(AppendBuilder().write(next_uuid(), 0)), "0");
    const auto add = [&](const std::string& before, int minutes, const std::string& note) {
        own.execute("insert into keyledger.tree_heads (log_id, position, leaf_hash, frontier, note, stored_at)"
                    " select log_id, 1, leaf_hash, '', '" +
                    note + "', " + before +
                    " - n * interval '1 minute'"
                    " from keyledger.log, keyledger.events, generate_series(1, " +
                    std::to_string(minutes) + ") as n");
    };
    const auto left = [&](const char* note) {
        return own.execute("select count(*) from keyledger.tree_heads where note = '" + std::string(note) + "'");
    };
    add("date_trunc('day', now(), 'UTC') - interval '40 days'", 120, "old");  // two hours of one day
    add("date_trunc('day', now(), 'UTC') - interval '10 days'", 120, "days ago");
    add("now()", 250, "junk");
    ASSERT_NE(said("select keyledger.prune_tree_heads()"), "refused");
    EXPECT_EQ(left("old"), "2");
    EXPECT_EQ(left("days ago"), "4");
    EXPECT_EQ(left("junk"), "250") << "nothing of the last day goes";
    EXPECT_EQ(said("select keyledger.prune_tree_heads()"), "0");
}

// The newest that opens, however many stand before it that somebody else added.
TEST_F(ServicesRole, HidesNoTreeHeadBehindItsOwn) {
    const Uuid id = next_uuid();
    for (std::int32_t version = 0; version < 3; ++version) ASSERT_EQ(append(AppendBuilder().write(id, version)), "0");
    const auto add = [&](Position position, const std::string& note) {
        ASSERT_EQ(
            said(store(kThisLog, std::to_string(position), leaf_at(position), "''", "'" + note + "'", tag_of(note))),
            "");
    };
    auto early = heads();
    EXPECT_FALSE(early.load(log_id, kOpen)->newest);
    add(2, note_of(2));
    add(3, "junk");
    add(3, note_of(1));  // a true one, of another place
    add(1, note_of(1));
    for (int i = 0; i < 5; ++i) add(3, note_of(2));
    auto late = heads();
    for (auto* reader : {&early, &late, &early}) {
        const auto stored = reader->load(log_id, kOpen);
        ASSERT_TRUE(stored && stored->newest);
        EXPECT_EQ(stored->newest->cursor.position, 2);
        EXPECT_EQ(stored->unopened, 7);
        EXPECT_FALSE(stored->emptied);
    }
    add(3, note_of(3));
    EXPECT_EQ(early.load(log_id, kOpen)->newest->cursor.position, 3);
    EXPECT_EQ(late.load(log_id, kOpen)->newest->cursor.position, 3);
    own.execute("delete from keyledger.tree_heads");  // only the owner can
    EXPECT_TRUE(heads().load(log_id, kOpen)->emptied);
}

// Whoever reads what the service's role has made runs its functions with their own rights.
TEST_F(ServicesRole, LetsNobodyElseRunItsFunctions) {
    ASSERT_EQ(append(AppendBuilder().write(next_uuid(), 0)), "0");
    role.run("create table read_models.ran (who text)");
    role.run("grant all on read_models.ran to public");
    role.run("create function read_models.run() returns text language sql as"
             " 'insert into read_models.ran values (current_user) returning who'");
    role.run("create view read_models.tree_heads as select log_id, 1::bigint as position, ''::bytea as leaf_hash,"
             " ''::bytea as frontier, read_models.run() as note from keyledger.log");
    role.run("grant select on read_models.tree_heads to public");
    const audit::OpenNote open = [](std::string_view) -> Result<std::string, std::string> { return std::string(); };
    for (const std::string& url : {own.owner_url(), own.service_url()}) {
        const auto stored = postgres::PostgresTreeHeads(url, event_macs()).load(log_id, open);
        ASSERT_TRUE(stored);
        EXPECT_FALSE(stored->newest);
    }
    EXPECT_EQ(own.execute("select count(*) from read_models.ran"), "0");
}

// What a version before kept in a table of the service's own counts until there is one here.
TEST_F(ServicesRole, ReadsTheTreeHeadOfAVersionBefore) {
    ASSERT_EQ(append(AppendBuilder().write(next_uuid(), 0)), "0");
    const std::string note = event_macs()->sign(
        audit::origin_of(log_id), audit::checkpoint_text(audit::TreeHead{log_id, 1, {}, Instant::at_ms(5)}));
    role.run("create table read_models.tree_heads (log_id uuid primary key, position bigint not null,"
             " leaf_hash bytea not null, frontier bytea not null, note text not null);"
             " insert into read_models.tree_heads select log_id, 1, leaf_hash, '', '" +
             note + "' from keyledger.log, keyledger.events");
    const audit::OpenNote open = [](std::string_view text) -> Result<std::string, std::string> {
        return event_macs()->open(text).value_or("");
    };
    auto reader = heads();
    const auto stored = reader.load(log_id, open);
    ASSERT_TRUE(stored && stored->newest);
    EXPECT_EQ(stored->newest->cursor.position, 1);
    ASSERT_TRUE(reader.store(log_id, *stored->newest));
    EXPECT_EQ(own.execute("select to_regclass('read_models.tree_heads') is null"), "t");
    EXPECT_EQ(reader.load(log_id, open)->newest->cursor.position, 1);
}
