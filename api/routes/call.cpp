#include "api/routes/call.hpp"

#include <algorithm>
#include <stdexcept>

#include "api/routes/bearer_tokens.hpp"
#include "api/routes/conditions.hpp"
#include "api/routes/reading.hpp"
#include "api/routes/refusals.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/entity_tags.hpp"
#include "commands/limits/rates.hpp"

namespace keyledger::api {
namespace {

constexpr const char* kNoTagDetail =
    "What this changes has no ETag, so that If-Match can only be '*' here. Send the request without it.";
constexpr const char* kBadKeyDetail = "Send one Idempotency-Key of 1 to 255 visible ASCII characters, such as a UUID.";

bool is_for_user(const RouteRow& row, const Context& context) {
    return row.authentication == Authentication::kUser ||
           (row.authentication == Authentication::kUserIfSealed && context.positions == PositionDisclosure::kSealed);
}

bool is_good_key(const Request& request, std::string_view key) {
    return request.headers.count("Idempotency-Key") == 1 && !key.empty() && key.size() <= kMaxIdempotencyKeyBytes &&
           std::ranges::all_of(key, [](char c) { return c > 0x20 && c < 0x7F; });
}

commands::Caller acting_caller(const Request& request, const commands::Bearer& bearer) {
    commands::Caller caller = caller_of(request).acting_as(bearer.user_id);
    caller.session_id = bearer.session_id;
    caller.precondition = precondition(request);
    return caller;
}

}  // namespace

boost::asio::awaitable<Result<void, Response>> Call::open() {
    if (!is_for_user(row_, context)) co_return Result<void, Response>{};
    auto opened = open_for_user();
    if (!opened) co_return opened;
    const Needs& needs = row_.needs;
    if (needs.permission != nullptr) {
        auto holder =
            co_await commands::access_with_permission(context.services, *needs.permission, *bearer_, request.deadline);
        if (!holder) co_return Unexpected(refuse(*this, holder.error()));
    }
    if (needs.model) {
        auto waited = co_await routes::wait_for_min_position(context, request, *needs.model);
        if (!waited) co_return waited;
    }
    if (needs.bad_id && !Uuid::parse(request.path_parameter("id")))
        co_return Unexpected(refuse(*this, commands::CommandError(*needs.bad_id)));
    if (needs.input == Input::kNothing) co_return take_key();
    co_return Result<void, Response>{};
}

// Requests that may change something are counted, and told to wait.
Result<void, Response> Call::open_for_user() {
    auto claims = user_of_token(context, request);
    if (!claims) return Unexpected(claims.error());
    bearer_ = (*claims)->bearer;
    if (row_.method == Method::kGet) return {};
    if (row_.needs.if_match == IfMatch::kOnlyAny && precondition(request))
        return Unexpected(problem(request, type_of(refusals::kPreconditionFailed), kNoTagDetail));
    auto taken = commands::admit_write(context.services, *bearer_);
    if (!taken) return Unexpected(refuse(*this, taken.error()));
    return {};
}

const commands::Bearer& Call::bearer() const {
    if (!bearer_) throw std::logic_error("the row of this route does not ask for a user's token");
    return *bearer_;
}

Uuid Call::path_id(std::string_view name) const { return Uuid::parse(request.path_parameter(name)).value_or(Uuid{}); }

const commands::Caller& Call::caller() const {
    if (!caller_) throw std::logic_error("the row takes no Idempotency-Key, or the handler finished no input");
    return *caller_;
}

Result<void, Response> Call::finish(JsonFields& body) {
    auto read = body.finish();
    return read ? take_key() : read;
}

Result<void, Response> Call::finish(FormFields& query) {
    auto read = query.finish();
    return read ? take_key() : read;
}

Result<void, Response> Call::take_key() {
    if (row_.needs.idempotency_key == KeyScope::kNone) return {};
    commands::Caller caller = acting_caller(request, bearer());
    const std::string session_id = bearer().session_id.to_string();
    if (const auto key = request.header("Idempotency-Key")) {
        if (!is_good_key(request, *key)) return Unexpected(problem(request, problems::kBadRequest, kBadKeyDetail));
        std::vector<std::string_view> whole;
        if (row_.needs.idempotency_key == KeyScope::kSession) whole.push_back(session_id);
        for (const Parameter& parameter : request.path_parameters) whole.push_back(parameter.value);
        Parameters query = request.query;
        std::ranges::sort(query, {}, &Parameter::name);
        for (const Parameter& parameter : query) whole.insert(whole.end(), {parameter.name, parameter.value});
        if (const auto if_match = request.header("If-Match")) whole.insert(whole.end(), {"If-Match", *if_match});
        whole.push_back(request.body);
        caller.idempotency = context.idempotency_keys.derive(row_.operation, caller.actor_id, *key, whole);
    }
    caller_ = std::move(caller);
    return {};
}

Response refuse(const Call& call, const commands::CommandError& error) { return refuse(call.request, error); }

Response done(const Call& call, const Result<commands::Receipt, commands::CommandError>& outcome) {
    if (!outcome) return refuse(call, outcome.error());
    return with_outcome(no_content(), *outcome);
}

}  // namespace keyledger::api
