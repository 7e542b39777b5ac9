#include "api/wire/headers.hpp"

#include <algorithm>
#include <stdexcept>

#include "api/wire/text.hpp"

namespace keyledger::api {
namespace {

// Of an answer, which few have more of.
constexpr std::size_t kUsualFields = 8;
constexpr std::size_t kUsualBytes = 256;

}  // namespace

void Headers::reserve(std::size_t fields, std::size_t bytes) {
    entries_.reserve(fields);
    bytes_.reserve(bytes);
}

void Headers::add(std::string_view name, std::string_view value) {
    // By hand: std::string_view would search the three for each byte of a cookie.
    constexpr auto breaks = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
    if (!is_token(name)) throw std::invalid_argument("a header name must be a token: " + std::string(name));
    if (std::ranges::any_of(value, breaks))
        throw std::invalid_argument("a header value must have no line break and no NUL: " + std::string(name));
    if (entries_.capacity() == 0) reserve(kUsualFields, kUsualBytes);
    entries_.push_back({static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(name.size()),
                        static_cast<std::uint32_t>(value.size())});
    bytes_.append(name).append(value);
}

std::optional<std::string_view> Headers::find(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < entries_.size(); ++i)
        if (Field field = at(i); equal_ignoring_case(field.name, name)) return field.value;
    return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const noexcept {
    std::size_t found = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i)
        if (equal_ignoring_case(at(i).name, name)) ++found;
    return found;
}

Headers::Field Headers::at(std::size_t index) const noexcept {
    const Entry& entry = entries_[index];
    std::string_view all = bytes_;
    return {all.substr(entry.start, entry.name_size), all.substr(entry.start + entry.name_size, entry.value_size)};
}

}  // namespace keyledger::api
