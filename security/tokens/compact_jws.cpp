#include "security/tokens/compact_jws.hpp"

namespace keyledger::security {

std::optional<CompactJws> split_compact_jws(std::string_view token) {
    const std::size_t first = token.find('.');
    const std::size_t second = first == token.npos ? first : token.find('.', first + 1);
    if (second == token.npos) return std::nullopt;
    return CompactJws{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1),
                      token.substr(0, second)};
}

bool read_time(const JoseObject& claims, std::string_view name, std::optional<Instant>& at) {
    const auto* value = claims.find(name);
    if (value == nullptr) return true;
    if (value->kind == JoseObject::Value::Kind::kNumber) at = numeric_date(value->text);
    return at.has_value();
}

}  // namespace keyledger::security
