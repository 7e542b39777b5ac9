#pragma once
// What every store asks of an append before it looks at its data, so that all of them refuse the same (kBadData).
#include <optional>
#include <string>
#include <string_view>

#include "domain/base/time.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore {

inline constexpr std::size_t kMaxNameBytes = 64;           // types, claim kinds, key ids
inline constexpr std::size_t kMaxItemsPerCommand = 256;    // writes, guards, claims, credentials, keys: each
inline constexpr std::size_t kMaxSealedBytes = 16 * 1024;  // credentials and wrapped keys
inline constexpr std::size_t kMaxDigestBytes = 64;         // claims
inline constexpr std::size_t kMaxSpentPerCommand = 16;
// How far ahead of the server's clock a spent value may expire: for so long it is remembered. Both numbers stand in
// keyledger.append too.
inline constexpr Duration kMaxSpentLife = days(8);

// And of a read: what commands lay is less by far; whoever can write to the database can lay more.
inline constexpr std::size_t kMaxCredentialsRead = 1'000;

// nullopt: well formed. Else what is wrong, for the log; it names no value. Checks limits, that every event belongs to
// a stream in `writes` and follows its version, and that payload and metadata are JSON objects without bytes that
// neither text nor JCS can hold.
std::optional<std::string> problem_of(const Append& append);

// Whether the command's id is one that the service made and that its first event tells, for both begin alike. Stores
// look for that event in place of the id, and remember no such id: confirm() knows none of them.
bool is_told_by_event(const Append& append);

// UTF-8 without NUL, `\u0000` and escaped surrogates: what both jsonb and JCS can hold.
bool is_storable_json_text(std::string_view text);

}  // namespace keyledger::eventstore
