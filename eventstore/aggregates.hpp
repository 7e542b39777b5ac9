#pragma once
// The list of aggregates. What has to know all of them follows from it: any event, any state, the codec, the fold,
// snapshots, the reference of events. Included by what does that, and by tests; others include any.hpp, and the headers
// of the aggregates that they name.
#include <variant>

#include "domain/access/administrators.hpp"
#include "domain/access/assignments.hpp"
#include "domain/access/group.hpp"
#include "domain/access/nestings.hpp"
#include "domain/access/role.hpp"
#include "domain/anonymous_callers/anonymous_callers.hpp"
#include "domain/applications/application.hpp"
#include "domain/authorization/device_authorization.hpp"
#include "domain/challenges/challenge.hpp"
#include "domain/challenges/wrong_codes.hpp"
#include "domain/clients/service_account.hpp"
#include "domain/clients/service_token.hpp"
#include "domain/consents/consent.hpp"
#include "domain/credentials/login_attempts.hpp"
#include "domain/devices/devices.hpp"
#include "domain/factors/factors.hpp"
#include "domain/jobs/job_outcome.hpp"
#include "domain/log/log_keeping.hpp"
#include "domain/registrations/registration.hpp"
#include "domain/sessions/admitted_sessions.hpp"
#include "domain/sessions/session.hpp"
#include "domain/sessions/session_cleanup.hpp"
#include "domain/users/user.hpp"
#include "eventstore/any.hpp"

namespace keyledger::eventstore {

// Aggregates by their states, each with kStreamType, an Event and an `evolve`.
template <class... Aggregate>
struct AggregateList {
    using Event = std::variant<typename Aggregate::Event...>;
    using State = std::variant<Aggregate...>;
    // Calls `each.template operator()<Aggregate>()` for every one.
    template <class Each>
    static constexpr void for_each(Each&& each) {
        (each.template operator()<Aggregate>(), ...);
    }
};

using Aggregates =
    AggregateList<User, Session, LoginAttempts, AnonymousCallers, Role, Assignments, Administrators, ServiceAccount,
                  ServiceToken, Group, Nestings, LogKeeping, JobOutcome, Challenge, WrongCodes, Factors, Registration,
                  Devices, AdmittedSessions, SessionCleanup, Application, Consent, DeviceAuthorization>;

struct AnyEvent : Aggregates::Event {
    using Aggregates::Event::variant;
};
struct AnyState : Aggregates::State {
    using Aggregates::State::variant;
};

}  // namespace keyledger::eventstore
