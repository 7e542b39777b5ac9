#pragma once
// What the routes that read the read models share: from which position on, and which page.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/routes/call.hpp"
#include "api/wire/write_json.hpp"
#include "projections/engine/queries.hpp"

namespace keyledger::api::routes {

Response refuse_query(const Request& request, projections::QueryError error);

// A whole number, and nothing else.
std::optional<std::int64_t> parse_number(std::string_view text);

// Read your own writes: waits until the read model holds the position that the caller names.
boost::asio::awaitable<Result<void, Response>> wait_for_min_position(Context& context, Request& request,
                                                                     projections::Model model);

// The same of all that had been appended before: for what must miss nothing, as ending the sessions of a device.
boost::asio::awaitable<Result<void, Response>> wait_for_head(Context& context, Request& request,
                                                             projections::Model model);

struct PageRequest {
    std::int32_t limit = 0;
    std::optional<std::string> cursor;  // opened
    std::string list;                   // which one, with the filters and the path of the request
};
// `limit` and `cursor`; a cursor of another list, with other filters, or of another service is refused as malformed.
PageRequest read_page(const Call& call, FormFields& query, std::string_view list);
// The same of a list without filters: the whole query.
Result<PageRequest, Response> read_page(Call& call, std::string_view list);

// Where a list that is ordered by positions or ids goes on; the beginning for a cursor that says no place.
void read_place(std::string_view text, Position& place);
void read_place(std::string_view text, SubjectId& place);
inline std::string text_of_place(Position place) { return std::to_string(place); }
inline std::string text_of_place(const SubjectId& place) { return place.to_string(); }
template <class Cursor>
std::optional<Cursor> cursor_of(const PageRequest& page) {
    if (!page.cursor) return std::nullopt;
    Cursor cursor{};
    read_place(*page.cursor, cursor.after);
    return cursor;
}

// The items of a list, each written into an object of its own.
template <class Rows, class Write>
void write_items(JsonText& json, const Rows& rows, Write write) {
    json.begin_array("items");
    for (const auto& row : rows) {
        json.begin_object();
        write(json, row);
        json.end_object();
    }
    json.end_array();
}

// With its ETag, or 304.
Response page_answer(const Request& request, JsonText& json, const std::optional<std::string>& next, Position position);

// A page of a list that is ordered by positions or ids.
template <class Page, class Write>
Response list_answer(const Call& call, const PageRequest& asked, const Page& page, Write write) {
    JsonText json;
    write_items(json, page.items, write);
    std::optional<std::string> next;
    if (page.next) next = call.context.cursors.seal(asked.list, text_of_place(page.next->after));
    return page_answer(call.request, json, next, page.position);
}

}  // namespace keyledger::api::routes
