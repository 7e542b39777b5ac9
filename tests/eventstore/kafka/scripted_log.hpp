#pragma once
// A log in memory that follows from its seed: the same seed gives the same events, in every process. For one
// follower.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/cursor_store.hpp"
#include "eventstore/leadership.hpp"
#include "eventstore/log_source.hpp"
#include "eventstore/stream_origins.hpp"

namespace keyledger::test {

// In every personal value, clear and sealed: neither may be found outside.
inline constexpr std::string_view kClearMark = "CLEAR-PERSONAL";
inline constexpr std::string_view kSealedMark = "SEALED-PERSONAL";

class ScriptedLog : public eventstore::LogSource, public eventstore::StreamOrigins {
public:
    explicit ScriptedLog(std::uint64_t seed, std::size_t users = 20);

    // Appends events of many users, sessions and failed log-ins, and wakes the follower.
    void grow(std::size_t count);
    void append(std::string stream_type, const Uuid& stream_id, std::string type, std::string payload);

    Uuid log_id() const { return log_id_; }
    eventstore::RecordedEvent at(Position position) const;
    std::string subject_of(Position position) const;  // by the script, not by the code under test
    Position size() const;
    eventstore::Cursor cursor_at(Position position) const;

    // ---- what befalls databases
    void be(const Uuid& log_id) { log_id_ = log_id; }
    void cut_after(Position position);
    void rewrite(Position position,
                 std::string metadata);  // another event in its place, with its own leaf hash
    void go_away(bool away);
    std::size_t origin_questions() const { return origin_questions_; }

    Result<std::vector<eventstore::RecordedEvent>, eventstore::ReadError> read_after(const eventstore::Cursor& cursor,
                                                                                     std::int32_t limit) override;
    Result<eventstore::Head, eventstore::ReadError> head() override;
    void wait(std::chrono::milliseconds at_most) override;
    void interrupt() override;
    Result<std::vector<eventstore::RecordedEvent>, eventstore::ReadError> first_events(
        const std::vector<Uuid>& streams) override;

private:
    struct Stream {
        Uuid id;
        std::size_t user = 0;
        std::int32_t version = 0;
    };
    Uuid next_id();
    void add_one();
    void add(std::string stream_type, Stream& stream, std::string type, std::string payload, std::string subject);
    eventstore::Cursor cursor_of(Position position) const;

    Uuid log_id_;
    mutable std::mutex mutex_;
    std::condition_variable grown_;
    bool interrupted_ = false;
    Position seen_ = 0;  // by the follower
    bool away_ = false;
    std::size_t origin_questions_ = 0;
    std::mt19937_64 random_;
    std::vector<Stream> users_;
    std::vector<Stream> attempts_;
    std::vector<Stream> sessions_;
    std::vector<eventstore::RecordedEvent> events_;
    std::vector<std::string> subjects_;
};

class MemoryCursor : public eventstore::CursorStore {
public:
    Result<eventstore::Cursor, eventstore::ReadError> load() override { return cursor; }
    Result<void, eventstore::ReadError> store(const eventstore::Cursor& next) override {
        if (next.position > cursor.position) cursor = next;
        return {};
    }
    eventstore::Cursor cursor;
};

// Leads whenever it is asked, unless told otherwise: the courtesy that I9 must not depend on.
class AlwaysLeads : public eventstore::Leadership {
public:
    eventstore::Candidacy try_acquire() override { return answer; }
    bool still_held() override { return answer == eventstore::Candidacy::kLeading; }
    void release() override { ++released; }
    std::atomic<eventstore::Candidacy> answer{eventstore::Candidacy::kLeading};
    std::atomic<int> released{0};
};

}  // namespace keyledger::test
