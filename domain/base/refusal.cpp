#include "domain/base/refusal.hpp"

#include <ostream>

namespace keyledger {

std::ostream& operator<<(std::ostream& out, RefusalRef refusal) {
    return out << refusal->slug << " (" << refusal->advice << ")";
}

}  // namespace keyledger
