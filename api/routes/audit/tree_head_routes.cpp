// For auditors: what the log was when a tree head of it was signed. It tells how many events there are.
#include "api/routes/call.hpp"
#include "api/wire/problem_types.hpp"
#include "api/wire/write_json.hpp"
#include "commands/access/permissions.hpp"

namespace keyledger::api::routes {
namespace {

Reply show_tree_head(Call& call) {
    const auto head = call.context.tree_heads.newest();
    if (!head)
        co_return problem(call.request, problems::kNoTreeHead,
                          "No tree head was made yet: the log is empty, or the service has just begun.");
    JsonText text;
    text.text("log_id", head->log_id.to_string())
        .number("size", head->size)
        .text("root_hash", head->root_hash)
        .time("made_at", head->made_at)
        .text("note", head->note);
    Response response = json(200, text.finish());
    response.headers.add("Cache-Control", "no-store");
    co_return response;
}

// clang-format off
constexpr RouteRow kRows[] = {
    {"showTreeHead", Method::kGet, "/api/v1/audit/tree-head", show_tree_head, RateLimit::kOrdinary,
     Authentication::kUserIfSealed, {.permission = &commands::kReadAudit}},
};
// clang-format on

}  // namespace

RouteTable tree_head_routes() { return kRows; }

}  // namespace keyledger::api::routes
