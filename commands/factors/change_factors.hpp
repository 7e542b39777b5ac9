#pragma once
// What users do with the second factors that they have.
#include "commands/factors/enrol_factor.hpp"

namespace keyledger::commands {

// One, or all of them, so that log-in asks for no second factor any more. For seven days whoever reads the mail of the
// address can have it given back (commands/accounts/undo.hpp), then what was sealed of it goes.
// kInvalidToken, kWrongPassword, kFactorNotPresented, kWrongSecondFactor, kTooManyAttempts, kFactorUnknown,
// kTooManyRemoved.
struct FactorRemoval {
    Bearer bearer;
    OwnProof proof;
    std::optional<FactorId> factor_id;  // not given: all
};
Answer<Receipt> remove_factor(Services& services, FactorRemoval removal, Caller caller);

// kInvalidToken, kFactorUnknown.
Answer<Receipt> rename_factor(Services& services, Bearer bearer, FactorId factor_id, std::string name, Caller caller);

// New ones, shown once; those of before are void. As remove_factor's.
Answer<ShownCodes> renew_recovery_codes(Services& services, Bearer bearer, OwnProof proof, Caller caller);

struct ListedFactors {
    struct One {
        FactorId id;
        FactorKind kind;
        std::string name;
        Instant enrolled_at;
        bool is_established;
    };
    std::vector<One> factors;  // oldest first
    std::int64_t recovery_codes_left = 0;
    Position position = 0;
};
// As they stand at the head of the log. kInvalidToken.
Answer<ListedFactors> list_factors(Services& services, Bearer bearer, Caller caller);

}  // namespace keyledger::commands
