#pragma once
// One database session of a follower of the log that only one process may run: it holds the advisory lock
// that says who leads, keeps the follower's checkpoint, and answers how streams began.
#include <memory>
#include <string>

#include "eventstore/cursor_store.hpp"
#include "eventstore/leadership.hpp"
#include "eventstore/stream_origins.hpp"

namespace keyledger::eventstore::postgres {

class Authenticity;

// Only `try_acquire` connects. Once the session is lost so is the lock, and everything else answers
// kUnavailable (or no) until the caller has asked for leadership again: nothing is written behind a lock that
// somebody else may hold.
class LeaderSession : public Leadership, public CursorStore, public StreamOrigins {
public:
    // `follower` names the lock and the row in `checkpoints`; `url` is of the service's role, on the primary.
    LeaderSession(std::string url, std::string follower, std::shared_ptr<Authenticity> authenticity = nullptr);
    ~LeaderSession() override;

    Candidacy try_acquire() override;
    bool still_held() override;
    void release() override;

    Result<Cursor, ReadError> load() override;
    // Does not wait for the disk: a checkpoint that a crash sets back makes the follower's next start less
    // strict, never wrong.
    Result<void, ReadError> store(const Cursor& cursor) override;

    Result<std::vector<RecordedEvent>, ReadError> first_events(const std::vector<Uuid>& streams) override;

private:
    struct Session;
    template <class Work>
    auto run(Work work) -> Result<decltype(work()), ReadError>;

    const std::string url_;
    const std::string follower_;
    const std::shared_ptr<Authenticity> authenticity_;
    std::unique_ptr<Session> session_;
    bool held_ = false;
};

}  // namespace keyledger::eventstore::postgres
