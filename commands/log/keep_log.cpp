#include "commands/log/keep_log.hpp"

namespace keyledger::commands {
namespace {

Answer<Receipt> keep(Services& services, LogCommand command, Caller caller) {
    Streams streams;
    const auto log = streams.read<LogKeeping>(kLogStream);
    const Step step = [&](Attempt& attempt) -> StepResult {
        attempt.append(log, decide(attempt.state(log), command));
        co_return Result<void, CommandError>{};
    };
    auto executed = co_await services.executor.run(std::move(caller), streams, step);
    co_return done(executed);
}

}  // namespace

Answer<Receipt> add_mac_key(Services& services, std::string key_id, Caller caller) {
    LogCommand command = AddMacKey{std::move(key_id)};
    return keep(services, std::move(command), std::move(caller));
}

Answer<Receipt> close_mac_key(Services& services, std::string key_id, Position last_position, Caller caller) {
    LogCommand command = CloseMacKey{std::move(key_id), last_position};
    return keep(services, std::move(command), std::move(caller));
}

Answer<Receipt> disavow_records(Services& services, std::vector<LogDisavowed> records, Caller caller) {
    LogCommand command = DisavowRecords{std::move(records)};
    return keep(services, std::move(command), std::move(caller));
}

}  // namespace keyledger::commands
