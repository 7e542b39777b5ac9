#include <algorithm>
#include <charconv>
#include <iostream>

#include "api/wire/write_json.hpp"
#include "app/cli/cli.hpp"
#include "app/cli/replay_sources.hpp"
#include "app/core/config_checks.hpp"
#include "commands/runtime/replay.hpp"
#include "domain/access/administrators.hpp"
#include "domain/access/assignments.hpp"
#include "domain/access/group.hpp"
#include "domain/access/nestings.hpp"
#include "domain/access/role.hpp"
#include "domain/anonymous_callers/anonymous_callers.hpp"
#include "domain/clients/service_account.hpp"
#include "domain/clients/service_token.hpp"
#include "domain/credentials/login_attempts.hpp"
#include "domain/jobs/job_outcome.hpp"
#include "domain/log/log_keeping.hpp"
#include "domain/sessions/session.hpp"
#include "domain/users/user.hpp"
#include "eventstore/subscription.hpp"

namespace keyledger::app {
namespace {

using api::JsonText;
using commands::Replay;

std::optional<ReplayEnd> replay_end_of(const std::string& at) {
    ReplayEnd until;
    if (at.empty()) return until;
    Position position = 0;
    const auto [end, error] = std::from_chars(at.data(), at.data() + at.size(), position);
    if (error == std::errc{} && end == at.data() + at.size() && position >= 0) {
        until.position = position;
        return until;
    }
    until.time = api::parse_rfc3339(at);
    if (until.time) return until;
    std::cerr << "keyledger: --at " << at
              << " is neither a position nor a time such as 2026-01-31T12:00:00Z or "
                 "2026-01-31T14:00:00+02:00\n";
    return std::nullopt;
}

// Whose history is asked for; neither: everybody's.
struct Asked {
    std::optional<UserId> user;
    std::optional<SessionId> session;
    bool wrong = false;
};
Asked asked_by(const ReplayAudit& options) {
    Asked asked;
    const auto read = [&]<class Of>(std::optional<Id<Of>>& id, const std::string& text, const char* name) {
        if (text.empty()) return;
        id = Id<Of>::parse(text);
        if (!id) std::cerr << "keyledger: " << name << ' ' << text << " is not a UUID\n";
        asked.wrong = asked.wrong || !id;
    };
    read(asked.user, options.user, "--user");
    read(asked.session, options.session, "--session");
    return asked;
}

// Of one user: the user's stream, the assignments and the sessions. Of one session: its stream and the users', for they
// end sessions.
Replay::Selection selection_of(const Asked& asked) {
    if (!asked.user && !asked.session) return {};
    return [asked](const eventstore::RecordedEvent& first) {
        if (first.stream_id == asked.user || first.stream_id == asked.session) return true;
        if (asked.user && first.stream_id == assignments_of(*asked.user)) return true;
        if (asked.session) return first.stream_type == User::kStreamType;
        return first.stream_type == Session::kStreamType &&
               first.payload.find(asked.user->to_string()) != std::string::npos;
    };
}

// ---- what is printed ------------------------------------------------------------------------------------------
std::string_view name_of(User::Status status) {
    switch (status) {
        case User::Status::kAbsent: return "absent";
        case User::Status::kActive: return "active";
        case User::Status::kDisabled: return "disabled";
        case User::Status::kErased: return "erased";
    }
    return "";
}

std::string_view name_of(ServiceAccount::Status status) {
    switch (status) {
        case ServiceAccount::Status::kAbsent: return "absent";
        case ServiceAccount::Status::kEnabled: return "enabled";
        case ServiceAccount::Status::kDisabled: return "disabled";
        case ServiceAccount::Status::kDeleted: return "deleted";
    }
    return "";
}

std::string_view name_of(ServiceToken::Status status) {
    switch (status) {
        case ServiceToken::Status::kAbsent: return "absent";
        case ServiceToken::Status::kLive: return "issued";
        case ServiceToken::Status::kRevoked: return "revoked";
        case ServiceToken::Status::kSpent: return "an assertion that was used";
    }
    return "";
}

// What was erased, or never set, was at no time.
std::optional<Instant> known(Instant at) { return at.is_set() ? std::optional(at) : std::nullopt; }

struct StateWriter {
    JsonText& json;
    const Replay& replay;
    const Uuid& id;

    void operator()(const User& user) const {
        json.text("status", name_of(user.status))
            .boolean("administrator", holds_administrators_role())
            .time_or_null("registered_at", known(user.registered_at))
            .time_or_null("erasure_due_at", user.erasure_due_at)
            .text("credential_id", user.credential_id.to_string())
            .number("security_stamp", user.security_stamp)
            .number("sessions_ended_before", user.sessions_ended_before);
    }
    void operator()(const Session& session) const {
        const auto owner = replay.streams().find(session.user_id);
        const User* user =
            owner == replay.streams().end() ? nullptr : eventstore::state_in<User>(*owner->second.fold.state);
        const bool ended_by_user = user && (user->ended_session(SessionId{id}, session.first_position) ||
                                            user->status != User::Status::kActive);
        const bool ended = session.status == Session::Status::kEnded;
        json.text("status", ended           ? "ended"
                            : ended_by_user ? "ended with its user's others"
                                            : "live")
            .text("user_id", session.user_id.to_string())
            .text("client_id", session.client_id)
            .texts("audiences", session.audiences)
            .number("generation", session.generation)
            .time_or_null("started_at", known(session.started_at))
            .time_or_null("refreshed_at", known(session.refreshed_at))
            .time_or_null("expires_at", known(session.expires_at));
    }
    void operator()(const AnonymousCallers& callers) const {
        json.text("status", callers.status == AnonymousCallers::Status::kErased ? "erased" : "kept");
    }
    void operator()(const Role& role) const {
        json.text("status", role.status == Role::Status::kDeleted ? "deleted" : "defined")
            .text("name", role.name)
            .texts("permissions", role.rules.allow.texts())
            .texts("deny", role.rules.deny.texts());
    }
    void operator()(const Assignments& assignments) const {
        json.texts("roles", texts_of(assignments.roles));
        json.texts("groups", texts_of(assignments.groups));
    }
    void operator()(const Group& group) const {
        json.text("status", group.status == Group::Status::kDeleted ? "deleted" : "defined").text("name", group.name);
    }
    void operator()(const Nestings& nestings) const {
        std::vector<std::string> pairs;
        for (const auto& [child, parents] : nestings.parents)
            for (const GroupId& parent : parents) pairs.push_back(child.to_string() + " " + parent.to_string());
        json.texts("child_and_parent", pairs);
    }
    void operator()(const Administrators& administrators) const { json.texts("users", texts_of(administrators.users)); }
    void operator()(const ServiceAccount& account) const {
        json.text("status", name_of(account.status))
            .text("name", account.name)
            .texts("audiences", account.audiences)
            .number("secrets", std::ssize(account.secrets))
            .number("keys", std::ssize(account.keys))
            .time_or_null("registered_at", known(account.registered_at));
    }
    void operator()(const ServiceToken& token) const {
        json.text("status", name_of(token.status))
            .text("service_account_id", token.service_account_id.to_string())
            .texts("audiences", token.audiences)
            .texts("scope", token.scope)
            .text("credential", token.credential)
            .time_or_null("expires_at", known(token.expires_at));
    }
    void operator()(const LogKeeping& log) const {
        json.texts("mac_keys_added", log.added).texts("mac_keys_closed", log.closed);
        json.number("disavowed", log.disavowed);
    }
    void operator()(const JobOutcome& job) const {
        const bool is_dead = job.status == JobOutcome::Status::kDead;
        json.text("status", is_dead ? "dead" : job.status == JobOutcome::Status::kDropped ? "dropped" : "due");
    }
    void operator()(const LoginAttempts& attempts) const {
        json.number("failures_in_a_row", attempts.failures_in_a_row);
    }

private:
    template <class Of>
    static std::vector<std::string> texts_of(const std::vector<Id<Of>>& ids) {
        std::vector<std::string> texts;
        for (const Id<Of>& one : ids) texts.push_back(one.to_string());
        return texts;
    }
    bool holds_administrators_role() const {
        const auto at = replay.streams().find(assignments_of(UserId{id}));
        const auto* assignments =
            at == replay.streams().end() ? nullptr : eventstore::state_in<Assignments>(*at->second.fold.state);
        return assignments && assignments->holds(kAdministratorRole);
    }
};

// Of streams of other aggregates no more is printed than what is said of all.
using DetailedAggregates =
    eventstore::Subscription<User, Session, LoginAttempts, AnonymousCallers, Role, Assignments, Administrators,
                             ServiceAccount, ServiceToken, Group, Nestings, LogKeeping, JobOutcome>;

std::string line_of(const Replay& replay, const Uuid& id, const Replay::Stream& stream) {
    JsonText json;
    json.text("kind", stream_type_of(*stream.fold.state)).text("id", id.to_string());
    DetailedAggregates::deliver(*stream.fold.state, StateWriter{json, replay, id});
    json.number("version", stream.fold.version)
        .number("last_position", stream.last_position)
        .time("last_at", stream.last_at);
    return json.finish();
}

// In the order in which the streams last moved.
std::vector<std::pair<Position, Uuid>> in_order(const Replay& replay, const ReplayAudit& options) {
    std::vector<std::pair<Position, Uuid>> order;
    for (const auto& [id, stream] : replay.streams())
        if (options.session.empty() || id == Uuid::parse(options.session)) order.emplace_back(stream.last_position, id);
    std::ranges::sort(order);
    return order;
}

std::optional<Config> config_for(const Environment& environment, ReplayAudit::From from) {
    switch (from) {
        case ReplayAudit::From::kDatabase: return require_config(environment, {ConfigPart::kDatabase});
        case ReplayAudit::From::kFile: return require_config(environment, {});
        case ReplayAudit::From::kKafka: {
            auto config = require_config(environment, {ConfigPart::kServing});
            if (config && config->kafka_brokers.empty()) {
                std::cerr << "keyledger: KEYLEDGER_KAFKA_BROKERS is not set\n";
                return std::nullopt;
            }
            if (!config) return config;
            const auto wrong = kafka_faults(*config);
            for (const std::string& sentence : wrong) std::cerr << "keyledger: " << sentence << '\n';
            if (!wrong.empty()) return std::nullopt;
            return config;
        }
    }
    return std::nullopt;
}

}  // namespace

Exit replay_audit(const Environment& environment, const ReplayAudit& options) {
    const auto until = replay_end_of(options.at);
    const Asked asked = asked_by(options);
    if (!until || asked.wrong) return Exit::kUsage;
    const auto config = config_for(environment, options.from);
    if (!config) return Exit::kUsage;
    Replay replay(selection_of(asked));
    const auto started = std::chrono::steady_clock::now();
    Position last = 0;
    switch (options.from) {
        case ReplayAudit::From::kDatabase: last = fold_database(*config, *until, replay); break;
        case ReplayAudit::From::kFile: last = fold_file(options.file, *until, replay); break;
        case ReplayAudit::From::kKafka: last = fold_topic(*config, *until, replay); break;
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    const auto order = in_order(replay, options);
    for (const auto& [position, id] : order) std::cout << line_of(replay, id, replay.streams().at(id)) << '\n';
    if (options.format == Format::kText)
        std::cerr << "Up to position " << last << ": folded " << replay.folded() << " events of "
                  << replay.streams().size() << " streams in " << seconds << " s.\n";
    const bool asked_for_one = !options.user.empty() || !options.session.empty();
    if (asked_for_one && order.empty()) {
        std::cerr << "keyledger: up to position " << last << " the log does not know it\n";
        return Exit::kFailed;
    }
    return Exit::kGood;
}

}  // namespace keyledger::app
