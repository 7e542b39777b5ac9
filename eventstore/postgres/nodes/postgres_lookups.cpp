#include "eventstore/postgres/nodes/postgres_lookups.hpp"

#include "eventstore/postgres/store/read_session.hpp"

namespace keyledger::eventstore::postgres {
namespace {

constexpr auto kStatementTimeout = std::chrono::milliseconds(1'000);

// What is kept is forgotten in a crash anyway, so nobody waits for the disk.
void prepare_lookups(pqxx::connection& connection) {
    pqxx::nontransaction(connection).exec("set synchronous_commit = off");
    connection.prepare("keep_lookup", "select keyledger.keep_lookup($1::uuid, $2::text, $3::int)");
    connection.prepare("find_lookup", "select keyledger.find_lookup($1::uuid)");
}

// Without a value it is looked for.
ToldLookup put_question(pqxx::connection& connection, const std::string& name, const Lookup& lookup) {
    pqxx::nontransaction work(connection);
    ToldLookup told;
    if (lookup.value.empty()) {
        const pqxx::row row = work.exec_prepared1("find_lookup", name);
        if (!row[0].is_null()) told.found = row[0].as<std::string>();
        return told;
    }
    const pqxx::row row = work.exec_prepared1("keep_lookup", name, lookup.value, lookup.lasts.ms());
    const int outcome = row[0].as<int>();
    told.keeping = outcome == 0 ? Keeping::kKept : outcome == 1 ? Keeping::kTaken : Keeping::kNoRoom;
    return told;
}

}  // namespace

PostgresLookups::PostgresLookups(Settings settings, NameOf name_of)
    : settings_(std::move(settings)), name_of_(std::move(name_of)), thread_([this] { work(); }) {}

PostgresLookups::~PostgresLookups() { stop(); }

void PostgresLookups::stop() {
    std::deque<QuestionPtr> left;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        left.swap(waiting_);
    }
    filled_.notify_all();
    for (const auto& one : left) one->answer(Unexpected(StoreError::kUnavailable));
    if (thread_.joinable()) thread_.join();
}

boost::asio::awaitable<Result<Keeping, StoreError>> PostgresLookups::keep(Lookup lookup, Deadline deadline) {
    const bool is_good = !lookup.value.empty() && lookup.value.size() <= kMaxLookupBytes && lookup.lasts > Duration() &&
                         lookup.lasts <= kLookupLasts;
    if (!is_good) co_return Unexpected(StoreError::kBadData);
    const auto told = co_await ask(std::move(lookup), deadline);
    if (!told) co_return Unexpected(told.error());
    co_return told->keeping;
}

boost::asio::awaitable<Result<std::optional<std::string>, StoreError>> PostgresLookups::find(std::string name,
                                                                                             Deadline deadline) {
    Lookup lookup{std::move(name), {}, {}};
    auto told = co_await ask(std::move(lookup), deadline);
    if (!told) co_return Unexpected(told.error());
    co_return std::move(told->found);
}

boost::asio::awaitable<Result<PostgresLookups::Told, StoreError>> PostgresLookups::ask(Lookup lookup,
                                                                                       Deadline deadline) {
    const Deadline until = std::min(deadline, std::chrono::steady_clock::now() + settings_.patience);
    const Uuid name = name_of_(lookup.name);
    auto start = [this, until, name, lookup = std::move(lookup)](AsyncAnswer<Told, StoreError> answer) mutable {
        enqueue(std::make_unique<Question>(Question{std::move(lookup), name, until, std::move(answer)}));
    };
    auto told = co_await async_answer<Told, StoreError>(until, StoreError::kUnavailable, std::move(start));
    co_return told;
}

void PostgresLookups::enqueue(QuestionPtr question) {
    std::unique_lock lock(mutex_);
    if (stopping_ || waiting_.size() >= settings_.max_waiting) {
        lock.unlock();
        question->answer(Unexpected(StoreError::kUnavailable));
        return;
    }
    waiting_.push_back(std::move(question));
    lock.unlock();
    filled_.notify_one();
}

// nullptr: it stops.
PostgresLookups::QuestionPtr PostgresLookups::next() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return nullptr;
    QuestionPtr question = std::move(waiting_.front());
    waiting_.pop_front();
    return question;
}

void PostgresLookups::work() {
    ReadSession session(settings_.url, kStatementTimeout, settings_.longest_pause, prepare_lookups);
    while (const QuestionPtr question = next()) {
        if (std::chrono::steady_clock::now() >= question->deadline) {
            question->answer(Unexpected(StoreError::kUnavailable));
            continue;
        }
        // What a lost answer kept is found taken, and its caller makes another name.
        const std::string name = question->name.to_string();
        auto told = session.run([&] { return put_question(session.connection(), name, question->lookup); });
        if (told) question->answer(std::move(*told));
        else question->answer(Unexpected(told.error().error));
    }
}

}  // namespace keyledger::eventstore::postgres
