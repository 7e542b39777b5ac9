#include "commands/authorization/device_grant.hpp"

#include "commands/access/access_reader.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/access/authority.hpp"
#include "commands/account_services.hpp"
#include "commands/authorization/authorize.hpp"
#include "commands/authorization/device_answers.hpp"
#include "commands/limits/request_limits.hpp"
#include "commands/sessions/session_grounds.hpp"
#include "domain/authorization/authorize.hpp"
#include "eventstore/lookups.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::commands {
namespace {

using eventstore::Bucket;
using Status = DeviceAuthorization::Status;

constexpr std::string_view kLetters = "BCDFGHJKLMNPQRSTVWXZ";  // RFC 8628 section 6.1
constexpr Rate kDeviceCodes{2'000, 20'000};
constexpr Rate kDeviceCodesOfOne{500, 5'000};
constexpr Rate kTypedByOne{10, 10};
constexpr Rate kWrongOnes{60, 600};
// The first tries of each user, which no guessing of others gets in the way of.
constexpr std::int64_t kFirstTries = 3;
constexpr Duration kOneFirstTryEvery = seconds(200);
constexpr int kMostNames = 4;
constexpr Duration kRoomIn = minutes(1);

std::string name_of(const std::string& user_code) { return "user code " + user_code; }

// Each letter as likely as the others: bytes beyond the last whole twenty are passed over.
std::string new_user_code(Identifiers& identifiers) {
    constexpr std::size_t kFair = 256 - 256 % kLetters.size();
    std::string code;
    while (code.size() < kUserCodeLetters) {
        const Secret random = identifiers.next_secret();
        for (const std::uint8_t byte : security::sha256(random.reveal()))
            if (byte < kFair && code.size() < kUserCodeLetters) code += kLetters[byte % kLetters.size()];
    }
    return code;
}

// What was asked for beside userinfo.
std::vector<std::string> resources_of(const DeviceCode& device, const Settings& settings) {
    std::vector<std::string> resources = device.audiences;
    std::erase(resources, userinfo_audience(settings));
    return resources;
}

bool may_still_have(const Application& application, const DeviceCode& device, const Settings& settings) {
    return may_have(application, device.scope, resources_of(device, settings), GrantType::kDeviceCode);
}

CommandError away() { return CommandError(refusals::kUnavailable, seconds(5)); }

Answer<void> take(Services& services, std::vector<Bucket> buckets, Deadline deadline) {
    auto taken = co_await services.limits.take(std::move(buckets), deadline);
    if (!taken) co_return Unexpected(away());
    if (taken->wait > Duration()) co_return Unexpected(too_many(*taken));
    co_return Result<void, CommandError>{};
}

Bucket wrong_codes(Bucket::Use use) {
    Bucket bucket = bucket_of("wrong device codes", "of everybody", kWrongOnes);
    bucket.use = use;
    return bucket;
}

// Whether it is one of the first three within ten minutes of a user.
Answer<bool> is_first_try(Services& services, const UserId& user_id, Deadline deadline) {
    Bucket bucket;
    bucket.key = "first device codes typed by " + user_id.to_string();
    bucket.one_every = kOneFirstTryEvery;
    bucket.burst = kFirstTries;
    std::vector<Bucket> buckets{std::move(bucket)};
    const auto taken = co_await services.limits.take(std::move(buckets), deadline);
    if (!taken) co_return Unexpected(away());
    co_return taken->wait <= Duration();
}

// Whoever types codes has a bucket of their own, in whatever session; and while all together guess too often, nobody's
// is looked for beyond their first tries. Those neither ask the bucket of all nor take from it, or twelve accounts
// would keep everybody out. Of 20^8 codes 50,000 are open at most, so one try in half a million hits: a thousand
// accounts have 360 tries a minute, with those of all, and hit once a day. A hit lets somebody's device into the
// guesser's own account, or refuses it.
Answer<std::optional<std::string>> look_up(Services& services, const UserId& user_id, const std::string& user_code,
                                           Deadline deadline) {
    std::vector<Bucket> own{bucket_of("device codes typed by", user_id.to_string(), kTypedByOne)};
    KEYLEDGER_CO_TRY(admitted, co_await take(services, std::move(own), deadline));
    KEYLEDGER_CO_TRY(is_first, co_await is_first_try(services, user_id, deadline));
    if (!*is_first) {
        std::vector<Bucket> looked{wrong_codes(Bucket::Use::kLook)};
        KEYLEDGER_CO_TRY(let, co_await take(services, std::move(looked), deadline));
    }
    auto found = co_await services.accounts.user_codes->find(name_of(user_code), deadline);
    if (!found) co_return Unexpected(away());
    if (!*found && !*is_first) {
        std::vector<Bucket> guessed{wrong_codes(Bucket::Use::kTake)};
        KEYLEDGER_CO_TRY(counted, co_await take(services, std::move(guessed), deadline));
    }
    co_return std::move(*found);
}

}  // namespace

std::string typed_user_code(std::string_view typed) {
    std::string code;
    for (char c : typed) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        if (kLetters.find(c) != kLetters.npos) code += c;
        else if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return {};
    }
    return code.size() == kUserCodeLetters ? code : std::string();
}

std::string shown_user_code(const std::string& code) {
    return code.substr(0, kUserCodeLetters / 2) + "-" + code.substr(kUserCodeLetters / 2);
}

std::vector<Bucket> buckets_of_device_codes(const ApplicationId& application_id) {
    return {bucket_of("device codes", "of everybody", kDeviceCodes),
            bucket_of("device codes of", application_id.to_string(), kDeviceCodesOfOne)};
}

Answer<BegunDevice> begin_device(Services& services, SealedBy by, DeviceRequest request, Deadline deadline) {
    if (services.accounts.user_codes == nullptr) co_return Unexpected(away());
    DeviceCode device;
    device.id = DeviceAuthorizationId{services.identifiers.next()};
    device.session_id = SessionId{services.identifiers.next()};
    device.application_id = request.application_id;
    device.scope = std::move(request.scope);
    device.audiences = std::move(request.resources);
    if (device.audiences.empty()) device.audiences.push_back(userinfo_audience(services.settings));
    device.expires_at = services.clock.now() + kDeviceCodeLasts;
    const std::string sealed = seal_asked_device(by, device);
    for (int tries = 0; tries < kMostNames; ++tries) {
        const std::string code = new_user_code(services.identifiers);
        eventstore::Lookup lookup{name_of(code), sealed, kDeviceCodeLasts};
        const auto kept = co_await services.accounts.user_codes->keep(std::move(lookup), deadline);
        if (!kept) co_return Unexpected(away());
        if (*kept == eventstore::Keeping::kNoRoom)
            co_return Unexpected(CommandError(refusals::kTooManyAttempts, kRoomIn));
        if (*kept == eventstore::Keeping::kKept)
            co_return BegunDevice{seal_device_code(by, device), shown_user_code(code)};
    }
    co_return Unexpected(away());
}

Answer<std::optional<TypedDevice>> find_device(Services& services, SealedBy by, Bearer browser, std::string typed,
                                               Deadline deadline) {
    std::optional<TypedDevice> none;
    if (services.accounts.user_codes == nullptr) co_return Unexpected(away());
    const std::string code = typed_user_code(typed);
    if (code.empty()) co_return none;
    KEYLEDGER_CO_TRY(holder, co_await holder_at_head(services, browser, deadline));
    KEYLEDGER_CO_TRY(sealed, co_await look_up(services, browser.user_id, code, deadline));
    if (!*sealed) co_return none;
    auto device = open_asked_device(by, **sealed);
    if (!device || services.clock.now() >= device->expires_at) co_return none;
    Streams streams;
    streams.read<DeviceAuthorization>(device->id);
    streams.read<Application>(device->application_id);
    KEYLEDGER_CO_TRY(folds, co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, deadline));
    const Application& application = state_of<Application>((*folds)[1]);
    const bool is_answered = state_of<DeviceAuthorization>((*folds)[0]).status != Status::kAbsent;
    if (is_answered || !may_still_have(application, *device, services.settings)) co_return none;
    co_return TypedDevice{std::move(*device), shown_user_code(code), std::move(**sealed), application};
}

Answer<Receipt> answer_device(Services& services, Bearer browser, DeviceCode device, DeviceVerdict verdict,
                              Caller caller) {
    Streams streams;
    const ActorStreams actor = read_actor(streams, browser);
    const auto answer = streams.read<DeviceAuthorization>(device.id);
    const auto consent = streams.read<Consent>(consent_of(browser.user_id, device.application_id));
    const auto application = streams.read<Application>(device.application_id);
    const Step step = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(known, authorise(attempt, actor, browser, services));
        const Instant now = services.clock.now();
        if (verdict == DeviceVerdict::kRefuse) {
            const RefuseDevice command{browser.user_id, device.application_id, device.expires_at, now};
            co_return attempt.decide_and_append(answer, DeviceAuthorizationCommand(command));
        }
        const bool is_first = attempt.state(answer).status == Status::kAbsent;
        const Application& asks = attempt.state(application);
        if (is_first && !may_still_have(asks, device, services.settings))
            co_return Unexpected(refusals::kDeviceCodeOver);
        const ApproveDevice command{browser.user_id,
                                    device.application_id,
                                    device.scope,
                                    browser.session_id,
                                    attempt.state(actor.user).security_stamp,
                                    device.expires_at,
                                    now};
        KEYLEDGER_CO_TRY(approved, attempt.decide_and_append(answer, DeviceAuthorizationCommand(command)));
        if (!is_first || asks.is_first_party()) co_return Result<void, CommandError>{};
        const GiveConsent giving{browser.user_id, device.application_id, device.scope,
                                 resources_of(device, services.settings)};
        co_return attempt.decide_and_append(consent, ConsentCommand(giving));
    };
    Caller user_caller = caller.acting_as(browser.user_id);
    user_caller.session_id = browser.session_id;
    user_caller.idempotency.reset();
    const auto executed = co_await services.executor.run(std::move(user_caller), streams, step);
    co_return done(executed);
}

namespace {

Answer<DeviceAuthorization> answer_at_head(Services& services, DeviceAuthorizationId id, Deadline deadline) {
    if (services.accounts.device_answers != nullptr && services.access.answers_from_memory()) {
        auto remembered = co_await services.accounts.device_answers->read_device(id, deadline);
        if (!remembered) co_return Unexpected(CommandError(remembered.error()));
        co_return *remembered;
    }
    Streams streams;
    streams.read<DeviceAuthorization>(id);
    KEYLEDGER_CO_TRY(folds, co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, deadline));
    co_return state_of<DeviceAuthorization>(folds->front());
}

}  // namespace

Answer<PolledDevice> poll_device(Services& services, DeviceCode device, Deadline deadline) {
    const Instant now = services.clock.now();
    if (now >= device.expires_at + kCodeReuseNoticed) co_return PolledDevice{PollOutcome::kExpired};
    Bucket bucket;
    bucket.key = "polls of " + device.id.to_string();
    bucket.one_every = kPollInterval;
    bucket.burst = 2;  // the same question once more, with the nonce that its proof lacked (RFC 9449 section 8)
    if (services.limits.take_local({bucket}).wait > Duration()) co_return PolledDevice{PollOutcome::kTooSoon};
    KEYLEDGER_CO_TRY(answer, co_await answer_at_head(services, device.id, deadline));
    PolledDevice polled{PollOutcome::kApproved, std::move(*answer)};
    if (polled.answer.status == Status::kRefused) polled.outcome = PollOutcome::kRefused;
    if (polled.answer.status == Status::kAbsent)
        polled.outcome = now < device.expires_at ? PollOutcome::kPending : PollOutcome::kExpired;
    co_return polled;
}

Answer<CodeGrant> exchange_device(Services& services, DeviceCode device, DeviceAuthorization answer,
                                  std::string key_thumbprint, Caller caller) {
    const bool is_over = services.clock.now() >= device.expires_at + kCodeReuseNoticed;
    if (answer.status != Status::kApproved || is_over) co_return Unexpected(refusals::kCodeNotGood);
    AuthorizationCode code;
    code.application_id = device.application_id;
    code.scope = std::move(device.scope);
    code.audiences = std::move(device.audiences);
    code.user_id = answer.user_id;
    code.security_stamp = answer.security_stamp;
    code.session_id = device.session_id;
    code.browser_session_id = answer.browser_session_id;
    code.expires_at = device.expires_at;
    code.given_at = answer.approved_at;
    auto granted = co_await exchange_checked(services, std::move(code), GrantType::kDeviceCode,
                                             std::move(key_thumbprint), std::move(caller));
    co_return granted;
}

}  // namespace keyledger::commands
