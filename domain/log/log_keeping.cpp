#include "domain/log/log_keeping.hpp"

#include <algorithm>

namespace keyledger {
namespace {

bool holds(const std::vector<std::string>& ids, const std::string& id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::vector<LogEvent> decide_on(const LogKeeping& log, const AddMacKey& command) {
    if (holds(log.added, command.key_id)) return {};
    return {LogMacKeyAdded{command.key_id}};
}

std::vector<LogEvent> decide_on(const LogKeeping& log, const CloseMacKey& command) {
    if (holds(log.closed, command.key_id)) return {};
    return {LogMacKeyClosed{command.key_id, command.last_position}};
}

std::vector<LogEvent> decide_on(const LogKeeping&, const DisavowRecords& command) {
    return {command.records.begin(), command.records.end()};
}

LogKeeping apply(LogKeeping log, const LogMacKeyAdded& event) {
    log.added.push_back(event.key_id);
    return log;
}
LogKeeping apply(LogKeeping log, const LogMacKeyClosed& event) {
    log.closed.push_back(event.key_id);
    return log;
}
LogKeeping apply(LogKeeping log, const LogDisavowed&) {
    ++log.disavowed;
    return log;
}

}  // namespace

std::vector<LogEvent> decide(const LogKeeping& log, const LogCommand& command) {
    return std::visit([&](const auto& c) { return decide_on(log, c); }, command);
}

LogKeeping evolve(LogKeeping log, const LogEvent& event, const Recorded&) {
    return std::visit([&](const auto& e) { return apply(std::move(log), e); }, event);
}

}  // namespace keyledger
