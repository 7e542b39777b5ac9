#include "api/routes/pages/scope_phrases.hpp"

#include "domain/applications/application_definition.hpp"

namespace keyledger::api::routes {
namespace {

Phrase phrase_of(const std::string& scope) {
    if (scope == kScopeOpenid) return Text::kScopeOpenid;
    if (scope == kScopeProfile) return Text::kScopeProfile;
    if (scope == kScopeEmail) return Text::kScopeEmail;
    if (scope == kScopePhone) return Text::kScopePhone;
    if (scope == kScopeOfflineAccess) return Text::kScopeOfflineAccess;
    if (scope == kScopeAccount) return Text::kScopeAccount;
    if (scope == kScopeAdmin) return Text::kScopeAdmin;
    return Phrase(Text::kScopeOther, scope);
}

}  // namespace

std::vector<Phrase> phrases_of(const std::vector<std::string>& scope, const std::vector<std::string>& resources) {
    std::vector<Phrase> phrases;
    for (const std::string& word : scope) phrases.push_back(phrase_of(word));
    for (const std::string& resource : resources) phrases.emplace_back(Text::kActForYouAt, resource);
    return phrases;
}

}  // namespace keyledger::api::routes
