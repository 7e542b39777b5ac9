#pragma once
// The SQL of queries.cpp: rows of one table, keyset pages. A condition whose parameter is null falls away
// when the statement is planned, for each is planned with its values. For this folder.
#include <optional>
#include <string>

namespace keyledger::projections {

// A parameter that may be null.
class SqlNumber {
public:
    explicit SqlNumber(std::optional<std::int64_t> value) : given_(value.has_value()) {
        if (value) text_ = std::to_string(*value);
    }
    const char* text() const { return given_ ? text_.c_str() : nullptr; }

private:
    bool given_;
    std::string text_;
};

// A search in the form in which names are kept, and in the one in which names of before may have come: taken apart
// (NFD).
std::string composed(const std::string& search);
std::string apart(const std::string& search);

// A pattern for LIKE that matches what begins with `search`.
std::string like_prefix(const std::string& search);

struct RowsSql {
    std::string select;  // of the rows, limited
    std::string order;   // by their columns
};
// $1 id
RowsSql find_user_sql(const std::string& table);
// $1 rows, $2 after id, $3 pattern, $4 the same for names whose marks stand apart
RowsSql list_users_sql(const std::string& table);
// $1 rows, $2 before position, $3 user, $4 live at, $5 refreshed after
RowsSql list_sessions_sql(const std::string& table);
// $1 id
RowsSql find_role_sql(const std::string& table);
// $1 rows, $2 after id
RowsSql list_roles_sql(const std::string& table);
// $1 rows, $2 after id
RowsSql list_service_accounts_sql(const std::string& table);
// $1 user. `assignments` is the model's second table.
RowsSql list_user_roles_sql(const std::string& table, const std::string& assignments);
// $1 id
RowsSql find_group_sql(const std::string& table);
// $1 rows, $2 after id
RowsSql list_groups_sql(const std::string& table);
// $1 rows, $2 after id, $3 group
RowsSql list_members_sql(const std::string& table);
// $1 subject
RowsSql list_groups_of_sql(const std::string& table);
// $1 user, $2 rows. The groups of a way in one text, apart by RS; their id, name, time, position and actor
// by US.
RowsSql explain_sql(const std::string& table);
// Entries of the audit trail. $1 rows, $2 before position, $3 actor, $4 type, $5 from and $6 until with their
// hours $7 and $8, $9 user, whichever is asked for, or the actor if he is one. `hours` is the model's table
// of hours.
enum class AuditWay {
    kByPosition,  // $3 and $9 are null
    kOfUser,      // $9 as actor or as subject
    kOfActor,     // $3; $9 is the same as a user's id, or null if it is none
};
RowsSql list_audit_sql(AuditWay way, const std::string& table, const std::string& hours);

}  // namespace keyledger::projections
