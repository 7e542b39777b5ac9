#include "api/routes/clients/client_credentials.hpp"

#include "api/wire/problem_types.hpp"

namespace keyledger::api {
namespace {

constexpr std::size_t kMaxKeyMemberBytes = 64;
// Members that are not understood are ignored (RFC 7517 section 4).
constexpr JsonLimits kKeyLimits{.depth = 32, .members = 256, .values = 4096, .allow_unknown_members = true};

Response refuse_key(const Request& request, const std::string& fault) {
    const std::string detail = "This can't be taken as a key to verify assertions with: " + fault + ".";
    const Problem what{problems::kInvalidFields, "Correct the key and send it again.", {}, {{"kty", detail}}, {}};
    return problem(request, what);
}

void write_key(JsonText& json, const ClientCredentials::PublicKey& key) {
    json.text("id", key.id).text("algorithm", stored_name(key.algorithm)).text("public_key", key.jwk);
    if (key.kid) json.text("kid", *key.kid);
}

}  // namespace

Result<std::string, Response> read_key(Call& call) {
    JsonFields body(call.request, kKeyLimits);
    body.required_string("kty", kMaxKeyMemberBytes);
    auto read = call.finish(body);
    if (!read) return Unexpected(read.error());
    return call.request.body;
}

void write_credentials(JsonText& json, const ClientCredentials& credentials) {
    json.begin_array("secrets");
    for (const auto& secret : credentials.secrets) json.begin_object().text("id", secret.id.to_string()).end_object();
    json.end_array().begin_array("keys");
    for (const auto& key : credentials.keys) {
        json.begin_object();
        write_key(json, key);
        json.end_object();
    }
    json.end_array();
}

Response answer_of_secret(Call& call, const Result<commands::SecretReceipt, commands::CommandError>& made) {
    if (!made) return refuse(call, made.error());
    JsonText json;
    json.text("id", made->secret_id.to_string());
    // A repeated request is told what came of it, but the secret was shown then.
    if (made->secret) json.text("client_secret", made->secret->reveal());
    const commands::Receipt outcome{made->position, made->repeated};
    return with_outcome(api::json(201, json.finish()), outcome);
}

Response answer_of_key(Call& call, const Result<commands::KeyReceipt, commands::CommandError>& added,
                       const std::string& fault) {
    if (!added && added.error().refusal == refusals::kInvalidKey) return refuse_key(call.request, fault);
    if (!added) return refuse(call, added.error());
    JsonText json;
    write_key(json, added->key);
    const commands::Receipt outcome{added->position, added->repeated};
    return with_outcome(api::json(201, json.finish()), outcome);
}

}  // namespace keyledger::api
