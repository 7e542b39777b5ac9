#pragma once
// A world with two nodes and an empty log; the first node's view of the store can be interrupted and broken.
#include <gtest/gtest.h>

#include "commands/access/authority.hpp"
#include "domain/base/time.hpp"
#include "eventstore/faulty/faulty_store.hpp"
#include "tests/support/world/given.hpp"
#include "tests/support/world/steps.hpp"
#include "tests/support/world/world.hpp"

namespace keyledger::test {

using Types = std::vector<std::string>;

inline constexpr const char* kAnnsEmail = "ann@example.com";

// An empty log as two processes see it: in memory or on PostgreSQL, as the test programme is linked.
class Stores {
public:
    virtual ~Stores() = default;
    virtual eventstore::Store& first() = 0;
    virtual eventstore::Store& second() = 0;
    virtual Instant server_now() = 0;  // the clock by which what is spent expires
};
std::unique_ptr<Stores> empty_stores();
// What the longest tests do on it: all, or what takes seconds where every append is flushed to a disk.
struct Breadth {
    int histories;
    bool on_one_node;  // beside two
};
extern const Breadth kBreadth;

// Everything of one test, or of one run of a story that is told many times.
struct Stage {
    FixedClock clock{kNow};
    std::unique_ptr<Stores> stores = empty_stores();
    eventstore::Store& store = stores->second();
    eventstore::FaultyStore faulty{stores->first()};
    SteppedStore stepped{faulty};
    World world{store, clock};
    Node node{world, stepped};  // the one that is tested, on one thread
    Node other{world, store};   // another process, with a memory of its own; on any number of threads
};

template <class T>
testing::AssertionResult succeeds(const Result<T, commands::CommandError>& answer) {
    if (answer) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "refused with " << answer.error().refusal;
}
template <class T>
testing::AssertionResult refused(const Result<T, commands::CommandError>& answer, RefusalRef expected) {
    if (answer) return testing::AssertionFailure() << "it was carried out";
    if (answer.error().refusal == expected) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "refused with " << answer.error().refusal << " instead of " << expected;
}

class CommandTest : public testing::Test, public Stage {
protected:
    commands::Services& services() { return node.services; }
};

}  // namespace keyledger::test
