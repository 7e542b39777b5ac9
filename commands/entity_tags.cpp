#include "commands/entity_tags.hpp"

#include <algorithm>

#include "domain/access/permission.hpp"
#include "domain/clients/service_account.hpp"
#include "domain/users/user.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::commands {
namespace {

constexpr std::size_t kTagBytes = 12;  // of a digest: a collision of one's own states only overwrites one's own change

class Members {
public:
    explicit Members(std::string_view kind) { add(kind); }
    Members& add(std::string_view member) {
        text_ += std::to_string(member.size()) + ':';
        text_ += member;
        return *this;
    }
    Members& add(const std::vector<std::string>& members) {
        add(std::to_string(members.size()));
        for (const std::string& member : members) add(member);
        return *this;
    }
    std::string tag() const {
        const auto digest = security::sha256(std::string_view(text_));
        return security::base64url_encode(security::view_of(digest).substr(0, kTagBytes));
    }

private:
    std::string text_;
};

}  // namespace

std::string user_tag(const UserMembers& user) {
    Members members("user");  // no name is empty
    members.add(user.email.value_or("")).add(user.username.value_or("")).add(user.name.value_or(""));
    members.add(user.active ? "active" : "disabled");
    if (user.locale) members.add("locale").add(*user.locale);
    return members.tag();
}

std::string user_tag(const User& user) {
    return user_tag({user.email, user.username, user.name, user.status == User::Status::kActive, user.locale});
}

std::string role_tag(const std::string& name, const AccessRules& rules) {
    return Members("role").add(name).add(rules.allow.texts()).add(rules.deny.texts()).tag();
}

std::string group_tag(const std::string& name) { return Members("group").add(name).tag(); }

std::string account_tag(const ServiceAccount& account) {
    Members members("service account");
    members.add(account.name).add(account.audiences);
    members.add(account.status == ServiceAccount::Status::kEnabled ? "enabled" : "disabled");
    for (const auto& secret : account.secrets) members.add("secret").add(secret.id.to_string());
    for (const auto& key : account.keys) members.add("key").add(key.id).add(key.jwk);
    return members.tag();
}

std::string answer_tag(std::string_view answer) { return Members("answer").add(answer).tag(); }

Result<void, CommandError> check_precondition(const Precondition& precondition, const std::string& tag) {
    if (!precondition || std::ranges::find(*precondition, tag) != precondition->end()) return {};
    return Unexpected(refusals::kPreconditionFailed);
}

}  // namespace keyledger::commands
