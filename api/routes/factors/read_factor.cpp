#include "api/routes/factors/read_factor.hpp"

namespace keyledger::api::routes {

std::optional<commands::PresentedFactor> read_factor(JsonFields& body, std::string_view code_name) {
    Secret code = body.optional_secret(code_name, kMaxFactorCodeBytes).value_or(Secret());
    Secret recovery_code = body.optional_secret("recovery_code", kMaxFactorCodeBytes).value_or(Secret());
    if (!code.empty() && !recovery_code.empty())
        body.refuse(code_name, "Give either this or 'recovery_code', and not both.");
    std::optional<commands::PresentedFactor> present;
    if (!code.empty()) present = {ProofMethod::kTotp, std::move(code)};
    else if (!recovery_code.empty()) present = {ProofMethod::kRecoveryCode, std::move(recovery_code)};
    return present;
}

}  // namespace keyledger::api::routes
