#include "domain/ladder/assurance.hpp"

#include <algorithm>

namespace keyledger {
namespace {

bool is_second_factor(ProofMethod method) {
    return method == ProofMethod::kTotp || method == ProofMethod::kRecoveryCode || method == ProofMethod::kPasskey;
}

}  // namespace

Assurance assurance_of(const std::vector<Proof>& proofs) {
    const auto is_first = [](const Proof& proof) {
        return proof.method == ProofMethod::kPassword || proof.method == ProofMethod::kProvider;
    };
    const auto is_second = [](const Proof& proof) { return is_second_factor(proof.method); };
    const auto is_passkey = [](const Proof& proof) { return proof.method == ProofMethod::kPasskey; };
    const bool two = std::ranges::any_of(proofs, is_passkey) ||
                     (std::ranges::any_of(proofs, is_first) && std::ranges::any_of(proofs, is_second));
    Assurance assurance{two ? kTwoFactors : kOneFactor, {}, {}};
    for (const Proof& proof : proofs) {
        assurance.methods.push_back(proof.method);
        if (!two || is_second(proof)) assurance.authenticated_at = std::max(assurance.authenticated_at, proof.at);
    }
    return assurance;
}

std::vector<std::string> method_names(const Assurance& assurance) {
    std::vector<std::string> names;
    for (const ProofMethod method : assurance.methods) names.emplace_back(stored_name(method));
    if (assurance.level == kTwoFactors) names.emplace_back("mfa");
    return names;
}

}  // namespace keyledger
