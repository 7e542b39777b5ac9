#include "security/primitives/openssl.hpp"

#include <openssl/err.h>

#include <string>

namespace keyledger::security {

void throw_crypto_failure(std::string_view what) {
    std::string text(what);
    if (const char* reason = ERR_reason_error_string(ERR_peek_last_error())) text += std::string(": ") + reason;
    ERR_clear_error();
    throw CryptoFailure(text);
}

void forget_openssl_errors() noexcept { ERR_clear_error(); }

}  // namespace keyledger::security
