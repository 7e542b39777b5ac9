#pragma once
// What others write by JOSE's standards: JSON objects (RFC 7515, RFC 7517, RFC 7519), numeric dates, and the
// header of a signed JWT. Read as these say, which is not as strictly as our own tokens (jwt.hpp): members
// that are not understood are ignored. Errors are sentences for the writer; they repeat nothing of what they
// refuse. Pure.
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "security/keys/signing_key.hpp"

namespace keyledger::security {

// An object's own members. No member comes twice (RFC 7515 section 4, RFC 7519 section 4, RFC 7517 section
// 4).
class JoseObject {
public:
    struct Value {
        enum class Kind { kText, kNumber, kFlag, kTexts, kOther } kind = Kind::kOther;
        std::string text = {};                // of kNumber and kFlag: as it is written
        std::vector<std::string> texts = {};  // a list of strings alone, which may be empty
    };

    static Result<JoseObject, std::string> parse(std::string_view json);

    bool has(std::string_view name) const { return members_.contains(name); }
    const Value* find(std::string_view name) const;
    // nullptr: missing, or no string.
    const std::string* text(std::string_view name) const;

private:
    std::map<std::string, Value, std::less<>> members_;
};

// Seconds since 1970 as a JSON number, which may have a fraction and an exponent (RFC 7519 section 2).
// What is beyond kLatestNumericDate, on either side, is that.
inline constexpr Instant kLatestNumericDate = Instant::at_second(std::int64_t{1} << 38);
std::optional<Instant> numeric_date(std::string_view number);

struct JoseHeader {
    SigningAlgorithm algorithm = SigningAlgorithm::kEs256;
    std::optional<std::string> key_id = {};
};
// A header of a JWS in compact form. `types`: what `typ` may be, without "application/" and in lower case; it
// may be absent, and is compared without case (RFC 7515 section 4.1.9). Whatever `crit` names is not
// understood here, and refused (section 4.1.11); all the rest is ignored: no key and no address is taken from
// a header.
Result<JoseHeader, std::string> read_jose_header(const JoseObject& header, std::span<const std::string_view> types);

}  // namespace keyledger::security
