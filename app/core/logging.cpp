#include "app/core/logging.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "domain/base/plain_text.hpp"

namespace keyledger::app {

namespace {

// Others' text (names of keys, what a server says) can't begin a line of its own, nor steer a terminal.
class PlainMessage : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& entry, const std::tm&, spdlog::memory_buf_t& to) override {
        std::string_view message(entry.payload.data(), entry.payload.size());
        while (message.ends_with('\n')) message.remove_suffix(1);  // as PostgreSQL ends what it says
        const std::string plain = as_plain_text(message);
        to.append(plain.data(), plain.data() + plain.size());
    }
    std::unique_ptr<spdlog::custom_flag_formatter> clone() const override { return std::make_unique<PlainMessage>(); }
};

}  // namespace

bool set_log_level(const std::string& level) {
    const auto parsed = spdlog::level::from_str(level);
    if (parsed == spdlog::level::off && level != "off") return false;
    spdlog::set_level(parsed);
    return true;
}

void start_logging(const std::string& level) {
    auto logger = std::make_shared<spdlog::logger>("keyledger", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    formatter->add_flag<PlainMessage>('v').set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v");
    logger->set_formatter(std::move(formatter));
    spdlog::set_default_logger(std::move(logger));
    set_log_level(level);
}

}  // namespace keyledger::app
