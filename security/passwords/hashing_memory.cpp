#include "security/passwords/hashing_memory.hpp"

#include <argon2.h>
#include <sys/mman.h>

#include <stdexcept>

namespace keyledger::security {
namespace {

using Pages = HashingMemory::Pages;

// Of x86-64, and of AArch64 with small pages of 4 KiB; elsewhere the advice may come to nothing.
constexpr std::size_t kHugePage = 2 * 1024 * 1024;

thread_local HashingMemory* memory_of_thread = nullptr;

bool is_worth_huge_pages(std::size_t bytes, Pages pages) { return pages == Pages::kHuge && bytes >= kHugePage; }

std::size_t mapped_size(std::size_t bytes, Pages pages) {
    return is_worth_huge_pages(bytes, pages) ? (bytes + kHugePage - 1) / kHugePage * kHugePage : bytes;
}

void unmap(std::uint8_t* memory, std::size_t size) {
    if (size > 0) ::munmap(memory, size);
}

std::uint8_t* mapped(std::size_t size) {
    void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? nullptr : static_cast<std::uint8_t*>(memory);
}

// From the border of a huge page on: what is mapped around it goes back.
std::uint8_t* mapped_at_border(std::size_t size) {
    std::uint8_t* const memory = mapped(size + kHugePage);
    if (memory == nullptr) return nullptr;
    const std::size_t before = (kHugePage - reinterpret_cast<std::uintptr_t>(memory) % kHugePage) % kHugePage;
    unmap(memory, before);
    unmap(memory + before + size, kHugePage - before);
    return memory + before;
}

// What the system makes of the advice changes how fast it is, and nothing else.
std::uint8_t* map(std::size_t bytes, Pages pages) {
    const std::size_t size = mapped_size(bytes, pages);
    const bool in_huge_pages = is_worth_huge_pages(bytes, pages);
    std::uint8_t* const memory = in_huge_pages ? mapped_at_border(size) : mapped(size);
    if (memory == nullptr) return nullptr;
    ::madvise(memory, size, in_huge_pages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    ::madvise(memory, size, MADV_DONTDUMP);
    return memory;
}

// libargon2 looks at the pointer alone.
int take_for_library(std::uint8_t** memory, std::size_t bytes) {
    *memory = memory_of_thread->take(bytes);
    return *memory == nullptr ? ARGON2_MEMORY_ALLOCATION_ERROR : ARGON2_OK;
}

void give_back_from_library(std::uint8_t* memory, std::size_t bytes) { memory_of_thread->give_back(memory, bytes); }

}  // namespace

HashingMemory::HashingMemory(std::size_t bytes, Pages pages) : size_(bytes), pages_(pages) {
    if (memory_of_thread != nullptr) throw std::logic_error("hashing memory: this thread has some");
    memory_of_thread = this;
}

HashingMemory::~HashingMemory() {
    memory_of_thread = nullptr;
    release();
}

HashingMemory* HashingMemory::of_this_thread() noexcept { return memory_of_thread; }

std::uint8_t* HashingMemory::take(std::size_t bytes) noexcept {
    if (is_taken_ || bytes > size_) return map(bytes, pages_);
    if (block_ == nullptr) block_ = map(size_, pages_);
    is_taken_ = block_ != nullptr;
    return block_;
}

void HashingMemory::give_back(std::uint8_t* memory, std::size_t bytes) noexcept {
    if (memory == block_) is_taken_ = false;
    else unmap(memory, mapped_size(bytes, pages_));
}

void HashingMemory::release() noexcept {
    if (block_ == nullptr) return;
    unmap(block_, mapped_size(size_, pages_));
    block_ = nullptr;
}

void use_hashing_memory(Argon2_Context& context) noexcept {
    if (memory_of_thread == nullptr) return;
    context.allocate_cbk = take_for_library;
    context.free_cbk = give_back_from_library;
}

}  // namespace keyledger::security
