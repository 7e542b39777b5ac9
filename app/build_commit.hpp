#pragma once
// Which commit this program was built of, for whoever runs several builds of one version.
#include <string_view>

namespace keyledger::app {

// The first eight digits of its name; "unknown" where neither git nor the environment (KEYLEDGER_COMMIT) told it when
// the build was configured.
std::string_view build_commit() noexcept;

}  // namespace keyledger::app
