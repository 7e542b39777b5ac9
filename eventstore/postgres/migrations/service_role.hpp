#pragma once
// The role that serves is not the one that owns: what it makes (the read models) must be its own, and it must
// not be able to do what the owner can.
#include <optional>
#include <string>
#include <vector>

namespace keyledger::eventstore::postgres {

// nullopt if the session's role may serve, else a sentence that names the role, says why not, and what makes
// the right one. Blocks for seconds at most. Throws MigrationFailure if nobody answers.
std::optional<std::string> service_role_problem(const std::string& database_url);

// nullopt if both URLs lead to one database, else a sentence. Blocks for seconds at most. Throws MigrationFailure if
// nobody answers.
std::optional<std::string> one_database_problem(const std::string& owner_url, const std::string& service_url);

// As the owner: gives keyledger_service the tables of the read models that belong to others (whoever served
// with another role's URL made them), with all that is in them. The names of those, none if there were none.
// Throws MigrationFailure, with the statements for a superuser where the owner may not.
std::vector<std::string> give_back_read_models(const std::string& owner_url);

}  // namespace keyledger::eventstore::postgres
