#pragma once
// Who may be given roles. Pure.
#include <array>
#include <compare>

#include "domain/base/declare.hpp"
#include "domain/base/id.hpp"

namespace keyledger {

enum class SubjectType { kUser, kGroup, kServiceAccount };
constexpr auto enum_names(SubjectType) {
    return std::array{EnumName{SubjectType::kUser, "user"}, EnumName{SubjectType::kGroup, "group"},
                      EnumName{SubjectType::kServiceAccount, "service_account"}};
}

struct Subject {
    SubjectType type = SubjectType::kUser;
    SubjectId id;

    static constexpr Subject user(const UserId& id) { return {SubjectType::kUser, id}; }
    static constexpr Subject group(const GroupId& id) { return {SubjectType::kGroup, id}; }
    static constexpr Subject service_account(const ServiceAccountId& id) { return {SubjectType::kServiceAccount, id}; }
    auto operator<=>(const Subject&) const = default;
};

}  // namespace keyledger
