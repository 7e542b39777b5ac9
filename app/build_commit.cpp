#include "app/build_commit.hpp"

namespace keyledger::app {

std::string_view build_commit() noexcept { return KEYLEDGER_COMMIT; }

}  // namespace keyledger::app
