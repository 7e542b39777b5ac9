#include "api/routes/audit/auditor_routes.hpp"

#include "api/routes/refusals.hpp"
#include "api/wire/problem_types.hpp"
#include "api/wire/write_json.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/access/permissions.hpp"

namespace keyledger::api::routes {

namespace {

// It tells how many events there are.
boost::asio::awaitable<Result<void, Response>> admit_reader(Context& context, const Request& request) {
    if (context.positions == Positions::kClear) co_return Result<void, Response>{};
    auto claims = authenticate(context, request);
    if (!claims) co_return Unexpected(claims.error());
    auto known = co_await commands::holder_of(context.services, commands::kReadAudit, claims->bearer, request.deadline);
    if (!known) co_return Unexpected(refuse(request, known.error()));
    co_return Result<void, Response>{};
}

}  // namespace

boost::asio::awaitable<Response> show_tree_head(Context& context, Request& request) {
    auto admitted = co_await admit_reader(context, request);
    if (!admitted) co_return admitted.error();
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
