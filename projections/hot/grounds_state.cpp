#include "projections/hot/grounds_state.hpp"

#include "domain/sessions/grounds.hpp"
#include "eventstore/codec/states_codec.hpp"
#include "projections/hot/snapshot_file.hpp"

namespace keyledger::projections {

void GroundsState::apply(const ApplicationId& id, const ApplicationEvent& event, const Recorded& recorded) {
    auto& known = applications_[id];
    const auto state = eventstore::copy_of(known ? *known : *eventstore::empty_state(Application::kStreamType));
    eventstore::evolve(*state, *eventstore::any_event<Application>(event), recorded);
    page_origins_.change(known ? eventstore::state_in<Application>(*known) : nullptr,
                         eventstore::state_in<Application>(*state));
    known = state;
    if (!eventstore::state_in<Application>(*state)->exists()) applications_.erase(id);
}

std::shared_ptr<const Application> GroundsState::application(const ApplicationId& id) const {
    const auto known = applications_.find(id);
    if (known == applications_.end()) return nullptr;
    return {known->second, eventstore::state_in<Application>(*known->second)};
}

void GroundsState::apply(const ConsentEvent& event, const Recorded& recorded) {
    if (const auto* withdrawn = std::get_if<ConsentWithdrawn>(&event))
        withdrawn_consents_[{withdrawn->user_id, withdrawn->application_id}] = recorded.position;
}

bool GroundsState::hold(const SessionId& id, const Session& session) const {
    const auto application_id = application_of(session);
    if (!application_id) return true;
    const auto found = application(*application_id);
    if (!found) return false;  // deleted
    Consent consent;
    Session browser_session;
    if (const auto withdrawn = withdrawn_consents_.find({session.user_id, *application_id});
        withdrawn != withdrawn_consents_.end())
        consent.sessions_ended_before = withdrawn->second;
    const SessionId* rests_on = browser_sessions_.find(id);
    if (rests_on != nullptr && ended_browser_sessions_.find(*rests_on) != nullptr)
        browser_session.status = Session::Status::kEnded;
    return holds(session, {*found, consent, browser_session});
}

std::size_t GroundsState::sweep(std::size_t shard, Instant now) {
    return boost::unordered::erase_if(ended_browser_sessions_.shard(shard),
                                      [&](const auto& entry) { return entry.second <= now; });
}

std::size_t GroundsState::bytes() const {
    constexpr std::size_t kNodeGuess = 96;
    constexpr std::size_t kApplicationGuess = 4096;  // with its keys
    return browser_sessions_.bytes() + ended_browser_sessions_.bytes() + applications_.size() * kApplicationGuess +
           withdrawn_consents_.size() * kNodeGuess;
}

void GroundsState::write(SnapshotWriter& out) const {
    out.number(static_cast<std::int64_t>(applications_.size()));
    for (const auto& [id, known] : applications_) {
        out.id(id);
        out.text(eventstore::encode_state(*known));
    }
    out.number(static_cast<std::int64_t>(withdrawn_consents_.size()));
    for (const auto& [granted, position] : withdrawn_consents_) {
        out.id(granted.first);
        out.id(granted.second);
        out.number(position);
    }
    for (std::size_t shard = 0; shard < browser_sessions_.kShards; ++shard) {
        out.number(static_cast<std::int64_t>(browser_sessions_.shard(shard).size()));
        for (const auto& [id, browser_session_id] : browser_sessions_.shard(shard)) {
            out.id(id);
            out.id(browser_session_id);
        }
    }
    for (std::size_t shard = 0; shard < ended_browser_sessions_.kShards; ++shard) {
        out.number(static_cast<std::int64_t>(ended_browser_sessions_.shard(shard).size()));
        for (const auto& [id, until] : ended_browser_sessions_.shard(shard)) {
            out.id(id);
            out.time(until);
        }
    }
}

void GroundsState::read(SnapshotReader& in) {
    for (std::int64_t left = in.count(); left > 0; --left) {
        const auto id = in.id<Application>();
        auto& known = applications_[id];
        known = eventstore::decode_state(Application::kStreamType, in.text());
        page_origins_.change(nullptr, eventstore::state_in<Application>(*known));
    }
    for (std::int64_t left = in.count(); left > 0; --left) {
        const auto user_id = in.id<User>();
        const auto application_id = in.id<Application>();
        withdrawn_consents_[{user_id, application_id}] = in.number();
    }
    for (std::size_t shard = 0; shard < browser_sessions_.kShards; ++shard)
        for (std::int64_t left = in.count(); left > 0; --left) {
            const auto id = in.id<Session>();
            rest(id, in.id<Session>());
        }
    for (std::size_t shard = 0; shard < ended_browser_sessions_.kShards; ++shard)
        for (std::int64_t left = in.count(); left > 0; --left) {
            const auto id = in.id<Session>();
            end_browser_session(id, in.time());
        }
}

}  // namespace keyledger::projections
