#pragma once
// As whom the service asks AWS, found as AWS's own clients find it, the first of:
//   1. AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, with AWS_SESSION_TOKEN if they are temporary; each of them, or the
//      file that the same name with _FILE names, which must be closed to others;
//   2. a container's role: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI (ECS) or _FULL_URI (EKS Pod Identity), with
//      AWS_CONTAINER_AUTHORIZATION_TOKEN or _TOKEN_FILE;
//   3. an instance's role, by version 2 of the instance metadata service alone, unless AWS_EC2_METADATA_DISABLED=true;
//      AWS_EC2_METADATA_SERVICE_ENDPOINT names another address than http://169.254.169.254.
#include <functional>
#include <string>

#include "integrations/aws/http_call.hpp"

namespace keyledger::integrations::aws {

// Reads one variable of the environment; nullptr when it is not set.
using Variables = std::function<const char*(const char*)>;

// The error says what to do, and quotes no secret.
Result<Credentials, std::string> find_credentials(const Variables& variables, Time deadline);

}  // namespace keyledger::integrations::aws
