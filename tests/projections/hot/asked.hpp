#pragma once
// What is asked of the models in memory, and what they must say: the folds of somebody who reads every stream.
#include <set>
#include <sstream>

#include "commands/access/access_reader.hpp"
#include "domain/access/subject_access.hpp"
#include "domain/base/time.hpp"
#include "projections/hot/hot_access.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::projections::test {

using namespace keyledger::test;
using eventstore::Deadline;

// All that an answer can depend on. A session that ended reads as none.
inline std::string text_of(const User& user, const Session& session,
                           const std::vector<std::shared_ptr<const Role>>& roles,
                           const std::vector<std::shared_ptr<const Group>>& groups) {
    std::ostringstream out;
    out << static_cast<int>(user.status) << ' ' << static_cast<int>(user.privilege) << ' ' << user.registered_at.ms()
        << ' ' << user.security_stamp << ' ' << user.sessions_ended_before << ' '
        << user.kept_session.value_or(SessionId{}).to_string() << ' ' << user.erasure_due_at.value_or(Instant()).ms()
        << '\n';
    const bool live = session.status == Session::Status::kLive && !user.ended_session({}, session.first_position);
    if (session.status == Session::Status::kLive)
        out << session.user_id.to_string() << ' ' << session.client_id << ' ' << session.security_stamp << ' '
            << session.generation << ' ' << session.first_position << ' ' << session.started_at.ms() << ' '
            << session.refreshed_at.ms() << ' ' << session.expires_at.ms() << ' ' << live;
    for (const std::string& audience : session.audiences)
        if (session.status == Session::Status::kLive) out << ' ' << audience;
    for (const auto& role : roles) {
        out << '\n' << role->name << ' ' << static_cast<int>(role->kind);
        for (const std::string& permission : role->rules.allow.texts()) out << ' ' << permission;
        for (const std::string& permission : role->rules.deny.texts()) out << " not " << permission;
    }
    for (const auto& group : groups) out << '\n' << group->name;
    return out.str();
}

// Everybody whom the log names.
struct Named {
    std::set<UserId> users;
    std::set<SessionId> sessions;
};
inline Named named_in(World& world) {
    Named named;
    for (const auto& event : world.events()) {
        if (event.stream_type == User::kStreamType) named.users.insert(UserId{event.stream_id});
        if (event.stream_type == Session::kStreamType) named.sessions.insert(SessionId{event.stream_id});
    }
    return named;
}

// Asks about each of them, and somebody who reads the streams themselves.
template <class Ask>
void expect_as_folded(World& world, eventstore::Store& store, Ask ask) {
    Node reader(world, store);
    const auto compare = [&](std::optional<UserId> user, std::optional<SessionId> session) {
        auto folded = run(reader.access.read({user, session}, Deadline::max()));
        ASSERT_TRUE(folded);
        const SubjectAccess found = ask(user, session);
        // A session that ended is not kept, nor whose it was.
        if (!user && folded->session().status != Session::Status::kLive) {
            EXPECT_EQ(found.session().status, Session::Status::kAbsent);
            return;
        }
        EXPECT_EQ(text_of(found.user(), found.session(), found.roles, found.groups),
                  text_of(folded->user(), folded->session(), folded->roles, folded->groups));
    };
    const Named named = named_in(world);
    for (const UserId& user : named.users) compare(user, std::nullopt);
    for (const SessionId& session : named.sessions) {
        compare(std::nullopt, session);
        for (const UserId& user : named.users) compare(user, session);
    }
    compare(UserId{Uuid{{9}}}, SessionId{Uuid{{8}}});
    compare(std::nullopt, SessionId{Uuid{{8}}});
}

}  // namespace keyledger::projections::test
