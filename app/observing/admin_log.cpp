#include "app/observing/admin_log.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "domain/challenges/challenge.hpp"
#include "eventstore/any.hpp"
#include "eventstore/codec/events_codec.hpp"

namespace keyledger::app {
namespace {

using eventstore::ActorType;
using eventstore::EventMetadata;
using eventstore::NewEvent;

constexpr std::string_view kAdministered[] = {"application", "assignments", "group", "job",
                                              "log",         "nestings",    "role",  "session_cleanup"};
constexpr std::string_view kOwnDoings[] = {"anonymous_callers", "challenge", "consent",    "device_authorization",
                                           "registration",      "session",   "wrong_codes"};

eventstore::AnyEventPtr decoded(const NewEvent& event) {
    eventstore::RecordedEvent recorded;
    recorded.stream_type = event.stream_type;
    recorded.stream_id = event.stream_id;
    recorded.type = event.type;
    recorded.schema_version = event.schema_version;
    recorded.payload = event.payload;
    recorded.trust = eventstore::RecordedEvent::Trust::kBelieved;  // this process wrote it just now
    eventstore::NullFieldOpener opener;
    return eventstore::decode_any(recorded, opener);
}

// Whom a mail was asked for: an invitation, by which its reader sets a password, is no doing of whom it goes to.
std::string asked_for(const eventstore::AnyEvent& event) {
    const auto* of_challenge = eventstore::event_in<Challenge>(event);
    const auto* asked = of_challenge != nullptr ? std::get_if<ChallengeAsked>(of_challenge) : nullptr;
    return asked != nullptr && asked->subject ? asked->subject->to_string() : "";
}

LogEntry entry_of(const AdminAct& act, const EventMetadata& by, Position first_position, Instant now) {
    LogEntry entry;
    entry.at = now;
    entry.log = "admin";
    entry.message =
        act.action + " by " + std::string(stored_name(by.actor_type)) + (by.actor_id.empty() ? "" : " " + by.actor_id);
    if (first_position == 0) entry.message += ", and nobody knows yet whether it is in the log";
    entry.members = {{"action", act.action},
                     {"outcome", first_position > 0 ? "appended" : "unknown"},
                     {"actor_type", std::string(stored_name(by.actor_type))},
                     {"actor_id", by.actor_id},
                     {"session_id", by.session_id ? by.session_id->to_string() : ""},
                     {"target_type", act.target_type},
                     {"target_id", act.target_id.to_string()},
                     {"subject_id", act.subject_id},
                     {"reason", act.reason},
                     {"event_id", act.event_id.to_string()},
                     {"command_id", by.command_id},
                     {"request_id", by.request_id}};
    if (first_position > 0) entry.members.emplace_back("position", first_position + act.index);
    if (by.traceparent.size() == 55) entry.members.emplace_back("trace_id", by.traceparent.substr(3, 32));
    return entry;
}

}  // namespace

bool is_administered(std::string_view stream_type) {
    return std::ranges::find(kAdministered, stream_type) != std::end(kAdministered);
}
bool is_own_doing(std::string_view stream_type) {
    return std::ranges::find(kOwnDoings, stream_type) != std::end(kOwnDoings);
}

std::vector<AdminAct> admin_acts(const eventstore::Append& append, const EventMetadata& by, AdminActors actors) {
    std::vector<AdminAct> acts;
    const bool is_machine = by.actor_type == ActorType::kSystem && actors == AdminActors::kUsersAndSystem;
    if (by.actor_type != ActorType::kUser && !is_machine) return acts;
    for (std::size_t i = 0; i < append.events.size(); ++i) {
        const NewEvent& event = append.events[i];
        const std::string stream = event.stream_id.to_string();
        const bool is_challenge = event.stream_type == Challenge::kStreamType;
        const bool is_own = (is_own_doing(event.stream_type) && !is_challenge) || stream == by.actor_id;
        if (!is_machine && is_own) continue;
        const auto told = decoded(event);
        const About subject = eventstore::about(*told);
        std::string subject_id = is_challenge ? asked_for(*told) : "";
        if (subject.what == About::What::kAccount) subject_id = subject.id ? subject.id->to_string() : stream;
        const bool is_about_another = !subject_id.empty() && subject_id != by.actor_id;
        if (!is_machine && !is_about_another && !is_administered(event.stream_type)) continue;
        acts.push_back({static_cast<std::int32_t>(i), event.type, event.event_id, event.stream_type, event.stream_id,
                        std::move(subject_id), eventstore::audit_outcome(*told).reason.value_or("")});
    }
    return acts;
}

void AdminLog::serve(LogFormat format) {
    format_ = format == LogFormat::kColoredText ? LogFormat::kText : format;
    serves_ = true;
}

void AdminLog::write(const std::vector<AdminAct>& acts, const EventMetadata& by, Position first_position) noexcept try {
    if (file_.empty() && !serves_) return;
    const LogFormat format = file_.empty() ? format_ : LogFormat::kJson;
    const Instant now = clock_.now();
    std::string lines;
    for (const AdminAct& act : acts) {
        lines += line_of(entry_of(act, by, first_position, now), format);
        if (file_.empty()) put(std::exchange(lines, {}));
    }
    if (!lines.empty()) put(lines);
} catch (const std::exception& error) {
    spdlog::error("what an administrator did could not be written: {}", error.what());
}

// Opened for each append, so that whoever rotates the file tells nobody. One write: lines of several processes do not
// mix. It waits for nobody who reads a pipe.
void AdminLog::put(const std::string& line) {
    constexpr int kHow = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK;
    const int to = file_.empty() ? STDERR_FILENO : ::open(file_.c_str(), kHow, 0600);
    const bool is_whole = to >= 0 && ::write(to, line.data(), line.size()) == static_cast<ssize_t>(line.size());
    const int error = errno;
    if (!file_.empty() && to >= 0) ::close(to);
    if (!is_whole) spdlog::error("KEYLEDGER_ADMIN_LOG_FILE: {} can't be written: {}", file_, std::strerror(error));
}

}  // namespace keyledger::app
