#pragma once
// Uuid: 16 bytes, RFC 9562. Made by ports (UUIDv7 from the clock and a CSPRNG), never here: domain/ has neither.
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace keyledger {

struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    auto operator<=>(const Uuid&) const = default;
    bool is_nil() const { return *this == Uuid{}; }

    // Lower case, hyphenated: the only text form that Keyledger writes.
    std::string to_string() const;
    // Accepts exactly the 36-character hyphenated form, either case; anything else is nullopt.
    static std::optional<Uuid> parse(std::string_view text);
};

}  // namespace keyledger

template <>
struct std::hash<keyledger::Uuid> {
    // UUIDv7 has its randomness in the last eight bytes.
    std::size_t operator()(const keyledger::Uuid& id) const noexcept {
        std::uint64_t tail = 0;
        std::memcpy(&tail, id.bytes.data() + 8, sizeof tail);
        return static_cast<std::size_t>(tail * 0x9E3779B97F4A7C15ULL);
    }
};
