#pragma once
// What ended of that which sessions of applications rest on (domain/sessions/grounds.hpp), in memory: applications,
// which are few; of consents those that were withdrawn; of browser sessions those that were ended, for as long as
// what began in them can last. Folded by the aggregates' own `evolve` (I6).
//
// Memory: about 90 bytes for a withdrawn consent, 50 for a session that rests on a browser's, 40 for an ended one,
// some kilobytes for an application. Threads: none of its own, as AccessState.
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "domain/applications/application.hpp"
#include "domain/base/time.hpp"
#include "domain/consents/consent.hpp"
#include "domain/sessions/session.hpp"
#include "eventstore/any.hpp"
#include "projections/hot/page_origins.hpp"
#include "projections/hot/sharded.hpp"

namespace keyledger::projections {

class SnapshotWriter;
class SnapshotReader;

class GroundsState {
public:
    void apply(const ApplicationId& id, const ApplicationEvent& event, const Recorded& recorded);
    void apply(const ConsentEvent& event, const Recorded& recorded);
    // `until`: no session lasts longer that began in it.
    void end_browser_session(const SessionId& id, Instant until) {
        ended_browser_sessions_.shard_of(id).insert_or_assign(id, until);
    }

    // nullptr: there is none, or none any more.
    std::shared_ptr<const Application> application(const ApplicationId& id) const;
    std::optional<ConsentRule> page_origin(std::string_view origin) const { return page_origins_.find(origin); }
    // What began in the session of a browser.
    void rest(const SessionId& id, const SessionId& browser_session_id) {
        browser_sessions_.shard_of(id).insert_or_assign(id, browser_session_id);
    }
    void forget(const SessionId& id) { browser_sessions_.erase(id); }
    // Of a session that no application holds: true.
    bool hold(const SessionId& id, const Session& session) const;

    std::size_t sweep(std::size_t shard, Instant now);
    std::size_t bytes() const;
    void write(SnapshotWriter& out) const;
    void read(SnapshotReader& in);

private:
    using Granted = std::pair<UserId, ApplicationId>;
    std::map<ApplicationId, eventstore::AnyStatePtr> applications_;  // those that there are
    PageOrigins page_origins_;                                       // of them
    std::map<Granted, Position> withdrawn_consents_;
    Sharded<SessionId, SessionId> browser_sessions_;  // of those that rest on one
    Sharded<SessionId, Instant> ended_browser_sessions_;
};

}  // namespace keyledger::projections
