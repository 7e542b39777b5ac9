#include "security/primitives/random.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace keyledger;
using namespace keyledger::security;

namespace {

constexpr Instant kNow = Instant::at_ms(1'700'000'000'123);

Instant time_of(const Uuid& id) {
    std::int64_t time_ms = 0;
    for (int i = 0; i < 6; ++i) time_ms = time_ms << 8 | id.bytes[i];
    return Instant::at_ms(time_ms);
}

}  // namespace

TEST(FillRandom, GivesOtherBytesEachTime) {
    EXPECT_EQ(random_bytes(32).size(), 32u);
    EXPECT_NE(random_bytes(32), random_bytes(32));
    EXPECT_FALSE(equal(random_secret(32), random_secret(32)));
    EXPECT_EQ(random_bytes(0), "");
}

// What is kept in store is given once, however much of it is asked for at a time.
TEST(FillRandom, GivesNothingTwice) {
    std::set<std::string> seen;
    std::size_t asked = 0;
    for (std::size_t round = 0; round < 40; ++round)
        for (const std::size_t size : {8, 12, 13, 16, 24, 384, 385}) {
            const std::string bytes = random_bytes(size);
            for (std::size_t at = 0; at + 8 <= size; at += 8, ++asked) seen.insert(bytes.substr(at, 8));
        }
    EXPECT_EQ(seen.size(), asked);
}

// Or two processes would seal under one nonce.
TEST(FillRandom, GivesAForkedProcessOtherBytes) {
    random_bytes(8);  // so that there is something in store
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const std::string bytes = random_bytes(12);
        const bool told = write(ends[1], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
        _exit(told ? 0 : 1);
    }
    const std::string own = random_bytes(12);
    std::string others(12, '\0');
    ASSERT_EQ(read(ends[0], others.data(), others.size()), static_cast<ssize_t>(others.size()));
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_NE(own, others);
    close(ends[0]);
    close(ends[1]);
}

TEST(UuidV7, CarriesTimeVersionAndVariant) {
    Uuid id = uuid_v7(kNow);
    EXPECT_EQ(time_of(id), kNow);
    EXPECT_EQ(id.to_string()[14], '7');
    EXPECT_EQ(id.bytes[8] >> 6, 0b10);
}

TEST(UuidV7, GrowsWithinOneMillisecond) {
    Uuid last = uuid_v7(kNow + seconds(10));
    for (int i = 0; i < 10'000; ++i) {
        Uuid next = uuid_v7(kNow + seconds(10));
        ASSERT_LT(last, next);
        last = next;
    }
    EXPECT_EQ(time_of(last), kNow + seconds(10));
}

TEST(UuidV7, GrowsWhenTheClockStepsBackALittle) {
    Uuid before = uuid_v7(kNow + seconds(20));
    Uuid after = uuid_v7(kNow + seconds(20) - kMaxClockStepBack);
    EXPECT_LT(before, after);
}

TEST(UuidV7, FollowsAClockThatStepsBackFar) {
    Uuid before = uuid_v7(kNow + seconds(30));
    Uuid after = uuid_v7(kNow + seconds(30) - kMaxClockStepBack - milliseconds(1));
    EXPECT_LT(after, before);
    EXPECT_EQ(time_of(after), kNow + seconds(30) - kMaxClockStepBack - milliseconds(1));
}

TEST(UuidV7, RefusesATimeThatDoesNotFit) {
    EXPECT_THROW(uuid_v7(Instant::at_ms(-1)), std::out_of_range);
    EXPECT_THROW(uuid_v7(Instant::at_ms(std::int64_t{1} << 48)), std::out_of_range);
}

// Four threads make ids of one millisecond at once: none is made twice, and each thread sees its own grow.
TEST(UuidV7, IsUniqueAndMonotonicOnSeveralThreads) {
    constexpr int kThreads = 4;
    constexpr int kEach = 2'000;
    std::vector<std::vector<Uuid>> made(kThreads);
    {
        std::vector<std::jthread> threads;
        for (auto& mine : made)
            threads.emplace_back([&mine] {
                for (int i = 0; i < kEach; ++i) mine.push_back(uuid_v7(kNow + seconds(40)));
            });
    }
    std::set<Uuid> all;
    for (const auto& mine : made) {
        EXPECT_TRUE(std::ranges::is_sorted(mine));
        all.insert(mine.begin(), mine.end());
    }
    EXPECT_EQ(all.size(), std::size_t{kThreads * kEach});
}
