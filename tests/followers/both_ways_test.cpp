// Whoever follows the log can't tell where an event came from: of one log the same follows, whether a follower took it
// from the memory that this process shares (eventstore/log_tail.hpp) or read it in the database.
#include <pqxx/pqxx>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "eventstore/log_tail.hpp"
#include "eventstore/postgres/store/postgres_log_source.hpp"
#include "eventstore/postgres/store/postgres_store.hpp"
#include "tests/followers/all_followers.hpp"
#include "tests/projections/story/log_writer.hpp"
#include "tests/projections/story/story.hpp"
#include "tests/support/await.hpp"
#include "tests/support/postgres/event_macs.hpp"
#include "tests/support/postgres/tcp_proxy.hpp"
#include "tests/support/world/appends.hpp"

namespace keyledger::test {
namespace {

using namespace eventstore;
using projections::test::LogWriter;
using projections::test::Story;
using Verdicts = std::vector<Result<Verdict, StoreError>>;

// Each has some of the events, which may be on several streams.
std::vector<Append> as_commands(std::span<const RecordedEvent> events, std::size_t events_of_each) {
    std::vector<Append> commands;
    for (const RecordedEvent& event : events) {
        if (commands.empty() || commands.back().events.size() >= events_of_each) {
            commands.emplace_back().command_id = next_digest();
            commands.back().fingerprint = next_digest();
        }
        Append& command = commands.back();
        const auto is_it = [&](const StreamVersion& one) { return one.stream_id == event.stream_id; };
        if (std::ranges::none_of(command.writes, is_it)) command.writes.push_back({event.stream_id, event.version - 1});
        command.events.push_back({event.stream_type, event.stream_id, event.version, event.type, event.schema_version,
                                  event.event_id, event.payload, event.metadata});
    }
    return commands;
}

// In their order, and as many at once as have no stream in common, so that they share batches.
Verdicts append(Store& store, const std::vector<Append>& commands, Deadline deadline = soon()) {
    Verdicts verdicts;
    std::vector<Store::Answer<Verdict>> works;
    std::set<Uuid> streams;
    const auto await_those = [&] {
        auto some = await_all(std::exchange(works, {}));
        std::ranges::move(some, std::back_inserter(verdicts));
        streams.clear();
    };
    for (const Append& command : commands) {
        const auto is_taken = [&](const StreamVersion& one) { return streams.contains(one.stream_id); };
        if (std::ranges::any_of(command.writes, is_taken)) await_those();
        for (const StreamVersion& one : command.writes) streams.insert(one.stream_id);
        works.push_back(store.append(command, deadline));
    }
    await_those();
    return verdicts;
}

template <class Condition>
bool becomes(const Condition& condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));  // what is waited for is in the database
    }
    return true;
}

// What followers read, as long as they may.
class Gate {
public:
    void close() { set(true); }
    void open() { set(false); }
    void pass() {
        std::unique_lock lock(mutex_);
        opened_.wait(lock, [this] { return !closed_; });
    }

private:
    void set(bool closed) {
        const std::lock_guard lock(mutex_);
        closed_ = closed;
        opened_.notify_all();
    }
    std::mutex mutex_;
    std::condition_variable opened_;
    bool closed_ = false;
};
using Looks = std::atomic<int>;

class GatedSource : public LogSource {
public:
    GatedSource(std::unique_ptr<LogSource> source, Gate& gate, std::shared_ptr<Looks> looks)
        : source_(std::move(source)), gate_(gate), looks_(std::move(looks)) {}
    Result<std::vector<RecordedEvent>, ReadError> read_after(const Cursor& cursor, std::int32_t limit) override {
        return source_->read_after(cursor, limit);
    }
    Result<FollowedEvents, ReadError> follow_after(const Cursor& cursor, std::int32_t limit) override {
        gate_.pass();
        auto events = source_->follow_after(cursor, limit);
        ++*looks_;
        return events;
    }
    Result<Head, ReadError> head() override { return source_->head(); }
    void wait(std::chrono::milliseconds at_most) override { source_->wait(at_most); }
    void interrupt() override { source_->interrupt(); }

private:
    const std::unique_ptr<LogSource> source_;
    Gate& gate_;
    const std::shared_ptr<Looks> looks_;
};

// This process appends, and its followers share the end of the log. Beside it are another node, and a database that
// holds the same log, whose followers read it there.
class BothWays : public testing::Test {
protected:
    BothWays() {
        story_.now = now_;
        copy_.execute("update keyledger.log set log_id = '" + log_.execute("select log_id from keyledger.log") + "'");
        copied_by_.emplace(copy_, story_.cipher(), [this] { return read(copy_, postgres::WokenBy::kNotifications); });
        EXPECT_TRUE(copied_by_->reach(head())) << "jobs are planned of what comes then";
    }
    ~BothWays() override { stop_node(); }

    static std::unique_ptr<LogSource> read(const Database& database, postgres::WokenBy woken_by) {
        return std::make_unique<postgres::PostgresLogSource>(database.service_url(), authenticity(),
                                                             postgres::PostgresLogSource::kPatience, woken_by);
    }
    static postgres::PostgresStoreSettings settings_of(std::string url, std::shared_ptr<LogTail> tail = nullptr) {
        postgres::PostgresStoreSettings settings;
        settings.url = std::move(url);
        settings.reads.threads = 1;
        settings.authenticity = authenticity();
        settings.tail = std::move(tail);
        return settings;
    }
    void start_node(LogTailLimits limits = {}) {
        tail_ = std::make_shared<LogTail>(limits);
        node_.emplace(settings_of(through(proxy_, log_.service_url()), tail_), [this] { return now_; });
        looks_.clear();
        followed_by_.emplace(log_, story_.cipher(), [this] {
            looks_.push_back(std::make_shared<Looks>(0));
            auto source = std::make_unique<TailSource>(read(log_, postgres::WokenBy::kHintsAlone), tail_);
            return std::make_unique<GatedSource>(std::move(source), gate_, looks_.back());
        });
        node_->on_appended([followers = &*followed_by_](Position) { followers->hint(); });
        EXPECT_TRUE(followed_by_->reach(head()));
    }
    // Each of this process's followers has looked at what is there now.
    void look() {
        gate_.open();
        std::vector<int> before;
        for (const auto& looks : looks_) before.push_back(*looks);
        EXPECT_TRUE(becomes([&] {
            followed_by_->hint();
            for (std::size_t i = 0; i < looks_.size(); ++i)
                if (*looks_[i] < before[i] + 2) return false;  // the first may have begun earlier
            return true;
        }));
    }
    void stop_node() {
        gate_.open();
        if (node_) node_->stop();
        followed_by_.reset();
        node_.reset();
    }

    // What comes next in the story, at least so many events.
    std::vector<RecordedEvent> go_on(int events) {
        const std::size_t before = story_.log().all().size();
        story_.random_events(events);
        story_.publish();
        const auto all = story_.log().all();
        return {all.begin() + static_cast<std::ptrdiff_t>(before), all.end()};
    }
    void append_all(Store& store, const std::vector<Append>& commands) {
        for (const auto& verdict : append(store, commands))
            ASSERT_TRUE(verdict && std::holds_alternative<Appended>(*verdict));
    }
    void append_here(int events) { append_all(*node_, as_commands(go_on(events), 1)); }
    void append_elsewhere(int events) { append_all(other_, as_commands(go_on(events), 3)); }
    Position count() { return std::stoll(log_.execute("select count(*) from keyledger.events")); }

    Head head() { return read(log_, postgres::WokenBy::kHintsAlone)->head().value(); }
    std::vector<RecordedEvent> log_after(const Cursor& cursor) {
        return read(log_, postgres::WokenBy::kHintsAlone)->read_after(cursor, kMaxReadBatch).value();
    }
    void copy_keys() {
        pqxx::connection from(log_.owner_url()), to(copy_.owner_url());
        pqxx::nontransaction keys(from);
        pqxx::work copy(to);
        for (const auto& key : keys.exec("select subject, key_id, encode(wrapped_key, 'hex'), key_encryption_key_id"
                                         "  from keyledger.subject_keys"))
            copy.exec_params0("insert into keyledger.subject_keys (subject, tenant, key_id, wrapped_key,"
                              " key_encryption_key_id) values ($1, 'default', $2, decode($3, 'hex'), $4)"
                              " on conflict do nothing",
                              key[0].c_str(), key[1].c_str(), key[2].c_str(), key[3].c_str());
        copy.commit();
    }
    void copy_log() {
        copy_keys();
        const auto events = log_after(copied_);
        if (events.empty()) return;
        LogWriter(copy_.owner_url()).write(events);
        copied_ = {events.back().position, events.back().leaf_hash};
    }
    // Of what there is now, when all are there.
    void expect_same_both_ways(bool stopped = false) {
        const Head end = head();
        ASSERT_TRUE(followed_by_->reach(end));
        ASSERT_TRUE(copied_by_->reach(end));
        const Effects from_memory = followed_by_->effects(end), from_database = copied_by_->effects(end);
        expect_same(from_memory, from_database);
        EXPECT_EQ(from_memory.anybody_stopped, stopped);
    }
    // Of what was appended up to now.
    void copy_and_expect_same() {
        copy_log();
        expect_same_both_ways();
    }

    Database log_;
    Database copy_;
    const Instant now_ = log_.server_now();
    Story story_{log_};
    TcpProxy proxy_{port_of(log_.service_url())};
    Gate gate_;
    std::vector<std::shared_ptr<Looks>> looks_;  // of this process's followers
    std::shared_ptr<LogTail> tail_;
    postgres::PostgresStore other_{settings_of(log_.service_url()), [this] { return now_; }};
    std::optional<postgres::PostgresStore> node_;
    std::optional<AllFollowers> followed_by_;
    std::optional<AllFollowers> copied_by_;
    Cursor copied_;
};

// Whatever this process is told, in whatever order: what it appends itself and what another does, twice, too early, of
// another history, and nothing.
TEST_F(BothWays, TheSameFollowsWhateverIsInMemory) {
    start_node({256, 10'000'000, 8});
    std::mt19937 chance(20261130);
    const auto below = [&](int n) { return static_cast<int>(chance() % static_cast<unsigned>(n)); };
    const auto lies = [](Position first, Position last) {
        std::vector<RecordedEvent> events;
        for (Position position = first; position <= last; ++position) {
            RecordedEvent& event = events.emplace_back();
            event.position = position;
            event.stream_type = "user";
            event.type = "user.disabled";
            event.leaf_hash[0] = 0xFF;
            event.trust = RecordedEvent::Trust::kBelieved;
        }
        return events;
    };
    std::vector<Append> last;
    append_here(10);
    for (int round = 1; round <= 60; ++round) {
        const Position end = count();
        below(3) == 0 ? gate_.close() : gate_.open();  // they see what several of these come to, or each
        switch (below(8)) {
            case 0:
            case 1:
            case 2:
                last = as_commands(go_on(1 + below(6)), 1 + static_cast<std::size_t>(below(3)));
                append_all(*node_, last);
                break;
            case 3: append_elsewhere(1 + below(4)); break;
            case 4:  // commands come again
                for (const auto& verdict : append(*node_, last))
                    EXPECT_TRUE(verdict && std::holds_alternative<Duplicate>(*verdict));
                break;
            case 5: {  // and so do events, as from the writer and as from a reader
                const auto events = log_after({});
                const auto first = events.begin() + 1 + below(static_cast<int>(events.size()) - 1);
                const Cursor before{std::prev(first)->position, std::prev(first)->leaf_hash};
                const auto behind = below(2) == 0 ? std::optional(before) : std::nullopt;
                tail_->offer(tail_->epoch(), std::vector(first, events.end()), behind);
                break;
            }
            case 6: {  // of another history: over the end of this one, right behind it, beyond it
                gate_.close();
                const int which = below(3);
                if (which == 0) tail_->offer(tail_->epoch(), lies(end - 2, end + 2), Cursor{end - 3, {}});
                if (which == 1) tail_->offer(tail_->epoch(), lies(end + 1, end + 3), Cursor{end, {}});
                if (which == 2) tail_->offer(tail_->epoch(), lies(end + 5, end + 6));
                look();
                break;
            }
            case 7:
                below(2) == 0 ? tail_->expect(end + 100) : tail_->clear();
                followed_by_->hint();
                break;
        }
        if (round % 20 == 0) {
            gate_.open();
            copy_and_expect_same();
        }
        if (HasFailure()) return;
    }
    EXPECT_GT(tail_->counts().from_memory, 0U);
    EXPECT_GT(tail_->counts().from_log, 0U);
}

// What comes at once is more than memory holds, and more than a follower takes.
TEST_F(BothWays, TheSameFollowsFarBehindTheMemory) {
    start_node({4, 10'000'000, 8});
    for (int round = 0; round < 4; ++round) {
        gate_.close();
        append_here(60);
        append_elsewhere(1 + 20 * (round % 2));
        append_here(3);
        gate_.open();
        append_here(10);
    }
    copy_and_expect_same();
    EXPECT_GT(tail_->counts().from_log, 16U);
    for (int i = 0; i < 20; ++i) append_here(1);
    copy_and_expect_same();
    EXPECT_GT(tail_->counts().from_memory, 0U);
}

// The server has committed and the node does not hear of it: first its connection is gone for a moment, then for good,
// and at last the node itself, whose successor goes on.
TEST_F(BothWays, TheSameFollowsWhenANodeStopsBetweenCommitAndHandOver) {
    start_node({256, 10'000'000, 8});
    append_here(30);
    copy_and_expect_same();
    const auto commit_unheard = [&](Deadline deadline, const std::function<void()>& and_then) {
        const auto events = go_on(3);
        const Position then = count() + std::ssize(events);
        proxy_.hold_answers();
        Verdicts verdicts;
        std::thread caller([&] { verdicts = append(*node_, as_commands(events, events.size()), deadline); });
        EXPECT_TRUE(becomes([&] { return count() == then; }));
        EXPECT_TRUE(proxy_.wait_for_held_answer(std::chrono::seconds(30)));
        and_then();
        caller.join();
        return verdicts;
    };
    auto verdicts = commit_unheard(soon(), [this] { proxy_.cut(); });
    ASSERT_TRUE(verdicts.front() && std::holds_alternative<Appended>(*verdicts.front())) << "by its resend";
    copy_and_expect_same();
    append_here(10);
    copy_and_expect_same();

    verdicts = commit_unheard(std::chrono::steady_clock::now() + std::chrono::seconds(3), [this] {
        proxy_.refuse();
        proxy_.cut();
        copy_and_expect_same();
    });
    ASSERT_FALSE(verdicts.front());
    EXPECT_EQ(verdicts.front().error(), StoreError::kOutcomeUnknown);
    stop_node();
    proxy_.accept_again();
    append_elsewhere(5);
    start_node();
    append_here(20);
    copy_and_expect_same();
}

// A position is missing in the log, and memory goes on behind it: nobody gets over that (I1).
TEST_F(BothWays, AllStopAtTheSameHoleI1) {
    start_node();
    append_here(30);
    copy_and_expect_same();
    auto events = go_on(4);
    const Position end = count();
    for (std::size_t i = 0; i < events.size(); ++i) events[i].position = end + 2 + static_cast<Position>(i);
    copy_keys();
    LogWriter(log_.owner_url()).write(events);
    LogWriter(copy_.owner_url()).write(events);
    tail_->offer(tail_->epoch(), events);
    followed_by_->hint();
    expect_same_both_ways(true);
}

// The database is restored to an earlier state and goes on from there in another way, while the service runs. Memory
// has the old end of the log, then the new one.
TEST_F(BothWays, AllLeaveALostHistoryAlike) {
    start_node();
    append_here(40);
    copy_and_expect_same();
    const Position end = count();
    Story after(log_, 7);
    after.now = now_;
    after.random_events(20);
    after.publish();
    auto events = after.log().all();
    for (std::size_t i = 0; i < events.size(); ++i) events[i].position = end - 9 + static_cast<Position>(i);
    ASSERT_GT(events.back().position, end);
    copy_keys();
    for (const Database* database : {&log_, &copy_}) {
        // As in a server that is down: nobody reads a half of each.
        const std::string name = database->execute("select quote_ident(current_database())");
        database->execute("revoke connect on database " + name + " from public");
        database->execute("select pg_terminate_backend(pid, 60000) from pg_stat_activity"
                          " where datname = current_database() and pid <> pg_backend_pid()");
        database->execute("delete from keyledger.events where position > " + std::to_string(end - 10));
        LogWriter(database->owner_url()).write(events);
        database->execute("grant connect on database " + name + " to public");
    }
    tail_->offer(tail_->epoch(), events);
    copied_ = {events.back().position, events.back().leaf_hash};
    after.registers("afterwards@example.com");
    after.publish();
    const auto all = after.log().all();
    const auto commands = as_commands({all.begin() + std::ssize(events), all.end()}, 1);
    ASSERT_TRUE(becomes([&] {
        const auto verdicts = append(*node_, commands);
        return verdicts.front().has_value();
    }));
    ASSERT_EQ(head().cursor.position, events.back().position + 1);
    copy_log();
    expect_same_both_ways(true);
}

}  // namespace
}  // namespace keyledger::test
