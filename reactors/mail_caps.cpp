#include "reactors/mail_caps.hpp"

#include "domain/users/identity.hpp"
#include "mail/kinds.hpp"

namespace keyledger::reactors {
namespace {

using eventstore::Bucket;
using eventstore::RateDecision;

// An address however it is typed is one.
std::string counted_for(const mail::Mail& mail) {
    const auto parsed = parse_email(mail.address);
    return std::string(mail::row_of(mail.kind).name) + ':' + (parsed ? parsed->key : mail.address);
}

Bucket of_address(const char* what, const mail::Mail& mail, std::int64_t burst, Bucket::Use use) {
    Bucket bucket;
    bucket.key = what + counted_for(mail);
    bucket.burst = burst;
    bucket.one_every = kMailInterval;
    bucket.use = use;
    return bucket;
}

}  // namespace

std::vector<Bucket> MailCaps::buckets_of(const mail::Mail& mail, Bucket::Use use) const {
    std::vector<Bucket> buckets{of_address("mail.to:", mail, kMailsAtOnce, use)};
    if (!mail::row_of(mail.kind).is_open) return buckets;
    Bucket all;
    all.key = "mail.open";
    all.per_minute = open_per_minute_;
    all.burst = open_per_minute_ * kOpenMailBurstMinutes;
    all.use = use;
    buckets.push_back(std::move(all));
    return buckets;
}

boost::asio::awaitable<RateDecision> MailCaps::take(std::vector<Bucket> buckets, eventstore::Deadline deadline) {
    const auto taken = co_await limits_.take(buckets, deadline);
    if (taken) co_return *taken;
    co_return limits_.take_local(buckets);
}

boost::asio::awaitable<MailCaps::Verdict> MailCaps::judge(const mail::Mail& mail, bool is_first,
                                                          eventstore::Deadline deadline) {
    const RateDecision now = co_await take(buckets_of(mail, Bucket::Use::kLook), deadline);
    if (now.wait == Duration()) co_return Verdict{};
    const Verdict waits{Verdict::Say::kWait, now.wait};
    if (!is_first) co_return waits;
    std::vector<Bucket> place;
    place.push_back(of_address("mail.waiting:", mail, kMailsWaiting, Bucket::Use::kTake));
    const RateDecision taken = co_await take(std::move(place), deadline);
    if (taken.wait == Duration()) co_return waits;
    const Verdict over{Verdict::Say::kGiveUp, Duration()};
    co_return over;
}

boost::asio::awaitable<void> MailCaps::count(const mail::Mail& mail, eventstore::Deadline deadline) {
    co_await take(buckets_of(mail, Bucket::Use::kTake), deadline);
}

}  // namespace keyledger::reactors
