#include "commands/log/event_names.hpp"

#include <vector>

#include "eventstore/declarations.hpp"

namespace keyledger::commands {

std::span<const std::string_view> event_names() {
    static const std::vector<std::string_view> kNames = [] {
        std::vector<std::string_view> names;
        for (const auto& type : eventstore::event_types()) names.push_back(type.type);
        return names;
    }();
    return kNames;
}

}  // namespace keyledger::commands
