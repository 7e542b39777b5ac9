#include "commands/devices/devices.hpp"

#include "commands/access/authority.hpp"
#include "domain/base/precis.hpp"
#include "domain/sessions/session.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::commands {
namespace {

// On one's own devices.
Answer<Receipt> on_devices(Services& services, Bearer bearer, DevicesCommand command, Caller caller) {
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    const auto devices = streams.read<Devices>(services.pseudonyms.devices_of(bearer.user_id), bearer.user_id);
    const Step step = [&](Attempt& attempt) -> StepResult { co_return attempt.decide_and_append(devices, command); };
    CommandSteps steps(require_actor(services, actor, bearer), step);
    auto executed = co_await services.executor.run(std::move(caller), streams, std::move(steps));
    co_return done(executed);
}

}  // namespace

Answer<std::vector<Devices::Known>> devices_of_user(Services& services, UserId user_id, Deadline deadline) {
    Streams streams;
    streams.read<Devices>(services.pseudonyms.devices_of(user_id), user_id);
    KEYLEDGER_CO_TRY(folds, co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, deadline));
    std::vector<Devices::Known> known = state_of<Devices>(folds->front()).known;
    const Instant now = services.clock.now();
    std::erase_if(known, [&](const Devices::Known& one) { return now - one.last_seen_at >= kDeviceLifetime; });
    co_return known;
}

Answer<std::optional<DeviceId>> device_of_session(Services& services, SessionId session_id, Deadline deadline) {
    Streams streams;
    streams.read<Session>(session_id);
    KEYLEDGER_CO_TRY(folds, co_await services.executor.folder().load(streams.loads(), Freshness::kCached, deadline));
    co_return state_of<Session>(folds->front()).device_id;
}

Answer<Receipt> name_device(Services& services, Bearer bearer, DeviceId device_id, std::string name, Caller caller) {
    auto parsed = parse_name(name);
    if (!parsed) co_return Unexpected(refused_text(refusals::kInvalidDeviceName, parsed.error()));
    NameDevice command{bearer.user_id, device_id, std::move(*parsed), services.clock.now()};
    auto done = co_await on_devices(services, bearer, std::move(command), std::move(caller));
    co_return done;
}

Answer<Receipt> forget_device(Services& services, Bearer bearer, DeviceId device_id, Caller caller) {
    const ForgetDevice command{bearer.user_id, device_id};
    auto done = co_await on_devices(services, bearer, command, std::move(caller));
    co_return done;
}

Answer<Receipt> end_sessions_of_device(Services& services, Bearer bearer, DeviceId device_id,
                                       std::vector<SessionId> sessions, Caller caller) {
    caller.idempotency.reset();
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    std::vector<StreamOf<Session>> of_device;
    for (const SessionId& session_id : sessions) of_device.push_back(streams.read<Session>(session_id));
    const Step step = [&](Attempt& attempt) -> StepResult {
        Result<void, CommandError> ended;
        for (const auto& session : of_device) {
            if (!ended || attempt.state(session).device_id != device_id) continue;
            const EndSession command{bearer.user_id, SessionEndReason::kRevoked};
            ended = attempt.decide_and_append(session, session.id, attempt.state(actor.user), command);
        }
        co_return ended;
    };
    CommandSteps steps(require_actor(services, actor, bearer), step);
    auto executed = co_await services.executor.run(std::move(caller), streams, std::move(steps));
    co_return done(executed);
}

}  // namespace keyledger::commands
