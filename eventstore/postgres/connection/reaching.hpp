#pragma once
// What stands where the operator's URL leads, looked at before anybody serves.
#include <optional>
#include <string>

namespace keyledger::eventstore::postgres {

// kNone: no server takes connections, whoever asks for one. kStandby: what does can't be written to, as before a
// promotion. kThere also where nothing can be told without trying, so that whoever tries is told why. Blocks for
// seconds at most, for each host that the URL names.
enum class ServerAnswer { kNone, kStandby, kThere };
ServerAnswer ask_server(const std::string& url);

// Why nobody can serve through what stands before PostgreSQL (PgBouncer and its like): a sentence that begins with a
// small letter. Sessions hold locks by which nodes agree who does what, hear what is appended, and have statements
// prepared: each must have one server process for as long as it lives, and none that another session has, too. Nothing
// also where nobody answers, for whoever connects next is told so. Blocks for seconds at most.
std::optional<std::string> pooling_problem(const std::string& url);

}  // namespace keyledger::eventstore::postgres
