#pragma once
// Which letters may stand together in a name, so that none passes for another one: UTS 39 section 5.2, "highly
// restrictive", asked of a user name when it is chosen. Names that were chosen before stay what they are. Pure; any
// thread.
#include <string_view>

namespace keyledger {

// Whether its letters are of several scripts that no language writes together. Letters of one script that look alike
// (a dotless i, a Cyrillic name that looks like a Latin one) are not told apart.
bool mixes_scripts(std::string_view text);

}  // namespace keyledger
