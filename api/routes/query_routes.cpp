// The routes that read the read models: lists by keyset pages, each at a position of the log.
#include <charconv>
#include <ctime>

#include "api/form.hpp"
#include "api/refusals.hpp"
#include "api/routes/admin_routes.hpp"
#include "api/routes/answers.hpp"
#include "api/routes/auth_routes.hpp"
#include "commands/answers_at_head.hpp"
#include "projections/queries.hpp"

namespace keyledger::api::routes {
namespace {

namespace rows = keyledger::projections;
using commands::CommandError;
using commands::Refusal;
using rows::QueryError;

constexpr std::int64_t kDefaultPage = 50;
constexpr std::int64_t kMaxPage = 200;
constexpr std::size_t kMaxCursorBytes = 256;

Response refuse_query(const Request& request, QueryError error) {
    switch (error) {
        case QueryError::kUnavailable:
            return refuse(request, CommandError(Refusal::kUnavailable));
        case QueryError::kDeadline:
            return refuse(request, CommandError(Refusal::kOverloaded, 1));
        case QueryError::kPositionNotReached: {
            Problem behind{problems::kBehind,
                           "The read model has not reached Keyledger-Min-Position yet. Send the request again.", 1,
                           {}, {}};
            return problem(request, behind);
        }
        case QueryError::kPositionBeyondHead:
            return problem(request, problems::kPositionAhead,
                           "Send as Keyledger-Min-Position only what an answer's Keyledger-Position said.");
        case QueryError::kInvalid:
            return problem(request, problems::kBadRequest, "A parameter of the query is too long or not text.");
    }
    return problem(request, problems::kInternalError, "Something is broken in the service.");
}

std::optional<std::int64_t> parse_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// Read your own writes: waits until the read model holds the position that the caller names.
boost::asio::awaitable<Result<void, Response>> wait_for_min_position(Context& context, Request& request,
                                                                     rows::Model model) {
    const auto wanted = request.header("Keyledger-Min-Position");
    if (!wanted) co_return Result<void, Response>{};
    const auto position = parse_number(*wanted);
    if (!position || *position < 0)
        co_return Unexpected(problem(request, problems::kBadRequest, "Keyledger-Min-Position is a whole number."));
    auto head = co_await context.services.store.head(request.deadline);
    if (!head) co_return Unexpected(refuse(request, CommandError(commands::refusal_of(head.error()))));
    auto reached =
        co_await context.queries.wait_for(model, *position, head->cursor.position, request.deadline);
    if (!reached) co_return Unexpected(refuse_query(request, reached.error()));
    co_return Result<void, Response>{};
}

// The caller is an administrator, and the read model has what he wants to see.
boost::asio::awaitable<Result<void, Response>> admit_administrator(Context& context, Request& request,
                                                                   rows::Model model) {
    auto claims = authenticate(context, request);
    if (!claims) co_return Unexpected(claims.error());
    auto known = co_await commands::administrator_holding(context.services, claims->bearer, request.deadline);
    if (!known) co_return Unexpected(refuse(request, known.error()));
    auto waited = co_await wait_for_min_position(context, request, model);
    co_return waited;
}

struct PageRequest {
    std::int32_t limit = 0;
    std::optional<std::string> cursor;  // opened
};

// `limit` and `cursor`; a cursor of another list, or of another service, is refused as malformed.
PageRequest read_page(Context& context, FormFields& query, std::string_view list) {
    PageRequest page;
    page.limit = static_cast<std::int32_t>(query.optional_integer("limit", 1, kMaxPage).value_or(kDefaultPage));
    if (const auto sealed = query.optional_string("cursor", kMaxCursorBytes)) {
        page.cursor = context.cursors.open(list, *sealed);
        if (!page.cursor) query.refuse("cursor", "Give the 'next' of an answer of this very list, unchanged.");
    }
    return page;
}

Response page_answer(JsonText& json, const std::optional<std::string>& next, Position position) {
    json.text_or_null("next", next);
    return at_position(api::json(200, json.finish()), position);
}

std::optional<std::string> seal_position(Context& context, std::string_view list, bool more, Position position) {
    if (!more) return std::nullopt;
    return context.cursors.seal(list, std::to_string(position));
}

void write_user(JsonText& json, const rows::UserRow& user) {
    json.text("id", user.id.to_string())
        .text_or_null("email", user.email)
        .text_or_null("username", user.username)
        .text_or_null("name", user.name)
        .text("status", user.active ? "active" : "disabled")
        .truth("email_verified", user.email_verified)
        .truth("administrator", user.administrator)
        .time("created_at", user.created_at_ms);
}

void write_session(JsonText& json, const rows::SessionRow& session) {
    json.text("id", session.id.to_string())
        .text("client_id", session.client_id)
        .time("started_at", session.started_at_ms)
        .time("refreshed_at", session.refreshed_at_ms)
        .time("expires_at", session.expires_at_ms)
        .time_or_null("ended_at", session.ended_at_ms)
        .text_or_null("end_reason", session.end_reason)
        .text_or_null("client_address", session.client_address)
        .text_or_null("user_agent", session.user_agent);
}

void write_entry(JsonText& json, const rows::AuditEntry& entry) {
    const auto text_of = [](const std::optional<Uuid>& id) {
        return id ? std::optional(id->to_string()) : std::nullopt;
    };
    json.number("position", entry.position)
        .time("occurred_at", entry.occurred_at_ms)
        .text("type", entry.type)
        .begin_object("actor")
        .text("type", entry.actor_type)
        .text_or_null("id", entry.actor_id)
        .end_object()
        .text_or_null("user_id", text_of(entry.subject))
        .text("stream_type", entry.stream_type)
        .text("stream_id", entry.stream_id.to_string())
        .text("outcome", entry.succeeded ? "success" : "failure")
        .text_or_null("reason", entry.reason)
        .text_or_null("client_address", entry.client_address)
        .text_or_null("user_agent", entry.user_agent)
        .text_or_null("request_id", entry.request_id)
        .text_or_null("session_id", text_of(entry.session_id));
}

using SessionPage = rows::Page<rows::SessionRow, rows::SessionCursor>;

Response sessions_answer(Context& context, std::string_view list, const SessionPage& page,
                         const std::optional<Uuid>& current) {
    JsonText json;
    json.begin_array("items");
    for (const rows::SessionRow& session : page.items) {
        json.begin_object();
        write_session(json, session);
        if (current) json.truth("current", session.id == *current);
        json.end_object();
    }
    json.end_array();
    const auto next =
        seal_position(context, list, page.next.has_value(), page.next ? page.next->before : Position{0});
    return page_answer(json, next, page.position);
}

std::optional<rows::SessionCursor> session_cursor(const PageRequest& page) {
    if (!page.cursor) return std::nullopt;
    return rows::SessionCursor{parse_number(*page.cursor).value_or(0)};
}

// RFC 3339 in UTC, to the second or finer.
std::optional<std::int64_t> parse_time(std::string_view text) {
    std::tm utc{};
    const std::string copy(text);
    const char* rest = ::strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &utc);
    if (!rest) return std::nullopt;
    std::string_view tail(rest);
    std::int64_t ms = 0;
    if (tail.starts_with('.')) {
        const auto digits = tail.substr(1, tail.find_first_not_of("0123456789", 1) - 1);
        if (digits.empty() || digits.size() > 9) return std::nullopt;
        ms = parse_number((std::string(digits) + "00").substr(0, 3)).value_or(0);
        tail.remove_prefix(1 + digits.size());
    }
    if (tail != "Z") return std::nullopt;
    const int day = utc.tm_mday;
    const std::int64_t at_s = ::timegm(&utc);
    if (utc.tm_mday != day) return std::nullopt;  // it made the 30th of February the 2nd of March
    return at_s * 1000 + ms;
}

std::optional<std::int64_t> read_time(FormFields& query, std::string_view name) {
    const auto text = query.optional_string(name, 40);
    if (!text) return std::nullopt;
    const auto at_ms = parse_time(*text);
    if (!at_ms) query.refuse(name, "Give a time such as 2026-01-31T12:00:00Z (RFC 3339, UTC).");
    return at_ms;
}

std::optional<Uuid> read_uuid(FormFields& query, std::string_view name) {
    const auto text = query.optional_string(name, 36);
    if (!text) return std::nullopt;
    const auto id = Uuid::parse(*text);
    if (!id) query.refuse(name, "Give a UUID.");
    return id;
}

}  // namespace

Reply list_my_sessions(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    FormFields query = FormFields::of_query(request);
    const PageRequest page = read_page(context, query, "my-sessions");
    auto read = query.finish();
    if (!read) co_return read.error();
    auto known = co_await commands::who_holds(context.services, claims->bearer, request.deadline);
    if (!known) co_return refuse(request, known.error());
    auto waited = co_await wait_for_min_position(context, request, rows::Model::kSessions);
    if (!waited) co_return waited.error();
    rows::SessionFilter filter;
    filter.user = claims->bearer.user_id;
    filter.live = rows::SessionFilter::LiveAt{context.services.clock.now_ms(),
                                              context.services.settings.lifetimes.idle_ms};
    const auto cursor = session_cursor(page);
    auto sessions = co_await context.queries.list_sessions(filter, cursor, page.limit, request.deadline);
    if (!sessions) co_return refuse_query(request, sessions.error());
    co_return sessions_answer(context, "my-sessions", *sessions, claims->bearer.session_id);
}

Reply list_users(Context& context, Request& request) {
    auto admitted = co_await admit_administrator(context, request, rows::Model::kUsers);
    if (!admitted) co_return admitted.error();
    FormFields query = FormFields::of_query(request);
    const std::string search = query.optional_string("search", rows::kMaxSearchBytes).value_or("");
    const PageRequest page = read_page(context, query, "users");
    auto read = query.finish();
    if (!read) co_return read.error();
    std::optional<rows::UserCursor> cursor;
    if (page.cursor) cursor = rows::UserCursor{Uuid::parse(*page.cursor).value_or(Uuid{})};
    auto users = co_await context.queries.list_users(search, cursor, page.limit, request.deadline);
    if (!users) co_return refuse_query(request, users.error());
    JsonText json;
    json.begin_array("items");
    for (const rows::UserRow& user : users->items) {
        json.begin_object();
        write_user(json, user);
        json.end_object();
    }
    json.end_array();
    std::optional<std::string> next;
    if (users->next) next = context.cursors.seal("users", users->next->after.to_string());
    co_return page_answer(json, next, users->position);
}

Reply show_user(Context& context, Request& request) {
    auto admitted = co_await admit_administrator(context, request, rows::Model::kUsers);
    if (!admitted) co_return admitted.error();
    const auto user_id = Uuid::parse(request.path_parameter("id"));
    if (!user_id) co_return refuse(request, CommandError(Refusal::kUserUnknown));
    auto found = co_await context.queries.find_user(*user_id, request.deadline);
    if (!found) co_return refuse_query(request, found.error());
    if (!found->value) co_return refuse(request, CommandError(Refusal::kUserUnknown));
    JsonText json;
    write_user(json, *found->value);
    co_return at_position(api::json(200, json.finish()), found->position);
}

Reply list_user_sessions(Context& context, Request& request) {
    auto admitted = co_await admit_administrator(context, request, rows::Model::kSessions);
    if (!admitted) co_return admitted.error();
    const auto user_id = Uuid::parse(request.path_parameter("id"));
    if (!user_id) co_return refuse(request, CommandError(Refusal::kUserUnknown));
    FormFields query = FormFields::of_query(request);
    const PageRequest page = read_page(context, query, "user-sessions");
    auto read = query.finish();
    if (!read) co_return read.error();
    auto user = co_await context.queries.find_user(*user_id, request.deadline);
    if (!user) co_return refuse_query(request, user.error());
    if (!user->value) co_return refuse(request, CommandError(Refusal::kUserUnknown));
    rows::SessionFilter filter;
    filter.user = *user_id;
    const auto cursor = session_cursor(page);
    auto sessions = co_await context.queries.list_sessions(filter, cursor, page.limit, request.deadline);
    if (!sessions) co_return refuse_query(request, sessions.error());
    co_return sessions_answer(context, "user-sessions", *sessions, std::nullopt);
}

Reply list_audit(Context& context, Request& request) {
    auto admitted = co_await admit_administrator(context, request, rows::Model::kAudit);
    if (!admitted) co_return admitted.error();
    FormFields query = FormFields::of_query(request);
    rows::AuditFilter filter;
    filter.user = read_uuid(query, "user");
    filter.actor_id = query.optional_string("actor", 255);
    filter.type = query.optional_string("type", 64);
    filter.from_ms = read_time(query, "from");
    filter.until_ms = read_time(query, "to");
    const PageRequest page = read_page(context, query, "audit");
    auto read = query.finish();
    if (!read) co_return read.error();
    std::optional<rows::AuditCursor> cursor;
    if (page.cursor) cursor = rows::AuditCursor{parse_number(*page.cursor).value_or(0)};
    auto entries = co_await context.queries.list_audit(filter, cursor, page.limit, request.deadline);
    if (!entries) co_return refuse_query(request, entries.error());
    JsonText json;
    json.begin_array("items");
    for (const rows::AuditEntry& entry : entries->items) {
        json.begin_object();
        write_entry(json, entry);
        json.end_object();
    }
    json.end_array();
    const auto next = seal_position(context, "audit", entries->next.has_value(),
                                    entries->next ? entries->next->before : Position{0});
    co_return page_answer(json, next, entries->position);
}

}  // namespace keyledger::api::routes
