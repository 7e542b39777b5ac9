#include "eventstore/postgres/nodes/postgres_limits.hpp"

#include <charconv>
#include <map>

#include "eventstore/postgres/store/read_session.hpp"

namespace keyledger::eventstore::postgres {
namespace {

constexpr auto kStatementTimeout = std::chrono::milliseconds(1'000);

std::int64_t now_us() {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
}

// What is taken is forgotten in a crash anyway, so nobody waits for the disk.
void prepare_limits(pqxx::connection& connection) {
    pqxx::nontransaction(connection).exec("set synchronous_commit = off");
    connection.prepare("take_limits",
                       "select waits, levels from keyledger.take_limits($1::uuid[], $2::int[], $3::int[], $4::bigint[],"
                       " $5::bigint[], $6::bool[])");
}

std::vector<std::int64_t> integers_in(const pqxx::field& field) {
    const std::string_view text(field.c_str(), field.size());
    std::vector<std::int64_t> values;
    const char* at = text.data() + 1;
    const char* const end = text.data() + text.size() - 1;
    while (at < end) {
        std::int64_t value = 0;
        const auto parsed = std::from_chars(at, end, value);
        if (parsed.ec != std::errc()) throw pqxx::conversion_error("not an array of integers");
        values.push_back(value);
        at = parsed.ptr + 1;
    }
    return values;
}

struct Answers {
    std::vector<std::int64_t> waits_us;  // one for each bucket of each request, in order
    std::vector<std::int64_t> levels_us;
};

// The buckets of a round as the function wants them: names in ascending order, and everything else as places in them.
class Question {
public:
    void add(std::size_t request, const Bucket& bucket, const Uuid& name) {
        places_.emplace(name, 0);
        entries_.push_back({request, bucket, name});
    }
    Answers ask(pqxx::connection& connection) {
        std::size_t place = 0;
        for (auto& [name, its_place] : places_) its_place = ++place;
        const auto text = [](auto value) { return std::to_string(value); };
        pqxx::nontransaction work(connection);
        const pqxx::row row = work.exec_prepared1(
            "take_limits", array_of(places_, [](const auto& one) { return one.first.to_string(); }),
            array_of(entries_, [&](const Entry& one) { return text(one.request); }),
            array_of(entries_, [&](const Entry& one) { return text(places_.at(one.name)); }),
            array_of(entries_, [&](const Entry& one) { return text(one.bucket.interval_us()); }),
            array_of(entries_, [&](const Entry& one) { return text(one.bucket.tolerance_us()); }),
            array_of(entries_, [](const Entry& one) { return one.bucket.use == Bucket::Use::kTake ? "t" : "f"; }));
        Answers answers{integers_in(row[0]), integers_in(row[1])};
        const bool whole = answers.waits_us.size() == entries_.size() && answers.levels_us.size() == entries_.size();
        if (!whole) throw pqxx::conversion_error("not an answer for each bucket");
        return answers;
    }

private:
    struct Entry {
        std::size_t request;
        const Bucket& bucket;
        Uuid name;
    };
    std::map<Uuid, std::size_t> places_;
    std::vector<Entry> entries_;
};

}  // namespace

PostgresLimits::PostgresLimits(Settings settings, NameOf name_of)
    : settings_(std::move(settings)), name_of_(std::move(name_of)), thread_([this] { work(); }) {}

PostgresLimits::~PostgresLimits() { stop(); }

void PostgresLimits::stop() {
    Round left;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        left.swap(waiting_);
    }
    filled_.notify_all();
    for (const auto& one : left) fail(*one, StoreError::kUnavailable);
    if (thread_.joinable()) thread_.join();
}

PostgresLimits::Counts PostgresLimits::counts() const {
    const std::lock_guard lock(mutex_);
    Counts counts = counts_;
    counts.waiting = waiting_.size();
    counts.most_waiting = settings_.max_waiting;
    return counts;
}

RateDecision PostgresLimits::take_local(const std::vector<Bucket>& buckets) { return own_.take(buckets, now_us()); }

RateDecision PostgresLimits::known(std::vector<Bucket> buckets) { return front_.look(std::move(buckets), now_us()); }

boost::asio::awaitable<Result<RateDecision, StoreError>> PostgresLimits::take(std::vector<Bucket> buckets,
                                                                              Deadline deadline) {
    if (buckets.empty() || buckets.size() > kMaxBucketsOfARequest) co_return Unexpected(StoreError::kBadData);
    // Taken here at once, so that those who are on their way to the server are counted already.
    const RateDecision known = front_.take(buckets, now_us());
    if (known.wait > Duration()) {
        const std::lock_guard lock(mutex_);
        ++counts_.shed;
        co_return known;
    }
    const Deadline until = std::min(deadline, std::chrono::steady_clock::now() + settings_.patience);
    auto start = [this, until, buckets = std::move(buckets)](AsyncAnswer<RateDecision, StoreError> answer) mutable {
        ask(until, std::move(buckets), std::move(answer));
    };
    auto taken = co_await async_answer<RateDecision, StoreError>(until, StoreError::kUnavailable, std::move(start));
    co_return taken;
}

void PostgresLimits::ask(Deadline deadline, std::vector<Bucket> buckets, AsyncAnswer<RateDecision, StoreError> answer) {
    auto one = std::make_unique<PendingTake>(PendingTake{deadline, std::move(buckets), std::move(answer)});
    std::unique_lock lock(mutex_);
    if (stopping_ || waiting_.size() >= settings_.max_waiting) {
        lock.unlock();
        return fail(*one, StoreError::kUnavailable);
    }
    waiting_.push_back(std::move(one));
    lock.unlock();
    filled_.notify_one();
}

PostgresLimits::Round PostgresLimits::next_round() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    Round round;
    if (waiting_.size() <= settings_.max_round) {
        round.swap(waiting_);
        return round;
    }
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(settings_.max_round);
    std::move(waiting_.begin(), end, std::back_inserter(round));
    waiting_.erase(waiting_.begin(), end);
    return round;
}

void PostgresLimits::work() {
    ReadSession session(settings_.url, kStatementTimeout, settings_.longest_pause, prepare_limits);
    for (Round round = next_round(); !round.empty(); round = next_round()) {
        std::erase_if(round, [this](const auto& one) {
            const bool late = std::chrono::steady_clock::now() >= one->deadline;
            if (late) fail(*one, StoreError::kUnavailable);
            return late;
        });
        if (round.empty()) continue;
        Question question;
        for (std::size_t request = 0; request < round.size(); ++request)
            for (const Bucket& bucket : round[request]->buckets) question.add(request, bucket, name_of_(bucket.key));
        // What a lost answer took is taken twice: stricter for a moment, and never laxer.
        const auto answers = session.run([&] { return question.ask(session.connection()); });
        {
            const std::lock_guard lock(mutex_);
            ++counts_.statements;
            if (answers) counts_.requests += round.size();
        }
        std::size_t entry = 0;
        for (const auto& one : round) {
            if (!answers) {
                fail(*one, answers.error().error);
                continue;
            }
            RateDecision taken;
            std::int64_t wait_us = 0;
            std::vector<std::int64_t> levels_us;
            for (std::size_t i = 0; i < one->buckets.size(); ++i, ++entry) {
                wait_us = std::max(wait_us, answers->waits_us[entry]);
                levels_us.push_back(answers->levels_us[entry]);
            }
            taken.wait = milliseconds((wait_us + 999) / 1000);
            taken.first_level_us = levels_us.front();
            settle(*one, taken, levels_us);
        }
    }
}

// The front learns how the buckets stand for all nodes together, so that what it knows to be empty it need not ask for.
void PostgresLimits::settle(PendingTake& asked, const RateDecision& taken, const std::vector<std::int64_t>& levels_us) {
    const std::int64_t now = now_us();
    if (taken.wait > Duration()) front_.give_back(asked.buckets, now);
    for (std::size_t i = 0; i < asked.buckets.size(); ++i) front_.learn(asked.buckets[i], levels_us[i], now);
    asked.answer(taken);
}

void PostgresLimits::fail(PendingTake& asked, StoreError error) {
    {
        const std::lock_guard lock(mutex_);
        ++counts_.failures;
    }
    asked.answer(Unexpected(error));
}

}  // namespace keyledger::eventstore::postgres
