#include "reactors/log_outs.hpp"

#include "commands/sessions/record_ends.hpp"
#include "domain/applications/application.hpp"
#include "domain/consents/consent.hpp"
#include "domain/sessions/grounds.hpp"
#include "domain/users/user.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "eventstore/subscription.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::reactors {
namespace {

using commands::Freshness;

constexpr std::string_view kSessionEnded = "session-ended";
constexpr std::string_view kSessionsEnded = "sessions-ended";  // of a user, together
constexpr std::string_view kConsentWithdrawn = "consent-withdrawn";

constexpr std::size_t kMostOfAnAnswer = 4 * 1024;  // nobody reads it
constexpr std::chrono::milliseconds kPatienceWithApplications{10'000};
// An answer that says no for good: the next attempt would be told the same (sections 2.5 and 2.8).
constexpr int kRefusedBelow = 500;
constexpr int kTooManyRequests = 429;
constexpr int kTimeout = 408;

struct Planner {
    const Uuid& stream_id;

    std::vector<PlannedJob> operator()(const SessionEvent& event) const {
        if (!std::holds_alternative<SessionEnded>(event)) return {};
        return {{std::string(kSessionEnded), stream_id}};
    }
    std::vector<PlannedJob> operator()(const UserEvent& event) const {
        if (!end_of_sessions(event)) return {};
        return {{std::string(kSessionsEnded), stream_id}};
    }
    std::vector<PlannedJob> operator()(const ConsentEvent& event) const {
        const auto* withdrawn = std::get_if<ConsentWithdrawn>(&event);
        if (withdrawn == nullptr) return {};
        return {{std::string(kConsentWithdrawn), withdrawn->user_id, {withdrawn->application_id}}};
    }
};
using Concerns = eventstore::Subscription<User, Session, Consent>;

commands::Caller reacting_caller(Deadline deadline) {
    commands::Caller caller;
    caller.actor_type = eventstore::ActorType::kSystem;
    caller.request_id = "reactor";
    caller.deadline = deadline;
    return caller;
}

// The same at each attempt. It tells neither the position nor how many events there are (I14).
std::string token_id_of(const JobId& job) { return security::uuid_of(security::sha256(job.to_string())).to_string(); }

Performed come_of(const commands::OutgoingAnswer& answer) {
    if (answer.status >= 200 && answer.status < 300) return Done{};
    const std::string code = "answered-" + std::to_string(answer.status);
    const bool refused = answer.status >= 400 && answer.status < kRefusedBelow;
    if (!refused || answer.status == kTooManyRequests || answer.status == kTimeout) return Again{code};
    return Dead{code};
}
Performed come_of(commands::OutgoingFault fault) {
    using Fault = commands::OutgoingFault;
    const std::string code{commands::name_of(fault)};
    // What configuration, or the application's, has to say differently.
    if (fault == Fault::kBadUrl || fault == Fault::kForbiddenHost || fault == Fault::kRedirected) return Dead{code};
    return Again{code};
}

}  // namespace

// Whose sessions are looked through, and which of them may rest on what ended.
struct LogOuts::Ended {
    UserId user_id;
    std::optional<SessionId> browser_session_id{};
    std::optional<std::string> client_id{};

    // Those that ended by themselves, or before, are told already.
    bool concerns(const ListedSession& row, Position position) const {
        if (client_id && row.client_id != *client_id) return false;
        if (row.first_position >= position) return false;
        return !row.ended_position || *row.ended_position == position;
    }
};

std::vector<PlannedJob> LogOuts::plan(const SealedEvent& event) const {
    std::vector<PlannedJob> jobs;
    Concerns::deliver(*event.event, [&](const auto& of_one) { jobs = Planner{event.recorded->stream_id}(of_one); });
    return jobs;
}

// The end of a session is recorded where it is over, and told as the log has it: rows that no event has caused do
// nothing that is not so.
asio::awaitable<Performed> LogOuts::perform(Job job, Deadline deadline) {
    if (job.kind == kSessionEnded) {
        auto performed = co_await perform_end_of_session(job, deadline);
        co_return performed;
    }
    Ended ended{UserId{job.subject}};
    if (job.kind == kConsentWithdrawn && job.arguments.size() == 1) ended.client_id = job.arguments[0].to_string();
    else if (job.kind != kSessionsEnded) co_return Again{"unknown-kind"};  // a node of a newer version may know it
    auto performed = co_await record_ends(job, ended, deadline);
    co_return performed;
}

asio::awaitable<Performed> LogOuts::perform_end_of_session(const Job& job, Deadline deadline) {
    std::vector<commands::LoadStream> streams{{job.subject, Session::kStreamType}};
    const auto fold = co_await parts_.services.executor.folder().load(std::move(streams), Freshness::kAtHead, deadline);
    if (!fold) co_return Again{"log-unavailable"};
    const Session session = commands::state_of<Session>(fold->front());
    if (session.status != Session::Status::kEnded) co_return Again{"not-planned"};
    if (application_of(session)) {
        auto performed = co_await tell(job, session, deadline);
        co_return performed;
    }
    if (session.client_id != kBrowserClientId) co_return Done{"no-application"};
    const Ended ended{session.user_id, SessionId{job.subject}};
    auto performed = co_await record_ends(job, ended, deadline);
    co_return performed;
}

asio::awaitable<Performed> LogOuts::record_ends(const Job& job, const Ended& ended, Deadline deadline) {
    const auto rows = co_await parts_.sessions(ended.user_id, job.id.position, deadline);
    if (!rows) co_return Again{"sessions-unavailable"};
    for (const ListedSession& row : *rows) {
        if (!ended.concerns(row, job.id.position)) continue;
        const auto again = co_await record_end(row.id, ended, deadline);
        if (again) co_return *again;
    }
    co_return Done{};
}

// What rests on another browser's session is left alone by the command, too; it costs less not to ask.
asio::awaitable<std::optional<Again>> LogOuts::record_end(const SessionId& session_id, const Ended& ended,
                                                          Deadline deadline) {
    if (ended.browser_session_id) {
        std::vector<commands::LoadStream> streams{{session_id, Session::kStreamType}};
        const auto fold =
            co_await parts_.services.executor.folder().load(std::move(streams), Freshness::kCached, deadline);
        if (!fold) co_return Again{"log-unavailable"};
        if (commands::state_of<Session>(fold->front()).browser_session_id != ended.browser_session_id)
            co_return std::nullopt;
    }
    const auto recorded =
        co_await commands::record_end_of_session(parts_.services, session_id, reacting_caller(deadline));
    if (!recorded) co_return Again{"log-unavailable"};
    co_return std::nullopt;
}

asio::awaitable<Performed> LogOuts::tell(const Job& job, const Session& session, Deadline deadline) {
    std::vector<commands::LoadStream> streams{{*application_of(session), Application::kStreamType}};
    const auto fold = co_await parts_.services.executor.folder().load(std::move(streams), Freshness::kAtHead, deadline);
    if (!fold) co_return Again{"log-unavailable"};
    const Application application = commands::state_of<Application>(fold->front());
    const auto& uri = application.definition.backchannel_logout_uri;
    if (!application.exists() || !uri) co_return Done{"not-asked"};
    commands::LogoutToken told{session.client_id, session.user_id, SessionId{job.subject}, token_id_of(job.id),
                               application.definition.id_token_algorithm};
    auto token = co_await parts_.tokens.issue(std::move(told));
    commands::OutgoingRequest request;
    request.url = *uri;
    request.most_bytes = kMostOfAnAnswer;
    request.within = kPatienceWithApplications;
    request.body = {"application/x-www-form-urlencoded", Secret("logout_token=" + token)};
    const auto answer = co_await parts_.outgoing.ask(std::move(request), deadline);
    co_return answer ? come_of(*answer) : come_of(answer.error());
}

}  // namespace keyledger::reactors
