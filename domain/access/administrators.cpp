#include "domain/access/administrators.hpp"

#include <algorithm>

namespace keyledger {
namespace {

using Events = std::vector<AdministratorsEvent>;

AdministratorsDecision decide_on(const Administrators& administrators, const JoinAdministrators& command) {
    if (administrators.include(command.user_id)) return Events{};
    const bool full = administrators.users.size() >= kMaxAdministrators;
    if (full && command.join_reason == JoinReason::kByRole) return Unexpected(refusals::kTooManyAdministrators);
    return Events{AdministratorsJoined{command.user_id}};
}

AdministratorsDecision decide_on(const Administrators& administrators, const LeaveAdministrators& command) {
    if (!administrators.include(command.user_id)) return Events{};
    if (administrators.users.size() == 1) return Unexpected(refusals::kLastAdministrator);
    return Events{AdministratorsLeft{command.user_id}};
}

Administrators apply(Administrators administrators, const AdministratorsJoined& event) {
    administrators.users.push_back(event.user_id);
    return administrators;
}
Administrators apply(Administrators administrators, const AdministratorsLeft& event) {
    std::erase(administrators.users, event.user_id);
    return administrators;
}

}  // namespace

bool Administrators::include(const UserId& user_id) const {
    return std::find(users.begin(), users.end(), user_id) != users.end();
}

AdministratorsDecision decide(const Administrators& administrators, const AdministratorsCommand& command) {
    return std::visit([&](const auto& c) { return decide_on(administrators, c); }, command);
}

Administrators evolve(Administrators administrators, const AdministratorsEvent& event, const Recorded&) {
    return std::visit([&](const auto& e) { return apply(std::move(administrators), e); }, event);
}

}  // namespace keyledger
