// The routes that read the read models: lists by keyset pages, each at a position of the log.
#include "api/routes/access/role_routes.hpp"
#include "api/routes/accounts/admin_routes.hpp"
#include "api/routes/accounts/auth_routes.hpp"
#include "api/routes/answers.hpp"
#include "api/routes/clients/service_account_routes.hpp"
#include "api/routes/conditions.hpp"
#include "api/routes/reading.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/form.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/entity_tags.hpp"
#include "commands/log/event_names.hpp"
#include "domain/base/nearest.hpp"
#include "domain/sessions/lifetime.hpp"
#include "projections/models/queries.hpp"

namespace keyledger::api::routes {
namespace {

namespace rows = keyledger::projections;
using commands::CommandError;
using commands::Refusal;
using rows::QueryError;

constexpr std::int32_t kExportPage = 500;  // entries in memory at a time
constexpr auto kExportPageTime = std::chrono::seconds(10);

std::optional<std::string> seal_position(Context& context, std::string_view list, bool more, Position position) {
    if (!more) return std::nullopt;
    return context.cursors.seal(list, std::to_string(position));
}

void write_service_account(JsonText& json, const rows::ServiceAccountRow& account) {
    json.text("id", account.id.to_string()).text("name", account.name).texts("audiences", account.audiences);
    json.text("status", account.enabled ? "enabled" : "disabled").time("created_at", account.created_at_ms);
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

// A session that nobody ended is over all the same once it is too old or was idle for too long: the rule is that of
// introspection.
rows::SessionRow as_it_stands(rows::SessionRow session, std::int64_t now_ms, std::int64_t idle_ms) {
    if (session.ended_at_ms) return session;
    const std::int64_t over = over_at_ms(session.refreshed_at_ms, session.expires_at_ms, idle_ms);
    if (now_ms < over) return session;
    session.ended_at_ms = over;
    session.end_reason = over == session.expires_at_ms ? "expired" : "idle";
    return session;
}

using SessionPage = rows::Page<rows::SessionRow, rows::SessionCursor>;

Response sessions_answer(Context& context, const Request& request, std::string_view list, const SessionPage& page,
                         const std::optional<Uuid>& current) {
    const std::int64_t now_ms = context.services.clock.now_ms();
    const std::int64_t idle_ms = context.services.settings.lifetimes.idle_ms;
    JsonText json;
    write_items(json, page.items, [&](JsonText& item, const rows::SessionRow& session) {
        write_session(item, as_it_stands(session, now_ms, idle_ms));
        if (current) item.truth("current", session.id == *current);
    });
    const auto next = seal_position(context, list, page.next.has_value(), page.next ? page.next->before : Position{0});
    return page_answer(request, json, next, page.position);
}

std::optional<rows::SessionCursor> session_cursor(const PageRequest& page) {
    if (!page.cursor) return std::nullopt;
    return rows::SessionCursor{parse_number(*page.cursor).value_or(0)};
}

constexpr std::size_t kMaxTimeBytes = 64;

std::optional<std::int64_t> read_time(FormFields& query, std::string_view name) {
    auto text = query.optional_string(name, kMaxTimeBytes);
    if (!text) return std::nullopt;
    // In a query, a '+' that was not escaped reads as a space: no time has one.
    std::ranges::replace(*text, ' ', '+');
    const auto at_ms = parse_rfc3339(*text);
    if (!at_ms) query.refuse(name, "Give a time such as 2026-01-31T12:00:00Z or 2026-01-31T14:00:00+02:00 (RFC 3339).");
    return at_ms;
}

std::optional<Uuid> read_uuid(FormFields& query, std::string_view name) {
    const auto text = query.optional_string(name, 36);
    if (!text) return std::nullopt;
    const auto id = Uuid::parse(*text);
    if (!id) query.refuse(name, "Give a UUID.");
    return id;
}

// A type that does not exist would find nothing, as if nothing had happened.
std::optional<std::string> read_event_type(FormFields& query) {
    auto text = query.optional_string("type", 64);
    if (!text) return text;
    const auto names = commands::event_names();
    if (std::ranges::find(names, *text) != names.end()) return text;
    const auto nearest = nearest_to(*text, names);
    query.refuse("type", nearest ? "There is no such type of event. Did you mean " + std::string(*nearest) + "?"
                                 : "There is no such type of event; docs/events.md lists them.");
    return text;
}

rows::AuditFilter read_audit_filter(FormFields& query) {
    rows::AuditFilter filter;
    filter.user = read_uuid(query, "user");
    filter.actor_id = query.optional_string("actor", 255);
    if (const auto id = Uuid::parse(filter.actor_id.value_or(""))) filter.actor_id = id->to_string();
    filter.type = read_event_type(query);
    filter.from_ms = read_time(query, "from");
    filter.until_ms = read_time(query, "to");
    return filter;
}

// RFC 4180. A cell that a spreadsheet would take for a formula is made text: user agents are written by anybody.
void add_cell(std::string& line, std::string_view value) {
    if (!line.empty()) line += ',';
    line += '"';
    if (!value.empty() && std::string_view("=+-@\t\r").find(value.front()) != value.npos) line += '\'';
    for (char c : value) {
        if (c == '"') line += '"';
        line += c;
    }
    line += '"';
}

std::string csv_line(const rows::AuditEntry& entry) {
    const auto id_text = [](const std::optional<Uuid>& id) { return id ? id->to_string() : std::string(); };
    std::string line;
    add_cell(line, std::to_string(entry.position));
    add_cell(line, rfc3339(entry.occurred_at_ms));
    add_cell(line, entry.type);
    add_cell(line, entry.actor_type);
    add_cell(line, entry.actor_id.value_or(""));
    add_cell(line, id_text(entry.subject));
    add_cell(line, entry.stream_type);
    add_cell(line, entry.stream_id.to_string());
    add_cell(line, entry.succeeded ? "success" : "failure");
    for (const auto* text : {&entry.reason, &entry.client_address, &entry.user_agent, &entry.request_id})
        add_cell(line, text->value_or(""));
    add_cell(line, id_text(entry.session_id));
    return line + "\r\n";
}
constexpr std::string_view kCsvHeader =
    "position,occurred_at,type,actor_type,actor_id,user_id,stream_type,stream_id,outcome,reason,client_address,"
    "user_agent,request_id,session_id\r\n";

// The audit trail a page at a time. Before each the caller is asked for again: who lost the permission gets
// no further. The listener keeps the request for as long as it asks for more.
class AuditExport : public BodyStream {
public:
    enum class Form { kNdjson, kCsv };
    AuditExport(Context& context, Request& request, rows::AuditFilter filter, Form form,
                rows::Page<rows::AuditEntry, rows::AuditCursor> first)
        : context_(context), request_(request), filter_(std::move(filter)), form_(form), page_(std::move(first)) {}

    boost::asio::awaitable<std::optional<std::string>> next() override {
        if (ended_) co_return std::string();
        if (begun_) {
            request_.deadline = std::chrono::steady_clock::now() + kExportPageTime;
            auto admitted = co_await admit(context_, request_, commands::kReadAudit, rows::Model::kAudit);
            if (!admitted) co_return std::nullopt;
            auto page = co_await context_.queries.list_audit(filter_, page_.next, kExportPage, request_.deadline);
            if (!page) co_return std::nullopt;
            page_ = std::move(*page);
        }
        std::string piece;
        if (!begun_ && form_ == Form::kCsv) piece = kCsvHeader;
        begun_ = true;
        ended_ = !page_.next.has_value();
        for (const rows::AuditEntry& entry : page_.items) piece += line_of(entry);
        co_return piece;
    }

private:
    std::string line_of(const rows::AuditEntry& entry) const {
        if (form_ == Form::kCsv) return csv_line(entry);
        JsonText json;
        write_entry(json, entry);
        return json.finish() + "\n";
    }

    Context& context_;
    Request& request_;
    const rows::AuditFilter filter_;
    const Form form_;
    rows::Page<rows::AuditEntry, rows::AuditCursor> page_;
    bool begun_ = false;
    bool ended_ = false;
};

}  // namespace

Reply list_my_sessions(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    FormFields query = FormFields::of_query(request);
    const std::string list = list_name(request, "my-sessions");
    const PageRequest page = read_page(context, query, list);
    auto read = query.finish();
    if (!read) co_return read.error();
    auto known = co_await commands::who_holds(context.services, claims->bearer, request.deadline);
    if (!known) co_return refuse(request, known.error());
    auto waited = co_await wait_for_min_position(context, request, rows::Model::kSessions);
    if (!waited) co_return waited.error();
    rows::SessionFilter filter;
    filter.user = claims->bearer.user_id;
    filter.live =
        rows::SessionFilter::LiveAt{context.services.clock.now_ms(), context.services.settings.lifetimes.idle_ms};
    const auto cursor = session_cursor(page);
    auto sessions = co_await context.queries.list_sessions(filter, cursor, page.limit, request.deadline);
    if (!sessions) co_return refuse_query(request, sessions.error());
    co_return sessions_answer(context, request, list, *sessions, claims->bearer.session_id);
}

Reply list_users(Context& context, Request& request) {
    auto admitted = co_await admit(context, request, commands::kReadUsers, rows::Model::kUsers);
    if (!admitted) co_return admitted.error();
    FormFields query = FormFields::of_query(request);
    const std::string search = query.optional_string("search", rows::kMaxSearchBytes).value_or("");
    const std::string list = list_name(request, "users");
    const PageRequest page = read_page(context, query, list);
    auto read = query.finish();
    if (!read) co_return read.error();
    const auto cursor = cursor_of<rows::UserCursor>(page);
    auto users = co_await context.queries.list_users(search, cursor, page.limit, request.deadline);
    if (!users) co_return refuse_query(request, users.error());
    co_return list_answer(context, request, list, *users, write_user);
}

Reply show_user(Context& context, Request& request) {
    auto admitted = co_await admit(context, request, commands::kReadUsers, rows::Model::kUsers);
    if (!admitted) co_return admitted.error();
    const auto user_id = Uuid::parse(request.path_parameter("id"));
    if (!user_id) co_return refuse(request, CommandError(Refusal::kUserUnknown));
    auto found = co_await context.queries.find_user(*user_id, request.deadline);
    if (!found) co_return refuse_query(request, found.error());
    if (!found->value) co_return refuse(request, CommandError(Refusal::kUserUnknown));
    JsonText json;
    write_user(json, *found->value);
    const rows::UserRow& user = *found->value;
    const std::string state = commands::user_tag({user.email, user.username, user.name, user.active});
    co_return with_entity_tag(request, at_position(api::json(200, json.finish()), found->position), state);
}

Reply show_lock_out(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    // A text that is no id is nobody's, and told so to those alone who may ask.
    const Uuid user_id = Uuid::parse(request.path_parameter("id")).value_or(Uuid{});
    auto found = co_await commands::lock_out_of(context.services, user_id, claims->bearer, request.deadline);
    if (!found) co_return refuse(request, found.error());
    const auto last_ms = found->last_failed_at_ms == 0 ? std::nullopt : std::optional(found->last_failed_at_ms);
    JsonText json;
    json.truth("locked", found->locked)
        .number("failures_in_a_row", found->failures_in_a_row)
        .time_or_null("last_failed_at", last_ms);
    co_return api::json(200, json.finish());
}

Reply list_roles(Context& context, Request& request) {
    auto admitted = co_await admit(context, request, commands::kReadRoles, rows::Model::kPermissions);
    if (!admitted) co_return admitted.error();
    FormFields query = FormFields::of_query(request);
    const std::string list = list_name(request, "roles");
    const PageRequest page = read_page(context, query, list);
    auto read = query.finish();
    if (!read) co_return read.error();
    const auto cursor = cursor_of<rows::RoleCursor>(page);
    auto roles = co_await context.queries.list_roles(cursor, page.limit, request.deadline);
    if (!roles) co_return refuse_query(request, roles.error());
    co_return list_answer(context, request, list, *roles, write_role);
}

Reply show_role(Context& context, Request& request) {
    auto admitted = co_await admit(context, request, commands::kReadRoles, rows::Model::kPermissions);
    if (!admitted) co_return admitted.error();
    const auto role_id = Uuid::parse(request.path_parameter("id"));
    if (!role_id) co_return refuse(request, CommandError(Refusal::kRoleUnknown));
    auto found = co_await context.queries.find_role(*role_id, request.deadline);
    if (!found) co_return refuse_query(request, found.error());
    if (!found->value) co_return refuse(request, CommandError(Refusal::kRoleUnknown));
    JsonText json;
    write_role(json, *found->value);
    const AccessRules rules(PermissionSet::of_texts(found->value->permissions),
                            PermissionSet::of_texts(found->value->deny));
    const std::string state = commands::role_tag(found->value->name, rules);
    co_return with_entity_tag(request, at_position(api::json(200, json.finish()), found->position), state);
}

Reply list_service_accounts(Context& context, Request& request) {
    auto admitted = co_await admit(context, request, commands::kReadClients, rows::Model::kServiceAccounts);
    if (!admitted) co_return admitted.error();
    FormFields query = FormFields::of_query(request);
    const std::string list = list_name(request, "service-accounts");
    const PageRequest page = read_page(context, query, list);
    auto read = query.finish();
    if (!read) co_return read.error();
    const auto cursor = cursor_of<rows::ServiceAccountCursor>(page);
    auto accounts = co_await context.queries.list_service_accounts(cursor, page.limit, request.deadline);
    if (!accounts) co_return refuse_query(request, accounts.error());
    co_return list_answer(context, request, list, *accounts, write_service_account);
}

Reply list_user_roles(Context& context, Request& request) {
    auto admitted = co_await admit(context, request, commands::kReadRoles, rows::Model::kPermissions);
    if (!admitted) co_return admitted.error();
    const auto user_id = Uuid::parse(request.path_parameter("id"));
    if (!user_id) co_return refuse(request, CommandError(Refusal::kUserUnknown));
    auto user = co_await commands::user_at_head(context.services, *user_id, request.deadline);
    if (!user) co_return refuse(request, user.error());
    auto roles = co_await context.queries.list_user_roles(*user_id, request.deadline);
    if (!roles) co_return refuse_query(request, roles.error());
    co_return assigned_roles_answer(request, *roles);
}

Reply list_user_sessions(Context& context, Request& request) {
    auto admitted = co_await admit(context, request, commands::kReadUsers, rows::Model::kSessions);
    if (!admitted) co_return admitted.error();
    const auto user_id = Uuid::parse(request.path_parameter("id"));
    if (!user_id) co_return refuse(request, CommandError(Refusal::kUserUnknown));
    FormFields query = FormFields::of_query(request);
    const std::string list = list_name(request, "user-sessions");
    const PageRequest page = read_page(context, query, list);
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
    co_return sessions_answer(context, request, list, *sessions, std::nullopt);
}

Reply list_audit(Context& context, Request& request) {
    auto admitted = co_await admit(context, request, commands::kReadAudit, rows::Model::kAudit);
    if (!admitted) co_return admitted.error();
    FormFields query = FormFields::of_query(request);
    const rows::AuditFilter filter = read_audit_filter(query);
    const std::string list = list_name(request, "audit");
    const PageRequest page = read_page(context, query, list);
    auto read = query.finish();
    if (!read) co_return read.error();
    std::optional<rows::AuditCursor> cursor;
    if (page.cursor) cursor = rows::AuditCursor{parse_number(*page.cursor).value_or(0)};
    auto entries = co_await context.queries.list_audit(filter, cursor, page.limit, request.deadline);
    if (!entries) co_return refuse_query(request, entries.error());
    JsonText json;
    write_items(json, entries->items, write_entry);
    const auto next =
        seal_position(context, list, entries->next.has_value(), entries->next ? entries->next->before : Position{0});
    co_return page_answer(request, json, next, entries->position);
}

Reply export_audit(Context& context, Request& request) {
    auto admitted = co_await admit(context, request, commands::kReadAudit, rows::Model::kAudit);
    if (!admitted) co_return admitted.error();
    FormFields query = FormFields::of_query(request);
    const rows::AuditFilter filter = read_audit_filter(query);
    const std::string form = query.optional_string("format", 16).value_or("ndjson");
    if (form != "ndjson" && form != "csv") query.refuse("format", "Give ndjson or csv.");
    auto read = query.finish();
    if (!read) co_return read.error();
    const std::optional<rows::AuditCursor> newest;
    auto first = co_await context.queries.list_audit(filter, newest, kExportPage, request.deadline);
    if (!first) co_return refuse_query(request, first.error());
    const bool csv = form == "csv";
    const Position position = first->position;
    Response response;
    response.content_type = csv ? "text/csv; charset=utf-8; header=present" : "application/x-ndjson";
    response.headers.add("Content-Disposition",
                         csv ? "attachment; filename=\"audit.csv\"" : "attachment; filename=\"audit.ndjson\"");
    response.stream = std::make_shared<AuditExport>(
        context, request, filter, csv ? AuditExport::Form::kCsv : AuditExport::Form::kNdjson, std::move(*first));
    co_return at_position(std::move(response), position);
}

}  // namespace keyledger::api::routes
