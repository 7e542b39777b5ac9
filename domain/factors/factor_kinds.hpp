#pragma once
// Which kinds of second factors there are, and what tells them apart. Pure.
#include <array>

#include "domain/base/declare.hpp"
#include "domain/base/id.hpp"

namespace keyledger {

struct Factor;  // one of those of a user
struct Factors;
using FactorId = Id<Factor>;
using FactorsId = Id<Factors>;  // of a stream of them

enum class FactorKind { kTotp, kPasskey };
constexpr auto enum_names(FactorKind) {
    return std::array{EnumName{FactorKind::kTotp, "totp"}, EnumName{FactorKind::kPasskey, "passkey"}};
}
// Whether a passkey can be on several devices, and whether it is.
enum class PasskeyBackup { kImpossible, kPossible, kDone };
constexpr auto enum_names(PasskeyBackup) {
    using B = PasskeyBackup;
    return std::array{EnumName{B::kImpossible, "impossible"}, EnumName{B::kPossible, "possible"},
                      EnumName{B::kDone, "done"}};
}
// What vouched for whoever enrolled it: a thief who has the password has no older factor.
enum class EnrolledWith { kPassword, kEstablishedFactor, kNewAccount };
constexpr auto enum_names(EnrolledWith) {
    using W = EnrolledWith;
    return std::array{EnumName{W::kPassword, "password"}, EnumName{W::kEstablishedFactor, "established_factor"},
                      EnumName{W::kNewAccount, "new_account"}};
}

}  // namespace keyledger
