#include "api/wire/cookies.hpp"

#include <stdexcept>

#include "api/wire/text.hpp"

namespace keyledger::api {

std::optional<std::string_view> cookie_of(const Headers& headers, std::string_view name) {
    std::optional<std::string_view> found;
    for (std::size_t i = 0; i < headers.size(); ++i) {
        const auto field = headers.at(i);
        if (!equal_ignoring_case(field.name, "Cookie")) continue;
        std::string_view rest = field.value;
        while (!rest.empty()) {
            const auto end = std::min(rest.find(';'), rest.size());
            const std::string_view pair = trimmed(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
            const auto equals = pair.find('=');
            if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
            if (found) return std::nullopt;
            found = pair.substr(equals + 1);
        }
    }
    return found;
}

std::string host_cookie(std::string_view name, std::string_view value, std::chrono::seconds kept_for) {
    if (!name.starts_with("__Host-")) throw std::logic_error("a cookie that is not bound to its host");
    std::string text(name);
    text.append("=").append(value).append("; Path=/; Max-Age=").append(std::to_string(kept_for.count()));
    return text + "; Secure; HttpOnly; SameSite=Lax";
}

}  // namespace keyledger::api
