#include "domain/base/lru_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace keyledger {
namespace {

using Words = LruMap<std::string, int>;

TEST(LruMap, ForgetsWhatWasLongestUnused) {
    Words words(3);
    for (const char* word : {"one", "two", "three"}) words.put(word, 1);
    ASSERT_TRUE(words.use("one"));  // so that "two" is the oldest now
    words.put("four", 4);
    EXPECT_FALSE(words.use("two"));
    EXPECT_EQ(words.size(), 3U);
    ASSERT_TRUE(words.peek("three"));  // does not count
    words.put("five", 5);
    EXPECT_FALSE(words.peek("three"));
    EXPECT_TRUE(words.peek("one"));
}

TEST(LruMap, PutsTheNewInTheOldsPlace) {
    Words words(2);
    words.put("one", 1);
    words.put("two", 2);
    words.put("one", 11);  // counts as use
    words.put("three", 3);
    EXPECT_EQ(*words.use("one"), 11);
    EXPECT_FALSE(words.use("two"));
    *words.use("three") += 30;
    EXPECT_EQ(*words.peek("three"), 33);
}

TEST(LruMap, DropsWhatItIsTold) {
    Words words(2);
    words.put("one", 1);
    EXPECT_TRUE(words.drop("one"));
    EXPECT_FALSE(words.drop("one"));
    EXPECT_FALSE(words.use("one"));
    EXPECT_EQ(words.size(), 0U);
}

TEST(LruMap, LooksAtTheOldestAndThenAtTheNext) {
    Words words(3);
    words.look_at_oldest([](int) { return true; });
    for (const char* word : {"one", "two", "three"}) words.put(word, word == std::string("two") ? 2 : 1);
    const auto is_two = [](int value) { return value == 2; };
    words.look_at_oldest(is_two);
    EXPECT_EQ(words.size(), 3U);
    words.look_at_oldest(is_two);
    EXPECT_FALSE(words.peek("two"));
    words.put("four", 4);
    words.put("five", 5);
    EXPECT_FALSE(words.peek("three")) << "to be looked at counts as use";
    EXPECT_TRUE(words.peek("one"));
}

TEST(LruMap, KeepsNothingWithoutCapacity) {
    Words words(0);
    words.put("one", 1);
    EXPECT_FALSE(words.use("one"));
    EXPECT_EQ(words.size(), 0U);
}

TEST(LruMap, LetsGoOfTheForgotten) {
    LruMap<int, std::shared_ptr<int>> kept(1);
    const auto first = std::make_shared<int>(1);
    kept.put(1, first);
    EXPECT_EQ(first.use_count(), 2);
    kept.put(2, nullptr);
    EXPECT_EQ(first.use_count(), 1);
}

// The same, told so plainly that it can be seen to be right: pairs in the order of their use, the newest at the end.
class Naive {
public:
    explicit Naive(std::size_t capacity) : capacity_(capacity) {}
    std::optional<int> peek(int key) const {
        const auto at = std::ranges::find(pairs_, key, &Pair::first);
        return at == pairs_.end() ? std::nullopt : std::optional(at->second);
    }
    std::optional<int> use(int key) {
        const auto known = peek(key);
        if (known) put(key, *known);
        return known;
    }
    void put(int key, int value) {
        drop(key);
        pairs_.emplace_back(key, value);
        if (pairs_.size() > capacity_) pairs_.erase(pairs_.begin());
    }
    bool drop(int key) {
        return std::erase_if(pairs_, [&](const Pair& pair) { return pair.first == key; }) > 0;
    }
    std::size_t size() const { return pairs_.size(); }

private:
    using Pair = std::pair<int, int>;
    const std::size_t capacity_;
    std::vector<Pair> pairs_;
};

template <class Value>
std::optional<int> held(const Value* value) {
    return value ? std::optional<int>(*value) : std::nullopt;
}

// Any calls in any order, with few keys, so that each of them comes and goes all the time.
TEST(LruMap, DoesWhatANaiveOneDoes) {
    constexpr std::uint64_t kSeed = 20261129;
    RecordProperty("seed", std::to_string(kSeed));
    std::mt19937_64 random(kSeed);
    const auto one_of = [&](std::uint64_t count) { return static_cast<int>(random() % count); };
    for (std::size_t capacity = 0; capacity < 9; ++capacity) {
        LruMap<int, int> map(capacity);
        Naive naive(capacity);
        for (int step = 0; step < 20'000; ++step) {
            SCOPED_TRACE("seed " + std::to_string(kSeed) + ", capacity " + std::to_string(capacity) + ", step " +
                         std::to_string(step));
            const int key = one_of(12);
            switch (one_of(8)) {
                case 0: ASSERT_EQ(map.drop(key), naive.drop(key)); break;
                case 1: ASSERT_EQ(held(map.peek(key)), naive.peek(key)); break;
                case 2:
                case 3:
                case 4: ASSERT_EQ(held(map.use(key)), naive.use(key)); break;
                default:
                    map.put(key, step);
                    naive.put(key, step);
                    break;
            }
            ASSERT_EQ(map.size(), naive.size());
        }
        for (int key = 0; key < 12; ++key) EXPECT_EQ(held(map.peek(key)), naive.peek(key)) << key;
    }
}

TEST(SharedLruMap, ForgetsWhatIsOverAsOthersCome) {
    SharedLruMap<int, int> map(1'000);
    for (int key = 0; key < 100; ++key) map.put(key, key, [](int) { return false; });
    EXPECT_EQ(map.size(), 100U);
    for (int key = 100; key < 150; ++key) map.put(key, key, [](int value) { return value < 100; });
    EXPECT_EQ(map.size(), 50U) << "two for each that came";
    for (int key = 100; key < 150; ++key) EXPECT_EQ(map.find(key), key);
    for (int key = 100; key < 150; ++key) map.put(key, -key, [](int) { return true; });
    EXPECT_EQ(map.find(149), -149);
    EXPECT_LT(map.size(), 5U) << "what is over makes room for what takes its place, too";
}

// Four threads at once: whoever finds something finds what was put under that key, and the bound holds.
TEST(SharedLruMap, MayBeUsedByAnyThread) {
    SharedLruMap<int, int> map(50);
    const auto work = [&map](int thread) {
        std::mt19937 random(static_cast<unsigned>(thread));
        int wrong = 0;
        for (int step = 0; step < 20'000; ++step) {
            const int key = static_cast<int>(random() % 100);
            if (step % 3 == 0) map.put(key, key * key);
            if (step % 17 == 0) map.drop(key);
            if (const auto found = map.find(key)) wrong += *found != key * key;
        }
        EXPECT_EQ(wrong, 0);
    };
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 4; ++thread) threads.emplace_back(work, thread);
    }
    EXPECT_LE(map.size(), 50U);
    EXPECT_GT(map.size(), 0U);
}

}  // namespace
}  // namespace keyledger
