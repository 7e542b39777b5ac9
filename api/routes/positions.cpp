#include "api/routes/positions.hpp"

#include <algorithm>
#include <charconv>

#include "api/routes/bearer_tokens.hpp"
#include "api/wire/form.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/access/permissions.hpp"
#include "commands/runtime/key_on_other_node.hpp"

namespace keyledger::api {
namespace {

constexpr std::string_view kHeader = "Keyledger-Position";
constexpr std::string_view kPurpose = "position";
constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kNumberBytes = 8;
constexpr std::string_view kTellNothing[] = {"registerUser"};

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<Position> number_in(std::string_view text) {
    Position position = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), position);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (text != std::to_string(position)) return std::nullopt;  // "007" was never told
    return position;
}

std::string bytes_of(const Uuid& id) { return {id.bytes.begin(), id.bytes.end()}; }

// The same answer with another position, or none.
void tell(Response& response, const std::optional<std::string>& position) {
    Headers kept;
    for (std::size_t i = 0; i < response.headers.size(); ++i)
        if (const auto field = response.headers.at(i); field.name != kHeader) kept.add(field.name, field.value);
    if (position) kept.add(kHeader, *position);
    response.headers = std::move(kept);
}

// A change was counted when it was asked for. A token that can't be read here and now says nothing of its bearer.
commands::SharedClaims who_reads(Context& context, const Request& request) try {
    if (!bearer_token(request)) return nullptr;  // most often: no answer is made for nobody
    auto claims = user_of_token(context, request);
    if (!claims) return nullptr;
    return *claims;
} catch (const commands::KeyOnOtherNode&) {
    return nullptr;
}

boost::asio::awaitable<Response> answered(const Handler& handler, Context& context, Request& request) {
    Response response = co_await handler(request);
    const auto told = response.headers.find(kHeader);
    if (!told || context.positions == PositionDisclosure::kClear) co_return response;
    if (std::ranges::find(kTellNothing, request.operation) != std::end(kTellNothing)) {
        tell(response, std::nullopt);
        co_return response;
    }
    const auto position = number_in(*told);
    if (!position) co_return response;  // sealed by the route
    const bool as_number = co_await may_read_log(context, request);
    if (!as_number) tell(response, position_for_callers(context, *position));
    co_return response;
}

}  // namespace

boost::asio::awaitable<bool> may_read_log(Context& context, const Request& request) {
    if (context.positions == PositionDisclosure::kClear) co_return true;
    auto claims = who_reads(context, request);
    if (!claims) co_return false;
    auto known = co_await commands::access_with_permission(context.services, commands::kReadAudit, claims->bearer,
                                                           request.deadline);
    co_return known.has_value();
}

std::string position_for_callers(Context& context, Position position) {
    if (context.positions == PositionDisclosure::kClear) return std::to_string(position);
    std::string clear = bytes_of(context.log_id);
    for (std::size_t byte = kNumberBytes; byte-- > 0;)
        clear.push_back(static_cast<char>(static_cast<std::uint64_t>(position) >> 8 * byte));
    return context.cursors.seal(kPurpose, clear);
}

boost::asio::awaitable<std::optional<Position>> minimum_position(Context& context, const Request& request,
                                                                 std::string_view text) {
    if (is_number(text)) {
        // Or a caller could try numbers, and be told which are beyond the head.
        const bool may = co_await may_read_log(context, request);
        if (!may) co_return std::nullopt;
        co_return number_in(text);
    }
    const auto clear = context.cursors.open(kPurpose, text);
    if (!clear || clear->size() != kIdBytes + kNumberBytes) co_return std::nullopt;
    if (!clear->starts_with(bytes_of(context.log_id))) co_return std::nullopt;
    std::uint64_t position = 0;
    for (const char byte : std::string_view(*clear).substr(kIdBytes))
        position = position << 8 | static_cast<unsigned char>(byte);
    co_return static_cast<Position>(position);
}

std::vector<Route> telling_positions(std::vector<Route> routes, Context& context) {
    for (Route& route : routes)
        route.handler = [inner = std::move(route.handler), &context](Request& request) {
            return answered(inner, context, request);
        };
    return routes;
}

}  // namespace keyledger::api
