#include "projections/models/queries.hpp"

#include <atomic>
#include <stdexcept>

#include "projections/engine/position_watch.hpp"
#include "projections/engine/query_pool.hpp"
#include "projections/models/access_rows.hpp"
#include "projections/models/audit_model.hpp"
#include "projections/models/permissions_model.hpp"
#include "projections/models/query_text.hpp"
#include "projections/models/service_accounts_model.hpp"
#include "projections/models/sessions_model.hpp"
#include "projections/models/users_model.hpp"

namespace keyledger::projections {
namespace {

using Deadline = Queries::Deadline;

struct Unreadable : std::runtime_error {
    using std::runtime_error::runtime_error;
};

int layout_of(Model model) {
    switch (model) {
        case Model::kUsers: return UsersModel::kLayout;
        case Model::kSessions: return SessionsModel::kLayout;
        case Model::kAudit: return AuditModel::kLayout;
        case Model::kPermissions: return PermissionsModel::kLayout;
        case Model::kServiceAccounts: return ServiceAccountsModel::kLayout;
    }
    throw std::logic_error("an enumerator without a layout");
}

// What the rows of one statement come with.
constexpr const char* kAt = R"(
with at as materialized (
    select c.generation, g.layout, k.position
      from read_models.current c
      join read_models.generations g on g.model = c.model and g.generation = c.generation
      join keyledger.checkpoints k on k.reader = c.model and k.generation = c.generation
     where c.model = )";

struct Snapshot {
    Position position = 0;
    pqxx::result rows;  // three columns of `at`, then the row's; one row of nulls if there is none
    bool has_rows() const { return !rows[0][kFirst].is_null(); }
    static constexpr pqxx::row::size_type kFirst = 3;
};

std::optional<Uuid> uuid_or_null(const pqxx::field& field) {
    return field.is_null() ? std::nullopt : std::optional(uuid_from(field));
}
std::optional<std::int64_t> number_or_null(const pqxx::field& field) {
    return field.is_null() ? std::nullopt : std::optional(field.as<std::int64_t>());
}

UserRow user_from(const pqxx::row& row) {
    auto at = Snapshot::kFirst;
    UserRow user;
    user.id = uuid_from(row[at++]);
    user.email = text_or_null(row[at++]);
    user.username = text_or_null(row[at++]);
    user.name = text_or_null(row[at++]);
    user.active = std::string_view(row[at++].c_str()) == "active";
    user.administrator = row[at++].as<bool>();
    user.email_verified = row[at++].as<bool>();
    user.created_at_ms = row[at++].as<std::int64_t>();
    user.updated_at_ms = row[at++].as<std::int64_t>();
    user.version = row[at++].as<std::int32_t>();
    user.position = row[at++].as<std::int64_t>();
    user.first_position = row[at++].as<std::int64_t>();
    return user;
}

SessionRow session_from(const pqxx::row& row) {
    auto at = Snapshot::kFirst;
    SessionRow session;
    session.id = uuid_from(row[at++]);
    session.user_id = uuid_from(row[at++]);
    session.client_id = row[at++].c_str();
    session.started_at_ms = row[at++].as<std::int64_t>();
    session.refreshed_at_ms = row[at++].as<std::int64_t>();
    session.expires_at_ms = row[at++].as<std::int64_t>();
    session.ended_at_ms = number_or_null(row[at++]);
    session.end_reason = text_or_null(row[at++]);
    session.client_address = text_or_null(row[at++]);
    session.user_agent = text_or_null(row[at++]);
    session.generation = row[at++].as<std::int64_t>();
    session.first_position = row[at++].as<std::int64_t>();
    session.position = row[at++].as<std::int64_t>();
    return session;
}

// All rows of a statement that has no pages.
template <class FromRow>
auto all_from(const Snapshot& snapshot, FromRow from_row) {
    using Row = decltype(from_row(snapshot.rows[0], Snapshot::kFirst));
    AtPosition<std::vector<Row>> all{{}, snapshot.position};
    if (!snapshot.has_rows()) return all;
    for (const auto& row : snapshot.rows) all.value.push_back(from_row(row, Snapshot::kFirst));
    return all;
}
template <class FromRow>
auto from_first(FromRow from_row) {
    return [from_row](const pqxx::row& row) { return from_row(row, Snapshot::kFirst); };
}

ServiceAccountRow account_from(const pqxx::row& row) {
    auto at = Snapshot::kFirst;
    ServiceAccountRow account;
    account.id = uuid_from(row[at++]);
    account.name = row[at++].c_str();
    account.audiences = words_of(row[at++].c_str());
    account.enabled = row[at++].as<bool>();
    account.created_at_ms = row[at++].as<std::int64_t>();
    account.updated_at_ms = row[at++].as<std::int64_t>();
    account.first_position = row[at++].as<std::int64_t>();
    return account;
}

AuditEntry entry_from(const pqxx::row& row) {
    auto at = Snapshot::kFirst;
    AuditEntry entry;
    entry.position = row[at++].as<std::int64_t>();
    entry.occurred_at_ms = row[at++].as<std::int64_t>();
    entry.type = row[at++].c_str();
    entry.actor_type = row[at++].c_str();
    entry.actor_id = text_or_null(row[at++]);
    entry.subject = uuid_or_null(row[at++]);
    entry.stream_type = row[at++].c_str();
    entry.stream_id = uuid_from(row[at++]);
    entry.succeeded = std::string_view(row[at++].c_str()) == "success";
    entry.reason = text_or_null(row[at++]);
    entry.client_address = text_or_null(row[at++]);
    entry.user_agent = text_or_null(row[at++]);
    entry.request_id = text_or_null(row[at++]);
    entry.session_id = uuid_or_null(row[at++]);
    return entry;
}

// Of limit + 1 rows that were asked for.
template <class Page, class RowFrom, class CursorOf>
Page page_from(const Snapshot& snapshot, std::int32_t limit, RowFrom row_from, CursorOf cursor_of) {
    Page page;
    page.position = snapshot.position;
    if (!snapshot.has_rows()) return page;
    for (const auto& row : snapshot.rows) {
        if (std::ssize(page.items) == limit) {
            page.next = cursor_of(page.items.back());
            break;
        }
        page.items.push_back(row_from(row));
    }
    return page;
}

std::vector<ModelState> read_states(pqxx::connection& connection) {
    pqxx::nontransaction read(connection);
    std::vector<ModelState> states;
    for (const auto& row :
         read.exec("select c.model, c.generation, k.position, s.kind, s.position, s.event_type, s.reason "
                   "  from read_models.current c "
                   "  join keyledger.checkpoints k on k.reader = c.model and k.generation = c.generation "
                   "  left join read_models.stopped s on s.model = c.model and s.generation = c.generation "
                   " order by c.model")) {
        ModelState& state = states.emplace_back();
        state.model = row[0].c_str();
        state.generation = row[1].as<int>();
        state.position = row[2].as<std::int64_t>();
        if (!row[3].is_null())
            state.stopped = {row[3].c_str(), row[4].as<std::int64_t>(), row[5].c_str(), row[6].c_str()};
    }
    return states;
}

bool valid(std::int32_t limit) { return limit >= 1 && limit <= kMaxPageRows; }
bool valid(const std::string& text) { return text.size() <= kMaxSearchBytes && text.find('\0') == std::string::npos; }
bool valid(const std::optional<std::string>& text) { return !text || valid(*text); }

template <class T>
Queries::Answer<T> refused(QueryError error) {
    co_return Unexpected(error);
}

}  // namespace

std::string_view name_of(Model model) {
    switch (model) {
        case Model::kUsers: return UsersModel::kName;
        case Model::kSessions: return SessionsModel::kName;
        case Model::kAudit: return AuditModel::kName;
        case Model::kPermissions: return PermissionsModel::kName;
        case Model::kServiceAccounts: return ServiceAccountsModel::kName;
    }
    throw std::logic_error("an enumerator without a name");
}

class Queries::Worker {
public:
    explicit Worker(const QuerySettings& settings) : pool_(settings, kMaxQueuedQueries), watch_(settings) {}

    // One statement, hence one snapshot: the generation that the rows were read from, whether it is the
    // current one, and how far it is. `rows` gives the SQL of the rows in the table of a generation, their
    // parameters are $1 ….
    template <class SqlOf, class... Parameter>
    Snapshot read(pqxx::connection& connection, Model model, const SqlOf& rows, const Parameter&... parameters) {
        std::atomic<int>& known = generations_[static_cast<std::size_t>(model)];
        const std::string name(name_of(model));
        for (int attempt = 0; attempt <= kMaxGenerationRetries; ++attempt) {
            pqxx::nontransaction ask(connection);
            if (known == 0) {
                const auto current =
                    ask.exec_params("select generation from read_models.current where model = $1", name);
                if (current.empty()) throw Unreadable("read model " + name + " is not there yet");
                known = current[0][0].as<int>();
            }
            const int generation = known;
            try {
                Snapshot snapshot;
                const RowsSql sql = rows("read_models." + table_name(name, generation));
                snapshot.rows = ask.exec_params(kAt + ask.quote(name) + ") select at.*, r.* from at left join (" +
                                                    sql.select + ") as r on true order by r." + sql.order,
                                                parameters...);
                if (!snapshot.rows.empty() && snapshot.rows[0][0].as<int>() == generation) {
                    if (snapshot.rows[0][1].as<int>() != layout_of(model))
                        throw Unreadable("the tables of " + name + " are not of this build's layout");
                    snapshot.position = snapshot.rows[0][2].as<std::int64_t>();
                    return snapshot;
                }
            } catch (const pqxx::undefined_table&) {   // dropped after a switch
            } catch (const pqxx::undefined_column&) {  // of another layout
            }
            known = 0;
        }
        throw Unreadable("read model " + name + " has no table that this build can read");
    }

    QueryPool& pool() { return pool_; }
    PositionWatch& watch() { return watch_; }

private:
    std::array<std::atomic<int>, kModelCount> generations_{};  // by Model; 0: not known
    QueryPool pool_;
    PositionWatch watch_;
};

Queries::Queries(QuerySettings settings) : worker_(std::make_unique<Worker>(settings)) {}
Queries::~Queries() { stop(); }

Queries::Answer<AtPosition<std::optional<UserRow>>> Queries::find_user(Uuid id, Deadline deadline) {
    using Found = AtPosition<std::optional<UserRow>>;
    std::function<Found(pqxx::connection&)> read = [worker = worker_.get(), id](pqxx::connection& connection) {
        const Snapshot snapshot = worker->read(connection, Model::kUsers, find_user_sql, id.to_string());
        Found found{std::nullopt, snapshot.position};
        if (snapshot.has_rows()) found.value = user_from(snapshot.rows[0]);
        return found;
    };
    return worker_->pool().ask(deadline, std::move(read));
}

Queries::Answer<Page<UserRow, UserCursor>> Queries::list_users(std::string search, std::optional<UserCursor> cursor,
                                                               std::int32_t limit, Deadline deadline) {
    using Users = Page<UserRow, UserCursor>;
    if (!valid(limit) || !valid(search)) return refused<Users>(QueryError::kInvalid);
    std::function<Users(pqxx::connection&)> read = [worker = worker_.get(), search = std::move(search), cursor,
                                                    limit](pqxx::connection& connection) {
        const SqlNumber after(cursor ? std::optional(cursor->after) : std::nullopt);
        const std::string prefix = like_prefix(composed(search));
        const std::string prefix_apart = like_prefix(apart(search));
        const Snapshot snapshot =
            worker->read(connection, Model::kUsers, list_users_sql, limit + 1, after.text(),
                         search.empty() ? nullptr : prefix.c_str(), search.empty() ? nullptr : prefix_apart.c_str());
        return page_from<Users>(snapshot, limit, user_from,
                                [](const UserRow& row) { return UserCursor{row.first_position}; });
    };
    return worker_->pool().ask(deadline, std::move(read));
}

Queries::Answer<Page<SessionRow, SessionCursor>> Queries::list_sessions(SessionFilter filter,
                                                                        std::optional<SessionCursor> cursor,
                                                                        std::int32_t limit, Deadline deadline) {
    using Sessions = Page<SessionRow, SessionCursor>;
    if (!valid(limit)) return refused<Sessions>(QueryError::kInvalid);
    std::function<Sessions(pqxx::connection&)> read = [worker = worker_.get(), filter, cursor,
                                                       limit](pqxx::connection& connection) {
        const SqlNumber before(cursor ? std::optional(cursor->before) : std::nullopt);
        const SqlNumber now(filter.live ? std::optional(filter.live->now_ms) : std::nullopt);
        const SqlNumber idle_since(filter.live ? std::optional(filter.live->now_ms - filter.live->idle_ms)
                                               : std::nullopt);
        const Snapshot snapshot = worker->read(connection, Model::kSessions, list_sessions_sql, limit + 1,
                                               before.text(), filter.user.to_string(), now.text(), idle_since.text());
        return page_from<Sessions>(snapshot, limit, session_from,
                                   [](const SessionRow& row) { return SessionCursor{row.first_position}; });
    };
    return worker_->pool().ask(deadline, std::move(read));
}

Queries::Answer<Page<AuditEntry, AuditCursor>> Queries::list_audit(AuditFilter filter,
                                                                   std::optional<AuditCursor> cursor,
                                                                   std::int32_t limit, Deadline deadline) {
    using Entries = Page<AuditEntry, AuditCursor>;
    if (!valid(limit) || !valid(filter.actor_id) || !valid(filter.type)) return refused<Entries>(QueryError::kInvalid);
    std::function<Entries(pqxx::connection&)> read = [worker = worker_.get(), filter = std::move(filter), cursor,
                                                      limit](pqxx::connection& connection) {
        const SqlNumber before(cursor ? std::optional(cursor->before) : std::nullopt);
        const SqlNumber from(filter.from_ms);
        const SqlNumber until(filter.until_ms);
        const SqlNumber from_hour(filter.from_ms ? std::optional(audit_hour(*filter.from_ms)) : std::nullopt);
        const SqlNumber until_hour(filter.until_ms ? std::optional(audit_hour(*filter.until_ms)) : std::nullopt);
        AuditWay way = filter.actor_id ? AuditWay::kOfActor : AuditWay::kByPosition;
        std::optional<Uuid> user = filter.user;
        if (user) way = AuditWay::kOfUser;
        else if (filter.actor_id) user = Uuid::parse(*filter.actor_id);
        const std::string user_text = user ? user->to_string() : "";
        auto sql = [way](const std::string& table) { return list_audit_sql(way, table, table + "_hours"); };
        const Snapshot snapshot = worker->read(connection, Model::kAudit, sql, limit + 1, before.text(),
                                               filter.actor_id ? filter.actor_id->c_str() : nullptr,
                                               filter.type ? filter.type->c_str() : nullptr, from.text(), until.text(),
                                               from_hour.text(), until_hour.text(), user ? user_text.c_str() : nullptr);
        return page_from<Entries>(snapshot, limit, entry_from,
                                  [](const AuditEntry& row) { return AuditCursor{row.position}; });
    };
    return worker_->pool().ask(deadline, std::move(read));
}

Queries::Answer<AtPosition<std::optional<RoleRow>>> Queries::find_role(Uuid id, Deadline deadline) {
    using Found = AtPosition<std::optional<RoleRow>>;
    std::function<Found(pqxx::connection&)> read = [worker = worker_.get(), id](pqxx::connection& connection) {
        const Snapshot snapshot = worker->read(connection, Model::kPermissions, find_role_sql, id.to_string());
        Found found{std::nullopt, snapshot.position};
        if (snapshot.has_rows()) found.value = role_from(snapshot.rows[0], Snapshot::kFirst);
        return found;
    };
    return worker_->pool().ask(deadline, std::move(read));
}

Queries::Answer<Page<RoleRow, RoleCursor>> Queries::list_roles(std::optional<RoleCursor> cursor, std::int32_t limit,
                                                               Deadline deadline) {
    using Roles = Page<RoleRow, RoleCursor>;
    if (!valid(limit)) return refused<Roles>(QueryError::kInvalid);
    std::function<Roles(pqxx::connection&)> read = [worker = worker_.get(), cursor,
                                                    limit](pqxx::connection& connection) {
        const SqlNumber after(cursor ? std::optional(cursor->after) : std::nullopt);
        const Snapshot snapshot =
            worker->read(connection, Model::kPermissions, list_roles_sql, limit + 1, after.text());
        return page_from<Roles>(snapshot, limit, from_first(role_from),
                                [](const RoleRow& row) { return RoleCursor{row.first_position}; });
    };
    return worker_->pool().ask(deadline, std::move(read));
}

Queries::Answer<AtPosition<std::vector<UserRoleRow>>> Queries::list_user_roles(Uuid user, Deadline deadline) {
    using Roles = AtPosition<std::vector<UserRoleRow>>;
    std::function<Roles(pqxx::connection&)> read = [worker = worker_.get(), user](pqxx::connection& connection) {
        auto sql = [](const std::string& table) { return list_user_roles_sql(table, table + "_assignments"); };
        return all_from(worker->read(connection, Model::kPermissions, sql, user.to_string()), user_role_from);
    };
    return worker_->pool().ask(deadline, std::move(read));
}

Queries::Answer<AtPosition<std::optional<GroupRow>>> Queries::find_group(Uuid id, Deadline deadline) {
    using Found = AtPosition<std::optional<GroupRow>>;
    std::function<Found(pqxx::connection&)> read = [worker = worker_.get(), id](pqxx::connection& connection) {
        const Snapshot snapshot = worker->read(connection, Model::kPermissions, find_group_sql, id.to_string());
        Found found{std::nullopt, snapshot.position};
        if (snapshot.has_rows()) found.value = group_from(snapshot.rows[0], Snapshot::kFirst);
        return found;
    };
    return worker_->pool().ask(deadline, std::move(read));
}

Queries::Answer<Page<GroupRow, GroupCursor>> Queries::list_groups(std::optional<GroupCursor> cursor, std::int32_t limit,
                                                                  Deadline deadline) {
    using Groups = Page<GroupRow, GroupCursor>;
    if (!valid(limit)) return refused<Groups>(QueryError::kInvalid);
    std::function<Groups(pqxx::connection&)> read = [worker = worker_.get(), cursor,
                                                     limit](pqxx::connection& connection) {
        const SqlNumber after(cursor ? std::optional(cursor->after) : std::nullopt);
        const Snapshot snapshot =
            worker->read(connection, Model::kPermissions, list_groups_sql, limit + 1, after.text());
        return page_from<Groups>(snapshot, limit, from_first(group_from),
                                 [](const GroupRow& row) { return GroupCursor{row.first_position}; });
    };
    return worker_->pool().ask(deadline, std::move(read));
}

Queries::Answer<Page<MemberRow, MemberCursor>> Queries::list_members(Uuid group, std::optional<MemberCursor> cursor,
                                                                     std::int32_t limit, Deadline deadline) {
    using Members = Page<MemberRow, MemberCursor>;
    if (!valid(limit)) return refused<Members>(QueryError::kInvalid);
    std::function<Members(pqxx::connection&)> read = [worker = worker_.get(), group, cursor,
                                                      limit](pqxx::connection& connection) {
        const std::string after = cursor ? cursor->after.to_string() : "";
        const Snapshot snapshot = worker->read(connection, Model::kPermissions, list_members_sql, limit + 1,
                                               cursor ? after.c_str() : nullptr, group.to_string());
        return page_from<Members>(snapshot, limit, from_first(member_from),
                                  [](const MemberRow& row) { return MemberCursor{row.id}; });
    };
    return worker_->pool().ask(deadline, std::move(read));
}

Queries::Answer<AtPosition<std::vector<GroupRow>>> Queries::list_groups_of(Uuid subject, Deadline deadline) {
    using Groups = AtPosition<std::vector<GroupRow>>;
    std::function<Groups(pqxx::connection&)> read = [worker = worker_.get(), subject](pqxx::connection& connection) {
        return all_from(worker->read(connection, Model::kPermissions, list_groups_of_sql, subject.to_string()),
                        group_from);
    };
    return worker_->pool().ask(deadline, std::move(read));
}

Queries::Answer<AtPosition<std::vector<ReasonRow>>> Queries::explain(Subject subject, std::int32_t limit,
                                                                     Deadline deadline) {
    using Reasons = AtPosition<std::vector<ReasonRow>>;
    std::function<Reasons(pqxx::connection&)> read = [worker = worker_.get(), subject,
                                                      limit](pqxx::connection& connection) {
        const bool is_of_everyone = subject.type == SubjectType::kUser;
        return all_from(
            worker->read(connection, Model::kPermissions, explain_sql, subject.id.to_string(), limit, is_of_everyone),
            reason_from);
    };
    return worker_->pool().ask(deadline, std::move(read));
}

Queries::Answer<Page<ServiceAccountRow, ServiceAccountCursor>> Queries::list_service_accounts(
    std::optional<ServiceAccountCursor> cursor, std::int32_t limit, Deadline deadline) {
    using Accounts = Page<ServiceAccountRow, ServiceAccountCursor>;
    if (!valid(limit)) return refused<Accounts>(QueryError::kInvalid);
    std::function<Accounts(pqxx::connection&)> read = [worker = worker_.get(), cursor,
                                                       limit](pqxx::connection& connection) {
        const SqlNumber after(cursor ? std::optional(cursor->after) : std::nullopt);
        const Snapshot snapshot =
            worker->read(connection, Model::kServiceAccounts, list_service_accounts_sql, limit + 1, after.text());
        return page_from<Accounts>(snapshot, limit, account_from, [](const ServiceAccountRow& row) {
            return ServiceAccountCursor{row.first_position};
        });
    };
    return worker_->pool().ask(deadline, std::move(read));
}

Queries::Answer<Position> Queries::wait_for(Model model, Position position, Position head, Deadline deadline) {
    if (position > head) return refused<Position>(QueryError::kPositionBeyondHead);
    return worker_->watch().wait_for(model, position, deadline);
}

Queries::Answer<std::vector<ModelState>> Queries::states(Deadline deadline) {
    std::function<std::vector<ModelState>(pqxx::connection&)> read = read_states;
    return worker_->pool().ask(deadline, std::move(read));
}

void Queries::applied() { worker_->watch().hint(); }

void Queries::stop() {
    worker_->watch().stop();
    worker_->pool().stop();
}

}  // namespace keyledger::projections
