#pragma once
// What administrators did, on lines of their own: from the events that were appended, never from requests. A line is
// an event. It is written by the process that appended it, when the database has answered; what a crash in between
// loses here stands in the log, of which the audit trail tells. docs/operate/logs.md has the members.
#include <cstdint>
#include <string>
#include <vector>

#include "app/core/logging.hpp"
#include "commands/runtime/ports.hpp"
#include "eventstore/event_metadata.hpp"
#include "eventstore/store.hpp"

namespace keyledger::app {

// One event that an administrator's command is about to append.
struct AdminAct {
    std::int32_t index = 0;  // of the event in what is appended
    std::string action;      // its type
    Uuid event_id;
    std::string target_type;  // of its stream
    Uuid target_id;
    std::string subject_id;  // the account that it is about; empty: none
    std::string reason;      // as the audit trail tells it; empty: none
};

// Whose acts count, beside those of users on what is not their own account: in a command at the machine also what
// `system` does; in the service that is the service itself.
enum class AdminActors : std::uint8_t { kUsers, kUsersAndSystem };
// Nothing of it is personal or secret. Pure.
std::vector<AdminAct> admin_acts(const eventstore::Append& append, const eventstore::EventMetadata& by,
                                 AdminActors actors);

// Streams that only administrators write, whoever they are about; and those of one person's own doings, by which
// nobody administers anything, but for mails to others. Every other type is a matter of whose account it is.
bool is_administered(std::string_view stream_type);
bool is_own_doing(std::string_view stream_type);

class AdminLog {
public:
    // `file`: what is appended to, each line at once; empty: standard error, and in a command nothing.
    AdminLog(std::string file, const commands::Clock& clock) : file_(std::move(file)), clock_(clock) {}

    // From now on this process is the service. Before anything is appended.
    void serve(LogFormat format);
    AdminActors actors() const { return serves_ ? AdminActors::kUsers : AdminActors::kUsersAndSystem; }

    // `first_position` 0: whether they are in the log nobody knows. Any thread; throws nothing.
    void write(const std::vector<AdminAct>& acts, const eventstore::EventMetadata& by,
               Position first_position) noexcept;

private:
    void put(const std::string& line);

    const std::string file_;
    const commands::Clock& clock_;
    LogFormat format_ = LogFormat::kText;
    bool serves_ = false;
};

}  // namespace keyledger::app
