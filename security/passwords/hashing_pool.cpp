#include "security/passwords/hashing_pool.hpp"

#include <pthread.h>
#include <sys/resource.h>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <stdexcept>

#include "security/passwords/hashing_memory.hpp"
#include "security/primitives/random.hpp"

namespace keyledger::security {
namespace asio = boost::asio;
namespace {

Secret decoy_phc(const Argon2Parameters& parameters) {
    return Secret::take(phc_text({parameters, random_bytes(kArgon2SaltSize), random_bytes(kArgon2TagSize)}));
}

// The calling thread's share of a core that others want, too, falls to a third: a hash keeps a core for longer than any
// other work, and who waits for a short answer beside it is served first. With cores to spare nothing changes. Linux
// counts this by thread, whatever POSIX says of the process (setpriority(2)); where it is refused, all are alike.
void make_way_for_others() {
    const int own = ::getpriority(PRIO_PROCESS, 0);
    ::setpriority(PRIO_PROCESS, 0, own + kHashingNiceness);
}

const HashingPool::Options& checked(const HashingPool::Options& options) {
    if (options.threads < 1 || options.threads > kMaxHashingThreads)
        throw std::invalid_argument("hashing pool: 1 to 64 threads");
    if (options.queue < 1 || options.queue > kMaxHashingQueue)
        throw std::invalid_argument("hashing pool: 1 to 10,000 places in the queue");
    if (!is_acceptable(options.parameters))
        throw std::invalid_argument("hashing pool: Argon2 parameters out of bounds");
    return options;
}

}  // namespace

struct HashingPool::Idle {
    std::condition_variable wake;
    bool is_called = false;
};

// The handler is answered on its own executor, taken before the handler's type is erased; until then that
// executor has work.
template <class Answer, class Work>
struct HashingPool::JobOf : Job {
    using Outcome = Result<Answer, HashingError>;
    using Handler = asio::any_completion_handler<void(Outcome)>;
    using Executor = asio::any_io_executor;

    JobOf(Handler given, Executor its_executor, Work given_work)
        : handler(std::move(given)), executor(std::move(its_executor)), task(std::move(given_work)) {}

    void work() noexcept override { answer(outcome_of_task()); }
    void refuse(HashingError error) noexcept override { answer(Unexpected(error)); }

    Outcome outcome_of_task() {
        try {
            return (*task)();
        } catch (const std::exception&) {
            return Unexpected(HashingError::kFailed);
        }
    }
    void answer(Outcome outcome) {
        // The password goes before its owner hears the answer.
        task.reset();
        asio::post(executor,
                   [done = std::move(handler), outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
    }

    Handler handler;
    Executor executor;
    std::optional<Work> task;
};

template <class Answer, class Work>
asio::awaitable<Result<Answer, HashingError>> HashingPool::submit(Work work, HashingTurn turn, Deadline deadline) {
    using Outcome = Result<Answer, HashingError>;
    auto start = [](auto handler, HashingPool* pool, Work given_work, HashingTurn its_turn, Deadline until) {
        asio::any_io_executor executor = asio::get_associated_executor(handler);
        auto job =
            std::make_unique<JobOf<Answer, Work>>(std::move(handler), std::move(executor), std::move(given_work));
        job->deadline = until;
        pool->enqueue(std::move(job), std::move(its_turn));
    };
    return asio::async_initiate<const asio::use_awaitable_t<>, void(Outcome)>(
        start, asio::use_awaitable, this, std::move(work), std::move(turn), deadline);
}

HashingPool::HashingPool(const Options& options)
    : options_(checked(options)), decoy_phc_(decoy_phc(options.parameters)), queue_(options.queue) {
    try {
        for (std::size_t i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { run(); });
    } catch (...) {
        // Those that did start would otherwise be joined while they wait for work.
        stop();
        throw;
    }
}

HashingPool::~HashingPool() { stop(); }

asio::awaitable<Result<Secret, HashingError>> HashingPool::hash(Secret password, HashingTurn turn, Deadline deadline) {
    auto work = [this, password = std::move(password)]() -> Result<Secret, HashingError> {
        if (password.size() > kMaxPasswordSize) return Unexpected(HashingError::kTooLong);
        return argon2_hash(password, options_.parameters);
    };
    return submit<Secret>(std::move(work), std::move(turn), deadline);
}

asio::awaitable<Result<PasswordCheck, HashingError>> HashingPool::verify(Secret password, Secret stored,
                                                                         HashingTurn turn, Deadline deadline) {
    auto work = [this, password = std::move(password),
                 stored = std::move(stored)]() -> Result<PasswordCheck, HashingError> {
        if (password.size() > kMaxPasswordSize) return Unexpected(HashingError::kTooLong);
        return check(password, stored.reveal());
    };
    return submit<PasswordCheck>(std::move(work), std::move(turn), deadline);
}

asio::awaitable<Result<PasswordCheck, HashingError>> HashingPool::verify_decoy(Secret password, HashingTurn turn,
                                                                               Deadline deadline) {
    auto work = [this, password = std::move(password)]() -> Result<PasswordCheck, HashingError> {
        if (password.size() > kMaxPasswordSize) return Unexpected(HashingError::kTooLong);
        try_decoy(password);
        try_imported_decoy(password);
        return PasswordCheck{};
    };
    return submit<PasswordCheck>(std::move(work), std::move(turn), deadline);
}

PasswordCheck HashingPool::check(const Secret& password, std::string_view stored) const {
    if (!is_imported(stored)) {
        const bool matches = argon2_verify(password, stored);
        try_imported_decoy(password);
        return {matches, matches && needs_renewal(stored, options_.parameters)};
    }
    const auto imported = read_imported_hash(stored.substr(kImportedPrefix.size()));
    if (!imported) {  // of a newer version, or nobody's: as much work as for any other
        try_decoy(password);
        try_imported_decoy(password);
        return {};
    }
    const bool matches = imported_verify(password, *imported);
    if (options_.imported_decoy) try_decoy(password);
    return {matches, matches};
}

// Its outcome is dropped: nobody is let in, whatever 32 random bytes happen to be.
void HashingPool::try_decoy(const Secret& password) const { (void)argon2_verify(password, decoy_phc_.reveal()); }

void HashingPool::try_imported_decoy(const Secret& password) const {
    if (options_.imported_decoy) (void)imported_verify(password, *options_.imported_decoy);
}

void HashingPool::enqueue(std::unique_ptr<Job> job, HashingTurn turn) {
    std::unique_lock lock(mutex_);
    if (stopped_) {
        lock.unlock();
        return job->refuse(HashingError::kStopped);
    }
    std::unique_ptr<Job> put_out = queue_.push(std::move(turn), std::move(job));
    if (put_out) ++counters_.shed;
    if (!idle_.empty()) {
        // Under the lock: what is called lives no longer than until it has that.
        idle_.back()->is_called = true;
        idle_.back()->wake.notify_one();
        idle_.pop_back();
    }
    lock.unlock();
    if (put_out) put_out->refuse(HashingError::kOverloaded);
}

void HashingPool::run() {
    ::pthread_setname_np(::pthread_self(), "hash");
    make_way_for_others();
    HashingMemory memory(std::size_t{options_.parameters.memory_kib} * 1024);
    take_turns(memory);
}

void HashingPool::take_turns(HashingMemory& memory) {
    std::unique_lock lock(mutex_);
    for (;;) {
        while (!stopped_ && queue_.empty()) await_call(lock, memory);
        if (stopped_) return;
        const bool kept_memory = !memory.block().empty();
        std::unique_ptr<Job> job = queue_.pop();
        const auto begun = std::chrono::steady_clock::now();
        bool expired = job->deadline <= begun;
        ++(expired ? counters_.expired : counters_.started);
        if (!expired) ++counters_.running;
        lock.unlock();
        expired ? job->refuse(HashingError::kExpired) : job->work();
        job.reset();
        if (!expired) hash_ns_.observe(std::chrono::nanoseconds(std::chrono::steady_clock::now() - begun).count());
        lock.lock();
        if (!expired) --counters_.running;
        if (!kept_memory && !memory.block().empty()) ++counters_.keeping_memory;
    }
}

void HashingPool::await_call(std::unique_lock<std::mutex>& lock, HashingMemory& memory) {
    Idle self;
    const auto is_called = [&] { return self.is_called || stopped_; };
    idle_.push_back(&self);
    if (memory.block().empty()) return self.wake.wait(lock, is_called);
    if (self.wake.wait_for(lock, options_.keeps_memory, is_called)) return;
    --counters_.keeping_memory;
    lock.unlock();
    memory.release();
    lock.lock();
    self.wake.wait(lock, is_called);
}

void HashingPool::stop() {
    std::vector<std::unique_ptr<Job>> waiting;
    {
        std::lock_guard lock(mutex_);
        stopped_ = true;
        while (!queue_.empty()) waiting.push_back(queue_.pop());
        for (Idle* one : idle_) one->wake.notify_one();
        idle_.clear();
    }
    for (auto& job : waiting) job->refuse(HashingError::kStopped);
}

HashingPool::Counters HashingPool::counters() const {
    std::lock_guard lock(mutex_);
    Counters now = counters_;
    now.queued = queue_.size();
    now.idle = idle_.size();
    now.threads = options_.threads;
    now.most_queued = options_.queue;
    now.hash_ns = hash_ns_.read();
    return now;
}

}  // namespace keyledger::security
