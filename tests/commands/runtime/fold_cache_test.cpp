#include "commands/runtime/fold_cache.hpp"
#include "domain/users/user.hpp"

#include <gtest/gtest.h>

#include "tests/support/world/given.hpp"

namespace keyledger::commands {
namespace {

// All in one shard: the last byte chooses it.
Uuid in_one_shard(std::uint8_t number) {
    Uuid id = test::uuid(0);
    id.bytes[8] = number;
    return id;
}
Fold at_version(std::int32_t version) { return {version, empty_fold<User>().state}; }

// A capacity of 32 is three a shard: 32 / 16 + 1.
TEST(FoldCache, ForgetsWhatWasLongestUnused) {
    FoldCache cache(32);
    for (std::uint8_t i = 1; i <= 3; ++i) cache.put(in_one_shard(i), at_version(i));
    ASSERT_TRUE(cache.find(in_one_shard(1)));  // used again, so that 2 is the oldest now
    cache.put(in_one_shard(4), at_version(4));
    EXPECT_TRUE(cache.find(in_one_shard(1)));
    EXPECT_FALSE(cache.find(in_one_shard(2)));
    EXPECT_TRUE(cache.find(in_one_shard(3)));
    EXPECT_TRUE(cache.find(in_one_shard(4)));
    cache.put(in_one_shard(3), at_version(9));  // to be written counts as use
    cache.put(in_one_shard(5), at_version(5));
    EXPECT_FALSE(cache.find(in_one_shard(1)));
    EXPECT_EQ(cache.find(in_one_shard(3))->version, 9);
}

TEST(FoldCache, HoldsNoMoreThanItsCapacityAndOneAShard) {
    FoldCache cache(160);
    int held = 0;
    for (std::uint16_t i = 0; i < 5000; ++i) cache.put(test::uuid(i), at_version(1));
    for (std::uint16_t i = 0; i < 5000; ++i) held += cache.find(test::uuid(i)).has_value();
    EXPECT_EQ(held, 160 + 16);
}

TEST(FoldCache, KeepsTheNewerOfTwo) {
    FoldCache cache;
    cache.put(test::uuid(1), at_version(7));
    cache.put(test::uuid(1), at_version(3));
    EXPECT_EQ(cache.find(test::uuid(1))->version, 7);
    cache.put(test::uuid(1), at_version(8));
    EXPECT_EQ(cache.find(test::uuid(1))->version, 8);
}

TEST(FoldCache, DropsWhatItIsTold) {
    FoldCache cache;
    cache.put(test::uuid(1), at_version(7));
    cache.drop(test::uuid(1));
    cache.drop(test::uuid(2));
    EXPECT_FALSE(cache.find(test::uuid(1)));
    cache.put(test::uuid(1), at_version(3));
    EXPECT_EQ(cache.find(test::uuid(1))->version, 3);
}

}  // namespace
}  // namespace keyledger::commands
