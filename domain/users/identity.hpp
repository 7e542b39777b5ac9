#pragma once
// What people are called: the forms in which e-mail addresses, user names and names are accepted, kept and compared.
// Pure. Uniqueness is decided on `key`, display on `text`. What ASCII's keys are never changes: claims are digests of
// them.
#include <optional>
#include <string>
#include <string_view>

#include "domain/base/precis.hpp"
#include "domain/base/refusal.hpp"

namespace keyledger::refusals {

inline constexpr Refusal kInvalidEmail = invalid_field("email", "Give an address such as ann@example.com.");
inline constexpr Refusal kInvalidUsername =
    invalid_field("username", "Use 3 to 64 letters, digits, '.', '_' or '-', a letter or digit first.");
inline constexpr Refusal kInvalidName =
    invalid_field("name", "Use 1 to 256 bytes of text, without control or hidden characters.");
inline constexpr Refusal kInvalidLocale =
    invalid_field("locale", "Use a language tag such as en, de-AT or zh-Hant-TW (BCP 47).");

}  // namespace keyledger::refusals

namespace keyledger {

inline constexpr std::size_t kMaxEmailBytes = 254;     // RFC 5321 section 4.5.3.1.3, less the angle brackets
inline constexpr std::size_t kMaxLocalPartBytes = 64;  // RFC 5321 section 4.5.3.1.1
inline constexpr std::size_t kMinUsernameLength = 3;   // in code points
inline constexpr std::size_t kMaxUsernameLength = 64;
inline constexpr std::size_t kMaxNameBytes = 256;
// As they are typed, which may be longer than what is kept: marks apart from their letters, blanks around them.
inline constexpr std::size_t kMaxTypedUsernameBytes = 512;
inline constexpr std::size_t kMaxTypedNameBytes = 1024;

struct Identifier {
    std::string text;  // in the form in which it is kept
    std::string key;   // what is unique
};

// A mailbox of RFC 5321 section 4.1.2, or of RFC 6531 beyond ASCII, with a dot-string local part and a domain name of
// at least two labels; quoted local parts are refused. Blanks around it are left out, the rest stays as it was typed.
// The key is in lower case, its local part in NFC and its domain in A-labels (IDNA 2008, non-transitional). The limits
// hold for both.
std::optional<Identifier> parse_email(std::string_view text);
// UsernameCasePreserved, its key UsernameCaseMapped (RFC 8265): letters, digits, '.', '_' and '-', beginning with a
// letter or digit; never looks like an e-mail address.
Result<Identifier, TextFault> parse_username(std::string_view text);
// A nickname (RFC 8266) of 1 to kMaxNameBytes bytes.
Text parse_name(std::string_view text);

}  // namespace keyledger
