#include "eventstore/postgres/store/postgres_store.hpp"
#include "tests/commands/runtime/fixture.hpp"
#include "tests/support/postgres/event_macs.hpp"
#include "tests/support/postgres/postgres.hpp"

namespace keyledger::test {
namespace {

using eventstore::postgres::PostgresStore;

// Two processes as far as the server can tell: each has its own writer and its own readers. They stay connected from
// test to test; what they read and wrote is emptied under them.
class PostgresStores : public Stores {
public:
    PostgresStores() {
        database().execute("truncate keyledger.events, keyledger.streams, keyledger.claims, keyledger.commands,"
                           " keyledger.credentials, keyledger.subject_keys, keyledger.graveyard, keyledger.snapshots,"
                           " keyledger.spent");
    }
    eventstore::Store& first() override {
        static PostgresStore store({.url = database().service_url(), .authenticity = authenticity()}, now);
        return store;
    }
    eventstore::Store& second() override {
        static PostgresStore store({.url = database().service_url(), .authenticity = authenticity()}, now);
        return store;
    }
    Instant server_now() override { return database().server_now(); }

private:
    static Instant now() { return kNow; }
};

}  // namespace

constinit const Breadth kBreadth{2, false};

std::unique_ptr<Stores> empty_stores() { return std::make_unique<PostgresStores>(); }

}  // namespace keyledger::test
