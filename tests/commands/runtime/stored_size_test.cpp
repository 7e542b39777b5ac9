// What an event costs the database, rows and indexes together: a refresh is what the log is mostly made of.
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "eventstore/codec/followed_event.hpp"
#include "eventstore/postgres/store/postgres_log_source.hpp"
#include "eventstore/postgres/store/postgres_store.hpp"
#include "projections/engine/key_cache.hpp"
#include "projections/engine/projection.hpp"
#include "projections/models/read_models.hpp"
#include "tests/support/postgres/event_macs.hpp"
#include "tests/support/postgres/postgres.hpp"
#include "tests/support/world/given.hpp"
#include "tests/support/world/world.hpp"

namespace keyledger::commands {
namespace {

using test::run;

constexpr int kUsers = 20;
constexpr int kSessions = 2;    // of each
constexpr int kRefreshes = 60;  // of each session
constexpr int kAtOnce = 5;      // refreshes of each session that the read models follow in one batch
constexpr long kMostBytesOfARefresh = 900;
constexpr long kMostBytesOfItInTheLog = 550;
constexpr const char* kLog = "keyledger.events";

// As the listener makes it of a browser's request, which names neither itself nor a trace.
Caller by_http(int number) {
    Caller caller = test::caller(
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36");
    std::string trace = std::to_string(number);
    trace.insert(0, 32 - trace.size(), 'a');
    caller.request_id = trace;
    caller.traceparent = "00-" + trace + "-b7ad6b7169203331-00";
    return caller;
}

// All of them, as the projector keeps them.
class ReadModels {
public:
    ReadModels(const std::string& url, eventstore::SubjectCipher& cipher)
        : source_(url, test::authenticity()),
          cipher_(cipher),
          keys_(cipher, 1000),
          connection_(projections::connect(url, "stored_size_test")) {
        projections::prepare_writer(*connection_);
        projections::create_catalogue(*connection_);
        for (const auto& model : models_)
            projections_.emplace_back(*connection_, *model, projections::open_current(*connection_, *model));
    }
    void follow() {
        for (projections::Projection& one : projections_)
            while (advance(one)) {
            }
    }

private:
    // False: there is nothing more.
    bool advance(projections::Projection& one) {
        const auto events = eventstore::as_followed(source_.read_after(one.cursor(), 1000).value());
        if (events.empty()) return false;
        projections::DecodedBatch decoded;
        {
            pqxx::nontransaction read_keys(*connection_);
            decoded = projections::decode_batch(events, keys_, cipher_, read_keys);
        }
        using Progress = projections::Projection::Progress;
        if (one.advance(*connection_, events, decoded) == Progress::kDone && !one.stopped()) return true;
        ADD_FAILURE() << one.model().name() << ": " << (one.stopped() ? one.stopped()->at.reason : one.trouble());
        return false;
    }

    const std::vector<std::unique_ptr<projections::ReadModel>> models_ = projections::all_read_models();
    eventstore::postgres::PostgresLogSource source_;
    eventstore::SubjectCipher& cipher_;
    projections::KeyCache keys_;
    projections::Connection connection_;
    std::vector<projections::Projection> projections_;
};

// By table, with its indexes and whatever else it has.
std::map<std::string, long> sizes_of(const test::Database& database) {
    std::map<std::string, long> sizes;
    std::istringstream names(database.execute("select string_agg(n.nspname || '.' || c.relname, ' ') from pg_class c"
                                              " join pg_namespace n on n.oid = c.relnamespace"
                                              " where n.nspname in ('keyledger', 'read_models') and c.relkind = 'r'"));
    for (std::string name; names >> name;)
        sizes[name] = std::stol(database.execute("select pg_total_relation_size('" + name + "')"));
    return sizes;
}

TEST(StoredSize, OfARefreshInAllTablesWithTheirIndexes) {
    test::Database database;
    test::FixedClock clock(test::kNow);
    const auto now = [&] { return clock.now(); };
    eventstore::postgres::PostgresStore store({.url = database.service_url(), .authenticity = test::authenticity()},
                                              now);
    test::World world(store, clock);
    test::Node node(world, store);
    std::vector<Grant> grants;
    for (int i = 0; i < kUsers; ++i) {
        const std::string email = "user" + std::to_string(i) + "@example.com";
        world.register_user(node, email);
        for (int j = 0; j < kSessions; ++j) grants.push_back(world.log_in(node, email));
    }
    ReadModels read_models(database.service_url(), world.cipher);
    read_models.follow();
    database.execute("vacuum");
    const auto before = sizes_of(database);
    int number = 0;
    for (int i = 1; i <= kRefreshes; ++i) {
        for (Grant& grant : grants) {
            clock.advance(seconds(1));
            auto refreshed = run(refresh_session(node.services, test::refresh_of(grant), by_http(++number)));
            ASSERT_TRUE(refreshed.has_value()) << number;
            grant = *refreshed;
        }
        if (i % kAtOnce == 0) read_models.follow();
    }
    std::map<std::string, long> bytes;
    long all = 0;
    std::string told;
    for (const auto& [table, size] : sizes_of(database)) {
        const long grown = before.contains(table) ? size - before.at(table) : size;
        bytes[table] = grown / number;
        all += grown;
        if (grown > 0) told += table + ' ' + std::to_string(bytes[table]) + ", ";
    }
    all /= number;
    told += database.execute(
        "select 'a row of events ' || avg(pg_column_size(e))::int || ', its metadata ' ||"
        " avg(octet_length(metadata_text))::int || ', its payload ' || avg(octet_length(payload_text))::int"
        " from keyledger.events e where event_type = 'session.refreshed'");
    RecordProperty("bytes", std::to_string(all));
    RecordProperty("of_these", told);
    EXPECT_EQ(database.execute("select count(*) from read_models.audit_1 where type = 'session.refreshed'"),
              std::to_string(number));
    EXPECT_LE(all, kMostBytesOfARefresh) << told;
    EXPECT_LE(bytes[kLog], kMostBytesOfItInTheLog) << told;
}

}  // namespace
}  // namespace keyledger::commands
