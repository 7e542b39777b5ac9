#include "reactors/mail_out.hpp"

#include <algorithm>

#include "reactors/engine/limits.hpp"

namespace keyledger::reactors {
namespace {

// The server's no is about the mailbox, and not about the mail or whoever sends it: by RFC 3463 where it says so
// (X.1.1 to X.1.3, X.1.6, X.2.1, X.2.2), or by RFC 5321 section 4.2.2. Anybody can give an address of which that is so.
bool is_undeliverable(std::string_view code) {
    static constexpr std::string_view kNoMailbox[] = {".1.1", ".1.2", ".1.3", ".1.6", ".2.1", ".2.2"};
    if (code == "smtp-550" || code == "smtp-551" || code == "smtp-552" || code == "smtp-553") return true;
    return code.starts_with("smtp-5") && std::ranges::any_of(kNoMailbox, [&](auto end) { return code.ends_with(end); });
}

Performed performed(const mail::Delivery& delivery) {
    switch (delivery.outcome) {
        case mail::Delivery::Outcome::kSent: return Done{};
        case mail::Delivery::Outcome::kAgain: return Again{delivery.code};
        case mail::Delivery::Outcome::kRefused:
            if (is_undeliverable(delivery.code)) return Done{delivery.code};
            return Dead{delivery.code};
    }
    return Again{"no-outcome"};
}

}  // namespace

asio::awaitable<Performed> MailOut::send(const Job& job, mail::Mail letter, Deadline deadline) {
    using Say = MailCaps::Verdict::Say;
    const auto verdict = co_await caps_.judge(letter, job.attempt == 1, deadline);
    const std::chrono::milliseconds wait(verdict.wait.ms());
    const bool is_given_up =
        verdict.say == Say::kGiveUp || (verdict.say == Say::kWait && job.tried_for + wait >= kGiveUpAfter);
    if (is_given_up) co_return Done{"over-limit"};
    if (verdict.say == Say::kWait) {
        Again later{"over-limit", wait};
        co_return later;
    }
    const auto delivery = co_await send_(letter, deadline);
    if (delivery.outcome == mail::Delivery::Outcome::kSent) co_await caps_.count(letter, deadline);
    co_return performed(delivery);
}

}  // namespace keyledger::reactors
