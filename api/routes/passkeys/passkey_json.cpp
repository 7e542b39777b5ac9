#include "api/routes/passkeys/passkey_json.hpp"

#include <array>

#include "api/wire/write_json.hpp"

namespace keyledger::api::routes {
namespace {

constexpr std::array<std::int64_t, 3> kAlgorithms{-8, -7, -257};  // Ed25519, ES256, RS256, as they are preferred

void put_credentials(JsonText& body, std::string_view name, const std::vector<std::string>& ids) {
    body.begin_array(name);
    for (const std::string& id : ids) body.begin_object().text("type", "public-key").text("id", id).end_object();
    body.end_array();
}

void put_creation(JsonText& body, const commands::BegunPasskey& begun) {
    const commands::AskedPasskey& asked = begun.asked;
    body.begin_object("rp").text("id", asked.relying_party_id).text("name", begun.shown_name).end_object();
    body.begin_object("user")
        .text("id", begun.user_handle)
        .text("name", begun.account)
        .text("displayName", begun.account)
        .end_object();
    body.text("challenge", asked.challenge).begin_array("pubKeyCredParams");
    for (const std::int64_t algorithm : kAlgorithms)
        body.begin_object().text("type", "public-key").number("alg", algorithm).end_object();
    body.end_array().number("timeout", commands::kPasskeyChallengeLasts.ms());
    put_credentials(body, "excludeCredentials", asked.credential_ids);
    body.begin_object("authenticatorSelection")
        .text("residentKey", "required")
        .boolean("requireResidentKey", true)
        .text("userVerification", "required")
        .end_object();
    body.text("attestation", begun.asks_for_attestation ? "direct" : "none");
}

void put_request(JsonText& body, const commands::AskedPasskey& asked) {
    body.text("challenge", asked.challenge)
        .number("timeout", commands::kPasskeyChallengeLasts.ms())
        .text("rpId", asked.relying_party_id);
    put_credentials(body, "allowCredentials", asked.credential_ids);
    body.text("userVerification", "required");
}

}  // namespace

std::string creation_json(const commands::BegunPasskey& begun) {
    JsonText body;
    body.text("handle", begun.asked.handle).time("expires_at", begun.asked.expires_at).begin_object("options");
    put_creation(body, begun);
    body.end_object();
    return body.finish();
}

std::string request_json(const commands::AskedPasskey& asked) {
    JsonText body;
    body.text("handle", asked.handle).time("expires_at", asked.expires_at).begin_object("options");
    put_request(body, asked);
    body.end_object();
    return body.finish();
}

std::string creation_options(const commands::BegunPasskey& begun) {
    JsonText body;
    put_creation(body, begun);
    return body.finish();
}

std::string request_options(const commands::AskedPasskey& asked) {
    JsonText body;
    put_request(body, asked);
    return body.finish();
}

}  // namespace keyledger::api::routes
