#pragma once
// Sealed is "purpose:clear". Any thread.
#include <optional>
#include <string>
#include <string_view>

#include "commands/sessions/tokens.hpp"

namespace keyledger::test {

class PlainCursors : public commands::Cursors {
public:
    std::string seal(std::string_view purpose, std::string_view clear) override {
        return std::string(purpose) + ":" + std::string(clear);
    }
    std::optional<std::string> open(std::string_view purpose, std::string_view sealed) override {
        const std::string head = std::string(purpose) + ":";
        if (!sealed.starts_with(head)) return std::nullopt;
        return std::string(sealed.substr(head.size()));
    }
};

}  // namespace keyledger::test
