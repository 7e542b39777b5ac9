#include "app/core/hot_access_reader.hpp"

#include "domain/access/exchanged_access.hpp"
#include "eventstore/log_source.hpp"
#include "projections/hot/hot_access.hpp"

namespace keyledger::app {
namespace {

constexpr std::chrono::milliseconds kWatchPatience{250};  // then the store is asked instead

}  // namespace

bool HotAccessReader::answers_from_memory() const { return hot_ != nullptr && hot_->caught_up(); }

boost::asio::awaitable<Result<SubjectAccess, eventstore::StoreError>> HotAccessReader::read(
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
    co_return std::move(*answer);
}

boost::asio::awaitable<Result<ServiceAccess, eventstore::StoreError>> HotAccessReader::read_service(
    commands::ServiceSubject subject, commands::Deadline deadline) {
    if (hot_ == nullptr || !hot_->caught_up()) {
        auto folded = co_await folded_.read_service(subject, deadline);
        co_return folded;
    }
    auto head = co_await store_.head(deadline);
    if (!head) co_return Unexpected(head.error());
    auto answer = co_await hot_->read_service(subject.account_id, subject.token_id, *head, deadline);
    if (!answer) co_return Unexpected(eventstore::StoreError::kUnavailable);
    co_return std::move(*answer);
}

boost::asio::awaitable<Result<ExchangedAccess, eventstore::StoreError>> HotAccessReader::read_exchanged(
    commands::ExchangedSubject subject, commands::Deadline deadline) {
    if (hot_ == nullptr || !hot_->caught_up()) {
        auto folded = co_await folded_.read_exchanged(std::move(subject), deadline);
        co_return folded;
    }
    auto head = co_await store_.head(deadline);
    if (!head) co_return Unexpected(head.error());
    std::vector<projections::HotAccess::Exchange> exchanges;
    for (const commands::ServiceSubject& exchange : subject.exchanges)
        exchanges.push_back({exchange.account_id, exchange.token_id});
    auto answer =
        co_await hot_->read_exchanged(subject.user_id, subject.session_id, std::move(exchanges), *head, deadline);
    if (!answer) co_return Unexpected(eventstore::StoreError::kUnavailable);
    co_return std::move(*answer);
}

boost::asio::awaitable<Result<SubjectPage, eventstore::StoreError>> HotAccessReader::search(
    SubjectSearch search, SubjectPlace from, std::size_t limit, commands::Deadline deadline) {
    if (hot_ == nullptr || !hot_->caught_up()) co_return Unexpected(eventstore::StoreError::kUnavailable);
    auto head = co_await store_.head(deadline);
    if (!head) co_return Unexpected(head.error());
    auto page = co_await hot_->search(std::move(search), from, limit, *head, deadline);
    if (!page) co_return Unexpected(eventstore::StoreError::kUnavailable);
    co_return std::move(*page);
}

boost::asio::awaitable<Result<std::set<std::string>, eventstore::StoreError>> HotAccessReader::actions_of(
    std::string resource, commands::Deadline deadline) {
    if (hot_ == nullptr || !hot_->caught_up()) co_return Unexpected(eventstore::StoreError::kUnavailable);
    auto head = co_await store_.head(deadline);
    if (!head) co_return Unexpected(head.error());
    auto answer = co_await hot_->actions_of(std::move(resource), *head, deadline);
    if (!answer) co_return Unexpected(eventstore::StoreError::kUnavailable);
    co_return std::move(*answer);
}

boost::asio::awaitable<Result<DeviceAuthorization, eventstore::StoreError>> HotAccessReader::read_device(
    DeviceAuthorizationId id, commands::Deadline deadline) {
    if (!answers_from_memory()) co_return Unexpected(eventstore::StoreError::kUnavailable);
    auto head = co_await store_.head(deadline);
    if (!head) co_return Unexpected(head.error());
    auto answer = co_await hot_->read_device(id, *head, deadline);
    if (!answer) co_return Unexpected(eventstore::StoreError::kUnavailable);
    co_return std::move(*answer);
}

eventstore::LogMoment HotAccessReader::moment() const {
    return answers_from_memory() ? hot_->moment() : eventstore::LogMoment{};
}

boost::asio::awaitable<std::optional<eventstore::LogMoment>> HotAccessReader::all_unmoved(
    std::vector<eventstore::StreamSeen> streams, commands::Deadline deadline) {
    if (!answers_from_memory()) co_return std::nullopt;
    for (const eventstore::StreamSeen& one : streams)
        if (!hot_->knows_since(one.seen)) co_return std::nullopt;
    const auto head = co_await store_.head(deadline);
    if (!head) co_return std::nullopt;
    const auto patience = std::min(deadline, std::chrono::steady_clock::now() + kWatchPatience);
    const auto moment = co_await hot_->all_unmoved(std::move(streams), *head, patience);
    co_return moment ? *moment : std::nullopt;
}

std::unique_ptr<projections::HotAccess> make_hot_access(const Config& config, const commands::Clock& clock,
                                                        commands::Identifiers& identifiers,
                                                        eventstore::SubjectCipher& cipher,
                                                        std::unique_ptr<eventstore::LogSource> source) {
    projections::HotSettings settings;
    settings.lifetimes = config.lifetimes;
    settings.snapshot_file = config.access_snapshot_file;
    settings.now = [&clock] { return clock.now(); };
    settings.new_id = [&identifiers] { return identifiers.next(); };
    return std::make_unique<projections::HotAccess>(std::move(settings), std::move(source), cipher);
}

}  // namespace keyledger::app
