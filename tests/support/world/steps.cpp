#include "tests/support/world/steps.hpp"

#include <mutex>
#include <stdexcept>

namespace keyledger::test {

using namespace eventstore;

asio::awaitable<void> Steps::reached(std::string step) {
    if (!meanwhile || happened_ || count_++ != chosen_) co_return;
    happened_ = true;
    where_ = std::move(step);
    co_await meanwhile();
}

int for_every_step(const std::function<void(Steps&)>& story) {
    for (int step = 0; step <= kMostSteps; ++step) {
        Steps steps(step);
        story(steps);
        if (!steps.happened()) return step;
    }
    throw std::logic_error("a story of too many steps");
}

namespace {

std::mutex counting;  // of calls, of whatever store: rivals on several threads may ask one

}  // namespace

// The call is a named function object of the caller's frame, which outlives this one.
template <class Call>
auto SteppedStore::stepped(std::string name, Call call) -> decltype(call()) {
    {
        std::lock_guard lock(counting);
        calls[name] += 1;
    }
    if (steps) co_await steps->reached("before " + name);
    if (away) co_return Unexpected(StoreError::kUnavailable);
    auto answer = co_await call();
    if (steps) co_await steps->reached("after " + name);
    co_return answer;
}

SteppedStore::Answer<Verdict> SteppedStore::append(Append append, Deadline deadline) {
    if (sends_twice) {
        auto first = co_await inner_.append(append, deadline);
        if (!first) co_return first;
    }
    auto call = [&] { return inner_.append(std::move(append), deadline); };
    auto answer = co_await stepped("append", call);
    co_return answer;
}

SteppedStore::Answer<std::vector<StreamSlice>> SteppedStore::read_streams(std::vector<StreamFrom> streams,
                                                                          Deadline deadline) {
    auto call = [&] { return inner_.read_streams(std::move(streams), deadline); };
    auto slices = co_await stepped("read_streams", call);
    if (!slices || part_size == 0) co_return slices;
    for (StreamSlice& slice : *slices)
        if (slice.events.size() > part_size) slice.events.resize(part_size);
    co_return slices;
}

SteppedStore::Answer<Confirmation> SteppedStore::confirm(std::vector<StreamVersion> versions, CommandId command_id,
                                                         Deadline deadline) {
    auto call = [&] { return inner_.confirm(std::move(versions), command_id, deadline); };
    auto answer = co_await stepped("confirm", call);
    co_return answer;
}

SteppedStore::Answer<std::optional<Uuid>> SteppedStore::find_claim(std::string kind, std::vector<ClaimDigest> digests,
                                                                   Deadline deadline) {
    auto call = [&] { return inner_.find_claim(std::move(kind), std::move(digests), deadline); };
    auto answer = co_await stepped("find_claim", call);
    co_return answer;
}

SteppedStore::Answer<std::optional<ClaimedCredential>> SteppedStore::find_credential(std::string claim_kind,
                                                                                     std::vector<ClaimDigest> digests,
                                                                                     std::string kind,
                                                                                     Deadline deadline) {
    auto call = [&] {
        return inner_.find_credential(std::move(claim_kind), std::move(digests), std::move(kind), deadline);
    };
    auto answer = co_await stepped("find_credential", call);
    if (answer && *answer && edit_credential) edit_credential((*answer)->credential);
    co_return answer;
}

SteppedStore::Answer<std::optional<StoredCredential>> SteppedStore::read_credential(Uuid owner, std::string kind,
                                                                                    Deadline deadline) {
    auto call = [&] { return inner_.read_credential(owner, std::move(kind), deadline); };
    auto answer = co_await stepped("read_credential", call);
    if (answer && edit_credential) edit_credential(*answer);
    co_return answer;
}

SteppedStore::Answer<std::vector<StoredCredential>> SteppedStore::read_credentials(Uuid owner, Deadline deadline) {
    auto call = [&] { return inner_.read_credentials(owner, deadline); };
    auto answer = co_await stepped("read_credentials", call);
    co_return answer;
}

SteppedStore::Answer<std::vector<StoredSubjectKey>> SteppedStore::read_subject_keys(std::vector<Uuid> subjects,
                                                                                    Deadline deadline) {
    auto call = [&] { return inner_.read_subject_keys(std::move(subjects), deadline); };
    auto answer = co_await stepped("read_subject_keys", call);
    co_return answer;
}

SteppedStore::Answer<std::vector<RecordedEvent>> SteppedStore::read_log(Position first, std::int32_t count,
                                                                        Deadline deadline) {
    auto call = [&] { return inner_.read_log(first, count, deadline); };
    auto answer = co_await stepped("read_log", call);
    co_return answer;
}

SteppedStore::Answer<Head> SteppedStore::head(Deadline deadline) {
    auto call = [&] { return inner_.head(deadline); };
    auto answer = co_await stepped("head", call);
    co_return answer;
}

}  // namespace keyledger::test
