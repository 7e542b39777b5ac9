#pragma once
// CryptoFailure: the library underneath broke (no memory, no entropy, a missing algorithm). Never an answer
// about input, and never with secret bytes in its text. Caught at the request's boundary and in background
// loops only.
#include <stdexcept>

namespace keyledger::security {

struct CryptoFailure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace keyledger::security
