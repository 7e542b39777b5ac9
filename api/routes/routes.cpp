#include "api/routes/routes.hpp"

#include "api/routes/access/group_routes.hpp"
#include "api/routes/access/role_routes.hpp"
#include "api/routes/accounts/admin_routes.hpp"
#include "api/routes/accounts/auth_routes.hpp"
#include "api/routes/accounts/erasure_routes.hpp"
#include "api/routes/audit/auditor_routes.hpp"
#include "api/routes/authzen/authzen_routes.hpp"
#include "api/routes/clients/service_account_routes.hpp"
#include "api/routes/health/health_routes.hpp"
#include "api/routes/oauth/oauth_routes.hpp"

namespace keyledger::api {
namespace {

using enum Method;
using enum Limited;

constexpr RouteEntry<Context> kRoutes[] = {
    {"registerUser", kPost, "/api/v1/auth/register", routes::register_user, kPasswords},
    {"logIn", kPost, "/api/v1/auth/login", routes::log_in, kPasswords},
    {"refresh", kPost, "/api/v1/auth/refresh", routes::refresh, kOrdinary},
    {"logOut", kPost, "/api/v1/auth/logout", routes::log_out, kOrdinary},
    {"changePassword", kPost, "/api/v1/auth/change-password", routes::change_password, kPasswords},
    {"showMe", kGet, "/api/v1/auth/me", routes::show_me, kOrdinary},
    {"updateMe", kPut, "/api/v1/auth/me", routes::update_me, kOrdinary},
    {"eraseMe", kDelete, "/api/v1/auth/me", routes::erase_me, kPasswords},
    {"keepMe", kDelete, "/api/v1/auth/me/erasure", routes::keep_me, kOrdinary},
    {"listMySessions", kGet, "/api/v1/auth/sessions", routes::list_my_sessions, kOrdinary},
    {"endMySessions", kDelete, "/api/v1/auth/sessions", routes::end_my_sessions, kOrdinary},
    {"endMySession", kDelete, "/api/v1/auth/sessions/{id}", routes::end_my_session, kOrdinary},
    {"token", kPost, "/oauth2/token", routes::token, kClients},
    {"introspect", kPost, "/oauth2/introspect", routes::introspect, kClients},
    {"revoke", kPost, "/oauth2/revoke", routes::revoke, kClients},
    {"jwks", kGet, "/.well-known/jwks.json", routes::jwks, kNothing},
    {"oauthMetadata", kGet, "/.well-known/oauth-authorization-server", routes::oauth_metadata, kNothing},
    {"listAudit", kGet, "/api/v1/admin/audit", routes::list_audit, kOrdinary},
    {"showTreeHead", kGet, "/api/v1/audit/tree-head", routes::show_tree_head, kOrdinary},
    {"exportAudit", kGet, "/api/v1/admin/audit/export", routes::export_audit, kOrdinary},
    {"listUsers", kGet, "/api/v1/admin/users", routes::list_users, kOrdinary},
    {"showUser", kGet, "/api/v1/admin/users/{id}", routes::show_user, kOrdinary},
    {"eraseUser", kDelete, "/api/v1/admin/users/{id}", routes::erase_user, kOrdinary},
    {"keepUser", kDelete, "/api/v1/admin/users/{id}/erasure", routes::keep_user, kOrdinary},
    {"listUserSessions", kGet, "/api/v1/admin/users/{id}/sessions", routes::list_user_sessions, kOrdinary},
    {"activateUser", kPost, "/api/v1/admin/users/{id}/activate", routes::activate_user, kOrdinary},
    {"deactivateUser", kPost, "/api/v1/admin/users/{id}/deactivate", routes::deactivate_user, kOrdinary},
    {"showLockOut", kGet, "/api/v1/admin/users/{id}/lock-out", routes::show_lock_out, kOrdinary},
    {"unlockUser", kPost, "/api/v1/admin/users/{id}/unlock", routes::unlock_user, kOrdinary},
    {"updateUser", kPut, "/api/v1/admin/users/{id}", routes::update_user, kOrdinary},
    {"endUserSessions", kDelete, "/api/v1/admin/users/{id}/sessions", routes::end_user_sessions, kOrdinary},
    {"assignRole", kPut, "/api/v1/admin/users/{id}/roles/{role}", routes::assign_role, kOrdinary},
    {"withdrawRole", kDelete, "/api/v1/admin/users/{id}/roles/{role}", routes::withdraw_role, kOrdinary},
    {"listUserRoles", kGet, "/api/v1/admin/users/{id}/roles", routes::list_user_roles, kOrdinary},
    {"listRoles", kGet, "/api/v1/admin/roles", routes::list_roles, kOrdinary},
    {"showRole", kGet, "/api/v1/admin/roles/{id}", routes::show_role, kOrdinary},
    {"listGroups", kGet, "/api/v1/admin/groups", routes::list_groups, kOrdinary},
    {"showGroup", kGet, "/api/v1/admin/groups/{id}", routes::show_group, kOrdinary},
    {"defineGroup", kPost, "/api/v1/admin/groups", routes::define_group, kOrdinary},
    {"renameGroup", kPut, "/api/v1/admin/groups/{id}", routes::rename_group, kOrdinary},
    {"deleteGroup", kDelete, "/api/v1/admin/groups/{id}", routes::delete_group, kOrdinary},
    {"listGroupMembers", kGet, "/api/v1/admin/groups/{id}/members", routes::list_group_members, kOrdinary},
    {"addGroupMember", kPut, "/api/v1/admin/groups/{id}/members/{user}", routes::add_group_member, kOrdinary},
    {"removeGroupMember", kDelete, "/api/v1/admin/groups/{id}/members/{user}", routes::remove_group_member, kOrdinary},
    {"addGroupServiceAccount", kPut, "/api/v1/admin/groups/{id}/service-accounts/{account}",
     routes::add_account_to_group, kOrdinary},
    {"removeGroupServiceAccount", kDelete, "/api/v1/admin/groups/{id}/service-accounts/{account}",
     routes::remove_account_from_group, kOrdinary},
    {"nestGroup", kPut, "/api/v1/admin/groups/{id}/groups/{child}", routes::nest_group, kOrdinary},
    {"unnestGroup", kDelete, "/api/v1/admin/groups/{id}/groups/{child}", routes::unnest_group, kOrdinary},
    {"listGroupRoles", kGet, "/api/v1/admin/groups/{id}/roles", routes::list_group_roles, kOrdinary},
    {"assignGroupRole", kPut, "/api/v1/admin/groups/{id}/roles/{role}", routes::assign_group_role, kOrdinary},
    {"withdrawGroupRole", kDelete, "/api/v1/admin/groups/{id}/roles/{role}", routes::withdraw_group_role, kOrdinary},
    {"listUserGroups", kGet, "/api/v1/admin/users/{id}/groups", routes::list_user_groups, kOrdinary},
    {"explainUser", kGet, "/api/v1/admin/users/{id}/permissions", routes::explain_user, kOrdinary},
    {"evaluate", kPost, "/access/v1/evaluation", routes::evaluate, kClients},
    {"evaluateAll", kPost, "/access/v1/evaluations", routes::evaluate_all, kClients},
    {"searchSubjects", kPost, "/access/v1/search/subject", routes::search_subjects, kClients},
    {"searchResources", kPost, "/access/v1/search/resource", routes::search_resources, kClients},
    {"searchActions", kPost, "/access/v1/search/action", routes::search_actions, kClients},
    {"authzenConfiguration", kGet, "/.well-known/authzen-configuration", routes::authzen_configuration, kNothing},
    {"defineRole", kPost, "/api/v1/admin/roles", routes::define_role, kOrdinary},
    {"changeRole", kPut, "/api/v1/admin/roles/{id}", routes::change_role, kOrdinary},
    {"deleteRole", kDelete, "/api/v1/admin/roles/{id}", routes::delete_role, kOrdinary},
    {"listServiceAccounts", kGet, "/api/v1/admin/service-accounts", routes::list_service_accounts, kOrdinary},
    {"registerServiceAccount", kPost, "/api/v1/admin/service-accounts", routes::register_service_account, kOrdinary},
    {"showServiceAccount", kGet, "/api/v1/admin/service-accounts/{id}", routes::show_service_account, kOrdinary},
    {"changeServiceAccount", kPut, "/api/v1/admin/service-accounts/{id}", routes::change_service_account, kOrdinary},
    {"deleteServiceAccount", kDelete, "/api/v1/admin/service-accounts/{id}", routes::delete_service_account, kOrdinary},
    {"addServiceAccountSecret", kPost, "/api/v1/admin/service-accounts/{id}/secrets", routes::add_account_secret,
     kOrdinary},
    {"removeServiceAccountSecret", kDelete, "/api/v1/admin/service-accounts/{id}/secrets/{secret}",
     routes::remove_account_secret, kOrdinary},
    {"addServiceAccountKey", kPost, "/api/v1/admin/service-accounts/{id}/keys", routes::add_account_key, kOrdinary},
    {"removeServiceAccountKey", kDelete, "/api/v1/admin/service-accounts/{id}/keys/{key}", routes::remove_account_key,
     kOrdinary},
    {"listServiceAccountGroups", kGet, "/api/v1/admin/service-accounts/{id}/groups", routes::list_account_groups,
     kOrdinary},
    {"explainServiceAccount", kGet, "/api/v1/admin/service-accounts/{id}/permissions", routes::explain_account,
     kOrdinary},
    {"assignServiceAccountRole", kPut, "/api/v1/admin/service-accounts/{id}/roles/{role}", routes::assign_account_role,
     kOrdinary},
    {"withdrawServiceAccountRole", kDelete, "/api/v1/admin/service-accounts/{id}/roles/{role}",
     routes::withdraw_account_role, kOrdinary},
    {"home", kGet, "/", routes::home, kNothing},
    {"health", kGet, "/health", routes::health, kNothing},
    {"healthLive", kGet, "/health/live", routes::health_live, kNothing},
    {"healthReady", kGet, "/health/ready", routes::health_ready, kNothing},
    {"openapi", kGet, "/openapi.json", routes::openapi, kNothing},
};

}  // namespace

std::span<const RouteEntry<Context>> route_table() { return kRoutes; }

}  // namespace keyledger::api
