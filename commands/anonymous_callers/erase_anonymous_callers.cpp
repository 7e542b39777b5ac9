#include "commands/anonymous_callers/erase_anonymous_callers.hpp"

#include "domain/anonymous_callers/anonymous_callers.hpp"

#include <algorithm>

namespace keyledger::commands {
namespace {

constexpr int kDaysInOneRead = 366;

Answer<Receipt> erase_day(Services& services, std::int64_t day, Caller caller) {
    const EraseAnonymousCallers command{Instant() + days(day), Instant() + days(day + 1)};
    const AnonymousCallersId subject = services.pseudonyms.anonymous_subject_of(command.from);
    Streams streams;
    const auto callers = streams.read<AnonymousCallers>(subject);
    const Step step = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(destroyed, co_await attempt.destroy_key_of(subject));
        if (*destroyed) attempt.append(callers, decide(attempt.state(callers), command));
        co_return Result<void, CommandError>{};
    };
    auto executed = co_await services.executor.run(std::move(caller), streams, step);
    co_return done(executed);
}

// Days since 1970 whose callers have a live key, out of `count` up to and including `last`.
Answer<std::vector<std::int64_t>> days_with_a_key(Services& services, std::int64_t last, int count, Deadline deadline) {
    std::vector<Uuid> subjects;
    for (std::int64_t day = last; day > last - count && day >= 0; --day)
        subjects.push_back(services.pseudonyms.anonymous_subject_of(Instant() + days(day)));
    const std::vector<Uuid> asked = subjects;
    KEYLEDGER_CO_TRY(keys, co_await services.store.read_subject_keys(std::move(subjects), deadline));
    std::vector<std::int64_t> found;
    for (const auto& key : *keys)
        if (!key.destroyed)
            found.push_back(last - (std::find(asked.begin(), asked.end(), key.subject) - asked.begin()));
    std::sort(found.begin(), found.end());
    co_return found;
}

}  // namespace

Answer<int> erase_anonymous_callers(Services& services, int keep_days, Caller caller) {
    const std::int64_t newest = services.clock.now().since_epoch() / days(1) - keep_days - 1;
    int erased = 0;
    for (int back = 0; back < kMaxDaysBack; back += kDaysInOneRead) {
        const int count = std::min(kDaysInOneRead, kMaxDaysBack - back);
        KEYLEDGER_CO_TRY(found, co_await days_with_a_key(services, newest - back, count, caller.deadline));
        for (const std::int64_t day : *found) {
            KEYLEDGER_CO_TRY(done, co_await erase_day(services, day, caller));
            if (done->position > 0) ++erased;
        }
    }
    co_return erased;
}

}  // namespace keyledger::commands
