#pragma once
// What a browser keeps of a log-in that is half way there: the pre-authentication token, and of which request it is, so
// that whoever begins another one in the same browser does not go on with it. Pure.
#include <optional>
#include <string>
#include <string_view>

namespace keyledger::commands {

// `flow`: the request, as it is sealed. Of letters that a cookie may have.
std::string keep_half_way(std::string_view token, std::string_view flow);
// The token, a part of `kept`; nullopt: of another request, or nothing that was kept so.
std::optional<std::string_view> half_way_of(std::string_view kept, std::string_view flow);

}  // namespace keyledger::commands
