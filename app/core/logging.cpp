#include "app/core/logging.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "api/wire/write_json.hpp"
#include "commands/runtime/log_fields.hpp"
#include "domain/base/plain_text.hpp"

namespace keyledger::app {
namespace {

// Others' text (names of keys, what a server says) can't begin a line of its own, nor steer a terminal.
std::string plain_message(const spdlog::details::log_msg& entry) {
    std::string_view message(entry.payload.data(), entry.payload.size());
    while (message.ends_with('\n')) message.remove_suffix(1);  // as PostgreSQL ends what it says
    return as_plain_text(message);
}

void append(spdlog::memory_buf_t& to, std::string_view text) { to.append(text.data(), text.data() + text.size()); }

class PlainMessage : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& entry, const std::tm&, spdlog::memory_buf_t& to) override {
        append(to, plain_message(entry));
        for (const auto& [name, value] : LogFields::now()) {
            append(to, " ");
            append(to, name);
            append(to, "=");
            append(to, as_plain_text(value));
        }
    }
    std::unique_ptr<spdlog::custom_flag_formatter> clone() const override { return std::make_unique<PlainMessage>(); }
};

class JsonLine : public spdlog::formatter {
public:
    void format(const spdlog::details::log_msg& entry, spdlog::memory_buf_t& to) override {
        const auto since_epoch = std::chrono::floor<std::chrono::milliseconds>(entry.time.time_since_epoch());
        const auto level = spdlog::level::to_string_view(entry.level);
        api::JsonText line;
        line.time("time", Instant::at_ms(since_epoch.count()))
            .text("level", {level.data(), level.size()})
            .text("log", "service")
            .text("message", plain_message(entry));
        for (const auto& [name, value] : LogFields::now()) line.text(name, as_plain_text(value));
        append(to, line.finish());
        append(to, "\n");
    }
    std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonLine>(); }
};

std::unique_ptr<spdlog::formatter> text_formatter(const char* pattern) {
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    formatter->add_flag<PlainMessage>('v').set_pattern(pattern);
    return formatter;
}

void use_logger(spdlog::sink_ptr sink, std::unique_ptr<spdlog::formatter> formatter) {
    auto logger = std::make_shared<spdlog::logger>("keyledger", std::move(sink));
    logger->set_formatter(std::move(formatter));
    spdlog::set_default_logger(std::move(logger));
}

std::string json_line(const LogEntry& entry) {
    api::JsonText line;
    line.time("time", entry.at)
        .text("level", entry.level)
        .text("log", entry.log)
        .text("message", as_plain_text(entry.message));
    for (const auto& [name, value] : entry.members) {
        if (const auto* number = std::get_if<std::int64_t>(&value)) line.number(name, *number);
        else if (const auto& text = std::get<std::string>(value); !text.empty()) line.text(name, as_plain_text(text));
    }
    return line.finish() + '\n';
}

// So that no value looks like members that are not there.
std::string as_value(const std::string& text) {
    if (text.find_first_of(" \"=\\") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

std::string text_line(const LogEntry& entry) {
    std::string line = api::rfc3339(entry.at);
    line.append(" ").append(entry.level).append(" ").append(entry.log).append(": ");
    line.append(as_plain_text(entry.message));
    for (const auto& [name, value] : entry.members) {
        const auto* number = std::get_if<std::int64_t>(&value);
        const std::string text = number ? std::to_string(*number) : as_plain_text(std::get<std::string>(value));
        if (!text.empty()) line.append(" ").append(name).append("=").append(as_value(text));
    }
    return line + '\n';
}

}  // namespace

LogFormat log_format_of(std::string_view setting) {
    const bool terminal = ::isatty(STDERR_FILENO) == 1;
    if (setting == "json" || (setting == "auto" && !terminal)) return LogFormat::kJson;
    return terminal ? LogFormat::kColoredText : LogFormat::kText;
}

bool set_log_level(const std::string& level) {
    const auto parsed = spdlog::level::from_str(level);
    if (parsed == spdlog::level::off && level != "off") return false;
    spdlog::set_level(parsed);
    return true;
}

void start_logging(const std::string& level) { start_logging(level, LogFormat::kText); }

void start_logging(const std::string& level, LogFormat format) {
    switch (format) {
        case LogFormat::kText:
            use_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                       text_formatter("%Y-%m-%dT%H:%M:%S.%eZ %l %v"));
            break;
        case LogFormat::kColoredText:
            use_logger(std::make_shared<spdlog::sinks::stderr_color_sink_mt>(),
                       text_formatter("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v"));
            break;
        case LogFormat::kJson:
            use_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>(), std::make_unique<JsonLine>());
            break;
    }
    set_log_level(level);
}

std::string line_of(const LogEntry& entry, LogFormat format) {
    return format == LogFormat::kJson ? json_line(entry) : text_line(entry);
}

}  // namespace keyledger::app
