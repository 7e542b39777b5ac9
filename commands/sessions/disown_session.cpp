#include "commands/sessions/disown_session.hpp"

#include <algorithm>

#include "commands/account_services.hpp"
#include "commands/challenges/challenges.hpp"
#include "commands/runtime/spending.hpp"
#include "domain/devices/devices.hpp"
#include "domain/sessions/session.hpp"
#include "domain/users/user.hpp"
#include "security/primitives/bytes.hpp"

namespace keyledger::commands {
namespace {

eventstore::SpentValue use_of(const MailLink& link) {
    const ValueLife life{link.expires_at - life_of(link.purpose), link.expires_at};
    return spent_value("link of a log-in", {security::view_of(link.subject), security::view_of(link.about)}, life);
}

}  // namespace

Answer<Receipt> disown_session(Services& services, const Secret& link, Caller caller) {
    caller.idempotency.reset();
    const auto opened = services.accounts.challenge_secrets->open_link(ChallengePurpose::kEndSession, link.reveal());
    if (!opened) co_return Unexpected(refusals::kLinkSpent);
    const UserId user_id{opened->subject};
    Streams streams;
    const auto user = streams.read<User>(user_id);
    const auto session = streams.read<Session>(SessionId{opened->about});
    const auto devices = streams.read<Devices>(services.pseudonyms.devices_of(user_id), user_id);
    const Step step = [&](Attempt& attempt) -> StepResult {
        const User& state = attempt.state(user);
        if (!state.exists()) co_return Unexpected(refusals::kLinkSpent);
        attempt.act_as(user_id);
        // Else whoever has the link makes the log longer for a week.
        attempt.spend(use_of(*opened), refusals::kLinkSpent);
        if (attempt.state(session).user_id != user_id) co_return Unexpected(refusals::kLinkSpent);
        // Whoever logged in once may have logged in again, and the second time no mail told of it.
        KEYLEDGER_CO_TRY(ended, attempt.decide_and_append(user, RevokeAllSessions{}));
        const auto& device_id = attempt.state(session).device_id;
        const auto& known = attempt.state(devices).known;
        const bool is_known =
            device_id && std::ranges::find(known, *device_id, &Devices::Known::device_id) != known.end();
        Result<void, CommandError> forgotten;
        if (is_known) forgotten = attempt.decide_and_append(devices, ForgetDevice{user_id, *device_id});
        co_return forgotten;
    };
    auto executed = co_await services.executor.run(std::move(caller), streams, step);
    co_return done(executed);
}

}  // namespace keyledger::commands
