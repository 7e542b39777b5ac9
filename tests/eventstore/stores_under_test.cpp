#include "eventstore/faulty/faulty_store.hpp"
#include "eventstore/memory/memory_store.hpp"
#include "eventstore/postgres/postgres_log_source.hpp"
#include "eventstore/postgres/postgres_store.hpp"
#include "tests/eventstore/store_fixture.hpp"
#include "tests/support/event_macs.hpp"
#include "tests/support/postgres.hpp"

namespace keyledger::test {
namespace {

std::int64_t fixed_now_ms() { return 1'750'000'000'123; }

eventstore::MemoryStore& memory_store() {
    static eventstore::MemoryStore store(fixed_now_ms);
    return store;
}

// Without a script it is the store that it wraps.
eventstore::FaultyStore& faultless_store() {
    static eventstore::FaultyStore store(memory_store());
    return store;
}

eventstore::postgres::PostgresStore& postgres_store() {
    static eventstore::postgres::PostgresStore store(
        {.url = database().service_url(), .authenticity = authenticity()}, fixed_now_ms);
    return store;
}

}  // namespace

const std::vector<StoreUnderTest>& stores_under_test() {
    static const std::vector<StoreUnderTest> kStores{
        {"memory", []() -> eventstore::Store& { return memory_store(); },
         [] { return std::make_unique<eventstore::MemoryLogSource>(memory_store()); }},
        {"faulty", []() -> eventstore::Store& { return faultless_store(); },
         [] { return std::make_unique<eventstore::MemoryLogSource>(memory_store()); }},
        {"postgres", []() -> eventstore::Store& { return postgres_store(); },
         [] {
             return std::make_unique<eventstore::postgres::PostgresLogSource>(
                 database().service_url(), keyledger::test::authenticity());
         }},
    };
    return kStores;
}

}  // namespace keyledger::test
