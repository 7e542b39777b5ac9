#pragma once
// What a check of permissions goes by: a subject as of one position of the log, and the roles that it has there. One
// shape from the memory of projections/hot/ and the folds of commands/access/ to the answers of the API. Pure.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "domain/access/group.hpp"
#include "domain/access/role.hpp"
#include "domain/access/search.hpp"
#include "domain/clients/service_account.hpp"
#include "domain/clients/service_token.hpp"
#include "domain/users/user.hpp"

namespace keyledger {

struct Application;
struct Session;

struct SubjectAccess {
    SubjectId subject_id;                          // whose roles these are; nil: there is no such session
    std::shared_ptr<const User> found_user;        // nullptr: see user()
    std::shared_ptr<const Session> found_session;  // nullptr: see session()
    bool grounds_hold = true;                      // of that session (domain/sessions/grounds.hpp)
    // Assigned to the subject or to a group of its, and defined; each once.
    std::vector<std::shared_ptr<const Role>> roles;
    // That it is in, by itself or by nesting, and defined. Without kEveryone, which says nothing of anybody.
    std::vector<std::shared_ptr<const Group>> groups;
    Position position = 0;       // at which all of this was so
    Position user_position = 0;  // of the user's own last event up to then; 0: there is none
    // The user, and the session if one was asked for; of a service, the account and the token. Said by commands, which
    // have the clock: until then nobody is, and nothing is granted.
    bool active = false;

    // Absent where there is none. What is personal may be missing.
    const User& user() const;
    // Without the device; absent where there is none, where none was asked for, and once it ended.
    const Session& session() const;
    // It is active, one of its roles allows it and none denies it.
    bool decide(const AccessQuestion& question) const;
    // What its roles allow and deny together.
    AccessRules rules() const;
    // What it may whatever the resource is, and what of it bears a name or is its own: all that no denial touches.
    PermissionSet scope() const { return rules().without_exceptions(); }
    // rules().covers(wanted), and those of scope().texts() that are wanted. Neither copies a rule.
    bool covers(const Permission& wanted) const;
    std::vector<std::string> scope_texts(const std::function<bool(const Permission&)>& is_wanted) const;
};

// Of one client id: it is a service account's or an application's.
struct ServiceAccess {
    std::shared_ptr<const ServiceAccount> found_account;  // nullptr: see account()
    std::shared_ptr<const Application> application;       // nullptr: there is none, or none any more
    // Without audiences and scope. Absent where there is none, where none was asked for, and some time after it ended.
    ServiceToken token;
    SubjectAccess held;  // by the account

    // Absent where there is none.
    const ServiceAccount& account() const;
    // The part of a token's scope that the account still holds.
    std::vector<std::string> still_held(const std::vector<std::string>& scope) const;
};

}  // namespace keyledger
