#pragma once
// Columns as arrays in PostgreSQL's binary format (documentation, chapter 55.7 and the types' receive functions), so
// that one statement carries a whole batch through unnest() and the server parses no text. It takes an array only where
// it expects one of the same type, so each statement says by a cast what it expects. Heavy: includes libpqxx.
//
//     SqlArray ids(ElementType::kUuid);
//     for (const UserId& id : gone) ids.add(id);
//     transaction.exec_params("delete from … where id = any($1::uuid[])", ids.parameter());
#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <pqxx/binarystring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "domain/base/id.hpp"
#include "domain/base/time.hpp"
#include "domain/base/uuid.hpp"

namespace keyledger::projections {

// By the numbers of pg_type, the same in every server.
enum class ElementType : std::uint32_t { kBoolean = 16, kBigint = 20, kInteger = 23, kText = 25, kUuid = 2950 };

constexpr std::string_view name_of(ElementType type) {
    switch (type) {
        case ElementType::kBoolean: return "boolean";
        case ElementType::kBigint: return "bigint";
        case ElementType::kInteger: return "integer";
        case ElementType::kText: return "text";
        case ElementType::kUuid: return "uuid";
    }
    throw std::logic_error("an enumerator without a name");
}

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

template <class T>
inline constexpr bool kIsId = std::is_same_v<T, Uuid>;
template <class Of>
inline constexpr bool kIsId<Id<Of>> = true;

// As what a value is sent; an Instant as milliseconds of Unix time, a list of strings as one text (words(), table.hpp).
template <class Value>
constexpr ElementType element_type() {
    if constexpr (kIsOptional<Value>) return element_type<typename Value::value_type>();
    else if constexpr (kIsId<Value>) return ElementType::kUuid;
    else if constexpr (std::is_same_v<Value, bool>) return ElementType::kBoolean;
    else if constexpr (std::is_same_v<Value, std::int32_t>) return ElementType::kInteger;
    else if constexpr (std::is_same_v<Value, std::int64_t> || std::is_same_v<Value, Instant>)
        return ElementType::kBigint;
    else {
        static_assert(std::is_convertible_v<Value, std::string_view> ||
                      std::is_same_v<Value, std::vector<std::string>>);
        return ElementType::kText;
    }
}

// All add() throw std::logic_error for a value of another type than the array's, and std::length_error where the array
// would be more than a message to the server may hold; the array is then what it was.
class SqlArray {
public:
    SqlArray() = default;  // of the type of what is added first, be it null
    explicit SqlArray(ElementType type) { become(type); }

    // Throws std::invalid_argument for a text with U+0000, which no text of PostgreSQL can hold. Whether it is UTF-8 is
    // for the server to say.
    void add(std::string_view value) {
        if (value.find('\0') != std::string_view::npos) throw std::invalid_argument("a value holds U+0000");
        add_bytes(ElementType::kText, value);
    }
    void add(const char* value) { add(std::string_view(value)); }
    void add(const std::string& value) { add(std::string_view(value)); }
    void add(std::int64_t value) { add_integer(ElementType::kBigint, static_cast<std::uint64_t>(value)); }
    void add(std::int32_t value) { add_integer(ElementType::kInteger, static_cast<std::uint32_t>(value)); }
    void add(Instant value) { add(value.ms()); }
    void add(bool value) { add_bytes(ElementType::kBoolean, {value ? "\1" : "\0", 1}); }
    void add(const Uuid& value) {
        add_bytes(ElementType::kUuid, {reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size()});
    }
    template <class T>
    void add(const std::optional<T>& value) {
        value ? add(*value) : add_null(element_type<T>());
    }

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    // For libpqxx, which sends it as binary, alone or by make_dynamic_params(). It has a copy of the bytes, which its
    // own copies share: it may outlive the array, and is one thread's. Throws std::logic_error for an empty array whose
    // type nobody told.
    pqxx::binarystring parameter() const {
        if (bytes_.empty()) throw std::logic_error("nobody told the type of an empty array");
        return {bytes_.data(), bytes_.size()};
    }

private:
    // The header: whether there is a dimension, whether there are nulls, and the type; where there are elements, also
    // their number and the index of the first. Each stands behind its length, and null is a length alone.
    static constexpr std::size_t kHasNullAt = 4, kSizeAt = 12;
    static constexpr std::uint32_t kLengthOfNull = 0xFFFF'FFFF;
    static constexpr std::size_t kMaxBytes = 1'000'000'000;  // the server takes less than 2^30

    template <std::unsigned_integral Bits>
    static std::array<char, sizeof(Bits)> big_endian(Bits bits) {
        std::array<char, sizeof(Bits)> bytes{};
        for (std::size_t i = 0; i < sizeof(Bits); ++i)
            bytes[i] = static_cast<char>(bits >> 8 * (sizeof(Bits) - 1 - i) & 0xFF);
        return bytes;
    }
    void append(std::uint32_t bits) {
        const auto bytes = big_endian(bits);
        bytes_.append(bytes.data(), bytes.size());
    }
    void set(std::size_t at, std::uint32_t bits) {
        const auto bytes = big_endian(bits);
        std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(at));
    }

    void become(ElementType type) {
        type_ = type;
        append(0);
        append(0);
        append(static_cast<std::uint32_t>(type));
    }
    void begin_element(ElementType type, std::uint32_t length) {
        if (bytes_.empty()) become(type);
        if (size_ == 0) {
            set(0, 1);
            append(0);
            append(1);
        }
        set(kSizeAt, static_cast<std::uint32_t>(++size_));
        append(length);
    }
    void check(ElementType type, std::size_t length) const {
        if (!bytes_.empty() && type != type_) throw std::logic_error("a value of another type than the array's");
        if (bytes_.size() + length > kMaxBytes) throw std::length_error("more than the server takes in one array");
    }
    void add_bytes(ElementType type, std::string_view value) {
        check(type, value.size());
        begin_element(type, static_cast<std::uint32_t>(value.size()));
        bytes_.append(value);
    }
    template <class Bits>
    void add_integer(ElementType type, Bits bits) {
        const auto bytes = big_endian(bits);
        add_bytes(type, {bytes.data(), bytes.size()});
    }
    void add_null(ElementType type) {
        check(type, 0);
        begin_element(type, kLengthOfNull);
        set(kHasNullAt, 1);
    }

    ElementType type_{};  // once there are bytes
    std::string bytes_;   // what is sent; none until the type is known
    std::size_t size_ = 0;
};

}  // namespace keyledger::projections
