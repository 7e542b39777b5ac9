#pragma once
// TLS and SASL towards Kafka, as the settings KEYLEDGER_KAFKA_* say.
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/base/result.hpp"

namespace keyledger::app {

struct KafkaSecurity {
    // librdkafka's names and values. Some are passwords: never printed.
    std::vector<std::pair<std::string, std::string>> properties;
    std::string oauth_token_file;  // empty: none
};

// Reads the settings by `text`; or sentences that say what does not fit together, and what to set.
Result<KafkaSecurity, std::vector<std::string>> read_kafka_security(
    const std::function<std::string(std::string_view)>& text);

}  // namespace keyledger::app
