#pragma once
// What the routes that read the read models share: who may, from which position on, and which page.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/context.hpp"
#include "api/form.hpp"
#include "api/write_json.hpp"
#include "domain/access/permission.hpp"
#include "projections/queries.hpp"

namespace keyledger::api::routes {

Response refuse_query(const Request& request, projections::QueryError error);

// A whole number, and nothing else.
std::optional<std::int64_t> parse_number(std::string_view text);

// Read your own writes: waits until the read model holds the position that the caller names.
boost::asio::awaitable<Result<void, Response>> wait_for_min_position(Context& context, Request& request,
                                                                     projections::Model model);

// The caller holds the permission, and the read model has what he wants to see.
boost::asio::awaitable<Result<void, Response>> admit(Context& context, Request& request, Permission needed,
                                                     projections::Model model);

struct PageRequest {
    std::int32_t limit = 0;
    std::optional<std::string> cursor;  // opened
};
// `limit` and `cursor`; a cursor of another list, or of another service, is refused as malformed.
PageRequest read_page(Context& context, FormFields& query, std::string_view list);

Response page_answer(JsonText& json, const std::optional<std::string>& next, Position position);

void write_role(JsonText& json, const projections::RoleRow& role);

}  // namespace keyledger::api::routes
