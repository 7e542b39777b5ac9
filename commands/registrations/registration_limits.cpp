#include "commands/registrations/registration_limits.hpp"

#include <algorithm>

#include "commands/account_services.hpp"
#include "commands/limits/request_limits.hpp"
#include "commands/registrations/begin_registration.hpp"

namespace keyledger::commands {
namespace {

using eventstore::Bucket;

// Mail to one address: from one network, and from all. Who reads it can't be flooded, and who floods it from one
// network keeps nobody else from registering.
constexpr std::int64_t kMailsFromNetwork = 5;
constexpr std::int64_t kMailsToAddress = 20;
constexpr Duration kOneMailEvery = hours(1);
// Codes that are tried for one address: 30 in a day.
constexpr std::int64_t kMostCodesOfAddress = 30;
constexpr Duration kOneCodeEvery = minutes(48);
// Of one network, behind as many at once as it may try passwords; and of all together.
constexpr Duration kOneRegistrationEvery = minutes(5);
constexpr Rate kInstallation{600, 600};

Bucket rare(std::string_view what, const std::string& whom, std::int64_t burst, Duration one_every) {
    Bucket bucket;
    bucket.key.append(what).append(" ").append(whom);
    bucket.burst = burst;
    bucket.one_every = one_every;
    return bucket;
}

Answer<Receipt> take(Services& services, std::vector<Bucket> buckets, Deadline deadline) {
    KEYLEDGER_CO_TRY(taken, co_await services.limits.take(std::move(buckets), deadline));
    if (taken->wait > Duration()) co_return Unexpected(too_many(*taken));
    co_return Receipt{};
}

std::vector<Bucket> mails_to(const AddressDigests& address, const Caller& caller) {
    const std::string whom = address_digest(address);
    std::vector<Bucket> buckets;
    buckets.push_back(rare("registration mail to", whom + " from " + caller.network, kMailsFromNetwork, kOneMailEvery));
    buckets.push_back(rare("registration mail to", whom, kMailsToAddress, kOneMailEvery));
    return buckets;
}

}  // namespace

Answer<Receipt> admit_registration(Services& services, const AddressDigests& address, const Caller& caller) {
    auto buckets = mails_to(address, caller);
    const std::int64_t at_once = std::min(services.settings.limits.passwords.burst, most_in(kOneRegistrationEvery));
    buckets.push_back(rare("registrations of", caller.network, at_once, kOneRegistrationEvery));
    buckets.push_back(bucket_of("registrations of", "all", kInstallation));
    KEYLEDGER_CO_TRY(taken, co_await take(services, std::move(buckets), caller.deadline));
    const auto& count_open = services.accounts.count_open_registrations;
    if (!count_open) co_return Receipt{};
    KEYLEDGER_CO_TRY(open, co_await count_open(kMostOpenRegistrations, caller.deadline));
    if (*open >= kMostOpenRegistrations) co_return Unexpected(CommandError(refusals::kTooManyAttempts, minutes(1)));
    co_return Receipt{};
}

Answer<Receipt> admit_registration_mail(Services& services, const AddressDigests& address, const Caller& caller) {
    auto taken = co_await take(services, mails_to(address, caller), caller.deadline);
    co_return taken;
}

Answer<Receipt> admit_registration_code(Services& services, const AddressDigests& address, Deadline deadline) {
    std::vector<Bucket> buckets;
    buckets.push_back(rare("registration codes of", address_digest(address), kMostCodesOfAddress, kOneCodeEvery));
    auto taken = co_await take(services, std::move(buckets), deadline);
    co_return taken;
}

}  // namespace keyledger::commands
