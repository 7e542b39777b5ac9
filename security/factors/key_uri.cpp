#include "security/factors/key_uri.hpp"

#include <stdexcept>
#include <string>

#include "security/primitives/base32.hpp"

namespace keyledger::security {
namespace {

// Everything but the unreserved characters of RFC 3986 section 2.3: apps differ in what else they leave as it is, and
// read a plus sign as itself.
std::string percent_encoded(std::string_view text) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    std::string encoded;
    for (char one : text) {
        if (one == ':') one = '-';
        const bool is_unreserved = (one >= 'A' && one <= 'Z') || (one >= 'a' && one <= 'z') ||
                                   (one >= '0' && one <= '9') || one == '-' || one == '.' || one == '_' || one == '~';
        if (is_unreserved) {
            encoded += one;
            continue;
        }
        const auto byte = static_cast<unsigned char>(one);
        encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
    return encoded;
}

std::string_view name_of(TotpHash hash) {
    switch (hash) {
        case TotpHash::kSha1: return "SHA1";
        case TotpHash::kSha256: return "SHA256";
        case TotpHash::kSha512: return "SHA512";
    }
    throw std::invalid_argument("no such hash");
}

}  // namespace

Secret totp_key_uri(std::string_view issuer, std::string_view account, const Secret& secret,
                    const TotpParameters& parameters) {
    const std::string shown_issuer = percent_encoded(issuer);
    std::string base32 = base32_encode(secret.reveal());
    std::string uri = "otpauth://totp/" + shown_issuer + ':' + percent_encoded(account) + "?issuer=" + shown_issuer +
                      "&algorithm=" + std::string(name_of(parameters.hash)) +
                      "&digits=" + std::to_string(parameters.digits) +
                      "&period=" + std::to_string(kTotpStep.whole_seconds()) + "&secret=";
    uri.reserve(uri.size() + base32.size());  // the secret goes in once, and is nowhere left behind
    uri += base32;
    Secret::wipe(base32);
    return Secret::take(std::move(uri));
}

}  // namespace keyledger::security
