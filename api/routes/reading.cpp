#include "api/routes/reading.hpp"

#include <algorithm>
#include <charconv>

#include "api/routes/conditions.hpp"
#include "api/routes/positions.hpp"
#include "api/routes/refusals.hpp"
#include "commands/access/answers_at_head.hpp"

namespace keyledger::api::routes {
namespace {

namespace rows = keyledger::projections;
using commands::CommandError;
using rows::QueryError;

constexpr std::int64_t kDefaultPage = 50;
constexpr std::int64_t kMaxPage = 200;
constexpr std::size_t kMaxCursorBytes = 256;

// What a cursor of this list is good for.
std::string list_name(const Request& request, std::string_view list) {
    std::string name(list);
    const auto add = [&](const Parameter& parameter) {
        name += '&' + std::to_string(parameter.name.size()) + '=' + parameter.name;
        name += std::to_string(parameter.value.size()) + '=' + parameter.value;
    };
    for (const Parameter& parameter : request.path_parameters) add(parameter);
    Parameters filters = request.query;
    std::ranges::sort(filters, {}, &Parameter::name);
    for (const Parameter& filter : filters)
        if (filter.name != "cursor" && filter.name != "limit") add(filter);
    return name;
}

}  // namespace

Response refuse_query(const Request& request, QueryError error) {
    switch (error) {
        case QueryError::kUnavailable: return refuse(request, CommandError(refusals::kUnavailable));
        case QueryError::kDeadline: return refuse(request, CommandError(refusals::kOverloaded, seconds(1)));
        case QueryError::kPositionNotReached: {
            Problem behind{problems::kBehind,
                           "The read model has not reached Keyledger-Min-Position yet. Send the request again.",
                           seconds(1),
                           {},
                           {}};
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

void read_place(std::string_view text, Position& place) { place = parse_number(text).value_or(0); }
void read_place(std::string_view text, SubjectId& place) { place = SubjectId::parse(text).value_or(SubjectId{}); }

boost::asio::awaitable<Result<void, Response>> wait_for_min_position(Context& context, Request& request,
                                                                     rows::Model model) {
    const auto wanted = request.header("Keyledger-Min-Position");
    if (!wanted) co_return Result<void, Response>{};
    const auto position = co_await minimum_position(context, request, *wanted);
    if (!position)
        co_return Unexpected(problem(request, problems::kBadRequest,
                                     "Send as Keyledger-Min-Position only what an answer's Keyledger-Position said."));
    auto head = co_await context.services.store.head(request.deadline);
    if (!head) co_return Unexpected(refuse(request, CommandError(head.error())));
    auto reached = co_await context.queries.wait_for(model, *position, head->cursor.position, request.deadline);
    if (!reached) co_return Unexpected(refuse_query(request, reached.error()));
    co_return Result<void, Response>{};
}

boost::asio::awaitable<Result<void, Response>> wait_for_head(Context& context, Request& request, rows::Model model) {
    auto head = co_await context.services.store.head(request.deadline);
    if (!head) co_return Unexpected(refuse(request, CommandError(head.error())));
    const Position position = head->cursor.position;
    auto reached = co_await context.queries.wait_for(model, position, position, request.deadline);
    if (!reached) co_return Unexpected(refuse_query(request, reached.error()));
    co_return Result<void, Response>{};
}

PageRequest read_page(const Call& call, FormFields& query, std::string_view list) {
    PageRequest page;
    page.list = list_name(call.request, list);
    page.limit = static_cast<std::int32_t>(query.optional_integer("limit", 1, kMaxPage).value_or(kDefaultPage));
    if (const auto sealed = query.optional_string("cursor", kMaxCursorBytes)) {
        page.cursor = call.context.cursors.open(page.list, *sealed);
        if (!page.cursor)
            query.refuse("cursor",
                         "Give the 'next' of an answer of this very list, unchanged and with the same filters.");
    }
    return page;
}

Result<PageRequest, Response> read_page(Call& call, std::string_view list) {
    FormFields query = FormFields::of_query(call.request);
    PageRequest page = read_page(call, query, list);
    auto read = call.finish(query);
    if (!read) return Unexpected(read.error());
    return page;
}

Response page_answer(const Request& request, JsonText& json, const std::optional<std::string>& next,
                     Position position) {
    json.text_or_null("next", next);
    Response response = at_position(api::json(200, json.finish()), position);
    // Sealed anew in every answer; where the next page begins follows from the last item.
    std::string answer = response.body;
    if (next) answer.resize(answer.size() - next->size() - std::string_view("\"}").size());
    return with_entity_tag(request, std::move(response), "", answer);
}

}  // namespace keyledger::api::routes
