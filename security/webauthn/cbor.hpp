#pragma once
// CBOR (RFC 8949) as authenticators write it (CTAP2's canonical form): strictly, so that one text is the only text for
// its value. Integers and lengths in their shortest form, lengths definite, no key of a map twice, keys integers or
// texts, no tags and no floating point. The order of keys is not looked at: whoever relays an attestation may change
// it. Values are views into what was read. Pure.
#include <cstdint>
#include <string_view>
#include <vector>

#include "domain/base/result.hpp"

namespace keyledger::security {

inline constexpr std::size_t kMaxCborBytes = 16 * 1024;
inline constexpr std::size_t kMaxCborValues = 1024;  // in one text, also of those that are within others
inline constexpr int kMaxCborDepth = 4;              // of lists and maps within each other, as CTAP2 has it

enum class CborError {
    kTooLong,
    kTruncated,
    kTrailingBytes,
    kIndefiniteLength,
    kNotShortest,
    kOutOfRange,
    kNotUtf8,
    kKeyTwice,
    kKeyOfOtherType,
    kUnsupported,
    kTooDeep,
    kTooManyValues,
};
std::string_view sentence_of(CborError error);

struct CborValue {
    enum class Kind { kInteger, kBytes, kText, kList, kMap, kBoolean, kNull };
    Kind kind = Kind::kNull;
    std::int64_t number = 0;         // kInteger; of kBoolean 0 or 1
    std::string_view bytes{};        // kBytes, kText
    std::vector<CborValue> items{};  // kList; of kMap keys and values by turns

    // Of a map; nullptr: there is none.
    const CborValue* find(std::int64_t key) const;
    const CborValue* find(std::string_view key) const;
    // What stands there, if it is of that kind: else nothing.
    const CborValue* find(std::string_view key, Kind wanted) const;
    std::size_t members() const { return items.size() / 2; }  // of a map
};

// One value, and nothing behind it.
Result<CborValue, CborError> read_cbor(std::string_view bytes);
// One value from the front of `bytes`, which loses it.
Result<CborValue, CborError> take_cbor(std::string_view& bytes);

}  // namespace keyledger::security
