#pragma once
// `users`: who is there, and in what standing. One row a user; personal columns are null once erased.
#include "domain/base/time.hpp"
#include "projections/engine/columns.hpp"
#include "projections/engine/queries.hpp"

namespace keyledger::projections {

inline constexpr Model kUsersModel{"users", 4};

struct UserRow {
    UserId id;
    std::optional<std::string> email;
    std::optional<std::string> username;
    std::optional<std::string> name;
    std::string status = "active";  // or "disabled"
    bool administrator = false;
    bool email_verified = false;
    std::optional<std::string> former_email;  // while a change of address can be undone
    std::optional<Instant> undo_until;        // likewise
    std::optional<std::string> locale;
    bool second_factor = false;
    Instant created_at;
    Instant updated_at;
    std::int32_t version = 0;     // of the user's stream
    Position position = 0;        // of the event that changed the row last
    Position first_position = 0;  // of the registration

    bool is_active() const { return status == "active"; }

    static constexpr auto columns() {
        return std::tuple{
            Column{"id", &UserRow::id, ColumnUse::kKey},
            Column{"email", &UserRow::email},
            Column{"username", &UserRow::username},
            Column{"name", &UserRow::name},
            Column{"status", &UserRow::status, R"(collate "C" check (status in ('active', 'disabled')))"},
            Column{"administrator", &UserRow::administrator},
            Column{"email_verified", &UserRow::email_verified},
            Column{"former_email", &UserRow::former_email},
            Column{"undo_until_ms", &UserRow::undo_until},
            Column{"locale", &UserRow::locale},
            Column{"second_factor", &UserRow::second_factor},
            Column{"created_at_ms", &UserRow::created_at, ColumnUse::kSetOnce},
            Column{"updated_at_ms", &UserRow::updated_at},
            Column{"version", &UserRow::version},
            Column{"position", &UserRow::position},
            Column{"first_position", &UserRow::first_position, ColumnUse::kSetOnce, "unique"},
        };
    }
};

// In the order in which they came into being, which is that of the log: ids are given before a password is hashed.
struct UserCursor {
    Position after = 0;
};

Answer<FoundRow<UserRow>> find_user(Queries& queries, UserId id, Queries::Deadline deadline);
// `search`: a prefix of e-mail address, user name or name, without regard to case and to how it was
// typed (NFC, NFD, full-width); empty: everybody.
Answer<Page<UserRow, UserCursor>> list_users(Queries& queries, const std::string& search,
                                             std::optional<UserCursor> cursor, std::int32_t limit,
                                             Queries::Deadline deadline);

}  // namespace keyledger::projections
