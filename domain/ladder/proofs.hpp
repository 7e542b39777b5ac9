#pragma once
// What somebody proved, and when: what every way in collects, what a session keeps, and what tokens tell as `amr` and
// `auth_time`. Pure.
#include <array>
#include <tuple>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/time.hpp"

namespace keyledger {

// Authentication methods, by the names of RFC 8176 where it has one. A code or link by mail shows that somebody reads
// the mail of an account, and is no second factor (NIST SP 800-63B-4 section 3.1.3.1). A passkey is "pop", of which
// nobody says whether hardware holds the key; it has verified its user, and so is two factors by itself. Another
// provider ("fed", as others call it) said who it is; how it found out is its own affair, so it is one factor.
enum class ProofMethod { kPassword, kMail, kTotp, kRecoveryCode, kPasskey, kProvider };
constexpr auto enum_names(ProofMethod) {
    using M = ProofMethod;
    return std::array{EnumName{M::kPassword, "pwd"}, EnumName{M::kMail, "mail"},
                      EnumName{M::kTotp, "otp"},     EnumName{M::kRecoveryCode, "recovery_code"},
                      EnumName{M::kPasskey, "pop"},  EnumName{M::kProvider, "fed"}};
}
struct Proof {
    ProofMethod method = ProofMethod::kPassword;
    Instant at;  // a refresh keeps it
    bool operator==(const Proof&) const = default;
    static constexpr auto fields() { return std::tuple{Field{"method", &Proof::method}, Field{"at_ms", &Proof::at}}; }
};

}  // namespace keyledger
