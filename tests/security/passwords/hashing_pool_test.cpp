#include "security/passwords/hashing_pool.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>
#include <stdexcept>

using namespace keyledger;
using namespace keyledger::security;
namespace asio = boost::asio;

namespace {

constexpr Argon2Parameters kCheap{.memory_kib = 8, .passes = 1, .lanes = 1};
// Long enough that a test can act while it runs: some 100 ms.
constexpr Argon2Parameters kSlow{.memory_kib = 32'768, .passes = 12, .lanes = 1};
constexpr auto kNoDeadline = HashingPool::Deadline::max();
constexpr auto kPast = HashingPool::Deadline::min();

using Check = Result<PasswordCheck, HashingError>;
using Hash = Result<Secret, HashingError>;

// A caller's executor with a thread of its own. co_spawn wants answers that can be empty.
class Caller {
public:
    template <class Answer>
    std::future<Answer> ask(asio::awaitable<Answer> question) {
        auto spawned = asio::co_spawn(threads_, boxed(std::move(question)), asio::use_future);
        return std::async(std::launch::deferred, [spawned = std::move(spawned)]() mutable { return *spawned.get(); });
    }

private:
    template <class Answer>
    static asio::awaitable<std::optional<Answer>> boxed(asio::awaitable<Answer> question) {
        Answer answer = co_await std::move(question);
        co_return std::optional<Answer>(std::move(answer));
    }
    asio::thread_pool threads_{1};
};

Secret hash_of(Caller& caller, HashingPool& pool, std::string_view password) {
    return std::move(caller.ask(pool.hash(Secret(password), {}, kNoDeadline)).get()).value();
}

Secret made_slowly() { return argon2_hash(Secret("password"), kSlow); }

// From proc(5), of all threads of this process.
std::vector<int> niceness_of_threads() {
    std::vector<int> found;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
        std::string text;
        std::getline(std::ifstream(thread.path() / "stat"), text);
        if (text.empty()) continue;  // it has ended
        std::istringstream fields(text.substr(text.rfind(')') + 2));
        std::string field;
        for (int i = 3; i <= 19; ++i) fields >> field;
        found.push_back(std::stoi(field));
    }
    return found;
}

template <class Condition>
void await(Condition condition) {
    while (!condition()) std::this_thread::yield();
}

}  // namespace

TEST(HashingPool, HashesAndVerifies) {
    Caller caller;
    HashingPool pool({.threads = 2, .queue = 4, .parameters = kCheap});
    Secret phc = hash_of(caller, pool, "password");
    EXPECT_TRUE(argon2_verify(Secret("password"), phc.reveal()));

    Check right = caller.ask(pool.verify(Secret("password"), phc.clone(), {}, kNoDeadline)).get();
    EXPECT_TRUE(right->matches);
    EXPECT_FALSE(right->needs_renewal);
    Check wrong = caller.ask(pool.verify(Secret("Password"), phc.clone(), {}, kNoDeadline)).get();
    EXPECT_FALSE(wrong->matches);
}

TEST(HashingPool, AsksForRenewalOfWeakerHashesThatMatchOnly) {
    Caller caller;
    HashingPool pool({.threads = 1, .queue = 4, .parameters = {.memory_kib = 64, .passes = 1, .lanes = 1}});
    Secret weak = argon2_hash(Secret("password"), kCheap);
    EXPECT_TRUE(caller.ask(pool.verify(Secret("password"), weak.clone(), {}, kNoDeadline)).get()->needs_renewal);
    EXPECT_FALSE(caller.ask(pool.verify(Secret("wrong"), weak.clone(), {}, kNoDeadline)).get()->needs_renewal);
}

TEST(HashingPool, TriesImportedHashesAndAsksForTheirRenewal) {
    Caller caller;
    HashingPool pool({.threads = 1, .queue = 4, .parameters = kCheap});
    const Secret imported("imported:$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG");
    const auto ask = [&](std::string_view password, const Secret& stored) {
        return *caller.ask(pool.verify(Secret(password), stored.clone(), {}, kNoDeadline)).get();
    };
    EXPECT_TRUE(ask("correct horse battery staple", imported).matches);
    EXPECT_TRUE(ask("correct horse battery staple", imported).needs_renewal);
    EXPECT_FALSE(ask("correct horse battery stable", imported).matches);
    EXPECT_FALSE(ask("correct horse battery stable", imported).needs_renewal);
    // Only what was imported is taken for one: a swapped credential opens no door by its form.
    EXPECT_FALSE(ask("correct horse battery staple", Secret(imported.reveal().substr(kImportedPrefix.size()))).matches);
}

TEST(HashingPool, LetsNobodyInByAFormThatItDoesNotKnow) {
    Caller caller;
    HashingPool pool({.threads = 1, .queue = 4, .parameters = kCheap});
    for (const std::string password : {"", "none", "imported:none"}) {
        auto asked = pool.verify(Secret(password), Secret("imported:none"), {}, kNoDeadline);
        EXPECT_FALSE(caller.ask(std::move(asked)).get()->matches);
    }
}

// Who is ours, who was imported and who is nobody: each costs one of our hashes and one of theirs.
TEST(HashingPool, MakesAllTrialsAlikeWhereItIsToldOfAnImport) {
    Caller caller;
    const Secret ours = argon2_hash(Secret("password"), kCheap);
    const std::string theirs = "$2b$11$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG";
    HashingPool pool({.threads = 1, .queue = 4, .parameters = kCheap, .imported_decoy = *read_imported_hash(theirs)});
    const auto seconds_of = [&](auto question) {  // of the processor, for others may have it meanwhile
        const std::clock_t from = std::clock();
        EXPECT_FALSE(caller.ask(std::move(question)).get()->matches);
        return static_cast<double>(std::clock() - from) / CLOCKS_PER_SEC;
    };
    const auto verify = [&](Secret stored) {
        return seconds_of(pool.verify(Secret("wrong"), std::move(stored), {}, kNoDeadline));
    };
    const double imported = verify(Secret("imported:" + theirs));
    EXPECT_GT(verify(ours.clone()), imported / 4);  // without it, not a hundredth
    EXPECT_GT(verify(Secret("imported:none")), imported / 4);
    EXPECT_GT(seconds_of(pool.verify_decoy(Secret("wrong"), {}, kNoDeadline)), imported / 4);
}

TEST(HashingPool, NeverMatchesADecoyAndDoesItsWork) {
    Caller caller;
    HashingPool pool({.threads = 1, .queue = 4, .parameters = kCheap});
    Check check = caller.ask(pool.verify_decoy(Secret("password"), {}, kNoDeadline)).get();
    EXPECT_FALSE(check->matches);
    EXPECT_FALSE(check->needs_renewal);
    EXPECT_EQ(pool.counters().started, 1u);
    await([&] { return pool.counters().hash_ns.count() == 1; });
    EXPECT_GT(pool.counters().hash_ns.sum, 0);
}

TEST(HashingPool, RefusesAPasswordThatIsTooLongWhetherTheUserExistsOrNot) {
    Caller caller;
    HashingPool pool({.threads = 1, .queue = 4, .parameters = kCheap});
    Secret phc = hash_of(caller, pool, "password");
    std::string endless(kMaxPasswordSize + 1, 'x');
    EXPECT_EQ(caller.ask(pool.hash(Secret(endless), {}, kNoDeadline)).get().error(), HashingError::kTooLong);
    EXPECT_EQ(caller.ask(pool.verify(Secret(endless), phc.clone(), {}, kNoDeadline)).get().error(),
              HashingError::kTooLong);
    EXPECT_EQ(caller.ask(pool.verify_decoy(Secret(endless), {}, kNoDeadline)).get().error(), HashingError::kTooLong);
}

TEST(HashingPool, AnswersAnExpiredEntryWithoutHashingIt) {
    Caller caller;
    HashingPool pool({.threads = 1, .queue = 4, .parameters = kCheap});
    EXPECT_EQ(caller.ask(pool.hash(Secret("password"), {}, kPast)).get().error(), HashingError::kExpired);
    EXPECT_EQ(pool.counters().started, 0u);
    EXPECT_EQ(pool.counters().expired, 1u);
    EXPECT_EQ(pool.counters().hash_ns.count(), 0u);
}

TEST(HashingPool, AnswersOnTheExecutorThatAsked) {
    asio::io_context context;
    HashingPool pool({.threads = 1, .queue = 4, .parameters = kCheap});
    std::thread::id answered_on;
    auto question = [](HashingPool& asked, std::thread::id& on) -> asio::awaitable<void> {
        Secret password("password");
        HashingTurn turn;
        Hash answer = co_await asked.hash(std::move(password), std::move(turn), kNoDeadline);
        EXPECT_TRUE(answer);
        on = std::this_thread::get_id();
    };
    auto done = asio::co_spawn(context, question(pool, answered_on), asio::use_future);
    // Returns only after the answer: what waits for the pool counts as the context's work.
    context.run();
    done.get();
    EXPECT_EQ(answered_on, std::this_thread::get_id());
}

// One thread hashes, one entry waits: the third caller is told at once, while the first is still being
// served.
TEST(HashingPool, ShedsWhatExceedsItsQueue) {
    Caller caller;
    HashingPool pool({.threads = 1, .queue = 1, .parameters = kSlow});
    Secret phc = made_slowly();
    auto first = caller.ask(pool.verify(Secret("password"), phc.clone(), {}, kNoDeadline));
    await([&] { return pool.counters().running == 1; });
    auto second = caller.ask(pool.verify(Secret("password"), phc.clone(), {}, kNoDeadline));
    await([&] { return pool.counters().queued == 1; });
    Check third = caller.ask(pool.verify(Secret("password"), phc.clone(), {}, kNoDeadline)).get();
    EXPECT_EQ(third.error(), HashingError::kOverloaded);
    EXPECT_EQ(pool.counters().shed, 1u);
    EXPECT_TRUE(first.get()->matches);
    EXPECT_TRUE(second.get()->matches);
}

// Registrations from one network fill the queue. A log-in that comes then is served next, and only the network that
// filled the queue is refused.
TEST(HashingPool, TakesALogInBeforeAFloodOfRegistrations) {
    Caller caller;
    HashingPool pool({.threads = 1, .queue = 4, .parameters = kSlow});
    const Secret phc = made_slowly();
    const HashingTurn registration{HashingTurn::Rank::kLast, "192.0.2.1"};
    auto running = caller.ask(pool.hash(Secret("password"), registration, kNoDeadline));
    await([&] { return pool.counters().running == 1; });
    std::vector<std::future<Hash>> flood;
    for (int i = 0; i < 4; ++i) flood.push_back(caller.ask(pool.hash(Secret("password"), registration, kNoDeadline)));
    await([&] { return pool.counters().queued == 4; });
    const HashingTurn login{HashingTurn::Rank::kFirst, "198.51.100.1"};
    Check check = caller.ask(pool.verify(Secret("password"), phc.clone(), login, kNoDeadline)).get();
    ASSERT_TRUE(check);
    EXPECT_TRUE(check->matches);
    EXPECT_LE(pool.counters().started, 3u) << "it waited for those that came before it";
    EXPECT_EQ(flood.back().get().error(), HashingError::kOverloaded) << "the newest of the flood made room";
    EXPECT_EQ(pool.counters().shed, 1u);
    EXPECT_TRUE(running.get());
}

// The pool stops while one entry runs and two wait: the first is finished, the others hear it, and so does
// who comes later.
TEST(HashingPool, AnswersAllThatWaitWhenItStops) {
    Caller caller;
    Secret phc = made_slowly();
    HashingPool pool({.threads = 1, .queue = 4, .parameters = kSlow});
    auto running = caller.ask(pool.verify(Secret("password"), phc.clone(), {}, kNoDeadline));
    await([&] { return pool.counters().running == 1; });
    auto second = caller.ask(pool.verify(Secret("password"), phc.clone(), {}, kNoDeadline));
    auto third = caller.ask(pool.hash(Secret("password"), {}, kNoDeadline));
    await([&] { return pool.counters().queued == 2; });
    pool.stop();
    EXPECT_EQ(second.get().error(), HashingError::kStopped);
    EXPECT_EQ(third.get().error(), HashingError::kStopped);
    EXPECT_TRUE(running.get()->matches);
    EXPECT_EQ(caller.ask(pool.hash(Secret("password"), {}, kNoDeadline)).get().error(), HashingError::kStopped);
    pool.stop();
}

// Many coroutines on two threads share a pool of two: every one is answered, and only those that match match.
TEST(HashingPool, ServesManyCallersAtOnce) {
    asio::thread_pool callers(2);
    HashingPool pool({.threads = 2, .queue = 1'000, .parameters = kCheap});
    Secret phc = argon2_hash(Secret("password"), kCheap);
    auto question = [](HashingPool& asked, Secret password, Secret stored) -> asio::awaitable<bool> {
        HashingTurn turn;
        Check check = co_await asked.verify(std::move(password), std::move(stored), std::move(turn), kNoDeadline);
        co_return check->matches;
    };
    std::vector<std::future<bool>> answers;
    for (int i = 0; i < 400; ++i)
        answers.push_back(asio::co_spawn(callers, question(pool, Secret(i % 2 ? "password" : "wrong"), phc.clone()),
                                         asio::use_future));
    for (int i = 0; i < 400; ++i) EXPECT_EQ(answers[static_cast<std::size_t>(i)].get(), i % 2 == 1);
    EXPECT_EQ(pool.counters().started, 400u);
}

TEST(HashingPool, MakesWayForOtherThreads) {
    constexpr int kMostNice = 19;
    Caller caller;
    const int own = ::getpriority(PRIO_PROCESS, 0);
    HashingPool pool({.threads = 1, .queue = 4, .parameters = kCheap});
    hash_of(caller, pool, "password");
    EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), own);
    EXPECT_GE(std::ranges::count(niceness_of_threads(), std::min(own + kHashingNiceness, kMostNice)), 1);
}

// Hashes come one after the other to a pool of four threads: one thread does them all, and only it keeps memory.
TEST(HashingPool, GivesWorkToTheThreadThatWorkedLast) {
    Caller caller;
    HashingPool pool({.threads = 4, .queue = 4, .parameters = kCheap, .keeps_memory = std::chrono::hours(1)});
    const auto await_all = [&] { await([&] { return pool.counters().idle == 4; }); };
    await_all();
    EXPECT_EQ(pool.counters().keeping_memory, 0u);
    for (int i = 0; i < 20; ++i) {
        hash_of(caller, pool, "password");
        await_all();
    }
    EXPECT_EQ(pool.counters().keeping_memory, 1u);
}

TEST(HashingPool, GivesMemoryBackWhenThereIsNothingToHash) {
    Caller caller;
    HashingPool pool({.threads = 1, .queue = 4, .parameters = kCheap, .keeps_memory = std::chrono::milliseconds(1)});
    for (int i = 0; i < 3; ++i) {
        Secret phc = hash_of(caller, pool, "password");
        EXPECT_TRUE(argon2_verify(Secret("password"), phc.reveal()));
        await([&] { return pool.counters().idle == 1 && pool.counters().keeping_memory == 0; });
    }
}

TEST(HashingPool, RefusesOptionsOutOfTheirLimits) {
    using Options = HashingPool::Options;
    for (const Options& options :
         {Options{0, 1, kCheap}, Options{kMaxHashingThreads + 1, 1, kCheap}, Options{1, 0, kCheap},
          Options{1, kMaxHashingQueue + 1, kCheap}, Options{1, 1, {.memory_kib = 1u << 30, .passes = 1, .lanes = 1}}})
        EXPECT_THROW(HashingPool pool(options), std::invalid_argument);
}
