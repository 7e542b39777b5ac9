#pragma once
// A client that holds a key and proves it (DPoP, RFC 9449).
#include <ctime>
#include <stdexcept>
#include <string>

#include "security/keys/signing_key.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "tests/e2e/oauth/browser.hpp"

namespace keyledger::test {

class Prover {
public:
    explicit Prover(security::SigningAlgorithm algorithm = security::SigningAlgorithm::kEs256)
        : key_(security::SigningKey::generate(algorithm)) {}

    // What a proof says; what is empty is left out.
    struct Says {
        std::string type = "dpop+jwt";
        std::string id = unique("proof");
        std::string method = "POST";
        std::string uri = std::string(kIssuer) + kToken;
        std::string made_at = std::to_string(now_s());
        std::string nonce;
        std::string token_digest;
        std::string jwk;  // another than its own
        std::string more_header;
    };
    std::string sign(const Says& says) const {
        std::string header = R"({"alg":")" + std::string(name_of(key_.algorithm())) + "\"";
        if (!says.type.empty()) header += R"(,"typ":")" + says.type + "\"";
        header += R"(,"jwk":)" + (says.jwk.empty() ? jwk() : says.jwk) + says.more_header + "}";
        std::string claims;
        const auto text = [&](const char* name, const std::string& value) {
            if (!value.empty()) claims += std::string(claims.empty() ? "" : ",") + "\"" + name + "\":\"" + value + "\"";
        };
        text("jti", says.id);
        text("htm", says.method);
        text("htu", says.uri);
        text("nonce", says.nonce);
        text("ath", says.token_digest);
        if (!says.made_at.empty()) claims += ",\"iat\":" + says.made_at;
        const std::string signed_part =
            security::base64url_encode(header) + "." + security::base64url_encode("{" + claims + "}");
        return signed_part + "." + security::base64url_encode(key_.sign(signed_part));
    }
    std::string jwk() const {
        std::string text;
        for (const auto& [name, value] : key_.public_members())
            text += (text.empty() ? "{\"" : ",\"") + name + "\":\"" + value + "\"";
        return text + "}";
    }
    std::string thumbprint() const { return security::base64url_encode(security::view_of(key_.thumbprint())); }

    // By the service's clock.
    static std::int64_t now_s() {
        const std::string date = api().get("/health/live").header("Date").value_or("");
        std::tm at{};
        if (strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &at) == nullptr) throw std::runtime_error(date);
        return timegm(&at);
    }
    static std::string digest_of(const std::string& token) {
        const auto digest = security::sha256(std::string_view(token));
        return security::base64url_encode(security::view_of(digest));
    }

private:
    security::SigningKey key_;
};

inline HttpHeaders with_proof(const std::string& proof) { return {{"DPoP", proof}}; }

// As a client does it: without a nonce at first, then with the one that it is given.
inline Answer prove_and_post(ApiClient client, const Prover& prover, const char* path, const std::string& form,
                             const HttpHeaders& more = {}) {
    Prover::Says says;
    says.uri = std::string(kIssuer) + path;
    const auto send = [&] {
        says.id = unique("proof");
        HttpHeaders headers = with_proof(prover.sign(says));
        headers.insert(headers.end(), more.begin(), more.end());
        return client.form(path, form, headers);
    };
    const Answer first = send();
    if (first.status != 400 || first.text("/error") != "use_dpop_nonce") return first;
    says.nonce = first.header("DPoP-Nonce").value_or("");
    return send();
}
inline std::string nonce_of(ApiClient client) {
    static const std::string kShop = application();
    const Answer told = client.form(kPar, request_form(kShop), with_proof(Prover().sign({})));
    return told.header("DPoP-Nonce").value_or("");
}

}  // namespace keyledger::test
