#include "app/remembered_access.hpp"

#include "eventstore/postgres/postgres_log_source.hpp"

namespace keyledger::app {

boost::asio::awaitable<Result<commands::AccessStates, eventstore::StoreError>> RememberedAccess::read(
    commands::AccessSubject subject, commands::Deadline deadline) {
    if (hot_ == nullptr || !hot_->caught_up()) {
        auto folded = co_await folded_.read(subject, deadline);
        co_return folded;
    }
    auto head = co_await store_.head(deadline);
    if (!head) co_return Unexpected(head.error());
    auto answer = co_await hot_->read(subject.subject_id, subject.session_id, *head, deadline);
    // Rather none than one that may be old (I8).
    if (!answer) co_return Unexpected(eventstore::StoreError::kUnavailable);
    co_return commands::AccessStates{answer->found.subject_id,         std::move(answer->found.user),
                                     std::move(answer->found.session), std::move(answer->found.roles),
                                     std::move(answer->found.groups),  answer->position};
}

boost::asio::awaitable<Result<commands::ServiceStates, eventstore::StoreError>> RememberedAccess::read_service(
    commands::ServiceSubject subject, commands::Deadline deadline) {
    if (hot_ == nullptr || !hot_->caught_up()) {
        auto folded = co_await folded_.read_service(subject, deadline);
        co_return folded;
    }
    auto head = co_await store_.head(deadline);
    if (!head) co_return Unexpected(head.error());
    auto answer = co_await hot_->read_service(subject.account_id, subject.token_id, *head, deadline);
    if (!answer) co_return Unexpected(eventstore::StoreError::kUnavailable);
    co_return commands::ServiceStates{std::move(answer->found.account), std::move(answer->found.token),
                                      std::move(answer->found.roles), std::move(answer->found.groups),
                                      answer->position};
}

std::unique_ptr<projections::HotAccess> make_hot_access(const Config& config, const commands::Clock& clock,
                                                        commands::Identifiers& identifiers,
                                                        eventstore::SubjectCipher& cipher) {
    projections::HotSettings settings;
    settings.lifetimes = config.lifetimes;
    settings.snapshot_file = config.access_snapshot_file;
    settings.now_ms = [&clock] { return clock.now_ms(); };
    settings.new_id = [&identifiers] { return identifiers.next(); };
    auto source = std::make_unique<eventstore::postgres::PostgresLogSource>(config.database_url);
    return std::make_unique<projections::HotAccess>(std::move(settings), std::move(source), cipher);
}

}  // namespace keyledger::app
