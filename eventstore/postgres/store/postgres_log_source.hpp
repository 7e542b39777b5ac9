#pragma once
// Follows the log on PostgreSQL, on a connection of its own.
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "eventstore/log_source.hpp"

namespace keyledger::eventstore::postgres {

class Authenticity;

// What ends a wait() before its time. Each session that listens is woken by every append of every node, on both ends: a
// process needs one of them, which its committer is.
enum class WokenBy {
    kNotifications,  // the session listens
    kHintsAlone,     // interrupt() and hint(), by whoever hears of appends; without any of these the caller polls
};

// Connects when it is first asked, and again after a failure; the caller backs off. Between the calls it holds
// nothing but the connection. Without `authenticity` events come unchecked, for whoever only looks at their leaves.
class PostgresLogSource : public LogSource {
public:
    // A read takes no longer than `patience`; a session whose answer does not come then is replaced.
    static constexpr std::chrono::milliseconds kPatience{10'000};
    explicit PostgresLogSource(std::string url, std::shared_ptr<Authenticity> authenticity = nullptr,
                               std::chrono::milliseconds patience = kPatience,
                               WokenBy woken_by = WokenBy::kNotifications);
    ~PostgresLogSource() override;

    Result<std::vector<RecordedEvent>, ReadError> read_after(const Cursor& cursor, std::int32_t limit) override;
    Result<Head, ReadError> head() override;
    void wait(std::chrono::milliseconds at_most) override;
    void interrupt() override;
    // As interrupt(): for PostgresStore::on_appended, which hears of appends sooner than a NOTIFY arrives.
    void hint() { interrupt(); }

private:
    struct Session;
    Result<std::vector<RecordedEvent>, ReadError> read_from(const Cursor& cursor, std::int32_t limit, bool checked);
    void hear();

    std::unique_ptr<Session> session_;
    const std::shared_ptr<Authenticity> authenticity_;
    const WokenBy woken_by_;
    bool has_heard_ = false;  // since the last wait()
    Cursor last_;             // where the own last read ended; the cursor there is known to be good
    bool has_last_ = false;
    std::uint64_t checked_on_ = 0;  // on which of the session's connections
    int wake_fd_ = -1;
};

}  // namespace keyledger::eventstore::postgres
