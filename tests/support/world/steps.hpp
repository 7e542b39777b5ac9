#pragma once
// Interleavings by hand: something else happens at one chosen step of a command. Single-threaded.
//
//     const int steps = for_every_step([](Steps& steps) { … steps.meanwhile = [&] { return …; }; run(log_in(…)); … });
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <string>

#include "eventstore/store.hpp"

namespace keyledger::test {

namespace asio = boost::asio;

inline constexpr int kMostSteps = 100;

class Steps {
public:
    explicit Steps(int chosen) : chosen_(chosen) {}
    // Where the story may be interrupted; the chosen one runs `meanwhile`, once. Steps of what `meanwhile` does itself
    // are not counted.
    asio::awaitable<void> reached(std::string step);

    std::function<asio::awaitable<void>()> meanwhile;  // counting begins when it is set
    bool happened() const { return happened_; }
    const std::string& where() const { return where_; }

private:
    const int chosen_;
    int count_ = 0;
    bool happened_ = false;
    std::string where_;
};

// Tells the story once for each step it has, each time from the beginning; the number of steps. The story is told a
// last time with nothing in between. A story of more than kMostSteps steps throws std::logic_error.
int for_every_step(const std::function<void(Steps&)>& story);

// A store whose every call is a step before and after it, and whose answers can be tampered with. What fails at the
// nth call of a kind is FaultyStore's.
class SteppedStore : public eventstore::Store {
public:
    explicit SteppedStore(eventstore::Store& inner) : inner_(inner) {}

    Answer<eventstore::Verdict> append(eventstore::Append append, eventstore::Deadline deadline) override;
    Answer<std::vector<eventstore::StreamSlice>> read_streams(std::vector<eventstore::StreamFrom> streams,
                                                              eventstore::Deadline deadline) override;
    Answer<eventstore::Confirmation> confirm(std::vector<eventstore::StreamVersion> versions,
                                             eventstore::CommandId command_id, eventstore::Deadline deadline) override;
    Answer<std::optional<Uuid>> find_claim(std::string kind, std::vector<eventstore::ClaimDigest> digests,
                                           eventstore::Deadline deadline) override;
    Answer<std::optional<eventstore::ClaimedCredential>> find_credential(std::string claim_kind,
                                                                         std::vector<eventstore::ClaimDigest> digests,
                                                                         std::string kind,
                                                                         eventstore::Deadline deadline) override;
    Answer<std::vector<eventstore::StoredCredential>> read_credentials(Uuid owner,
                                                                       eventstore::Deadline deadline) override;
    Answer<std::optional<eventstore::StoredCredential>> read_credential(Uuid owner, std::string kind,
                                                                        eventstore::Deadline deadline) override;
    Answer<std::vector<eventstore::StoredSubjectKey>> read_subject_keys(std::vector<Uuid> subjects,
                                                                        eventstore::Deadline deadline) override;
    Answer<std::vector<eventstore::RecordedEvent>> read_log(Position first, std::int32_t count,
                                                            eventstore::Deadline deadline) override;
    void keep_snapshot(eventstore::Snapshot snapshot) override { inner_.keep_snapshot(std::move(snapshot)); }
    Answer<eventstore::Head> head(eventstore::Deadline deadline) override;

    Steps* steps = nullptr;
    std::map<std::string, int> calls;  // "append", "read_streams" …
    bool away = false;                 // every call answers kUnavailable
    bool sends_twice = false;          // each append, and gives the second answer: a resend that nobody noticed
    std::size_t part_size = 0;         // if set, a stream is given in parts of so many events
    // What was read, before it is answered: for hands that write to the database past the log.
    std::function<void(std::optional<eventstore::StoredCredential>&)> edit_credential;

private:
    template <class Call>
    auto stepped(std::string name, Call call) -> decltype(call());

    eventstore::Store& inner_;
};

}  // namespace keyledger::test
