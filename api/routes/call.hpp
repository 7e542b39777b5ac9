#pragma once
// Call: one request on its way through its route, with what was found out of it before the handler ran. It lives until
// the handler has answered, in the frame of the coroutine that waits for it, and one thread at a time uses it.
//
//     Reply unlock_user(Call& call) {
//         auto outcome = co_await unlock_user(call.services(), call.bearer(), call.id<User>(), call.caller());
//         co_return done(call, outcome);
//     }
#include <optional>
#include <string_view>

#include "api/routes/context.hpp"
#include "api/routes/route.hpp"
#include "api/wire/form.hpp"
#include "api/wire/read_json.hpp"

namespace keyledger::api {

class Call {
public:
    Call(const RouteRow& row, Context& context, Request& request) : context(context), request(request), row_(row) {}
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    // Sees to what the row needs; the error is the answer. Before the handler, and again before each further page of an
    // answer that takes long.
    boost::asio::awaitable<Result<void, Response>> open();

    Context& context;
    Request& request;
    const RouteRow& row() const noexcept { return row_; }
    commands::Services& services() const noexcept { return context.services; }

    // Whose token it is, in a row with Authentication::kUser. Throws std::logic_error in others.
    const commands::Bearer& bearer() const;
    // An id of the path, of what the path says; nil, which nobody has, for a text that is no UUID.
    template <class Of>
    Id<Of> id(std::string_view name = "id") const {
        return Id<Of>{path_id(name)};
    }
    // As whom a command is carried out, under the request's Idempotency-Key. Throws std::logic_error in a row without
    // an idempotency_key, and before finish() or take_key() in one with an input.
    const commands::Caller& caller() const;

    // All fields were asked for: what is wrong with them, and else with the key.
    Result<void, Response> finish(JsonFields& body);
    Result<void, Response> finish(FormFields& query);
    // For a handler that may have nothing to finish: the key alone. It stands for the request as a whole: operation,
    // path, query and body, byte for byte.
    Result<void, Response> take_key();

private:
    Uuid path_id(std::string_view name) const;
    Result<void, Response> open_for_user();

    const RouteRow& row_;
    std::optional<commands::Bearer> bearer_;
    std::optional<commands::Caller> caller_;
};

Response refuse(const Call& call, const commands::CommandError& error);
// 204 with the position, or why not.
Response done(const Call& call, const Result<commands::Receipt, commands::CommandError>& outcome);

}  // namespace keyledger::api
