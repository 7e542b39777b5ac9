#pragma once
// The memory that Argon2 fills, as a block that its thread keeps from hash to hash. An allocator may give so large a
// block back to the system each time, and the page faults of the next one cost more than half as much as the hash. This
// one is in huge pages where the system has them, and in no core dump. Between two hashes it holds zeros: whoever works
// in it wipes it, as libargon2 does.
#include <cstddef>
#include <cstdint>
#include <span>

struct Argon2_Context;  // of argon2.h

namespace keyledger::security {

class HashingMemory {
public:
    enum class Pages { kHuge, kSmall };

    // The calling thread's, until it is destroyed on the same thread; a second one there throws std::logic_error.
    // Nothing is taken from the system before the first hash. The last huge page is taken whole.
    explicit HashingMemory(std::size_t bytes, Pages pages = Pages::kHuge);
    HashingMemory(const HashingMemory&) = delete;
    HashingMemory& operator=(const HashingMemory&) = delete;
    ~HashingMemory();

    // nullptr where the calling thread has none.
    static HashingMemory* of_this_thread() noexcept;

    // Room for `bytes`, from the border of a page on: the block, or, if that is too small or taken, memory for this
    // once. nullptr if the system has none.
    std::uint8_t* take(std::size_t bytes) noexcept;
    // What take() gave for as many `bytes`, wiped.
    void give_back(std::uint8_t* memory, std::size_t bytes) noexcept;

    // Back to the system with it, until the next hash; not while it is taken.
    void release() noexcept;

    // Empty before the first hash, and after release().
    std::span<const std::uint8_t> block() const noexcept { return {block_, block_ == nullptr ? 0 : size_}; }

private:
    const std::size_t size_;
    const Pages pages_;
    std::uint8_t* block_ = nullptr;
    bool is_taken_ = false;
};

// Has libargon2 work in the memory of the calling thread; where it has none, the library takes its own.
void use_hashing_memory(Argon2_Context& context) noexcept;

}  // namespace keyledger::security
