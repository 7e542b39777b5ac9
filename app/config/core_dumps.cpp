#include "app/config/core_dumps.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <iostream>

namespace keyledger::app {

void forbid_core_dumps(const Environment& environment) {
    const char* wish = environment("KEYLEDGER_CORE_DUMPS");
    if (wish != nullptr && std::string_view(wish) == "on") return;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return;  // LeakSanitizer looks into the process from outside
#else
    const rlimit none{0, 0};
    if (::setrlimit(RLIMIT_CORE, &none) != 0 || ::prctl(PR_SET_DUMPABLE, 0) != 0)
        std::cerr << "keyledger: core dumps could not be forbidden; they would hold keys\n";
#endif
}

}  // namespace keyledger::app
