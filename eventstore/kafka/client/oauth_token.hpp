#pragma once
// SASL OAUTHBEARER by a token that lies in a file and is renewed by somebody else (a projected service
// account's, an agent's).
#include <string>

struct rd_kafka_s;

namespace keyledger::eventstore::kafka {

// Gives librdkafka the token in the file, or says why not; librdkafka then asks again in ten seconds. The token is a
// JWT: `exp` says when it wants another, `sub` who it is about. It is not verified here; the broker does that.
void provide_token(rd_kafka_s* handle, const std::string& file);

}  // namespace keyledger::eventstore::kafka
