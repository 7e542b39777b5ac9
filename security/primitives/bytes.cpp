#include "security/primitives/bytes.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace keyledger::security {
namespace {

constexpr std::size_t kLengthSize = 4;

}  // namespace

std::string length_prefixed(std::initializer_list<std::string_view> parts) {
    std::size_t size = 0;
    for (std::string_view part : parts) size += 4 + part.size();
    std::string bytes;
    bytes.reserve(size);
    for (std::string_view part : parts) {
        if (part.size() > 0xFFFFFFFF) throw std::length_error("length_prefixed: a part is above 4 GiB");
        for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(part.size() >> shift & 0xFF);
        bytes += part;
    }
    return bytes;
}

std::string_view PartsReader::part() {
    good_ = good_ && rest_.size() >= kLengthSize;
    if (!good_) return {};
    std::size_t size = 0;
    for (const char byte : rest_.substr(0, kLengthSize)) size = size << 8 | static_cast<std::uint8_t>(byte);
    rest_.remove_prefix(kLengthSize);
    good_ = size <= rest_.size();
    if (!good_) return {};
    const std::string_view part = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return part;
}

std::int64_t PartsReader::number() {
    const std::string_view digits = part();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    good_ = good_ && error == std::errc() && end == digits.data() + digits.size();
    return good_ ? value : 0;
}

Uuid PartsReader::uuid() {
    const std::string_view bytes = part();
    Uuid id;
    good_ = good_ && bytes.size() == id.bytes.size();
    if (good_) std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
    return id;
}

}  // namespace keyledger::security
