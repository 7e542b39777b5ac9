#pragma once
// The event with which somebody whom another service knew becomes a user: in place of `user.registered`, and all in
// one, so that nothing follows from it that follows from others, as a mail does. Of the aggregate `user` (user.hpp).
#include <optional>
#include <string>

#include "domain/base/declare.hpp"
#include "domain/base/time.hpp"

namespace keyledger {

// What another service said of somebody when they were imported.
enum class EmailAtImport { kUnproven, kProven };
constexpr auto enum_names(EmailAtImport) {
    return std::array{EnumName{EmailAtImport::kUnproven, "unproven"}, EnumName{EmailAtImport::kProven, "proven"}};
}
enum class StatusAtImport { kActive, kDisabled };
constexpr auto enum_names(StatusAtImport) {
    return std::array{EnumName{StatusAtImport::kActive, "active"}, EnumName{StatusAtImport::kDisabled, "disabled"}};
}
struct UserImported {
    Personal<std::string> email;
    Personal<std::string> username;
    Personal<std::string> name;
    Personal<std::string> locale;
    EmailAtImport address = EmailAtImport::kUnproven;
    StatusAtImport status = StatusAtImport::kActive;
    std::optional<Instant> registered_at;
    static constexpr std::string_view kType = "user.imported";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "Somebody whom another service knew is a user from now on. In place of `user.registered`; no mail follows.";
    static constexpr auto fields() {
        using E = UserImported;
        return std::tuple{
            Field{"email", &E::email, "as it was there"},
            Field{"username", &E::username, "`null` if there was none"},
            Field{"name", &E::name, "`null` if there was none"},
            Field{"locale", &E::locale, "as in `user.locale_chosen`; `null` if none was known"},
            Field{"address", &E::address, "`proven`: the other service saw that the address is theirs; or `unproven`"},
            Field{"status", &E::status, "`active`, or `disabled` until somebody enables them"},
            Field{"registered_at_ms", &E::registered_at, "when they registered there; `null` if it is not known"}};
    }
};

}  // namespace keyledger
