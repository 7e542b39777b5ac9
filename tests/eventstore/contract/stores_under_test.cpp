#include "eventstore/faulty/faulty_store.hpp"
#include "eventstore/memory/memory_store.hpp"
#include "eventstore/postgres/store/postgres_log_source.hpp"
#include "eventstore/postgres/store/postgres_store.hpp"
#include "tests/eventstore/contract/store_fixture.hpp"
#include "tests/support/postgres/event_macs.hpp"
#include "tests/support/postgres/postgres.hpp"

namespace keyledger::test {
namespace {

Instant fixed_now() { return Instant::at_ms(1'750'000'000'123); }

eventstore::MemoryStore& memory_store() {
    static eventstore::MemoryStore store(fixed_now);
    return store;
}

// Without a script it is the store that it wraps.
eventstore::FaultyStore& faultless_store() {
    static eventstore::FaultyStore store(memory_store());
    return store;
}

eventstore::postgres::PostgresStore& postgres_store() {
    static eventstore::postgres::PostgresStore store({.url = database().service_url(), .authenticity = authenticity()},
                                                     fixed_now);
    return store;
}

// Of one reader, which does what is kept in the background in the order in which it was asked for.
eventstore::postgres::PostgresStore& ordered_store() {
    static eventstore::postgres::PostgresStore store(
        {.url = database().service_url(), .reads = {.threads = 1}, .authenticity = authenticity()}, fixed_now);
    return store;
}

using MakeStore = eventstore::postgres::PostgresStore& (*)();

std::vector<StoreUnderTest> stores_with(MakeStore postgres) {
    return {
        {"memory", []() -> eventstore::Store& { return memory_store(); },
         [] { return std::make_unique<eventstore::MemoryLogSource>(memory_store()); }, fixed_now},
        {"faulty", []() -> eventstore::Store& { return faultless_store(); },
         [] { return std::make_unique<eventstore::MemoryLogSource>(memory_store()); }, fixed_now},
        {"postgres", [postgres]() -> eventstore::Store& { return postgres(); },
         [] {
             return std::make_unique<eventstore::postgres::PostgresLogSource>(database().service_url(),
                                                                              keyledger::test::authenticity());
         },
         [] { return database().server_now(); }},
    };
}

}  // namespace

const std::vector<StoreUnderTest>& stores_under_test() {
    static const std::vector<StoreUnderTest> kStores = stores_with(postgres_store);
    return kStores;
}

const std::vector<StoreUnderTest>& stores_that_keep_in_order() {
    static const std::vector<StoreUnderTest> kStores = stores_with(ordered_store);
    return kStores;
}

}  // namespace keyledger::test
