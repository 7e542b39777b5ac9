#pragma once
// Password hashing on threads of its own behind a bounded queue (design 6). Each thread keeps
// Argon2Parameters::memory_kib from its first hash until it had none for a while (hashing_memory.hpp); one that needs
// more, of an import up to kMaxArgon2MemoryKib, has it while it runs. Work goes to the thread that worked last, so that
// as many keep memory as work at once. They make way for all other threads. The operations may be
// awaited on any executor and answer there. The queue is fair (security/passwords/hashing_queue.hpp). What it has
// no place for is answered at once, an entry whose deadline has passed is answered before its turn instead of
// hashed, and stop() answers all that wait; only what has begun is finished.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "domain/base/histogram.hpp"
#include "domain/base/result.hpp"
#include "domain/base/secret.hpp"
#include "security/passwords/argon2.hpp"
#include "security/passwords/hashing_queue.hpp"
#include "security/passwords/imported_hash.hpp"

namespace keyledger::security {

inline constexpr std::size_t kMaxHashingThreads = 64;
inline constexpr std::size_t kMaxHashingQueue = 10'000;
// Above that of the thread that made the pool (nice(2)).
inline constexpr int kHashingNiceness = 5;

enum class HashingError {
    kOverloaded,  // the queue is full: 503 with Retry-After
    kExpired,     // the deadline passed while waiting
    kStopped,
    kTooLong,  // a password above kMaxPasswordSize: never hashed
    kFailed,   // out of memory, no randomness
};

struct PasswordCheck {
    bool matches = false;
    bool needs_renewal = false;  // only if it matches: the stored hash is weaker than today's parameters
};

class HashingMemory;

class HashingPool {
public:
    using Deadline = std::chrono::steady_clock::time_point;
    struct Options {
        std::size_t threads = 1;
        std::size_t queue = 64;  // that may wait, besides what runs
        Argon2Parameters parameters = {};
        // Where it is given, every trial takes as long as one of our hashes and one of this together: whose hash was
        // imported, and who has none, can't be told by time.
        std::optional<ImportedHash> imported_decoy = {};
        std::chrono::milliseconds keeps_memory = std::chrono::seconds(10);  // a thread without work
    };
    // For metrics; each value by itself is exact at some moment.
    struct Counters {
        std::size_t queued = 0;
        std::size_t running = 0;
        std::uint64_t started = 0;
        std::uint64_t shed = 0;  // refused because the queue was full, or put out of it for others
        std::uint64_t expired = 0;
        std::size_t threads = 0;
        std::size_t most_queued = 0;
        std::size_t idle = 0;            // threads
        std::size_t keeping_memory = 0;  // threads
        HistogramReading hash_ns;        // of those that ran, whatever they hashed
    };

    // Options out of their limits throw std::invalid_argument.
    explicit HashingPool(const Options& options);
    HashingPool(const HashingPool&) = delete;
    HashingPool& operator=(const HashingPool&) = delete;
    // Stops, and joins the threads.
    ~HashingPool();

    // A PHC string with the pool's parameters.
    boost::asio::awaitable<Result<Secret, HashingError>> hash(Secret password, HashingTurn turn, Deadline deadline);
    // `stored`: such a string, or one that is_imported(); that one needs renewal wherever it matches.
    boost::asio::awaitable<Result<PasswordCheck, HashingError>> verify(Secret password, Secret stored, HashingTurn turn,
                                                                       Deadline deadline);
    // For users that don't exist: the work of verify() against a string made with the pool's parameters;
    // never matches.
    boost::asio::awaitable<Result<PasswordCheck, HashingError>> verify_decoy(Secret password, HashingTurn turn,
                                                                             Deadline deadline);

    // Returns at once; what waits is answered kStopped, and so is everything that comes later. May be called
    // twice.
    void stop();
    Counters counters() const;
    const Argon2Parameters& parameters() const { return options_.parameters; }

private:
    struct Job {
        virtual ~Job() = default;
        virtual void work() noexcept = 0;
        virtual void refuse(HashingError error) noexcept = 0;
        Deadline deadline;
    };
    template <class Answer, class Work>
    struct JobOf;
    struct Idle;
    template <class Answer, class Work>
    boost::asio::awaitable<Result<Answer, HashingError>> submit(Work work, HashingTurn turn, Deadline deadline);
    PasswordCheck check(const Secret& password, std::string_view stored) const;
    void try_decoy(const Secret& password) const;
    void try_imported_decoy(const Secret& password) const;
    void enqueue(std::unique_ptr<Job> job, HashingTurn turn);
    void run();
    void take_turns(HashingMemory& memory);
    void await_call(std::unique_lock<std::mutex>& lock, HashingMemory& memory);

    const Options options_;
    const Secret decoy_phc_;
    mutable std::mutex mutex_;
    std::vector<Idle*> idle_;  // each on its thread's stack; who came last is called first
    HashingQueue<std::unique_ptr<Job>> queue_;
    bool stopped_ = false;
    Counters counters_;
    Histogram hash_ns_{kDurationBounds};
    std::vector<std::jthread> threads_;  // last: joined before the rest dies
};

}  // namespace keyledger::security
