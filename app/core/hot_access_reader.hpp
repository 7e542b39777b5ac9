#pragma once
// Security answers from memory: the hot models behind the port of commands/.
#include <memory>

#include "app/config/config.hpp"
#include "commands/access/access_reader.hpp"
#include "commands/authorization/device_answers.hpp"
#include "commands/runtime/ports.hpp"
#include "commands/runtime/stream_watch.hpp"

namespace keyledger::eventstore {
class LogSource;
}
namespace keyledger::projections {
class HotAccess;
}

namespace keyledger::app {

// From memory; until it is level with the log for the first time, and where there is none, by folding. Thread-safe.
class HotAccessReader : public commands::AccessReader, public commands::DeviceAnswers, public commands::StreamWatch {
public:
    // All outlive it.
    HotAccessReader(commands::AccessReader& folded, eventstore::Store& store) : folded_(folded), store_(store) {}
    // Before the first read, or never. It outlives the last one.
    void remember(projections::HotAccess& hot) { hot_ = &hot; }
    bool answers_from_memory() const override;

    boost::asio::awaitable<Result<SubjectAccess, eventstore::StoreError>> read(commands::AccessSubject subject,
                                                                               commands::Deadline deadline) override;
    boost::asio::awaitable<Result<ServiceAccess, eventstore::StoreError>> read_service(
        commands::ServiceSubject subject, commands::Deadline deadline) override;
    boost::asio::awaitable<Result<ExchangedAccess, eventstore::StoreError>> read_exchanged(
        commands::ExchangedSubject subject, commands::Deadline deadline) override;
    boost::asio::awaitable<Result<SubjectPage, eventstore::StoreError>> search(SubjectSearch search, SubjectPlace from,
                                                                               std::size_t limit,
                                                                               commands::Deadline deadline) override;
    boost::asio::awaitable<Result<std::set<std::string>, eventstore::StoreError>> actions_of(
        std::string resource, commands::Deadline deadline) override;
    // kUnavailable before it is level: whoever asks folds then.
    boost::asio::awaitable<Result<DeviceAuthorization, eventstore::StoreError>> read_device(
        DeviceAuthorizationId id, commands::Deadline deadline) override;
    eventstore::LogMoment moment() const override;
    boost::asio::awaitable<std::optional<eventstore::LogMoment>> all_unmoved(
        std::vector<eventstore::StreamSeen> streams, commands::Deadline deadline) override;

private:
    commands::AccessReader& folded_;
    eventstore::Store& store_;
    projections::HotAccess* hot_ = nullptr;
};

inline constexpr std::chrono::milliseconds kFeedPatience{3'000};  // answers wait for what its source reads

// Clock, identifiers and cipher outlive it.
std::unique_ptr<projections::HotAccess> make_hot_access(const Config& config, const commands::Clock& clock,
                                                        commands::Identifiers& identifiers,
                                                        eventstore::SubjectCipher& cipher,
                                                        std::unique_ptr<eventstore::LogSource> source);

}  // namespace keyledger::app
