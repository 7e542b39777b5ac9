#include "commands/runtime/spending.hpp"

#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::commands {

eventstore::SpentValue spent_value(std::string_view purpose, std::initializer_list<std::string_view> parts,
                                   ValueLife life) {
    const std::string value = security::length_prefixed(parts);
    const std::string named = security::length_prefixed({"keyledger spent", purpose, value});
    return {security::sha256(named), life.made_at, life.expires_at};
}

}  // namespace keyledger::commands
