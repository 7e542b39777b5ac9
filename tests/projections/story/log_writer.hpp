#pragma once
// Writes events of a story to the log of a real database: as its owner, by SQL, with the hint that append
// gives.
#include <memory>
#include <string>
#include <vector>

#include "eventstore/store.hpp"

namespace keyledger::projections::test {

class LogWriter {
public:
    explicit LogWriter(const std::string& owner_url);
    ~LogWriter();
    // One transaction. The events follow those that are there.
    void write(const std::vector<eventstore::RecordedEvent>& events);

private:
    struct Session;
    std::unique_ptr<Session> session_;
};

}  // namespace keyledger::projections::test
