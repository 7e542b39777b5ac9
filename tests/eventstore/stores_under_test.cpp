#include "eventstore/memory/memory_store.hpp"
#include "tests/eventstore/store_fixture.hpp"

namespace keyledger::test {
namespace {

std::int64_t fixed_now_ms() { return 1'750'000'000'123; }

eventstore::MemoryStore& memory_store() {
    static eventstore::MemoryStore store(fixed_now_ms);
    return store;
}

}  // namespace

const std::vector<StoreUnderTest>& stores_under_test() {
    static const std::vector<StoreUnderTest> kStores{
        {"memory", []() -> eventstore::Store& { return memory_store(); },
         [] { return std::make_unique<eventstore::MemoryLogSource>(memory_store()); }},
    };
    return kStores;
}

}  // namespace keyledger::test
