// Whoever holds the service's role in the database runs what it may run with whatever they like: the functions that
// work with the owner's rights say how far each of their parameters goes, and tree heads are added and not taken away.
#include <gtest/gtest.h>

#include <set>

#include "eventstore/postgres/tree_heads.hpp"
#include "tests/support/appends.hpp"
#include "tests/support/event_macs.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/raw_writer.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::test;

namespace {

struct ServicesRole : testing::Test {
    Database own;
    RawWriter role{own.service_url()};
    const Uuid log_id = Uuid::parse(own.execute("select log_id from keyledger.log")).value();

    // "refused", or the first field of what it says.
    std::string said(const std::string& sql) try {
        return role.run(sql);
    } catch (const std::runtime_error&) {
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
                      const std::string& frontier = "''", const std::string& note = "'a note'") {
        return "select keyledger.store_tree_head(" + log + ", " + position + ", " + leaf + ", " + frontier + ", " +
               note + ")";
    }
    std::string stored() { return own.execute("select count(*) from keyledger.tree_heads"); }
};

const std::string kThisLog = "(select log_id from keyledger.log)";

}  // namespace

// A function with the owner's rights that is not in this table fails here: look at its parameters first.
TEST_F(ServicesRole, ItsFunctionsBoundWhatTheyTake) {
    const Uuid id = next_uuid();
    ASSERT_EQ(append(AppendBuilder().write(id, 0)), "0");
    const std::string some = "array[gen_random_uuid()]";
    const std::string one = some + ", array[1], array[1], ";
    const std::string take = "select keyledger.take_limits(" + one;
    struct Asked {
        const char* function;
        std::string sql;
        const char* says;
    };
    const Asked kTable[]{
        {"prune_limits", "select keyledger.prune_limits(1000000000)", "0"},
        {"take_limits", take + "array[1], array[2592000000000], array[true])", "({0},{1})"},
        {"take_limits", take + "array[1], array[2592000000001], array[true])", "refused"},
        {"take_limits", take + "array[1], array[8000000000000000000], array[true])",
         "refused"},
        {"take_limits", take + "array[8000000000000000000],"
                        " array[8000000000000000000], array[true])", "refused"},
        {"take_limits", take + "array[0], array[1], array[true])", "refused"},
        {"take_limits", "select keyledger.take_limits(" + some + ", array[null::int], array[1], array[1], array[1],"
                        " array[true])", "refused"},
        {"take_limits", "select keyledger.take_limits(" + some + " || " + one + "array[1], array[1], array[true])",
         "refused"},
        {"take_limits", "select keyledger.take_limits(array(select gen_random_uuid() from generate_series(1, 20001)),"
                        " '{}', '{}', '{}', '{}', '{}')", "refused"},
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
        {"store_tree_head", store(kThisLog, "1", leaf_at(1), "''", "repeat('x', 4097)"), "refused"},
        {"store_tree_head", store(kThisLog, "1", leaf_at(1), "''", "''"), "refused"},
        {"store_tree_head", store(kThisLog, "1", leaf_at(1)), ""},
        {"prune_tree_heads", "select keyledger.prune_tree_heads()", "0"},
        {"tell_keys", "select keyledger.tell_keys(array['a'], array[0], array[null::bigint])", ""},
        {"tell_keys", "select keyledger.tell_keys(array[repeat('a', 65)], array[0], array[0])", "refused"},
        {"tell_keys", "select keyledger.tell_keys(array[''], array[0], array[0])", "refused"},
        {"tell_keys", "select keyledger.tell_keys(array[null], array[0], array[0])", "refused"},
        {"tell_keys", "select keyledger.tell_keys(array['a'], array[0], array[0, 1])", "refused"},
        {"tell_keys", "select keyledger.tell_keys(array(select n::text from generate_series(1, 201) n),"
                      " array_fill(0::bigint, array[201]), array_fill(0::bigint, array[201]))", "refused"},
    };
    std::set<std::string> looked_at{"append"};
    own.execute("update keyledger.commands set recorded_at = now() - interval '23 hours 59 minutes'");
    for (const Asked& asked : kTable) {
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
}

TEST_F(ServicesRole, TellsSoManyKeysAndTheOldestGo) {
    for (int i = 0; i < 6; ++i)
        ASSERT_EQ(said("select keyledger.tell_keys(array(select '" + std::to_string(i) +
                       "-' || n from generate_series(1, 200) n), array_fill(0::bigint, array[200]),"
                       " array_fill(null::bigint, array[200]))"), "");
    EXPECT_EQ(own.execute("select count(*) from keyledger.told_keys"), "1000");
    EXPECT_EQ(own.execute("select count(*) from keyledger.told_keys where key_id like '0-%'"), "0");
    const auto tell = [&](const std::string& end) {
        EXPECT_EQ(said("select keyledger.tell_keys(array['5-1'], array[7], array[" + end + "::bigint])"), "");
        return own.execute("select coalesce(ends_at_ms, 0) from keyledger.told_keys where key_id = '5-1'");
    };
    EXPECT_EQ(tell("9"), "9");
    EXPECT_EQ(tell("null"), "9") << "a keyring of before does not know of the end";
    EXPECT_EQ(tell("8"), "8");
    for (const char* sql : {"delete from keyledger.told_keys", "update keyledger.told_keys set ends_at_ms = null",
                            "insert into keyledger.told_keys (key_id, use_from_ms) values ('b', 0)",
                            "truncate keyledger.told_keys"})
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

// What somebody adds costs readers a little, and there is an end to it.
TEST_F(ServicesRole, AddsSoManyTreeHeadsInAMinuteAndNoMore) {
    ASSERT_EQ(append(AppendBuilder().write(next_uuid(), 0)), "0");
    for (int i = 0; i < 60; ++i) ASSERT_EQ(said(store(kThisLog, "1", leaf_at(1))), "") << i;
    EXPECT_EQ(said(store(kThisLog, "1", leaf_at(1))), "refused");
    own.execute("update keyledger.tree_heads set stored_at = stored_at - interval '1 minute' where id = 1");
    EXPECT_EQ(said(store(kThisLog, "1", leaf_at(1))), "");
    EXPECT_EQ(said(store(kThisLog, "1", leaf_at(1))), "refused");
}

// Junk from today takes away nothing from before today: of each hour the first and the last stay, of each day too.
TEST_F(ServicesRole, PrunesNothingThatWasThereBeforeBySomethingNew) {
    ASSERT_EQ(append(AppendBuilder().write(next_uuid(), 0)), "0");
    const auto add = [&](const std::string& before, int minutes, const std::string& note) {
        own.execute("insert into keyledger.tree_heads (log_id, position, leaf_hash, frontier, note, stored_at)"
                    " select log_id, 1, leaf_hash, '', '" + note + "', " + before + " - n * interval '1 minute'"
                    " from keyledger.log, keyledger.events, generate_series(1, " + std::to_string(minutes) + ") as n");
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
    for (std::int32_t version = 0; version < 3; ++version)
        ASSERT_EQ(append(AppendBuilder().write(id, version)), "0");
    const auto note_of = [&](Position size) {
        const audit::TreeHead head{log_id, size, {}, 5};
        return event_macs()->sign(audit::origin_of(log_id), audit::checkpoint_text(head));
    };
    const audit::OpenNote open = [](std::string_view note) -> Result<std::string, std::string> {
        auto text = event_macs()->open(note);
        if (text) return std::move(*text);
        return Unexpected(std::string("nobody's"));
    };
    const auto add = [&](Position position, const std::string& note) {
        ASSERT_EQ(said(store(kThisLog, std::to_string(position), leaf_at(position), "''", "'" + note + "'")), "");
    };
    postgres::PostgresTreeHeads early(own.service_url());
    EXPECT_FALSE(early.load(log_id, open)->newest);
    add(2, note_of(2));
    add(3, "junk");
    add(3, note_of(1));  // a true one, of another place
    add(1, note_of(1));
    for (int i = 0; i < 5; ++i) add(3, note_of(2));
    postgres::PostgresTreeHeads late(own.service_url());
    for (auto* heads : {&early, &late, &early}) {
        const auto stored = heads->load(log_id, open);
        ASSERT_TRUE(stored && stored->newest);
        EXPECT_EQ(stored->newest->cursor.position, 2);
        EXPECT_EQ(stored->unopened, 7);
        EXPECT_FALSE(stored->emptied);
    }
    add(3, note_of(3));
    EXPECT_EQ(early.load(log_id, open)->newest->cursor.position, 3);
    EXPECT_EQ(late.load(log_id, open)->newest->cursor.position, 3);
    own.execute("delete from keyledger.tree_heads");  // only the owner can
    EXPECT_TRUE(postgres::PostgresTreeHeads(own.service_url()).load(log_id, open)->emptied);
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
        const auto stored = postgres::PostgresTreeHeads(url).load(log_id, open);
        ASSERT_TRUE(stored);
        EXPECT_FALSE(stored->newest);
    }
    EXPECT_EQ(own.execute("select count(*) from read_models.ran"), "0");
}

// What a version before kept in a table of the service's own counts until there is one here.
TEST_F(ServicesRole, ReadsTheTreeHeadOfAVersionBefore) {
    ASSERT_EQ(append(AppendBuilder().write(next_uuid(), 0)), "0");
    const std::string note = event_macs()->sign(
        audit::origin_of(log_id), audit::checkpoint_text(audit::TreeHead{log_id, 1, {}, 5}));
    role.run("create table read_models.tree_heads (log_id uuid primary key, position bigint not null,"
             " leaf_hash bytea not null, frontier bytea not null, note text not null);"
             " insert into read_models.tree_heads select log_id, 1, leaf_hash, '', '" + note +
             "' from keyledger.log, keyledger.events");
    const audit::OpenNote open = [](std::string_view text) -> Result<std::string, std::string> {
        return event_macs()->open(text).value_or("");
    };
    postgres::PostgresTreeHeads heads(own.service_url());
    const auto stored = heads.load(log_id, open);
    ASSERT_TRUE(stored && stored->newest);
    EXPECT_EQ(stored->newest->cursor.position, 1);
    ASSERT_TRUE(heads.store(log_id, *stored->newest));
    EXPECT_EQ(own.execute("select to_regclass('read_models.tree_heads') is null"), "t");
    EXPECT_EQ(heads.load(log_id, open)->newest->cursor.position, 1);
}
