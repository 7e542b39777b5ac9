#include "api/routes/factors/read_factor.hpp"

namespace keyledger::api::routes {

std::optional<commands::PresentedFactor> read_factor(JsonFields& body) {
    std::string code = body.optional_string("code", kMaxFactorCodeBytes).value_or("");
    std::string recovery_code = body.optional_string("recovery_code", kMaxFactorCodeBytes).value_or("");
    if (!code.empty() && !recovery_code.empty())
        body.refuse("code", "Give either 'code' or 'recovery_code', and not both.");
    std::optional<commands::PresentedFactor> present;
    if (!code.empty()) present = {ProofMethod::kTotp, Secret::take(std::move(code))};
    else if (!recovery_code.empty()) present = {ProofMethod::kRecoveryCode, Secret::take(std::move(recovery_code))};
    return present;
}

}  // namespace keyledger::api::routes
