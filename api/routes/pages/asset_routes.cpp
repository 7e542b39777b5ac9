// What pages load. Its names have a digest of the text in them: browsers keep it for good, and a new text has a new
// name.
#include "api/pages/pages.hpp"
#include "api/pages/theme_style.hpp"
#include "api/routes/call.hpp"
#include "api/routes/conditions.hpp"
#include "api/routes/static_answer.hpp"

namespace keyledger::api::routes {
namespace {

constexpr std::string_view kKeptForGood = "public, max-age=31536000, immutable";

Reply show_asset(Call& call) {
    const std::string_view name = call.request.path_parameter("name");
    if (auto theme = theme_style(name)) {
        Response response;
        response.content_type = "text/css; charset=utf-8";
        response.body = std::move(*theme);
        response.headers.add("Cache-Control", kKeptForGood);
        co_return with_entity_tag(call.request, std::move(response), "");
    }
    const auto found = call.context.pages.assets().find(name);
    if (!found) co_return problem(call.request, problems::kNotFound, "There is no such file.");
    // A page of a node of another version asks here, too: it gets what there is, for this once.
    const std::string_view cache_control = found->is_this_text ? kKeptForGood : "public, max-age=0";
    if (const auto& file = found->asset->compiled_in)
        co_return static_answer(call.request, *file, found->asset->content_type, cache_control);
    Response response;
    response.content_type = found->asset->content_type;
    response.body = found->asset->text;
    response.headers.add("Cache-Control", cache_control);
    co_return with_entity_tag(call.request, std::move(response), "");
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"showAsset", kGet, "/assets/{name}", show_asset, kUnlimited, kAnybody},
};
// clang-format on

}  // namespace

RouteTable asset_routes() { return kRows; }

}  // namespace keyledger::api::routes
