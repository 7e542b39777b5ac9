#pragma once
// The `otpauth://` URI from which an authenticator app learns a TOTP secret, by the key URI format that Google
// Authenticator began and all apps read
// (https://github.com/google/google-authenticator/wiki/Key-Uri-Format). Any thread.
#include <string_view>

#include "security/factors/totp.hpp"

namespace keyledger::security {

// `issuer` and `account` are what the app shows beside the code, as UTF-8. The format allows no colon in either: they
// become hyphens.
Secret totp_key_uri(std::string_view issuer, std::string_view account, const Secret& secret,
                    const TotpParameters& parameters = {});

}  // namespace keyledger::security
