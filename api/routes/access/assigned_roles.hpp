#pragma once
// Roles as JSON, and all that one subject has by itself.
#include "api/routes/call.hpp"
#include "api/wire/write_json.hpp"
#include "projections/models/roles.hpp"

namespace keyledger::api::routes {

void write_role(JsonText& json, const projections::RoleRow& role);
// As of the read model `permissions`. That the subject is there was asked before.
Reply list_assigned_roles(Call& call, SubjectId subject_id);

}  // namespace keyledger::api::routes
