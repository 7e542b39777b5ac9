#pragma once
// PostgreSQL's binary format for the parameters and results of `append` (documentation, chapter 55.7 and the types'
// send and receive functions). Integers are big-endian; every value stands behind its length.
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "domain/base/time.hpp"
#include "domain/base/uuid.hpp"

namespace keyledger::eventstore::postgres {

using TypeId = std::uint32_t;  // pg_type.oid, the same in every server
struct ArrayType {
    TypeId array;
    TypeId element;
};
inline constexpr ArrayType kBools{1000, 16};
inline constexpr ArrayType kBytes{1001, 17};
inline constexpr ArrayType kInt2s{1005, 21};
inline constexpr ArrayType kInt4s{1007, 23};
inline constexpr ArrayType kTexts{1009, 25};
inline constexpr ArrayType kUuids{2951, 2950};
inline constexpr ArrayType kTimestamps{1185, 1184};
inline constexpr TypeId kText = 25;
inline constexpr TypeId kTimestamp = 1184;  // with time zone

template <class Integer>
void put_integer(std::string& out, Integer value) {
    auto bits = static_cast<std::make_unsigned_t<Integer>>(value);
    for (int shift = 8 * (static_cast<int>(sizeof(Integer)) - 1); shift >= 0; shift -= 8)
        out += static_cast<char>(bits >> shift & 0xFF);
}
template <class Integer>
Integer get_integer(std::string_view in) {
    if (in.size() != sizeof(Integer)) throw std::runtime_error("the server sent an integer of another size");
    std::make_unsigned_t<Integer> bits = 0;
    for (char c : in)
        bits = static_cast<std::make_unsigned_t<Integer>>(bits << (sizeof(Integer) > 1 ? 8 : 0)) |
               static_cast<unsigned char>(c);
    return static_cast<Integer>(bits);
}

// Microseconds since 2000-01-01, as the server counts.
inline std::int64_t server_time(Instant at) { return (1000 * (at - Instant::at_second(946'684'800))).ms(); }

// A one-dimensional array that grows at its end. clear() keeps the memory.
class BinaryArray {
public:
    explicit BinaryArray(ArrayType type) : type_(type) { clear(); }

    void add(std::string_view bytes) { add_length(bytes.size()).append(bytes); }
    void add(const Uuid& id) { add_length(16).append(reinterpret_cast<const char*>(id.bytes.data()), 16); }
    void add(std::int32_t value) { put_integer(add_length(4), value); }
    void add_int2(std::int16_t value) { put_integer(add_length(2), value); }
    void add_time(Instant at) { put_integer(add_length(8), server_time(at)); }
    void add_bool(bool value) { add_length(1).append(1, value ? '\1' : '\0'); }
    void add_null() {
        ++count_;
        has_null_ = true;
        put_integer(bytes_, std::int32_t{-1});
    }
    void clear() {
        bytes_.assign(kHeader, '\0');
        count_ = 0;
        has_null_ = false;
    }
    TypeId type() const { return type_.array; }
    // Valid until the next change.
    std::string_view bytes();

private:
    static constexpr std::size_t kHeader = 20;
    std::string& add_length(std::size_t length) {
        ++count_;
        put_integer(bytes_, static_cast<std::int32_t>(length));
        return bytes_;
    }
    ArrayType type_;
    std::string bytes_;  // room for the header, then the elements
    std::int32_t count_ = 0;
    bool has_null_ = false;
};

}  // namespace keyledger::eventstore::postgres
