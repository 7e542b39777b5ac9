#pragma once
// keyledger.jobs, as those who perform jobs and operators see it, over one database session of the service's role. Not
// thread-safe; calls block, and throw libpqxx's exceptions.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reactors/engine/job_listing.hpp"
#include "reactors/engine/reactor.hpp"

namespace keyledger::reactors {

class JobQueue {
public:
    JobQueue(const std::string& database_url, const std::string& application_name);
    ~JobQueue();

    // What is due for the longest, if anything is; nobody else gets it within the lease.
    std::optional<Job> claim(const Uuid& log_id, std::string_view reactor, std::chrono::milliseconds lease);
    // What came of the attempt. False: the lease was lost and somebody else has it, or an operator ended it.
    bool finish_done(const Job& job, std::string_view code = {});  // code: why it is futile
    bool finish_again(const Job& job, std::chrono::milliseconds after, std::string_view code);
    bool finish_dead(const Job& job, std::string_view code);

    JobCounts count(const Uuid& log_id, std::string_view reactor);
    Uuid log_id();
    // Of this log, by their names.
    std::vector<ListedJob> list(const JobSelection& selection);
    std::optional<ListedJob> find(const JobId& id);
    // False: the job is in no state for it.
    bool retry(const JobId& id);
    bool drop(const JobId& id);

private:
    struct Session;  // keeps libpqxx from whoever asks
    bool finish(const Job& job, const char* state, std::chrono::milliseconds after, std::optional<std::string> code);
    bool change(const char* statement, const JobId& id);

    const std::unique_ptr<Session> session_;
};

}  // namespace keyledger::reactors
