#pragma once
// Lookups that all nodes share (migration lookups), on one thread and one connection.
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "eventstore/async_answer.hpp"
#include "eventstore/lookups.hpp"

namespace keyledger::eventstore::postgres {

// What the database says to either question.
struct ToldLookup {
    Keeping keeping = Keeping::kKept;
    std::optional<std::string> found{};
};

class PostgresLookups : public Lookups {
public:
    // The name in the database: a keyed digest, the same on all nodes.
    using NameOf = std::function<Uuid(std::string_view name)>;
    struct Settings {
        std::string url;  // of the service's role, on the primary
        std::size_t max_waiting = 1024;
        std::chrono::milliseconds patience{2'000};     // nobody waits longer, whatever their deadline
        std::chrono::milliseconds longest_pause{500};  // between attempts to reconnect; it fails at once meanwhile
    };

    // Connects when somebody asks first, and by itself again.
    PostgresLookups(Settings settings, NameOf name_of);
    ~PostgresLookups() override;
    PostgresLookups(const PostgresLookups&) = delete;
    PostgresLookups& operator=(const PostgresLookups&) = delete;

    boost::asio::awaitable<Result<Keeping, StoreError>> keep(Lookup lookup, Deadline deadline) override;
    boost::asio::awaitable<Result<std::optional<std::string>, StoreError>> find(std::string name,
                                                                                Deadline deadline) override;

    // Whoever waits gets kUnavailable. May be repeated.
    void stop();

private:
    using Told = ToldLookup;
    struct Question {
        Lookup lookup;  // without a value it is looked for
        Uuid name;
        Deadline deadline;
        AsyncAnswer<Told, StoreError> answer;
    };
    using QuestionPtr = std::unique_ptr<Question>;  // Boost 1.81's erased handlers must not be move-assigned

    boost::asio::awaitable<Result<Told, StoreError>> ask(Lookup lookup, Deadline deadline);
    void enqueue(QuestionPtr question);
    QuestionPtr next();
    void work();

    const Settings settings_;
    const NameOf name_of_;
    std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<QuestionPtr> waiting_;
    bool stopping_ = false;
    std::thread thread_;  // last: starts when all else is there
};

}  // namespace keyledger::eventstore::postgres
