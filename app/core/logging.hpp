#pragma once
// The log: one line an entry on standard error, time in UTC; what a reader can't see, or is deceived by, is '?'.
// Never given secrets or personal values (I10). docs/operate/logs.md tells operators what is in a line.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "domain/base/time.hpp"

namespace keyledger::app {

enum class LogFormat : std::uint8_t { kText, kColoredText, kJson };

// What KEYLEDGER_LOG_FORMAT says: "text" is coloured where standard error is a terminal, and "auto" is text there and
// JSON elsewhere.
LogFormat log_format_of(std::string_view setting);

// Of commands, which talk to whoever ran them: text.
void start_logging(const std::string& level);
void start_logging(const std::string& level, LogFormat format);
// trace, debug, info, warn, error; false for anything else.
bool set_log_level(const std::string& level);

// A line of another log than the service's own (`log`: "access", "admin"), as it is written, with its line end.
struct LogEntry {
    using Value = std::variant<std::string, std::int64_t>;
    Instant at;
    std::string_view level = "info";
    std::string_view log;
    std::string message;
    std::vector<std::pair<std::string_view, Value>> members;  // texts that are empty are left out
};
std::string line_of(const LogEntry& entry, LogFormat format);

}  // namespace keyledger::app
