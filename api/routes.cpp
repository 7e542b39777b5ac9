#include "api/routes.hpp"

#include "api/routes/admin_routes.hpp"
#include "api/routes/auditor_routes.hpp"
#include "api/routes/auth_routes.hpp"
#include "api/routes/authzen_routes.hpp"
#include "api/routes/erasure_routes.hpp"
#include "api/routes/group_routes.hpp"
#include "api/routes/health_routes.hpp"
#include "api/routes/oauth_routes.hpp"
#include "api/routes/role_routes.hpp"
#include "api/routes/service_account_routes.hpp"

namespace keyledger::api {
namespace {

using enum Method;

constexpr RouteEntry<Context> kRoutes[] = {
    {"registerUser", kPost, "/api/v1/auth/register", routes::register_user},
    {"logIn", kPost, "/api/v1/auth/login", routes::log_in},
    {"refresh", kPost, "/api/v1/auth/refresh", routes::refresh},
    {"logOut", kPost, "/api/v1/auth/logout", routes::log_out},
    {"changePassword", kPost, "/api/v1/auth/change-password", routes::change_password},
    {"showMe", kGet, "/api/v1/auth/me", routes::show_me},
    {"updateMe", kPut, "/api/v1/auth/me", routes::update_me},
    {"eraseMe", kDelete, "/api/v1/auth/me", routes::erase_me},
    {"keepMe", kDelete, "/api/v1/auth/me/erasure", routes::keep_me},
    {"listMySessions", kGet, "/api/v1/auth/sessions", routes::list_my_sessions},
    {"endMySessions", kDelete, "/api/v1/auth/sessions", routes::end_my_sessions},
    {"endMySession", kDelete, "/api/v1/auth/sessions/{id}", routes::end_my_session},
    {"token", kPost, "/oauth2/token", routes::token},
    {"introspect", kPost, "/oauth2/introspect", routes::introspect},
    {"revoke", kPost, "/oauth2/revoke", routes::revoke},
    {"jwks", kGet, "/.well-known/jwks.json", routes::jwks},
    {"oauthMetadata", kGet, "/.well-known/oauth-authorization-server", routes::oauth_metadata},
    {"listAudit", kGet, "/api/v1/admin/audit", routes::list_audit},
    {"showTreeHead", kGet, "/api/v1/audit/tree-head", routes::show_tree_head},
    {"exportAudit", kGet, "/api/v1/admin/audit/export", routes::export_audit},
    {"listUsers", kGet, "/api/v1/admin/users", routes::list_users},
    {"showUser", kGet, "/api/v1/admin/users/{id}", routes::show_user},
    {"eraseUser", kDelete, "/api/v1/admin/users/{id}", routes::erase_user},
    {"keepUser", kDelete, "/api/v1/admin/users/{id}/erasure", routes::keep_user},
    {"listUserSessions", kGet, "/api/v1/admin/users/{id}/sessions", routes::list_user_sessions},
    {"activateUser", kPost, "/api/v1/admin/users/{id}/activate", routes::activate_user},
    {"deactivateUser", kPost, "/api/v1/admin/users/{id}/deactivate", routes::deactivate_user},
    {"updateUser", kPut, "/api/v1/admin/users/{id}", routes::update_user},
    {"endUserSessions", kDelete, "/api/v1/admin/users/{id}/sessions", routes::end_user_sessions},
    {"assignRole", kPut, "/api/v1/admin/users/{id}/roles/{role}", routes::assign_role},
    {"withdrawRole", kDelete, "/api/v1/admin/users/{id}/roles/{role}", routes::withdraw_role},
    {"listUserRoles", kGet, "/api/v1/admin/users/{id}/roles", routes::list_user_roles},
    {"listRoles", kGet, "/api/v1/admin/roles", routes::list_roles},
    {"showRole", kGet, "/api/v1/admin/roles/{id}", routes::show_role},
    {"listGroups", kGet, "/api/v1/admin/groups", routes::list_groups},
    {"showGroup", kGet, "/api/v1/admin/groups/{id}", routes::show_group},
    {"defineGroup", kPost, "/api/v1/admin/groups", routes::define_group},
    {"renameGroup", kPut, "/api/v1/admin/groups/{id}", routes::rename_group},
    {"deleteGroup", kDelete, "/api/v1/admin/groups/{id}", routes::delete_group},
    {"listGroupMembers", kGet, "/api/v1/admin/groups/{id}/members", routes::list_group_members},
    {"addGroupMember", kPut, "/api/v1/admin/groups/{id}/members/{user}", routes::add_group_member},
    {"removeGroupMember", kDelete, "/api/v1/admin/groups/{id}/members/{user}", routes::remove_group_member},
    {"nestGroup", kPut, "/api/v1/admin/groups/{id}/groups/{child}", routes::nest_group},
    {"unnestGroup", kDelete, "/api/v1/admin/groups/{id}/groups/{child}", routes::unnest_group},
    {"listGroupRoles", kGet, "/api/v1/admin/groups/{id}/roles", routes::list_group_roles},
    {"assignGroupRole", kPut, "/api/v1/admin/groups/{id}/roles/{role}", routes::assign_group_role},
    {"withdrawGroupRole", kDelete, "/api/v1/admin/groups/{id}/roles/{role}", routes::withdraw_group_role},
    {"listUserGroups", kGet, "/api/v1/admin/users/{id}/groups", routes::list_user_groups},
    {"explainUser", kGet, "/api/v1/admin/users/{id}/permissions", routes::explain_user},
    {"evaluate", kPost, "/access/v1/evaluation", routes::evaluate},
    {"evaluateAll", kPost, "/access/v1/evaluations", routes::evaluate_all},
    {"searchSubjects", kPost, "/access/v1/search/subject", routes::search_subjects},
    {"searchResources", kPost, "/access/v1/search/resource", routes::search_resources},
    {"searchActions", kPost, "/access/v1/search/action", routes::search_actions},
    {"authzenConfiguration", kGet, "/.well-known/authzen-configuration", routes::authzen_configuration},
    {"defineRole", kPost, "/api/v1/admin/roles", routes::define_role},
    {"changeRole", kPut, "/api/v1/admin/roles/{id}", routes::change_role},
    {"deleteRole", kDelete, "/api/v1/admin/roles/{id}", routes::delete_role},
    {"listServiceAccounts", kGet, "/api/v1/admin/service-accounts", routes::list_service_accounts},
    {"registerServiceAccount", kPost, "/api/v1/admin/service-accounts", routes::register_service_account},
    {"showServiceAccount", kGet, "/api/v1/admin/service-accounts/{id}", routes::show_service_account},
    {"changeServiceAccount", kPut, "/api/v1/admin/service-accounts/{id}", routes::change_service_account},
    {"deleteServiceAccount", kDelete, "/api/v1/admin/service-accounts/{id}", routes::delete_service_account},
    {"addServiceAccountSecret", kPost, "/api/v1/admin/service-accounts/{id}/secrets", routes::add_account_secret},
    {"removeServiceAccountSecret", kDelete, "/api/v1/admin/service-accounts/{id}/secrets/{secret}",
     routes::remove_account_secret},
    {"addServiceAccountKey", kPost, "/api/v1/admin/service-accounts/{id}/keys", routes::add_account_key},
    {"removeServiceAccountKey", kDelete, "/api/v1/admin/service-accounts/{id}/keys/{key}",
     routes::remove_account_key},
    {"assignServiceAccountRole", kPut, "/api/v1/admin/service-accounts/{id}/roles/{role}",
     routes::assign_account_role},
    {"withdrawServiceAccountRole", kDelete, "/api/v1/admin/service-accounts/{id}/roles/{role}",
     routes::withdraw_account_role},
    {"health", kGet, "/health", routes::health},
    {"healthLive", kGet, "/health/live", routes::health_live},
    {"healthReady", kGet, "/health/ready", routes::health_ready},
    {"openapi", kGet, "/openapi.json", routes::openapi},
};

}  // namespace

std::span<const RouteEntry<Context>> route_table() { return kRoutes; }

}  // namespace keyledger::api
