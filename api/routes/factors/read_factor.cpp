#include "api/routes/factors/read_factor.hpp"

#include <algorithm>

#include "api/routes/context.hpp"
#include "api/routes/factors/read_passkey.hpp"

namespace keyledger::api::routes {

std::optional<commands::PresentedFactor> read_factor(JsonFields& body, std::string_view code_name) {
    Secret code = body.optional_secret(code_name, kMaxFactorCodeBytes).value_or(Secret());
    Secret recovery_code = body.optional_secret("recovery_code", kMaxFactorCodeBytes).value_or(Secret());
    const bool has_passkey = body.object("passkey");
    if (!code.empty() + !recovery_code.empty() + has_passkey > 1)
        body.refuse(code_name, "Give one of this, 'recovery_code' and 'passkey'.");
    std::optional<commands::PresentedFactor> present;
    if (!code.empty()) present = {ProofMethod::kTotp, std::move(code)};
    else if (!recovery_code.empty()) present = {ProofMethod::kRecoveryCode, std::move(recovery_code)};
    else if (has_passkey) present = {ProofMethod::kPasskey, Secret(), read_passkey_answer(body, "passkey")};
    return present;
}

commands::OwnProof read_own_proof(JsonFields& body, std::string_view password) {
    commands::OwnProof proof;
    proof.present = read_factor(body);
    if (proof.present && proof.present->method == ProofMethod::kPasskey)
        proof.current_password = body.optional_secret(password, kMaxPasswordBytes).value_or(Secret());
    else proof.current_password = body.required_secret(password, kMaxPasswordBytes);
    return proof;
}

commands::PresentedFactor typed_factor(Secret typed) {
    const bool is_digits =
        std::ranges::all_of(typed.reveal(), [](char c) { return (c >= '0' && c <= '9') || c == ' '; });
    return {is_digits ? ProofMethod::kTotp : ProofMethod::kRecoveryCode, std::move(typed)};
}

}  // namespace keyledger::api::routes
