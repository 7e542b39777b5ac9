#include "projections/models/users.hpp"

#include "domain/base/precis.hpp"
#include "domain/base/unicode.hpp"
#include "projections/engine/question.hpp"

namespace keyledger::projections {
namespace {

// A search in the form in which names are kept (NFC), and in the one that older names may have (NFD).
std::string nfc_form(const std::string& search) {
    auto kept = nickname(search);
    return kept ? std::move(*kept) : search;
}
std::string nfd_form(const std::string& search) {
    const auto points = unicode::decode(nfc_form(search));
    return points ? unicode::encode(unicode::normalise(*points, unicode::Form::kNfd)) : search;
}

// A pattern for LIKE that matches what begins with `search`; none for the empty one, which matches all.
std::optional<std::string> like_prefix(const std::string& search) {
    if (search.empty()) return std::nullopt;
    std::string pattern;
    for (char c : search) {
        if (c == '%' || c == '_' || c == '\\') pattern += '\\';
        pattern += c;
    }
    return pattern + '%';
}

// $1 rows, $2 after position, $3 pattern, $4 the same for names whose marks stand apart
RowsSql users_sql(const std::string& table) {
    return limited("select " + column_names<UserRow>() + " from " + table + R"(
 where ($2::bigint is null or first_position > $2)
   and ($3::text is null or lower(email) like lower($3) or lower(username) like lower($3)
        or lower(name) like lower($3) or lower(name) like lower($4))
)",
                   "first_position");
}

}  // namespace

Answer<FoundRow<UserRow>> find_user(Queries& queries, UserId id, Queries::Deadline deadline) {
    return find_by_id<UserRow>(queries, kUsersModel, id, deadline);
}

Answer<Page<UserRow, UserCursor>> list_users(Queries& queries, const std::string& search,
                                             std::optional<UserCursor> cursor, std::int32_t limit,
                                             Queries::Deadline deadline) {
    if (!is_valid(search)) return refused<Page<UserRow, UserCursor>>(QueryError::kInvalid);
    Question question{kUsersModel, users_sql, {}};
    question.parameters = {cursor ? std::optional(std::to_string(cursor->after)) : std::nullopt,
                           like_prefix(search.empty() ? search : nfc_form(search)),
                           like_prefix(search.empty() ? search : nfd_form(search))};
    return list_page<UserRow, UserCursor>(queries, std::move(question), limit, deadline,
                                          [](const UserRow& row) { return UserCursor{row.first_position}; });
}

}  // namespace keyledger::projections
