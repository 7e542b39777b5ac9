#include "security/primitives/random.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <stdexcept>

#include "security/primitives/openssl.hpp"

namespace keyledger::security {
namespace {

constexpr std::int64_t kLastTimeMs = (std::int64_t{1} << 48) - 1;
constexpr std::uint16_t kRandomABits = 0x0FFF;
constexpr std::uint64_t kRandomBBits = (std::uint64_t{1} << 62) - 1;

void fill_from_openssl(std::span<std::uint8_t> bytes) {
    ensure(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1, "no randomness from the system");
}

// How often this process came out of a fork: what its parent still had in store must not be given twice.
std::atomic<unsigned>& forks() {
    static std::atomic<unsigned> count = 0;
    static const bool is_counted = pthread_atfork(nullptr, nullptr, [] { ++count; }) == 0;
    if (!is_counted) throw CryptoFailure("no memory to watch for forks");
    return count;
}

// For ids and nonces, several of which every event needs: a call of OpenSSL costs the same for ten bytes as for
// hundreds, locks and a system call by which it looks for forks. What was given is no longer here. Keys, secrets and
// recovery codes take more than this gives, and come from OpenSSL itself.
class RandomStore {
public:
    static constexpr std::size_t kMostAtOnce = 12;

    RandomStore() = default;
    ~RandomStore() {
        OPENSSL_cleanse(bytes_.data(), bytes_.size());
        left_ = 0;  // for whoever still asks while the thread ends
    }
    RandomStore(const RandomStore&) = delete;
    RandomStore& operator=(const RandomStore&) = delete;

    void take(std::span<std::uint8_t> to) {
        const unsigned forks_now = forks().load(std::memory_order_relaxed);
        if (left_ < to.size() || forks_ != forks_now) {
            left_ = 0;
            fill_from_openssl(bytes_);
            left_ = bytes_.size();
            forks_ = forks_now;
        }
        left_ -= to.size();
        const auto from = std::span(bytes_).subspan(left_, to.size());
        std::ranges::copy(from, to.begin());
        OPENSSL_cleanse(from.data(), from.size());
    }

private:
    std::array<std::uint8_t, 32 * kMostAtOnce> bytes_{};
    std::size_t left_ = 0;  // at the front
    unsigned forks_ = 0;
};

// The last id given: the next one of the same millisecond is that plus a random step, carried through all 74
// bits.
struct LastId {
    std::mutex mutex;
    std::int64_t time_ms = -1;
    std::uint16_t random_a = 0;
    std::uint64_t random_b = 0;

    void start(std::int64_t now_ms) {
        std::array<std::uint8_t, 10> fresh;
        fill_random(fresh);
        time_ms = now_ms;
        // The top bit starts at zero, so that carrying out of rand_a takes 2^73 ids in one millisecond.
        random_a = static_cast<std::uint16_t>((fresh[0] << 8 | fresh[1]) & (kRandomABits >> 1));
        random_b = 0;
        for (std::size_t i = 2; i < fresh.size(); ++i) random_b = random_b << 8 | fresh[i];
        random_b &= kRandomBBits;
    }
    void step() {
        std::array<std::uint8_t, 4> fresh;
        fill_random(fresh);
        std::uint64_t by = 1;
        for (std::size_t i = 0; i < fresh.size(); ++i) by += std::uint64_t{fresh[i]} << (8 * i);
        random_b += by;
        if (random_b <= kRandomBBits) return;
        random_b &= kRandomBBits;
        if (random_a == kRandomABits) return start(time_ms + 1);
        ++random_a;
    }
};

}  // namespace

void fill_random(std::span<std::uint8_t> bytes) {
    if (bytes.size() > RandomStore::kMostAtOnce) return fill_from_openssl(bytes);
    thread_local RandomStore store;
    store.take(bytes);
}

std::string random_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    fill_random({reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
    return bytes;
}

Secret random_secret(std::size_t count) { return Secret::take(random_bytes(count)); }

Uuid uuid_v7(Instant now) {
    const std::int64_t now_ms = now.ms();
    if (now_ms < 0 || now_ms > kLastTimeMs) throw std::out_of_range("uuid_v7: the time does not fit 48 bits");
    static LastId last;
    std::unique_lock lock(last.mutex);
    bool goes_on = now_ms <= last.time_ms && last.time_ms - now_ms <= kMaxClockStepBack.ms();
    goes_on ? last.step() : last.start(now_ms);
    std::uint64_t time_ms = static_cast<std::uint64_t>(last.time_ms);
    std::uint16_t random_a = last.random_a;
    std::uint64_t random_b = last.random_b;
    lock.unlock();

    Uuid id;
    for (int i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(time_ms >> (40 - 8 * i));
    id.bytes[6] = static_cast<std::uint8_t>(0x70 | random_a >> 8);
    id.bytes[7] = static_cast<std::uint8_t>(random_a);
    for (int i = 0; i < 8; ++i) id.bytes[8 + i] = static_cast<std::uint8_t>(random_b >> (56 - 8 * i));
    id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3F));
    return id;
}

}  // namespace keyledger::security
