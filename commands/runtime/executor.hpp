#pragma once
// The executor: load, authorise, gather, decide, append, confirm; written once for all commands (design section 6).
//
//     const Step authorised = [&](Attempt& attempt) -> StepResult { co_return authorise(attempt, actor, …); };
//     const Step step = [&](Attempt& attempt) -> StepResult { … attempt.append(session, events); … };
//     auto executed = co_await executor.run(caller, streams, CommandSteps{authorised, step});
//
// A step may run several times: on a conflict everything that it gathered is gathered again. It gathers after the
// streams were folded and never before, or an old password would win against a change that ends in between.
//
// A request that was carried out before, under the same `Idempotency-Key`, is authorised as the first one was, from
// streams that are confirmed to stand at the head in the read that finds the first outcome; only then is that answered.
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "commands/runtime/caller.hpp"
#include "commands/runtime/errors.hpp"
#include "commands/runtime/folder.hpp"
#include "commands/runtime/ports.hpp"
#include "domain/base/time.hpp"
#include "eventstore/sealing/subject_keys.hpp"

namespace keyledger::commands {

inline constexpr int kMaxAttempts = 3;
// How far the clocks of two nodes may be apart without time going backwards in a stream.
inline constexpr Duration kMaxClockDifference = minutes(1);

// The streams that a command reads, in the order in which it names them; naming one again changes nothing.
class Streams {
public:
    template <class Aggregate>
    StreamOf<Aggregate> read(const Id<Aggregate>& id) {
        StreamOf<Aggregate> stream{id};
        if (!place_of(id, Aggregate::kStreamType)) loads_.push_back(load_of(stream));
        return stream;
    }
    // One whose events seal what is personal for somebody else (Event::sealed_for): with that subject's key it is read.
    template <class Aggregate>
    StreamOf<Aggregate> read(const Id<Aggregate>& id, const Uuid& sealed_for) {
        const auto stream = read<Aggregate>(id);
        loads_[*place_of(id, Aggregate::kStreamType)].sealed_for = sealed_for;
        return stream;
    }
    // One that the command begins, under an id that was made for it.
    template <class Aggregate>
    StreamOf<Aggregate> begin(const Id<Aggregate>& id) {
        const auto stream = read<Aggregate>(id);
        loads_[*place_of(id, Aggregate::kStreamType)].is_new = true;
        return stream;
    }
    const std::vector<LoadStream>& loads() const { return loads_; }
    // In loads().
    std::optional<std::size_t> place_of(const Uuid& id, std::string_view stream_type) const;
    void add(const std::vector<LoadStream>& loads) { loads_.insert(loads_.end(), loads.begin(), loads.end()); }

private:
    std::vector<LoadStream> loads_;
};

using StepResult = asio::awaitable<Result<void, CommandError>>;

// One run of a step: what was folded, and what it decides to change. Used by one coroutine.
class Attempt {
public:
    Attempt(Folder& folder, Freshness freshness, eventstore::SubjectKeys& keys, eventstore::SubjectCipher& cipher,
            eventstore::Deadline deadline)
        : folder_(folder), freshness_(freshness), keys_(keys), cipher_(cipher), deadline_(deadline) {}

    // Reads further streams, to which those that were read before led: they are guarded as if the command had named
    // them from the start. Those that are read already stay as they were read.
    StepResult also_read(Streams more);

    template <class Aggregate>
    const Aggregate& state(const StreamOf<Aggregate>& stream) const {
        return state_of<Aggregate>(folds_[index_of(stream.id, Aggregate::kStreamType)]);
    }
    template <class Aggregate>
    void append(const StreamOf<Aggregate>& stream, const std::vector<typename Aggregate::Event>& events) {
        const std::size_t place = index_of(stream.id, Aggregate::kStreamType);
        for (const auto& event : events) events_.push_back({place, eventstore::any_event<Aggregate>(event)});
    }
    // What the aggregate's `decide` makes of the stream's state, appended: `how` is what it takes beside the state. How
    // nearly every step ends.
    template <class Aggregate, class... How>
    Result<void, CommandError> decide_and_append(const StreamOf<Aggregate>& stream, const How&... how) {
        KEYLEDGER_TRY(events, decide(state(stream), how...));
        append(stream, *events);
        return {};
    }
    // Of what no state says. Names are taken and given back by the executor: they follow from the states of the streams
    // that an append changes (domain/base/held_name.hpp).
    // `taken` is what is said where somebody else has it.
    void take_claim(std::string_view kind, const Uuid& owner, const std::vector<eventstore::ClaimDigest>& digests,
                    RefusalRef taken);
    // A value that is good once goes with what this command appends, or by itself where it appends nothing. `spent` is
    // what is said where it was spent before, on whatever node, or has expired.
    void spend(const eventstore::SpentValue& value, RefusalRef spent) { spent_.push_back({value, spent}); }
    // Whom the step found to be acting, where that was to be proven on the way: what this attempt appends is theirs.
    // What proves nothing stays the caller's.
    void act_as(const UserId& user_id, std::optional<SessionId> session_id = std::nullopt) {
        actor_ = Actor{user_id, session_id};
    }
    void change_credential(eventstore::CredentialChange change) { credentials_.push_back(std::move(change)); }

    // The subject's live key, which this append destroys; false, and nothing to do, where it has none.
    asio::awaitable<Result<bool, CommandError>> destroy_key_of(Uuid subject);
    // The subject's live key; where it has none yet, a new one that comes into being with this append.
    asio::awaitable<Result<eventstore::SubjectKeyPtr, CommandError>> key_of(Uuid subject);

private:
    friend class Executor;
    struct Decision {
        std::size_t stream;
        eventstore::AnyEventPtr event;
    };
    struct Spending {
        eventstore::SpentValue value;
        RefusalRef spent;
    };
    struct Actor {
        UserId user_id;
        std::optional<SessionId> session_id;
    };
    std::size_t index_of(const Uuid& stream_id, std::string_view stream_type) const;
    // Who acts: the caller, or in `other` whom the step found.
    const Caller& acting(const Caller& caller, std::optional<Caller>& other) const;
    bool changes_nothing() const { return events_.empty() && spent_.empty(); }
    RefusalRef refusal_of(const eventstore::AlreadySpent& refused) const;

    Folder& folder_;
    const Freshness freshness_;
    eventstore::SubjectKeys& keys_;
    eventstore::SubjectCipher& cipher_;
    eventstore::Deadline deadline_;
    Streams streams_;          // read so far
    std::vector<Fold> folds_;  // one for each of them
    std::vector<Decision> events_;
    std::vector<eventstore::ClaimChange> claims_;
    std::map<std::string, RefusalRef, std::less<>>
        taken_;  // what is said where a claim of that kind is somebody else's
    std::vector<eventstore::CredentialChange> credentials_;
    std::vector<eventstore::SubjectKeyPtr> used_keys_;
    std::vector<eventstore::SubjectKeyPtr> new_keys_;
    std::vector<eventstore::SubjectKeyUse> destroyed_keys_;
    std::vector<Spending> spent_;
    std::optional<Actor> actor_;
};

using Step = std::function<StepResult(Attempt&)>;

// A command in two steps. `authorise` checks everything that the caller must be allowed. It changes nothing, hashes
// nothing, and does not ask whether the target still exists, because for a repeated request it is the only step that
// runs.
struct CommandSteps {
    CommandSteps(Step authorise, Step carry_out) : authorise(std::move(authorise)), carry_out(std::move(carry_out)) {}
    Step authorise;
    Step carry_out;
};

struct ExecutionReceipt {
    Position position = 0;  // of the last event; 0 when nothing had to change
    bool repeated = false;  // the first outcome of this command id, not this order's
    Position first_position = 0;
    Instant occurred_at;  // of the events appended by this very run
};
using Outcome = Result<ExecutionReceipt, CommandError>;

class Executor {
public:
    // All of them outlive the executor. Thread-safe.
    struct Ports {
        eventstore::Store& store;
        eventstore::SubjectCipher& cipher;
        eventstore::SubjectKeys& keys;
        FoldCache& cache;
        Clock& clock;
        Identifiers& identifiers;
        Pseudonyms& pseudonyms;
        Workers* workers = nullptr;  // for folds of long streams
    };
    explicit Executor(Ports ports)
        : ports_(ports), folder_(ports.store, ports.cipher, ports.keys, ports.cache, ports.workers) {}

    // Under the caller's idempotency key, if there is one.
    asio::awaitable<Outcome> run(Caller caller, Streams streams, CommandSteps steps, int max_attempts = kMaxAttempts);
    // For commands that need no authorisation, or that authenticate on the way: log-in, registration, the system's
    // own. Nothing could authorise a repeat, so an idempotency key in the caller is ignored.
    asio::awaitable<Outcome> run(Caller caller, Streams streams, Step step, int max_attempts = kMaxAttempts);

    Folder& folder() { return folder_; }
    Ports& ports() { return ports_; }

private:
    asio::awaitable<Result<bool, CommandError>> was_carried_out(const Caller& caller);
    asio::awaitable<Result<eventstore::Confirmation, CommandError>> confirm(const Attempt& attempt,
                                                                            const eventstore::CommandId& command_id,
                                                                            const Caller& caller);
    Instant moment_of(const Attempt& attempt) const;
    asio::awaitable<Result<eventstore::Append, CommandError>> encode(Attempt& attempt, const Caller& sender,
                                                                     const eventstore::CommandId& command_id,
                                                                     Instant now);
    std::vector<eventstore::ClaimChange> claims_of(Attempt& attempt, const eventstore::Append& append);
    void remember(const Attempt& attempt, const eventstore::Append& append, const eventstore::Appended& appended,
                  Instant now);
    void forget(const eventstore::Conflict& conflict);

    Ports ports_;
    Folder folder_;
};

}  // namespace keyledger::commands
