#include "api/requests/identifiers.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <system_error>

#include "api/wire/text.hpp"

namespace keyledger::api {
namespace {

bool lower_hex(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::size_t kMaxLoggedRequestIdBytes = 64;
constexpr std::size_t kTraceparentSize = 55;  // of version 00

bool may_be_logged(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
           c == '-';
}
// RFC 9110 section 5.5: what a field's value is made of.
bool may_be_told(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= 0x20 && byte != 0x7F);
}

bool all_zero(std::string_view text) { return text.find_first_not_of('0') == text.npos; }

}  // namespace

void RandomBytes::fill(char* to, std::size_t size) {
    while (size > 0) {
        if (used_ == pool_.size()) {
            ssize_t got = getrandom(pool_.data(), pool_.size(), 0);
            if (got < 0 && errno == EINTR) continue;
            if (got != static_cast<ssize_t>(pool_.size()))
                throw std::system_error(errno, std::generic_category(), "getrandom");
            used_ = 0;
        }
        std::size_t part = std::min(size, pool_.size() - used_);
        std::memcpy(to, pool_.data() + used_, part);
        used_ += part;
        to += part;
        size -= part;
    }
}

bool valid_request_id(std::string_view text) noexcept {
    return !text.empty() && text.size() <= kMaxLoggedRequestIdBytes && std::ranges::all_of(text, may_be_logged);
}

std::optional<RequestId> request_id_of(std::optional<std::string_view> given) {
    const bool is_fit = given && !given->empty() && given->size() <= kMaxEchoedRequestIdBytes &&
                        std::ranges::all_of(*given, may_be_told);
    if (!is_fit) return std::nullopt;
    std::string logged(given->substr(0, kMaxLoggedRequestIdBytes));
    std::ranges::replace_if(
        logged, [](char c) { return !may_be_logged(c); }, '_');
    return RequestId{std::move(logged), std::string(*given)};
}

std::string make_request_id(RandomBytes& random) {
    std::array<char, 16> bytes;
    random.fill(bytes.data(), bytes.size());
    return hex_encoded({bytes.data(), bytes.size()});
}

std::optional<std::string> accept_traceparent(std::string_view header) {
    if (header.size() < kTraceparentSize) return std::nullopt;
    std::string_view version = header.substr(0, 2), trace = header.substr(3, 32), parent = header.substr(36, 16),
                     flags = header.substr(53, 2);
    if (header[2] != '-' || header[35] != '-' || header[52] != '-') return std::nullopt;
    if (!lower_hex(version) || !lower_hex(trace) || !lower_hex(parent) || !lower_hex(flags)) return std::nullopt;
    if (version == "ff" || all_zero(trace) || all_zero(parent)) return std::nullopt;
    if (header.size() > kTraceparentSize && (version == "00" || header[kTraceparentSize] != '-')) return std::nullopt;
    return std::string("00").append(header.substr(2, kTraceparentSize - 2));
}

std::string make_traceparent(RandomBytes& random) {
    std::array<char, 24> bytes;
    random.fill(bytes.data(), bytes.size());
    // Neither id may be all zero.
    bytes[15] |= 1;
    bytes[23] |= 1;
    const std::string ids = hex_encoded({bytes.data(), bytes.size()});
    std::string text;
    text.reserve(kTraceparentSize);
    text.append("00-").append(ids, 0, 32).append("-").append(ids, 32).append("-00");
    return text;
}

std::string trace_id_of(std::string_view traceparent) { return std::string(traceparent.substr(3, 32)); }
std::string span_id_of(std::string_view traceparent) { return std::string(traceparent.substr(36, 16)); }

bool is_sampled(std::string_view traceparent) {
    const auto at = kHexDigits.find(traceparent[54]);
    return at != kHexDigits.npos && (at & 1) != 0;
}

std::string begin_span(RandomBytes& random, const std::optional<std::string>& caller, const TraceRules& rules) {
    std::string own = make_traceparent(random);
    if (caller) own.replace(3, 32, *caller, 3, 32);
    bool sampled = caller && is_sampled(*caller);
    if (!caller || !rules.follows_callers) {
        std::array<char, sizeof(std::uint32_t)> bytes;
        random.fill(bytes.data(), bytes.size());
        std::uint32_t chance = 0;
        std::memcpy(&chance, bytes.data(), bytes.size());
        sampled = static_cast<double>(chance) < rules.share * 4294967296.0;
    }
    own.back() = sampled ? '1' : '0';
    return own;
}

}  // namespace keyledger::api
