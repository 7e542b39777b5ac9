#include "api/routes/auditor_routes.hpp"

#include "api/problem_types.hpp"
#include "api/write_json.hpp"

namespace keyledger::api::routes {

boost::asio::awaitable<Response> show_tree_head(Context& context, Request& request) {
    const auto head = context.tree_heads.newest();
    if (!head)
        co_return problem(request, problems::kNoTreeHead,
                          "No tree head was made yet: the log is empty, or the service has just begun.");
    JsonText text;
    text.text("log_id", head->log_id.to_string())
        .number("size", head->size)
        .text("root_hash", head->root_hash)
        .time("made_at", head->made_at_ms)
        .text("note", head->note);
    Response response = json(200, text.finish());
    response.headers.add("Cache-Control", "no-store");
    co_return response;
}

}  // namespace keyledger::api::routes
