#include <unordered_map>

#include "domain/access/assignments.hpp"
#include "domain/users/user.hpp"
#include "projections/engine/table.hpp"
#include "projections/models/read_models.hpp"
#include "projections/models/users.hpp"

namespace keyledger::projections {
namespace {

constexpr const char* kStorage =
    "with (fillfactor = 85, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000, "
    "autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000)";

struct Known {
    UserRow row;          // of version 0: there is none yet
    bool erased = false;  // and so no row
};

struct Change {
    Known& user;
    UserRow& row;
    const DecodedEvent& decoded;

    void operator()(const UserRegistered& event) const {
        row.email = event.email.value;
        row.username = event.username.value;
        row.name = event.name.value;
        row.created_at = decoded.metadata.occurred_at;
    }
    void operator()(const UserImported& event) const {
        row.email = event.email.value;
        row.username = event.username.value;
        row.name = event.name.value;
        row.locale = event.locale.value;
        row.status = event.status == StatusAtImport::kActive ? "active" : "disabled";
        row.email_verified = event.address == EmailAtImport::kProven;
        row.created_at = event.registered_at.value_or(decoded.metadata.occurred_at);
    }
    void operator()(const UserPasswordSet&) const {}
    void operator()(const UserPasswordChanged&) const {}
    void operator()(const UserPasswordHashRenewed&) const {}
    void operator()(const UserProfileUpdated& event) const {
        row.username = event.username.value;
        row.name = event.name.value;
    }
    void operator()(const UserDisabled&) const { row.status = "disabled"; }
    void operator()(const UserEnabled&) const { row.status = "active"; }
    void operator()(const UserSessionsRevoked&) const {}
    void operator()(const UserMadeAdministrator&) const { row.administrator = true; }
    void operator()(const UserErasureRequested&) const {}
    void operator()(const UserErasureWithdrawn&) const {}
    void operator()(const UserErased&) const { user.erased = true; }
    void operator()(const UserEmailVerified&) const { row.email_verified = true; }
    void operator()(const UserEmailChanged& event) const {
        row.former_email = std::move(row.email);
        row.undo_until = event.undo_until;
        row.email = event.email.value;
        row.email_verified = true;
    }
    void operator()(const UserEmailChangeUndone&) const {
        row.email = std::move(row.former_email);
        row.email_verified = true;
        forget_former_email();
    }
    void operator()(const UserFormerEmailReleased&) const { forget_former_email(); }
    void operator()(const UserPasswordReset&) const {}
    void operator()(const UserOneTimePasswordSet&) const {}
    void operator()(const UserLocaleChosen& event) const { row.locale = event.locale.value; }
    void operator()(const UserSecondFactorTurnedOn&) const { row.second_factor = true; }
    void operator()(const UserSecondFactorTurnedOff&) const { row.second_factor = false; }
    void operator()(const UserSecondFactorGivenBack&) const { row.second_factor = true; }
    void operator()(const UserIdentityLinked&) const {}
    void operator()(const UserIdentityUnlinked&) const {}
    void forget_former_email() const {
        row.former_email.reset();
        row.undo_until.reset();
    }
};

using Users = std::unordered_map<UserId, Known>;

void write(pqxx::transaction_base& transaction, const std::string& table, const Users& users) {
    std::vector<UserRow> rows;
    SqlArray erased;
    for (const auto& [id, user] : users) {
        if (user.erased) erased.add(id);
        else rows.push_back(user.row);
    }
    delete_rows(transaction, table, erased);
    write_rows(transaction, table, rows);
}

// Whether the administrator's role came or went by this event, and whose.
struct AdministratorChange {
    UserId user;
    bool administrator;
};
std::optional<AdministratorChange> administrator_change_by(const RoleAssigned& event) {
    if (event.role_id != kAdministratorRole) return std::nullopt;
    return AdministratorChange{UserId{event.subject_id}, true};
}
std::optional<AdministratorChange> administrator_change_by(const RoleWithdrawn& event) {
    if (event.role_id != kAdministratorRole) return std::nullopt;
    return AdministratorChange{UserId{event.subject_id}, false};
}
std::optional<AdministratorChange> administrator_change_by(const GroupMemberAdded&) { return std::nullopt; }
std::optional<AdministratorChange> administrator_change_by(const GroupMemberRemoved&) { return std::nullopt; }
std::optional<AdministratorChange> administrator_change_by(const DecodedEvent& decoded) {
    const auto* event = eventstore::event_in<Assignments>(*decoded.event);
    if (event == nullptr) return std::nullopt;
    return std::visit([](const auto& one) { return administrator_change_by(one); }, *event);
}

// The user's own stream changes the row, and so does the assignment of the administrator's role.
std::optional<UserId> moved_row(const DecodedEvent& decoded) {
    if (eventstore::event_in<User>(*decoded.event)) return UserId{decoded.recorded->stream_id};
    const auto administrator_change = administrator_change_by(decoded);
    return administrator_change ? std::optional(administrator_change->user) : std::nullopt;
}
bool begins_row(const DecodedEvent& decoded) {
    return eventstore::event_in<User>(*decoded.event) && decoded.recorded->version == 1;
}

void move_row(Known& user, const DecodedEvent& decoded) {
    UserRow& row = user.row;
    if (row.version == 0 && !begins_row(decoded))
        throw InconsistentLog("position " + std::to_string(decoded.recorded->position) +
                              " is about a user who has no row");
    if (row.version == 0) row.first_position = decoded.recorded->position;
    row.updated_at = decoded.metadata.occurred_at;
    row.position = decoded.recorded->position;
    if (const auto administrator_change = administrator_change_by(decoded)) {
        row.administrator = administrator_change->administrator;
        return;
    }
    std::visit(Change{user, row, decoded}, *eventstore::event_in<User>(*decoded.event));
    row.version = decoded.recorded->version;
}

}  // namespace

Model UsersModel::model() const { return kUsersModel; }

// Searches are prefixes, so plain btrees serve them; lower() follows the database's collation.
void UsersModel::create(pqxx::transaction_base& transaction, int generation) const {
    create_table<UserRow>(transaction, table(generation), kStorage);
    const std::string plain = table_name(name(), generation);
    for (const std::string column : {"email", "username", "name"})
        transaction.exec0("create index " + plain + "_" + column + " on " + table(generation) + " (lower(" + column +
                          ") text_pattern_ops)");
}

void UsersModel::apply(pqxx::transaction_base& transaction, int generation,
                       std::span<const DecodedEvent> events) const {
    Users users;
    SqlArray earlier;  // whom the batch changes but does not begin
    for (const DecodedEvent& decoded : events) {
        const auto id = moved_row(decoded);
        if (!id) continue;
        const auto [user, is_new] = users.try_emplace(*id);
        user->second.row.id = *id;
        if (is_new && !begins_row(decoded)) earlier.add(*id);
    }
    if (users.empty()) return;
    for (UserRow& row : read_rows<UserRow>(transaction, table(generation), earlier)) users[row.id].row = std::move(row);
    for (const DecodedEvent& decoded : events)
        if (const auto id = moved_row(decoded)) move_row(users[*id], decoded);
    write(transaction, table(generation), users);
}

}  // namespace keyledger::projections
