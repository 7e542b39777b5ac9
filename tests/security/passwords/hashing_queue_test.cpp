#include "security/passwords/hashing_queue.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

using namespace keyledger::security;

namespace {

using Rank = HashingTurn::Rank;
using Queue = HashingQueue<std::string>;

// Everything that waits, in the order in which it is served.
std::vector<std::string> served(Queue& queue) {
    std::vector<std::string> order;
    while (!queue.empty()) order.push_back(queue.pop());
    return order;
}

using Order = std::vector<std::string>;

}  // namespace

TEST(HashingQueue, ServesOneNetworkInTheOrderOfItsArrivals) {
    Queue queue(8);
    for (const char* name : {"a", "b", "c"}) EXPECT_EQ(queue.push({Rank::kFirst, "net"}, name), "");
    EXPECT_EQ(queue.size(), 3u);
    EXPECT_EQ(served(queue), (Order{"a", "b", "c"}));
    EXPECT_EQ(queue.size(), 0u);
}

TEST(HashingQueue, LetsNetworksTakeTurns) {
    Queue queue(8);
    for (const char* name : {"a1", "a2", "a3"}) EXPECT_EQ(queue.push({Rank::kFirst, "a"}, name), "");
    EXPECT_EQ(queue.push({Rank::kFirst, "b"}, "b1"), "");
    EXPECT_EQ(queue.push({Rank::kFirst, "c"}, "c1"), "");
    EXPECT_EQ(queue.push({Rank::kFirst, "b"}, "b2"), "");
    EXPECT_EQ(served(queue), (Order{"a1", "b1", "c1", "a2", "b2", "a3"}));
}

TEST(HashingQueue, ServesWhoHasAnAccountBeforeWhoWantsOne) {
    Queue queue(8);
    EXPECT_EQ(queue.push({Rank::kLast, "a"}, "registration"), "");
    EXPECT_EQ(queue.push({Rank::kFirst, "a"}, "log-in"), "");
    EXPECT_EQ(queue.push({Rank::kFirst, "b"}, "another log-in"), "");
    EXPECT_EQ(served(queue), (Order{"log-in", "another log-in", "registration"}));
}

TEST(HashingQueue, PutsOutARegistrationForALogInWhenItIsFull) {
    Queue queue(2);
    EXPECT_EQ(queue.push({Rank::kLast, "a"}, "r1"), "");
    EXPECT_EQ(queue.push({Rank::kLast, "a"}, "r2"), "");
    EXPECT_EQ(queue.push({Rank::kFirst, "a"}, "l1"), "r2") << "the newest goes";
    EXPECT_EQ(queue.push({Rank::kFirst, "a"}, "l2"), "r1");
    EXPECT_EQ(queue.push({Rank::kLast, "b"}, "r3"), "r3") << "a registration puts no log-in out";
    EXPECT_EQ(served(queue), (Order{"l1", "l2"}));
}

TEST(HashingQueue, PutsOutTheNetworkThatHoldsMostAndNobodyElse) {
    Queue queue(4);
    for (const char* name : {"f1", "f2", "f3"}) EXPECT_EQ(queue.push({Rank::kFirst, "flood"}, name), "");
    EXPECT_EQ(queue.push({Rank::kFirst, "b"}, "b1"), "");
    EXPECT_EQ(queue.push({Rank::kFirst, "flood"}, "f4"), "f4") << "it has most already";
    EXPECT_EQ(queue.push({Rank::kFirst, "c"}, "c1"), "f3");
    EXPECT_EQ(queue.push({Rank::kFirst, "d"}, "d1"), "f2");
    EXPECT_EQ(queue.push({Rank::kFirst, "e"}, "e1"), "e1") << "each has one";
    EXPECT_EQ(served(queue), (Order{"f1", "b1", "c1", "d1"}));
}

// However long a flood goes on, each other network that asks for one at a time is never refused, and served within as
// many turns as there are networks.
TEST(HashingQueue, ServesEverybodyBesideAFlood) {
    Queue queue(16);
    const Order others{"n1", "n2", "n3"};
    std::map<std::string, int> waited;
    for (int round = 0; round < 1000; ++round) {
        for (int i = 0; i < 20; ++i) (void)queue.push({Rank::kFirst, "flood"}, "flood");
        for (const std::string& name : others)
            if (!waited.contains(name)) {
                EXPECT_NE(queue.push({Rank::kFirst, name}, name), name);
                waited[name] = 0;
            }
        const std::string next = queue.pop();
        for (auto& [name, turns] : waited) EXPECT_LE(++turns, 4) << name;
        waited.erase(next);
    }
    EXPECT_LE(queue.size(), 16u);
}

// Jobs are moved and never lost: each is either served or handed back.
TEST(HashingQueue, LosesNobody) {
    HashingQueue<std::unique_ptr<int>> queue(5);
    int handed_back = 0;
    for (int i = 0; i < 100; ++i) {
        const HashingTurn turn{i % 3 == 0 ? Rank::kFirst : Rank::kLast, std::to_string(i % 7)};
        if (queue.push(turn, std::make_unique<int>(i))) ++handed_back;
    }
    int served_in_the_end = 0;
    while (!queue.empty()) served_in_the_end += queue.pop() != nullptr;
    EXPECT_EQ(served_in_the_end, 5);
    EXPECT_EQ(handed_back, 95);
}
