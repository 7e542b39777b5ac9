#include "commands/runtime/executor.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>

#include "commands/runtime/snapshots.hpp"
#include "eventstore/codec/envelope.hpp"
#include "eventstore/codec/jcs.hpp"
#include "eventstore/sealing/lacking_key.hpp"
#include "eventstore/sealing/sealed_for.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"

namespace keyledger::commands {
namespace {

using eventstore::Append;
using eventstore::SubjectKeyPtr;

// Seals the fields of one event under its subject's key.
class SubjectSealer : public eventstore::FieldSealer {
public:
    SubjectSealer(eventstore::SubjectCipher& cipher, const SubjectKeyPtr& key, const Uuid& event_id)
        : cipher_(cipher), key_(key), event_id_(event_id) {}

    std::string seal(std::string_view field, std::string_view clear) override {
        if (!key_) throw eventstore::CodecError("a personal field without a subject: " + std::string(field));
        return cipher_.seal_field(*key_, {eventstore::kDefaultTenant, event_id_, field}, clear);
    }

private:
    eventstore::SubjectCipher& cipher_;
    const SubjectKeyPtr& key_;
    Uuid event_id_;
};

// An id that was made here is known by the first event that it brings about: both begin alike.
Uuid first_event_of(const eventstore::CommandId& command_id) {
    Uuid id;
    std::copy_n(command_id.begin(), id.bytes.size(), id.bytes.begin());
    return id;
}

eventstore::EventMetadata envelope_of(const Caller& caller, const eventstore::CommandId& command_id, Instant now) {
    eventstore::EventMetadata envelope;
    envelope.occurred_at = now;
    envelope.actor_type = caller.actor_type;
    envelope.actor_id = caller.actor_id;
    envelope.command_id = caller.idempotency ? security::base64url_encode(security::view_of(command_id))
                                             : first_event_of(command_id).to_string();
    envelope.correlation_id = caller.request_id;
    envelope.causation_id = envelope.command_id;
    envelope.request_id = caller.request_id;
    envelope.traceparent = caller.traceparent;
    envelope.session_id = caller.session_id;
    if (!caller.client_address.empty()) envelope.client_address.value = caller.client_address;
    if (!caller.user_agent.empty()) envelope.user_agent.value = caller.user_agent;
    return envelope;
}

// The user who acts for themselves; nullopt: nobody does.
std::optional<Uuid> user_acting(const Caller& caller) {
    return caller.actor_type == eventstore::ActorType::kUser ? Uuid::parse(caller.actor_id) : std::nullopt;
}

// If the key of the day's anonymous callers is missing or does not open, events are recorded without where they came
// from: otherwise wrong passwords would not be counted.
void clear_personal_fields(eventstore::EventMetadata& envelope) {
    envelope.client_address.value.reset();
    envelope.user_agent.value.reset();
    envelope.device.value.reset();
}

bool opens(eventstore::SubjectCipher& cipher, const eventstore::StoredSubjectKey& stored) try {
    return !stored.destroyed && cipher.unwrap(stored) != nullptr;
} catch (const eventstore::LackingKey&) {
    return false;
}

bool tells_of_a_person(const eventstore::EventMetadata& envelope) {
    return envelope.client_address.value || envelope.user_agent.value || envelope.device.value;
}

Outcome repeated(const eventstore::Duplicate& earlier, const Caller& caller) {
    if (caller.idempotency && earlier.fingerprint != caller.idempotency->fingerprint)
        return Unexpected(refusals::kIdempotencyMismatch);
    return ExecutionReceipt{earlier.first_position + earlier.event_count - 1, true, earlier.first_position, {}};
}

// Nobody else knows a command id that was made here: where it is known already, this very append was sent twice.
const eventstore::Appended* done_by(eventstore::Verdict& verdict, const Caller& caller) {
    if (const auto* twice = std::get_if<eventstore::Duplicate>(&verdict); twice && !caller.idempotency)
        verdict = eventstore::Appended{twice->first_position, twice->event_count};
    return std::get_if<eventstore::Appended>(&verdict);
}

// nullptr: the key of the day is there, and is destroyed or wrapped by what is not here. An error: the store is away.
asio::awaitable<Result<SubjectKeyPtr, CommandError>> key_of_the_day(Attempt& attempt, Executor::Ports& ports,
                                                                    Uuid subject, eventstore::Deadline deadline) {
    auto key = co_await attempt.key_of(subject);
    if (key) co_return key;
    if (key.error().refusal == refusals::kUserUnknown) co_return SubjectKeyPtr();
    KEYLEDGER_CO_TRY(stored, co_await ports.keys.stored(subject, deadline));
    if (stored->has_value() && !opens(ports.cipher, stored->value())) co_return SubjectKeyPtr();
    key = co_await attempt.key_of(subject);  // it was away for a moment
    co_return key;
}

}  // namespace

// ---- Streams ---------------------------------------------------------------------------------------------------
std::optional<std::size_t> Streams::place_of(const Uuid& id, std::string_view stream_type) const {
    const auto at = std::find_if(loads_.begin(), loads_.end(), [&](const LoadStream& load) {
        return load.stream_id == id && load.stream_type == stream_type;
    });
    if (at == loads_.end()) return std::nullopt;
    return static_cast<std::size_t>(at - loads_.begin());
}

// ---- Attempt ---------------------------------------------------------------------------------------------------
std::size_t Attempt::index_of(const Uuid& stream_id, std::string_view stream_type) const {
    const auto place = streams_.place_of(stream_id, stream_type);
    if (!place) throw std::logic_error("a command used a stream that it did not name");
    return *place;
}

StepResult Attempt::also_read(Streams more) {
    std::vector<LoadStream> unread;
    unread.reserve(more.loads().size());
    for (const LoadStream& load : more.loads())
        if (!streams_.place_of(load.stream_id, load.stream_type)) unread.push_back(load);
    KEYLEDGER_CO_TRY(folds, co_await folder_.load(unread, freshness_, deadline_));
    streams_.add(unread);
    folds_.insert(folds_.end(), std::make_move_iterator(folds->begin()), std::make_move_iterator(folds->end()));
    co_return Result<void, CommandError>{};
}

void Attempt::take_claim(std::string_view kind, const Uuid& owner, const std::vector<eventstore::ClaimDigest>& digests,
                         RefusalRef taken) {
    taken_.insert_or_assign(std::string(kind), taken);
    for (const auto& [key_id, digest] : digests)
        claims_.push_back({eventstore::ClaimChange::Op::kTake, std::string(kind), key_id, digest, owner});
}

asio::awaitable<Result<SubjectKeyPtr, CommandError>> Attempt::key_of(Uuid subject) {
    for (const SubjectKeyPtr& key : used_keys_)
        if (key->subject == subject) co_return key;
    KEYLEDGER_CO_TRY(found, co_await keys_.find(subject, deadline_));
    if (found->state == eventstore::KeyState::kDestroyed) co_return Unexpected(refusals::kUserUnknown);
    SubjectKeyPtr key = found->key;
    if (!key) {
        key = cipher_.make_key(subject);
        new_keys_.push_back(key);
    }
    used_keys_.push_back(key);
    co_return key;
}

asio::awaitable<Result<bool, CommandError>> Attempt::destroy_key_of(Uuid subject) {
    KEYLEDGER_CO_TRY(stored, co_await keys_.stored(subject, deadline_));
    if (!stored->has_value() || stored->value().destroyed) co_return false;
    destroyed_keys_.push_back({subject, stored->value().key_id});
    co_return true;
}

RefusalRef Attempt::refusal_of(const eventstore::AlreadySpent& refused) const {
    const auto is_it = [&](const Spending& one) { return one.value.digest == refused.digest; };
    return std::find_if(spent_.begin(), spent_.end(), is_it)->spent;
}

const Caller& Attempt::acting(const Caller& caller, std::optional<Caller>& other) const {
    if (!actor_) return caller;
    other = caller.acting_as(actor_->user_id);
    other->session_id = actor_->session_id;
    return *other;
}

// ---- Executor --------------------------------------------------------------------------------------------------
asio::awaitable<Outcome> Executor::run(Caller caller, Streams streams, Step step, int max_attempts) {
    caller.idempotency.reset();
    const Step nobody_is_asked = [](Attempt&) -> StepResult { co_return Result<void, CommandError>{}; };
    CommandSteps steps(nobody_is_asked, std::move(step));
    auto executed = co_await run(std::move(caller), std::move(streams), std::move(steps), max_attempts);
    co_return executed;
}

asio::awaitable<Outcome> Executor::run(Caller caller, Streams streams, CommandSteps steps, int max_attempts) {
    bool done_before = false;
    if (caller.idempotency) {
        KEYLEDGER_CO_TRY(known, co_await was_carried_out(caller));
        done_before = *known;
    }
    const eventstore::CommandId command_id =
        caller.idempotency ? caller.idempotency->command_id : ports_.identifiers.next_command_id();
    for (int count = 0; count < max_attempts; ++count) {
        const Freshness freshness = count == 0 ? Freshness::kCached : Freshness::kAtHead;
        Attempt attempt(folder_, freshness, ports_.keys, ports_.cipher, caller.deadline);
        KEYLEDGER_CO_TRY(read, co_await attempt.also_read(streams));

        auto decided = co_await steps.authorise(attempt);
        const bool authorised = decided.has_value();
        if (authorised && !done_before) decided = co_await steps.carry_out(attempt);
        if (!decided && !is_about_the_log(decided.error().refusal->kind)) co_return Unexpected(decided.error());
        if (!decided || attempt.changes_nothing()) {
            KEYLEDGER_CO_TRY(confirmed, co_await confirm(attempt, command_id, caller));
            const auto& earlier = confirmed->earlier_outcome;
            const bool forgotten = done_before && !earlier;  // just now: it is a new request then
            done_before = earlier.has_value();
            if (!confirmed->unmoved) continue;
            if (authorised && earlier) co_return repeated(*earlier, caller);
            if (!decided) co_return Unexpected(decided.error());
            if (!forgotten) co_return ExecutionReceipt{};
            continue;
        }

        const Instant now = moment_of(attempt);
        KEYLEDGER_CO_TRY(append, co_await encode(attempt, caller, command_id, now));
        KEYLEDGER_CO_TRY(verdict, co_await ports_.store.append(*append, caller.deadline));
        if (const auto* appended = done_by(*verdict, caller)) {
            remember(attempt, *append, *appended, now);
            co_return ExecutionReceipt{appended->first_position + appended->event_count - 1, false,
                                       appended->first_position, now};
        }
        if (const auto* taken = std::get_if<eventstore::ClaimTaken>(&*verdict))
            co_return Unexpected(attempt.taken_.at(taken->kind));
        if (const auto* spent = std::get_if<eventstore::AlreadySpent>(&*verdict))
            co_return Unexpected(attempt.refusal_of(*spent));
        // A twin was quicker. Whether its outcome may be told is asked at the head: conflicts are looked for after it.
        if (std::holds_alternative<eventstore::Duplicate>(*verdict)) done_before = true;
        if (const auto* conflict = std::get_if<eventstore::Conflict>(&*verdict)) forget(*conflict);
    }
    co_return Unexpected(CommandError(refusals::kBusy, seconds(1)));
}

// Asked first when the client sent a key, so that a repeated request costs no password hash.
asio::awaitable<Result<bool, CommandError>> Executor::was_carried_out(const Caller& caller) {
    std::vector<eventstore::StreamVersion> none;
    KEYLEDGER_CO_TRY(known,
                     co_await ports_.store.confirm(std::move(none), caller.idempotency->command_id, caller.deadline));
    co_return known->earlier_outcome.has_value();
}

asio::awaitable<Result<eventstore::Confirmation, CommandError>> Executor::confirm(
    const Attempt& attempt, const eventstore::CommandId& command_id, const Caller& caller) {
    std::vector<eventstore::StreamVersion> versions;
    for (std::size_t i = 0; i < attempt.folds_.size(); ++i)
        versions.push_back({attempt.streams_.loads()[i].stream_id, attempt.folds_[i].version});
    KEYLEDGER_CO_TRY(confirmation, co_await ports_.store.confirm(std::move(versions), command_id, caller.deadline));
    co_return std::move(*confirmation);
}

// Time never goes backwards within a stream, whichever node wrote it last; but a clock that was far ahead drags nobody.
Instant Executor::moment_of(const Attempt& attempt) const {
    const Instant now = ports_.clock.now();
    Instant moment = now;
    for (const auto& decision : attempt.events_) {
        const Instant last = attempt.folds_[decision.stream].occurred_at;
        if (last - now <= kMaxClockDifference) moment = std::max(moment, last);
    }
    return moment;
}

asio::awaitable<Result<Append, CommandError>> Executor::encode(Attempt& attempt, const Caller& sender,
                                                               const eventstore::CommandId& command_id, Instant now) {
    std::optional<Caller> other;
    const Caller& caller = attempt.acting(sender, other);
    Append append;
    append.command_id = command_id;
    append.decided_at = now;
    if (caller.idempotency) append.fingerprint = caller.idempotency->fingerprint;
    else append.id_retention = Append::CommandIdRetention::kForAnHour;
    auto envelope = envelope_of(caller, command_id, now);
    SubjectKeyPtr envelope_key;
    if (tells_of_a_person(envelope) && !attempt.events_.empty()) {
        const std::optional<Uuid> user = user_acting(caller);
        const Uuid subject = user ? *user : Uuid(ports_.pseudonyms.anonymous_subject_of(now));
        auto key = user ? attempt.key_of(subject) : key_of_the_day(attempt, ports_, subject, caller.deadline);
        KEYLEDGER_CO_TRY(found, co_await std::move(key));
        envelope_key = *found;
        if (!envelope_key) clear_personal_fields(envelope);
    }

    std::vector<std::int32_t> next(attempt.folds_.size());
    for (std::size_t i = 0; i < next.size(); ++i) next[i] = attempt.folds_[i].version;
    for (const Attempt::Decision& decision : attempt.events_) {
        const LoadStream& stream = attempt.streams_.loads()[decision.stream];
        if (attempt.folds_[decision.stream].is_foreign)
            throw std::logic_error("an event for a stream of another aggregate");
        SubjectKeyPtr payload_key;
        if (has_personal_fields(*decision.event)) {
            const Uuid subject = eventstore::sealed_for(*decision.event, stream.stream_id);
            KEYLEDGER_CO_TRY(own, co_await attempt.key_of(subject));
            payload_key = *own;
        }
        eventstore::NewEvent& event = append.events.emplace_back();
        const bool is_named = !caller.idempotency && append.events.size() == 1;
        event.event_id = is_named ? first_event_of(command_id) : ports_.identifiers.next();
        event.stream_type = stream.stream_type;
        event.stream_id = stream.stream_id;
        event.version = ++next[decision.stream];
        SubjectSealer payload_sealer(ports_.cipher, payload_key, event.event_id);
        auto encoded = eventstore::encode(*decision.event, payload_sealer);
        event.type = encoded.type;
        event.schema_version = encoded.schema_version;
        event.payload = std::move(encoded.payload);
        SubjectSealer envelope_sealer(ports_.cipher, envelope_key, event.event_id);
        const eventstore::EnvelopePlace place{event.event_id, event.stream_type, event.stream_id};
        event.metadata = eventstore::encode(envelope, place, envelope_sealer);
    }
    if (!append.events.empty()) {
        clear_personal_fields(envelope);
        append.envelope = std::make_shared<const eventstore::EventMetadata>(std::move(envelope));
    }
    for (std::size_t i = 0; i < next.size(); ++i) {
        const eventstore::StreamVersion read{attempt.streams_.loads()[i].stream_id, attempt.folds_[i].version};
        (next[i] > read.version ? append.writes : append.guards).push_back(read);
    }
    append.claims = claims_of(attempt, append);
    append.credentials = attempt.credentials_;
    for (const SubjectKeyPtr& key : attempt.new_keys_) append.new_keys.push_back(ports_.cipher.wrap(*key));
    for (const SubjectKeyPtr& key : attempt.used_keys_) append.key_uses.push_back({key->subject, key->key_id});
    append.destroyed_keys = attempt.destroyed_keys_;
    for (const Attempt::Spending& one : attempt.spent_) append.spent.push_back(one.value);
    co_return append;
}

// Claims follow from the very states on which the events were decided. So exactly those names are released that the
// stream held, however a command found the stream.
std::vector<eventstore::ClaimChange> Executor::claims_of(Attempt& attempt, const Append& append) {
    using Op = eventstore::ClaimChange::Op;
    std::map<std::size_t, Fold> after;
    for (std::size_t i = 0; i < attempt.events_.size(); ++i) {
        const auto& decision = attempt.events_[i];
        const Fold& before = attempt.folds_[decision.stream];
        if (!can_hold_names(*before.state)) continue;
        Fold& fold = after.try_emplace(decision.stream, before).first->second;
        fold = advance(fold, *decision.event, append.events[i].version, Recorded{});
    }
    std::vector<eventstore::ClaimChange> changes = attempt.claims_;
    for (const auto& [stream, fold] : after) {
        const Uuid& owner = attempt.streams_.loads()[stream].stream_id;
        const auto change = [&](Op op, const ClaimedName& name) {
            attempt.taken_.insert_or_assign(std::string(name.kind), name.taken);
            for (auto& [key_id, digest] : ports_.pseudonyms.claim(name.kind, name.key))
                changes.push_back({op, std::string(name.kind), key_id, std::move(digest), owner});
        };
        const auto held = held_names(*attempt.folds_[stream].state);
        const auto names = held_names(*fold.state);
        for (const ClaimedName& name : held)
            if (std::find(names.begin(), names.end(), name) == names.end()) change(Op::kRelease, name);
        for (const ClaimedName& name : names)
            if (std::find(held.begin(), held.end(), name) == held.end()) change(Op::kTake, name);
    }
    return changes;
}

void Executor::remember(const Attempt& attempt, const Append& append, const eventstore::Appended& appended,
                        Instant now) {
    struct Changed {
        Fold fold;
        Uuid event_id;  // of its last event
    };
    std::map<std::size_t, Changed> all;
    for (std::size_t i = 0; i < attempt.events_.size(); ++i) {
        const auto& decision = attempt.events_[i];
        const Recorded recorded{appended.first_position + static_cast<Position>(i), now};
        auto at = all.find(decision.stream);
        if (at == all.end()) at = all.emplace(decision.stream, Changed{attempt.folds_[decision.stream], {}}).first;
        Changed& changed = at->second;
        changed.fold = advance(changed.fold, *decision.event, append.events[i].version, recorded);
        changed.event_id = append.events[i].event_id;
    }
    for (auto& [stream, changed] : all) {
        const Uuid& stream_id = attempt.streams_.loads()[stream].stream_id;
        ports_.cache.put(stream_id, changed.fold);
        const SnapshotCandidate kept{stream_id, attempt.folds_[stream].version, std::move(changed.fold),
                                     changed.event_id};
        if (is_snapshot_due(kept)) keep_snapshot(ports_.store, ports_.cipher, ports_.keys.recall(stream_id), kept);
    }
    for (const SubjectKeyPtr& key : attempt.new_keys_) ports_.keys.remember(key);
    for (const auto& [subject, key_id] : attempt.destroyed_keys_) ports_.keys.forget(subject);
}

// Streams are read at the head by the next attempt; a subject's key is not, unless it is forgotten here.
void Executor::forget(const eventstore::Conflict& conflict) {
    if (conflict.kind == eventstore::Conflict::Kind::kSubjectKey) ports_.keys.forget(conflict.id);
}

}  // namespace keyledger::commands
