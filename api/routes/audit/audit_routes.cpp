// The audit trail: a page of it, or all of it as a stream.
#include "api/routes/call.hpp"
#include "api/routes/reading.hpp"
#include "api/wire/write_json.hpp"
#include "commands/access/permissions.hpp"
#include "commands/log/event_names.hpp"
#include "domain/base/nearest.hpp"
#include "projections/models/audit.hpp"

namespace keyledger::api::routes {
namespace {

namespace rows = keyledger::projections;

constexpr std::int32_t kExportPage = 500;  // entries in memory at a time
constexpr auto kExportPageTime = std::chrono::seconds(10);

void write_entry(JsonText& json, const rows::AuditEntry& entry) {
    const auto text_of = [](const std::optional<Uuid>& id) {
        return id ? std::optional(id->to_string()) : std::nullopt;
    };
    json.number("position", entry.position)
        .time("occurred_at", entry.occurred_at)
        .text("type", entry.type)
        .begin_object("actor")
        .text("type", entry.actor_type)
        .text_or_null("id", entry.actor_id)
        .end_object()
        .text_or_null("user_id", text_of(entry.subject))
        .text("stream_type", entry.stream_type)
        .text("stream_id", entry.stream_id.to_string())
        .text("outcome", entry.outcome)
        .text_or_null("reason", entry.reason)
        .text_or_null("client_address", entry.client_address)
        .text_or_null("user_agent", entry.user_agent)
        .text_or_null("request_id", entry.request_id)
        .text_or_null("session_id", text_of(entry.session_id));
}

constexpr std::size_t kMaxTimeBytes = 64;

std::optional<Instant> read_time(FormFields& query, std::string_view name) {
    auto text = query.optional_string(name, kMaxTimeBytes);
    if (!text) return std::nullopt;
    // In a query, a '+' that was not escaped reads as a space: no time has one.
    std::ranges::replace(*text, ' ', '+');
    const auto at = parse_rfc3339(*text);
    if (!at) query.refuse(name, "Give a time such as 2026-01-31T12:00:00Z or 2026-01-31T14:00:00+02:00 (RFC 3339).");
    return at;
}

std::optional<SubjectId> read_subject_id(FormFields& query, std::string_view name) {
    const auto text = query.optional_string(name, 36);
    if (!text) return std::nullopt;
    const auto id = SubjectId::parse(*text);
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
    filter.user = read_subject_id(query, "user");
    filter.actor_id = query.optional_string("actor", 255);
    if (const auto id = Uuid::parse(filter.actor_id.value_or(""))) filter.actor_id = id->to_string();
    filter.type = read_event_type(query);
    filter.from = read_time(query, "from");
    filter.until = read_time(query, "to");
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
    add_cell(line, rfc3339(entry.occurred_at));
    add_cell(line, entry.type);
    add_cell(line, entry.actor_type);
    add_cell(line, entry.actor_id.value_or(""));
    add_cell(line, id_text(entry.subject));
    add_cell(line, entry.stream_type);
    add_cell(line, entry.stream_id.to_string());
    add_cell(line, entry.outcome);
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
    AuditExport(const Call& call, rows::AuditFilter filter, Form form,
                rows::Page<rows::AuditEntry, rows::AuditCursor> first)
        : row_(call.row()),
          context_(call.context),
          request_(call.request),
          filter_(std::move(filter)),
          form_(form),
          page_(std::move(first)) {}

    boost::asio::awaitable<std::optional<std::string>> next() override {
        if (ended_) co_return std::string();
        if (begun_) {
            request_.deadline = std::chrono::steady_clock::now() + kExportPageTime;
            Call again(row_, context_, request_);
            auto opened = co_await again.open();
            if (!opened) co_return std::nullopt;
            auto page =
                co_await rows::list_audit(context_.queries, filter_, page_.next, kExportPage, request_.deadline);
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

    const RouteRow& row_;
    Context& context_;
    Request& request_;
    const rows::AuditFilter filter_;
    const Form form_;
    rows::Page<rows::AuditEntry, rows::AuditCursor> page_;
    bool begun_ = false;
    bool ended_ = false;
};

Reply list_audit(Call& call) {
    FormFields query = FormFields::of_query(call.request);
    const rows::AuditFilter filter = read_audit_filter(query);
    const PageRequest page = read_page(call, query, "audit");
    auto read = call.finish(query);
    if (!read) co_return read.error();
    std::optional<rows::AuditCursor> cursor;
    if (page.cursor) cursor = rows::AuditCursor{parse_number(*page.cursor).value_or(0)};
    auto entries = co_await rows::list_audit(call.context.queries, filter, cursor, page.limit, call.request.deadline);
    if (!entries) co_return refuse_query(call.request, entries.error());
    JsonText json;
    write_items(json, entries->items, write_entry);
    std::optional<std::string> next;
    if (entries->next) next = call.context.cursors.seal(page.list, text_of_place(entries->next->before));
    co_return page_answer(call.request, json, next, entries->position);
}

Reply export_audit(Call& call) {
    FormFields query = FormFields::of_query(call.request);
    const rows::AuditFilter filter = read_audit_filter(query);
    const std::string form = query.optional_string("format", 16).value_or("ndjson");
    if (form != "ndjson" && form != "csv") query.refuse("format", "Give ndjson or csv.");
    auto read = call.finish(query);
    if (!read) co_return read.error();
    const std::optional<rows::AuditCursor> newest;
    auto first = co_await rows::list_audit(call.context.queries, filter, newest, kExportPage, call.request.deadline);
    if (!first) co_return refuse_query(call.request, first.error());
    const bool csv = form == "csv";
    const Position position = first->position;
    Response response;
    response.content_type = csv ? "text/csv; charset=utf-8; header=present" : "application/x-ndjson";
    response.headers.add("Content-Disposition",
                         csv ? "attachment; filename=\"audit.csv\"" : "attachment; filename=\"audit.ndjson\"");
    response.stream = std::make_shared<AuditExport>(
        call, filter, csv ? AuditExport::Form::kCsv : AuditExport::Form::kNdjson, std::move(*first));
    co_return at_position(std::move(response), position);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

constexpr Needs kNeeds{.permission = &commands::kReadAudit, .model = rows::kAuditModel, .input = Input::kQuery};
// clang-format off
constexpr RouteRow kRows[] = {
    {"listAudit", kGet, "/api/v1/admin/audit", list_audit, kOrdinary, kUser, kNeeds},
    {"exportAudit", kGet, "/api/v1/admin/audit/export", export_audit, kOrdinary, kUser, kNeeds},
};
// clang-format on

}  // namespace

RouteTable audit_routes() { return kRows; }

}  // namespace keyledger::api::routes
