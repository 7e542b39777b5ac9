#pragma once
// How much mail one address is sent, and how much of what anybody can have sent an installation sends. Nobody is to be
// flooded through this service, and no cap is to silence what its reader must learn:
//
// - An address is counted for each kind by itself. Whoever exhausts the alerts of one kind has caused that their victim
//   was sent them, and has taken no place from those of another kind.
// - What is over that waits for its turn, up to a day; so many may wait, and what is more is not sent, under a code of
//   its own which the job keeps and a metric counts.
// - The cap of the installation counts only what somebody without an account can cause. Alerts take no part in it.
//
// Counted on all nodes together, under keyed digests. Thread-safe.
#include <boost/asio/awaitable.hpp>

#include "domain/base/time.hpp"
#include "eventstore/limits.hpp"
#include "mail/mailer.hpp"

namespace keyledger::reactors {

inline constexpr std::int64_t kMailsAtOnce = 6;  // of one kind, to one address
inline constexpr std::int64_t kMailsWaiting = 20;
inline constexpr Duration kMailInterval = minutes(20);  // then one more
inline constexpr std::int64_t kOpenMailBurstMinutes = 10;

class MailCaps {
public:
    // `open_per_minute`: mail of kinds that anybody can cause (mail::KindRow::is_open), after a burst of ten minutes'
    // worth. The limits outlive it.
    MailCaps(eventstore::Limits& limits, std::int64_t open_per_minute)
        : limits_(limits), open_per_minute_(open_per_minute) {}

    struct Verdict {
        enum class Say { kSend, kWait, kGiveUp } say = Say::kSend;
        Duration wait{};  // kWait: so long at least
    };
    // Whether it may be sent now. `is_first`: it has not been asked for this mail before.
    boost::asio::awaitable<Verdict> judge(const mail::Mail& mail, bool is_first, eventstore::Deadline deadline);
    // It was sent.
    boost::asio::awaitable<void> count(const mail::Mail& mail, eventstore::Deadline deadline);

private:
    std::vector<eventstore::Bucket> buckets_of(const mail::Mail& mail, eventstore::Bucket::Use use) const;
    // While the store is away: as far as this process knows.
    boost::asio::awaitable<eventstore::RateDecision> take(std::vector<eventstore::Bucket> buckets,
                                                          eventstore::Deadline deadline);

    eventstore::Limits& limits_;
    const std::int64_t open_per_minute_;
};

}  // namespace keyledger::reactors
