#pragma once
// Where security answers come from: a user or service account with one session and all roles, as of one moment at the
// head of the log (I8). There are two implementations: one folds streams from the store, the other keeps everything
// in memory (projections/hot/).
#include <memory>
#include <optional>
#include <vector>

#include "commands/runtime/executor.hpp"
#include "domain/access/search.hpp"
#include "eventstore/store.hpp"

namespace keyledger {
struct ExchangedAccess;
struct ServiceAccess;
struct SubjectAccess;
}  // namespace keyledger

namespace keyledger::commands {

// A user or service account, one of their sessions, or both. Without the former: the session's user.
struct AccessSubject {
    std::optional<SubjectId> subject_id;
    std::optional<SessionId> session_id;
};
// A client that an administrator registered: a service account, and a token of its own if one is asked about, or an
// application.
struct ServiceSubject {
    ServiceAccountId account_id;
    std::optional<ServiceTokenId> token_id;
};

// A user's token that exchanges gave: of each the account and the token that it got, the newest first.
struct ExchangedSubject {
    UserId user_id;
    SessionId session_id;
    std::vector<ServiceSubject> exchanges;
};

class AccessReader {
public:
    virtual ~AccessReader() = default;
    // Whether it remembers everybody: an answer reads nothing of the store but its head.
    virtual bool answers_from_memory() const { return false; }
    // Each includes every command that had returned before the call, on any node: kUnavailable rather than anything
    // older.
    virtual asio::awaitable<Result<SubjectAccess, eventstore::StoreError>> read(AccessSubject subject,
                                                                                Deadline deadline) = 0;
    virtual asio::awaitable<Result<ServiceAccess, eventstore::StoreError>> read_service(ServiceSubject subject,
                                                                                        Deadline deadline) = 0;
    // All of it as of one moment.
    virtual asio::awaitable<Result<ExchangedAccess, eventstore::StoreError>> read_exchanged(ExchangedSubject subject,
                                                                                            Deadline deadline) = 0;
    // At most `limit` of them, from a place on. There may be fewer, and more to come, for the work of one call is
    // bounded. Only who remembers everybody can tell: kUnavailable from others.
    virtual asio::awaitable<Result<SubjectPage, eventstore::StoreError>> search(SubjectSearch search, SubjectPlace from,
                                                                                std::size_t limit,
                                                                                Deadline deadline) = 0;
    // The actions that roles name for a resource, or for all. kUnavailable likewise.
    virtual asio::awaitable<Result<std::set<std::string>, eventstore::StoreError>> actions_of(std::string resource,
                                                                                              Deadline deadline) = 0;
};

// Folds at the head: one statement of the store for each answer. Executor and store outlive it.
class FoldedAccess : public AccessReader {
public:
    FoldedAccess(Executor& executor, eventstore::Store& store) : executor_(executor), store_(store) {}
    asio::awaitable<Result<SubjectAccess, eventstore::StoreError>> read(AccessSubject subject,
                                                                        Deadline deadline) override;
    asio::awaitable<Result<ServiceAccess, eventstore::StoreError>> read_service(ServiceSubject subject,
                                                                                Deadline deadline) override;
    asio::awaitable<Result<ExchangedAccess, eventstore::StoreError>> read_exchanged(ExchangedSubject subject,
                                                                                    Deadline deadline) override;
    asio::awaitable<Result<SubjectPage, eventstore::StoreError>> search(SubjectSearch search, SubjectPlace from,
                                                                        std::size_t limit, Deadline deadline) override;
    asio::awaitable<Result<std::set<std::string>, eventstore::StoreError>> actions_of(std::string resource,
                                                                                      Deadline deadline) override;

private:
    Executor& executor_;
    eventstore::Store& store_;
};

}  // namespace keyledger::commands
