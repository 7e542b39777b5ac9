#pragma once
// The device authorization grant (RFC 8628): a device without a browser shows a short code, somebody types it where
// they are logged in and says yes, and the device, which asks again and again meanwhile, gets tokens.
#include <optional>
#include <string>
#include <vector>

#include "commands/authorization/device_code.hpp"
#include "commands/authorization/exchange_code.hpp"
#include "commands/authorization/sealed.hpp"
#include "domain/applications/application.hpp"

namespace keyledger::commands {

// ---- a device asks ---------------------------------------------------------------------------------------------
// What was checked against the application.
struct DeviceRequest {
    ApplicationId application_id;
    std::vector<std::string> scope;
    std::vector<std::string> resources;
};
struct BegunDevice {
    std::string device_code;  // sealed
    std::string user_code;    // "WDJB-MJHT"
};
// What is taken beside the network's buckets before one is begun, on all nodes together: anybody may ask who names a
// public application, and each keeps some hundred bytes for ten minutes. 20,000 at once and 2,000 a minute of all
// applications together, a quarter of these of one.
std::vector<eventstore::Bucket> buckets_of_device_codes(const ApplicationId& application_id);
// One statement; nothing is appended. kTooManyAttempts: there is no room, of all together. kUnavailable: the store is
// away, or the grant is not offered here.
Answer<BegunDevice> begin_device(Services& services, SealedBy by, DeviceRequest request, Deadline deadline);

// ---- somebody types its code -----------------------------------------------------------------------------------
struct TypedDevice {
    DeviceCode device;
    std::string user_code;  // "WDJB-MJHT"
    std::string sealed;     // the device, for the page on which they answer
    Application application;
};
// For whoever is logged in: ten a minute for each user on all nodes together, and of wrong ones 60 a minute of all
// users together (RFC 8628 section 5.1), beside the first three of each user within ten minutes. nullopt: there is no
// such code, it expired, it was answered, or its application may not have this any more. kInvalidToken: the session is
// over. kTooManyAttempts, kUnavailable.
Answer<std::optional<TypedDevice>> find_device(Services& services, SealedBy by, Bearer browser, std::string typed,
                                               Deadline deadline);

enum class DeviceVerdict { kApprove, kRefuse };
// One append: the answer, and with a yes the consent, but of the operator's own applications. kInvalidToken;
// kDeviceCodeOver: somebody else answered, it expired, or the application may not have this any more.
Answer<Receipt> answer_device(Services& services, Bearer browser, DeviceCode device, DeviceVerdict verdict,
                              Caller caller);

// ---- the device asks whether they did --------------------------------------------------------------------------
enum class PollOutcome { kPending, kTooSoon, kRefused, kExpired, kApproved };
struct PolledDevice {
    PollOutcome outcome = PollOutcome::kPending;
    DeviceAuthorization answer{};
};
// At the head, from memory where there is one. How often a device asks, each node counts by itself, and of the last
// hundred thousand alone.
Answer<PolledDevice> poll_device(Services& services, DeviceCode device, Deadline deadline);

// Of one that was approved: as of an authorization code, once (exchange_code.hpp). Not once the consent was withdrawn
// or the application disabled since, though either is good again. kCodeNotGood; kPossessionWanted.
Answer<CodeGrant> exchange_device(Services& services, DeviceCode device, DeviceAuthorization answer,
                                  std::string key_thumbprint, Caller caller);

}  // namespace keyledger::commands
