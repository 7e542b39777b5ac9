#pragma once
// Where a security answer comes from: a user or service account, one of his sessions and his roles, all as of
// one moment at the head of the log (I8). Two are there: one folds streams out of the store, the other
// remembers (projections/hot/).
#include <memory>
#include <optional>
#include <vector>

#include "commands/runtime/executor.hpp"
#include "domain/access/group.hpp"
#include "domain/access/role.hpp"
#include "domain/access/search.hpp"
#include "domain/clients/service_account.hpp"
#include "domain/clients/service_token.hpp"
#include "domain/sessions/session.hpp"
#include "domain/users/user.hpp"
#include "eventstore/store.hpp"

namespace keyledger::commands {

// A user or service account, a session of his, or both. Without the former: the session's user.
struct AccessSubject {
    std::optional<Uuid> subject_id;
    std::optional<Uuid> session_id;
};
struct AccessStates {
    Uuid subject_id;  // whose roles these are; nil: there is no such session
    User user;        // without what is personal; absent where there is none
    Session session;  // without the device; absent where there is none, where none was asked for, and once it ended
    // Assigned to the subject or to a group of its, and defined; each once.
    std::vector<std::shared_ptr<const Role>> roles;
    // That it is in, by itself or by nesting, and defined. Without kEveryone, which says nothing of anybody.
    std::vector<std::shared_ptr<const Group>> groups;
    Position position = 0;       // at which all of this was so
    Position user_position = 0;  // of the user's own last event up to then; 0: there is none
};

// A service account, and a token of its own if one is asked about.
struct ServiceSubject {
    Uuid account_id;
    std::optional<Uuid> token_id;
};
struct ServiceStates {
    ServiceAccount account;
    // Without audiences and scope. Absent where there is none, where none was asked for, and some time after it ended.
    ServiceToken token;
    std::vector<std::shared_ptr<const Role>> roles;  // that are assigned to the account and defined
    std::vector<std::shared_ptr<const Group>> groups;
    Position position = 0;
};

// One page of those who may do something.
struct SubjectStates {
    FoundSubjects found;
    Position position = 0;  // all that had happened up to here is in it; of what came later, some may be
};

class AccessReader {
public:
    virtual ~AccessReader() = default;
    // Whether it remembers everybody: an answer reads nothing of the store but its head.
    virtual bool answers_from_memory() const { return false; }
    // Each includes every command that had returned before the call, on any node: kUnavailable rather than anything
    // older.
    virtual asio::awaitable<Result<AccessStates, eventstore::StoreError>> read(AccessSubject subject,
                                                                               Deadline deadline) = 0;
    virtual asio::awaitable<Result<ServiceStates, eventstore::StoreError>> read_service(ServiceSubject subject,
                                                                                        Deadline deadline) = 0;
    // At most `limit` of them, from a place on. There may be fewer, and more to come, for the work of one call is
    // bounded. Only who remembers everybody can tell: kUnavailable from others.
    virtual asio::awaitable<Result<SubjectStates, eventstore::StoreError>> search(SubjectSearch search,
                                                                                  SubjectPlace from, std::size_t limit,
                                                                                  Deadline deadline) = 0;
    // The actions that roles name for a resource, or for all. kUnavailable likewise.
    virtual asio::awaitable<Result<std::set<std::string>, eventstore::StoreError>> actions_of(std::string resource,
                                                                                              Deadline deadline) = 0;
};

// Folds at the head: one statement of the store for each answer. Executor and store outlive it.
class FoldedAccess : public AccessReader {
public:
    FoldedAccess(Executor& executor, eventstore::Store& store) : executor_(executor), store_(store) {}
    asio::awaitable<Result<AccessStates, eventstore::StoreError>> read(AccessSubject subject,
                                                                       Deadline deadline) override;
    asio::awaitable<Result<ServiceStates, eventstore::StoreError>> read_service(ServiceSubject subject,
                                                                                Deadline deadline) override;
    asio::awaitable<Result<SubjectStates, eventstore::StoreError>> search(SubjectSearch search, SubjectPlace from,
                                                                          std::size_t limit,
                                                                          Deadline deadline) override;
    asio::awaitable<Result<std::set<std::string>, eventstore::StoreError>> actions_of(std::string resource,
                                                                                      Deadline deadline) override;

private:
    Executor& executor_;
    eventstore::Store& store_;
};

}  // namespace keyledger::commands
