#include "api/routes/routes.hpp"

#include <vector>

// Each stands under the handlers of its rows, in the file of its name in api/routes/<subject>/. A new one is a line.
#define KEYLEDGER_ROUTE_TABLES(TABLE) \
    TABLE(account_applications)       \
    TABLE(account_devices)            \
    TABLE(account_page_routes)        \
    TABLE(account_profile)            \
    TABLE(account_providers)          \
    TABLE(application_routes)         \
    TABLE(asset_routes)               \
    TABLE(audit_routes)               \
    TABLE(authorization_routes)       \
    TABLE(authzen_routes)             \
    TABLE(authzen_search_routes)      \
    TABLE(choose_page_routes)         \
    TABLE(client_registration_routes) \
    TABLE(device_grant_routes)        \
    TABLE(device_page_routes)         \
    TABLE(device_routes)              \
    TABLE(docs_routes)                \
    TABLE(email_change_routes)        \
    TABLE(enrol_page_routes)          \
    TABLE(erasure_routes)             \
    TABLE(factor_routes)              \
    TABLE(group_queries)              \
    TABLE(group_routes)               \
    TABLE(health_routes)              \
    TABLE(identity_routes)            \
    TABLE(invitation_routes)          \
    TABLE(link_page_routes)           \
    TABLE(log_in_page_routes)         \
    TABLE(log_out_routes)             \
    TABLE(mail_log_in_routes)         \
    TABLE(mail_page_routes)           \
    TABLE(new_user_routes)            \
    TABLE(openid_routes)              \
    TABLE(oauth_routes)               \
    TABLE(own_account_routes)         \
    TABLE(passkey_routes)             \
    TABLE(provider_page_routes)       \
    TABLE(provider_register_routes)   \
    TABLE(pushed_request_routes)      \
    TABLE(recovery_routes)            \
    TABLE(register_page_routes)       \
    TABLE(registration_routes)        \
    TABLE(role_assignment_routes)     \
    TABLE(role_queries)               \
    TABLE(role_routes)                \
    TABLE(service_account_routes)     \
    TABLE(session_queries)            \
    TABLE(session_routes)             \
    TABLE(tree_head_routes)           \
    TABLE(undo_routes)                \
    TABLE(user_queries)               \
    TABLE(user_routes)

namespace keyledger::api {
namespace routes {

#define KEYLEDGER_DECLARE(name) RouteTable name();
KEYLEDGER_ROUTE_TABLES(KEYLEDGER_DECLARE)

}  // namespace routes

RouteTable route_table() {
    static const std::vector<RouteRow> kRoutes = [] {
        std::vector<RouteRow> all;
#define KEYLEDGER_ADD(name) \
    for (const RouteRow& row : routes::name()) all.push_back(row);
        KEYLEDGER_ROUTE_TABLES(KEYLEDGER_ADD)
        return all;
    }();
    return kRoutes;
}

}  // namespace keyledger::api
