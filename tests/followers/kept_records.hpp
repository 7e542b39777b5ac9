#pragma once
// A publisher's part without a broker: reads the log as one does, makes the records that it would send, and keeps them.
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "eventstore/kafka/publishing/output.hpp"

namespace keyledger::test {

class KeptRecords : public eventstore::StreamOrigins {
public:
    // Begins at the log's beginning, at once.
    KeptRecords(eventstore::kafka::OutputKind kind, std::unique_ptr<eventstore::LogSource> source);
    ~KeptRecords() override;
    KeptRecords(const KeptRecords&) = delete;
    KeptRecords& operator=(const KeptRecords&) = delete;

    // From any thread.
    void hint() { source_->interrupt(); }
    Position position() const;
    std::string stopped() const;  // why it does not go on; empty: it does
    std::vector<std::string> all() const;

private:
    void run();
    std::vector<std::string> made_of(const eventstore::FollowedEvents& events);
    void stop(const std::string& why);
    // It has seen every session begin.
    Result<std::vector<eventstore::RecordedEvent>, eventstore::ReadError> first_events(
        const std::vector<Uuid>& streams) override;

    const std::unique_ptr<eventstore::kafka::Output> output_;
    const std::unique_ptr<eventstore::LogSource> source_;
    std::atomic<bool> stopping_ = false;
    mutable std::mutex mutex_;  // guards what follows
    Position position_ = 0;
    std::string stopped_;
    std::vector<std::string> records_;
    std::thread thread_;
};

}  // namespace keyledger::test
