#pragma once
// Secrets and keys in requests and answers: the same for service accounts and applications.
#include "api/routes/call.hpp"
#include "api/wire/write_json.hpp"
#include "commands/clients/client_credentials.hpp"

namespace keyledger::api {

// A JWK as it came. What its members mean is said by its reader.
Result<std::string, Response> read_key(Call& call);
// `secrets` and `keys`, of an object that is begun.
void write_credentials(JsonText& json, const ClientCredentials& credentials);

Response answer_of_secret(Call& call, const Result<commands::SecretReceipt, commands::CommandError>& made);
// `fault`: what is wrong with the key, where that is why it was refused.
Response answer_of_key(Call& call, const Result<commands::KeyReceipt, commands::CommandError>& added,
                       const std::string& fault);

}  // namespace keyledger::api
