#pragma once
// The style sheet with an application's colours. All that it says stands in its name, so that nobody has to look for an
// application to serve it, and nobody learns from it which there are. Pure.
//
//     theme_path(accent, dark)          // "assets/theme-0b57d0-8ab4f8.css"
#include <optional>
#include <string>
#include <string_view>

#include "domain/base/color.hpp"

namespace keyledger::api {

// Below the root of the service, without a slash before it.
std::string theme_path(Color accent, Color dark);

// By what stands behind "/assets/". The text of a name is the same for good: whoever changes what it says changes how
// names begin. nullopt: not such a name, or of colours in which nobody could read (kLeastContrast).
std::optional<std::string> theme_style(std::string_view served_as);

}  // namespace keyledger::api
