#include "integrations/providers/client_assertion.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "security/keys/signing_key.hpp"
#include "security/primitives/base64url.hpp"

namespace keyledger::integrations {
namespace {

using security::SigningAlgorithm;
using security::SigningKey;

class Json {
public:
    Json() { writer_.StartObject(); }
    Json& text(const char* name, std::string_view value) {
        writer_.Key(name);
        writer_.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
        return *this;
    }
    Json& time(const char* name, Instant at) {
        writer_.Key(name);
        writer_.Int64(at.ms() / 1000);
        return *this;
    }
    std::string encoded() {
        writer_.EndObject();
        return security::base64url_encode({text_.GetString(), text_.GetSize()});
    }

private:
    rapidjson::StringBuffer text_;
    rapidjson::Writer<rapidjson::StringBuffer> writer_{text_};
};

// Its kind tells the algorithm.
Result<SigningKey, std::string_view> key_of(const Secret& pem) {
    for (const auto algorithm : {SigningAlgorithm::kEs256, SigningAlgorithm::kRs256, SigningAlgorithm::kEdDsa})
        if (auto key = SigningKey::parse(algorithm, pem)) return std::move(*key);
    return Unexpected(std::string_view("client-key"));
}

}  // namespace

Result<std::string, std::string_view> client_assertion(const Secret& pem, const ClientAssertionFacts& facts) {
    KEYLEDGER_TRY(key, key_of(pem));
    Json header;
    header.text("alg", name_of(key->algorithm())).text("typ", "JWT");
    if (!facts.key_id.empty()) header.text("kid", facts.key_id);
    Json claims;
    claims.text("iss", facts.client_id).text("sub", facts.client_id).text("aud", facts.audience).text("jti", facts.id);
    claims.time("iat", facts.now).time("exp", facts.now + kClientAssertionLasts);
    const std::string to_sign = header.encoded() + "." + claims.encoded();
    return to_sign + "." + security::base64url_encode(key->sign(to_sign));
}

}  // namespace keyledger::integrations
