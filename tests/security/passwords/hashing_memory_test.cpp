#include "security/passwords/hashing_memory.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <new>
#include <stdexcept>
#include <thread>

#include "security/passwords/argon2.hpp"
#include "security/passwords/imported_hash.hpp"

using namespace keyledger::security;
using keyledger::Secret;

namespace {

constexpr std::size_t kMib = 1024 * 1024;
constexpr std::size_t kMoreThanThereIs = std::size_t{1} << 48;
constexpr auto kEitherKind = {HashingMemory::Pages::kHuge, HashingMemory::Pages::kSmall};
const std::string kSalt(kArgon2SaltSize, 's');

using Function = std::string (*)(const Argon2Input&, const Argon2Parameters&, std::size_t);
constexpr Function kEither[] = {argon2id, reference_argon2id};

std::string tag_by(Function function, const Argon2Parameters& parameters) {
    return function({"a password", kSalt, {}, {}}, parameters, kArgon2TagSize);
}

bool is_wiped(const HashingMemory& memory) {
    return std::ranges::all_of(memory.block(), [](std::uint8_t byte) { return byte == 0; });
}

long page_faults_of_this_thread() {
    rusage usage{};
    EXPECT_EQ(::getrusage(RUSAGE_THREAD, &usage), 0);
    return usage.ru_minflt;
}

bool is_mapped(void* page) { return ::msync(page, 1, MS_ASYNC) == 0; }

}  // namespace

TEST(HashingMemory, ChangesNoHash) {
    for (const Argon2Parameters& parameters : {Argon2Parameters{}, Argon2Parameters{8, 1, 1},
                                               Argon2Parameters{1'027, 3, 1}, Argon2Parameters{4'096, 1, 4}}) {
        const std::string without = tag_by(reference_argon2id, parameters);
        for (const auto pages : kEitherKind) {
            HashingMemory memory(19 * kMib, pages);
            for (const Function function : kEither) {
                EXPECT_EQ(tag_by(function, parameters), without) << parameters.memory_kib;
                EXPECT_EQ(tag_by(function, parameters), without) << parameters.memory_kib << ", again";
            }
        }
    }
}

TEST(HashingMemory, HoldsZerosBetweenHashes) {
    for (const auto pages : kEitherKind)
        for (const Function function : kEither) {
            HashingMemory memory(19 * kMib, pages);
            EXPECT_TRUE(memory.block().empty());
            tag_by(function, Argon2Parameters{});
            EXPECT_EQ(memory.block().size(), 19 * kMib);
            EXPECT_TRUE(is_wiped(memory));
        }
}

TEST(HashingMemory, HoldsNothingOfAnImportedHash) {
    HashingMemory memory(kMib);
    const auto imported =
        read_imported_hash("$argon2i$v=19$m=64,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc");
    ASSERT_TRUE(imported);
    EXPECT_FALSE(imported_verify(Secret("a password"), *imported));
    EXPECT_EQ(memory.block().size(), kMib);
    EXPECT_TRUE(is_wiped(memory));
}

// 19 MiB are 4,864 small pages.
TEST(HashingMemory, IsMappedOnceForAllHashes) {
    for (const auto pages : kEitherKind)
        for (const Function function : kEither) {
            HashingMemory memory(19 * kMib, pages);
            tag_by(function, Argon2Parameters{});
            const std::uint8_t* const block = memory.block().data();
            const long before = page_faults_of_this_thread();
            for (int i = 0; i < 3; ++i) tag_by(function, Argon2Parameters{});
            EXPECT_LT(page_faults_of_this_thread() - before, 100);
            EXPECT_EQ(memory.block().data(), block);
        }
}

TEST(HashingMemory, BeginsHugePagesAtTheirBorder) {
    HashingMemory memory(19 * kMib);
    std::uint8_t* const block = memory.take(kMib);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % (2 * kMib), 0u);
    memory.give_back(block, kMib);
}

// A stored hash may have been made with more than today's parameters.
TEST(HashingMemory, HasMoreForAsLongAsAHashNeedsIt) {
    for (const auto pages : kEitherKind) {
        HashingMemory memory(kMib, pages);
        std::uint8_t* const block = memory.take(kMib);
        memory.give_back(block, kMib);
        std::uint8_t* const more = memory.take(5 * kMib);
        ASSERT_NE(more, nullptr);
        EXPECT_NE(more, block);
        more[5 * kMib - 1] = 1;
        memory.give_back(more, 5 * kMib);
        EXPECT_FALSE(is_mapped(more));
        EXPECT_TRUE(is_mapped(block));
        for (const Function function : kEither) {
            const Argon2Parameters parameters{5 * 1'024, 1, 1};
            const std::string here = tag_by(function, parameters);
            std::string elsewhere;
            std::jthread([&] { elsewhere = tag_by(reference_argon2id, parameters); }).join();
            EXPECT_EQ(here, elsewhere);
        }
        EXPECT_EQ(memory.block().size(), kMib);
    }
}

TEST(HashingMemory, IsNotLentTwice) {
    HashingMemory memory(kMib);
    std::uint8_t* const first = memory.take(kMib);
    std::uint8_t* const second = memory.take(kMib);
    ASSERT_NE(second, nullptr);
    EXPECT_NE(first, second);
    memory.give_back(second, kMib);
    memory.give_back(first, kMib);
    EXPECT_EQ(memory.take(kMib), first);
    memory.give_back(first, kMib);
}

TEST(HashingMemory, SaysWhenTheSystemHasNoMore) {
    const Argon2Parameters cheap{8, 1, 1};
    {
        HashingMemory memory(kMoreThanThereIs);
        EXPECT_EQ(memory.take(kMib), nullptr);
        for (const Function function : kEither) EXPECT_THROW(tag_by(function, cheap), std::bad_alloc);
        EXPECT_TRUE(memory.block().empty());
    }
    HashingMemory memory(kMib);
    EXPECT_EQ(memory.take(kMoreThanThereIs), nullptr);
    for (const Function function : kEither) EXPECT_EQ(tag_by(function, cheap).size(), kArgon2TagSize);
}

TEST(HashingMemory, IsOfOneThread) {
    const Argon2Parameters parameters{1'024, 1, 1};
    const std::string expected = tag_by(reference_argon2id, parameters);
    EXPECT_EQ(HashingMemory::of_this_thread(), nullptr);
    {
        HashingMemory memory(kMib);
        EXPECT_EQ(HashingMemory::of_this_thread(), &memory);
        EXPECT_THROW(HashingMemory second(kMib), std::logic_error);
        EXPECT_EQ(HashingMemory::of_this_thread(), &memory);
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                EXPECT_EQ(HashingMemory::of_this_thread(), nullptr);
                HashingMemory own(kMib);
                for (int j = 0; j < 20; ++j)
                    for (const Function function : kEither) EXPECT_EQ(tag_by(function, parameters), expected);
                EXPECT_TRUE(is_wiped(own));
            });
    }
    EXPECT_EQ(HashingMemory::of_this_thread(), nullptr);
}

TEST(HashingMemory, IsTakenAnewAfterItWasGivenBack) {
    const Argon2Parameters parameters{4'096, 1, 1};
    const std::string expected = tag_by(reference_argon2id, parameters);
    HashingMemory memory(4 * kMib);
    memory.release();
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(tag_by(argon2id, parameters), expected);
        std::uint8_t* const block = memory.take(kMib);
        memory.give_back(block, kMib);
        memory.release();
        EXPECT_TRUE(memory.block().empty());
        EXPECT_FALSE(is_mapped(block));
    }
}

TEST(HashingMemory, GoesWithItsThread) {
    std::uint8_t* block = nullptr;
    std::jthread([&] {
        HashingMemory memory(19 * kMib);
        block = memory.take(kMib);
        memory.give_back(block, kMib);
        EXPECT_TRUE(is_mapped(block + 19 * kMib - 1'024 * 4));
    }).join();
    EXPECT_FALSE(is_mapped(block));
    EXPECT_FALSE(is_mapped(block + 18 * kMib));
}
