#include "commands/sessions/half_way.hpp"

#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::commands {
namespace {

std::string digest_of_way(std::string_view flow) {
    const auto digest = security::sha256({"way of a half log-in", flow});
    return security::base64url_encode(security::view_of(digest));
}

}  // namespace

std::string keep_half_way(std::string_view token, std::string_view flow) {
    return std::string(token) + "." + digest_of_way(flow);
}

// Of digests there is nothing to time.
std::optional<std::string_view> half_way_of(std::string_view kept, std::string_view flow) {
    const auto dot = kept.rfind('.');
    if (dot == std::string_view::npos || kept.substr(dot + 1) != digest_of_way(flow)) return std::nullopt;
    return kept.substr(0, dot);
}

}  // namespace keyledger::commands
