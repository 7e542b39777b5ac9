#pragma once
// Where the parts of the reactor `mail` hand over what they wrote: within the caps, and with the server's answer as
// what came of the job. Thread-safe.
#include <functional>

#include "mail/mailer.hpp"
#include "reactors/engine/reactor.hpp"
#include "reactors/mail_caps.hpp"

namespace keyledger::reactors {

class MailOut {
public:
    using Send = std::function<asio::awaitable<mail::Delivery>(mail::Mail, Deadline)>;

    // As MailCaps: the limits outlive it.
    MailOut(eventstore::Limits& limits, std::int64_t open_per_minute, Send send)
        : caps_(limits, open_per_minute), send_(std::move(send)) {}

    // Done with a code: the mailbox is not there (the server's), or its reader is sent too much (`over-limit`).
    asio::awaitable<Performed> send(const Job& job, mail::Mail letter, Deadline deadline);

private:
    MailCaps caps_;
    const Send send_;
};

}  // namespace keyledger::reactors
