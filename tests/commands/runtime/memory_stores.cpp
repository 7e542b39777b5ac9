#include "eventstore/memory/memory_store.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::test {
namespace {

class MemoryStores : public Stores {
public:
    eventstore::Store& first() override { return store_; }
    eventstore::Store& second() override { return store_; }

    Instant server_now() override { return kNow; }

private:
    eventstore::MemoryStore store_{[] { return kNow; }};
};

}  // namespace

constinit const Breadth kBreadth{12, true};

std::unique_ptr<Stores> empty_stores() { return std::make_unique<MemoryStores>(); }

}  // namespace keyledger::test
