#include "integrations/providers/oidc_provider.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fstream>
#include <iterator>

#include "integrations/providers/client_assertion.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::integrations {
namespace {

namespace asio = boost::asio;
using commands::ProviderFailure;
using commands::ProviderFault;

constexpr std::string_view kDiscoveryPath = "/.well-known/openid-configuration";
constexpr std::size_t kMostFactBytes = security::kMaxKeySetSize;
constexpr std::size_t kMostTokenBytes = 64 * 1024;
constexpr std::size_t kMostSecretBytes = 8 * 1024;
constexpr std::size_t kMostCodeBytes = 4 * 1024;

Unexpected<ProviderFailure> unavailable(std::string_view why) {
    return Unexpected(ProviderFailure{ProviderFault::kUnavailable, why});
}
Unexpected<ProviderFailure> not_proven(std::string_view why) {
    return Unexpected(ProviderFailure{ProviderFault::kNotProven, why});
}

std::string random_text(commands::Identifiers& identifiers) {
    const Secret bytes = identifiers.next_secret();
    return security::base64url_encode(bytes.reveal());
}

// Runs on the pool. Shared, for what co_spawn hands back must be made of nothing first.
template <class Work>
asio::awaitable<std::shared_ptr<std::invoke_result_t<Work>>> here(Work work) {
    co_return std::make_shared<std::invoke_result_t<Work>>(work());
}

Result<std::shared_ptr<const ProviderMetadata>, std::string_view> metadata_of(const std::string& body,
                                                                              const ProviderOptions& options) {
    KEYLEDGER_TRY(read, read_metadata(body, options.issuer));
    return std::make_shared<const ProviderMetadata>(std::move(*read));
}

Result<std::shared_ptr<const security::KeySet>, std::string_view> keys_of(const std::string& body,
                                                                          const ProviderOptions&) {
    auto read = security::KeySet::parse(body);
    if (!read) return Unexpected(std::string_view("key-set"));
    return std::make_shared<const security::KeySet>(std::move(*read));
}

Result<Secret, ProviderFailure> read_secret(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::string text(kMostSecretBytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    const auto size = static_cast<std::size_t>(in.gcount());
    Secret all = Secret::take(std::move(text));
    std::string_view read = all.reveal().substr(0, size);
    while (read.ends_with('\n') || read.ends_with('\r')) read.remove_suffix(1);
    if (read.empty() || size > kMostSecretBytes) return unavailable("client-secret");
    return Secret(read);
}

// What has come back, by itself.
Result<void, ProviderFailure> check_return(const commands::ProviderTrip& trip, const commands::ProviderReturn& returned,
                                           const ProviderMetadata& metadata, const ProviderOptions& options) {
    if (trip.state.empty() || !Secret::equal(trip.state, returned.state)) return not_proven("state");
    // RFC 9207 section 2.4: of a provider that says so, always; of the others, if they do. An error's issuer counts,
    // too.
    const bool names_tenants = options.issuer.find(security::kTenantInIssuer) != std::string::npos;
    const bool is_missing = returned.issuer.empty() && metadata.says_issuer;
    const bool is_another = !returned.issuer.empty() && !names_tenants && returned.issuer != options.issuer;
    if (is_missing || is_another) return not_proven("issuer-of-response");
    if (!returned.error.empty()) return Unexpected(ProviderFailure{ProviderFault::kDenied, "error-of-response"});
    if (returned.code.empty() || returned.code.size() > kMostCodeBytes) return not_proven("code");
    return {};
}

// What is signed stays.
void add_to(security::IdToken& told, UserInfo more) {
    told.email = std::move(more.email);
    told.email_verified = more.email_verified;
    if (told.name.empty()) told.name = std::move(more.name);
    if (told.locale.empty()) told.locale = std::move(more.locale);
}

}  // namespace

struct OidcProvider::Exchange {
    std::string endpoint;
    std::string code;
    std::string redirect_uri;
    std::string verifier;
};

template <class T>
OidcProvider::Answer<OidcProvider::Known<T>> OidcProvider::known(Cached<T>& cached, std::string url, bool anew,
                                                                 Reader<T> reader, eventstore::Deadline deadline) {
    const Instant now = world_.clock.now();
    Known<T> usable;
    {
        const std::lock_guard lock(mutex_);
        if (cached.value && now < cached.fetched_at + kProviderFactsAreGood) usable = cached.value;
        const bool is_fresh = usable && now < cached.fetched_at + kProviderFactsAreFresh;
        const bool was_just_tried = now < cached.tried_at + kBetweenProviderAsks;
        if (usable && ((is_fresh && !anew) || was_just_tried)) co_return usable;
        if (was_just_tried) co_return unavailable("asked-just-now");
        cached.tried_at = now;
    }
    commands::OutgoingRequest request;
    request.url = std::move(url);
    request.accept = "application/json";
    request.most_bytes = kMostFactBytes;
    const auto answer = co_await world_.outgoing.ask(std::move(request), deadline);
    std::string_view why = answer ? std::string_view("status") : commands::name_of(answer.error());
    if (answer && answer->status == 200) {
        auto reading = here([&] { return reader(answer->body, options_); });
        const auto read = co_await asio::co_spawn(world_.processors, std::move(reading), asio::use_awaitable);
        if (*read) {
            const std::lock_guard lock(mutex_);
            cached.value = **read;
            cached.fetched_at = now;
            co_return cached.value;
        }
        why = read->error();
    }
    if (usable) co_return usable;
    co_return unavailable(why);
}

OidcProvider::Answer<OidcProvider::Known<ProviderMetadata>> OidcProvider::metadata(eventstore::Deadline deadline) {
    std::string url = options_.discovered_at.empty() ? options_.issuer : options_.discovered_at;
    while (url.ends_with('/')) url.pop_back();
    url += kDiscoveryPath;
    auto read = co_await known<ProviderMetadata>(metadata_, std::move(url), false, metadata_of, deadline);
    co_return read;
}

OidcProvider::Answer<ProviderFindings> OidcProvider::look(eventstore::Deadline deadline) {
    KEYLEDGER_CO_TRY(provider, co_await metadata(deadline));
    const std::string url = (*provider)->jwks_uri;
    KEYLEDGER_CO_TRY(keys, co_await known<security::KeySet>(keys_, url, false, keys_of, deadline));
    if ((*keys)->size() == 0) co_return unavailable("no-key");
    KEYLEDGER_CO_TRY(client_secret, co_await secret());
    ProviderFindings findings;
    findings.keys = (*keys)->size();
    co_return findings;
}

OidcProvider::Answer<commands::ProviderDeparture> OidcProvider::depart(commands::ProviderWish wish,
                                                                       eventstore::Deadline deadline) {
    KEYLEDGER_CO_TRY(provider, co_await metadata(deadline));
    commands::ProviderDeparture departure;
    commands::ProviderTrip& trip = departure.trip;
    trip.provider = options_.name;
    trip.state = random_text(world_.identifiers);
    trip.nonce = random_text(world_.identifiers);
    trip.verifier = random_text(world_.identifiers);
    const security::Digest challenge = security::sha256(std::string_view(trip.verifier));
    FormText parameters;
    parameters.add("response_type", "code").add("client_id", options_.client_id).add("redirect_uri", wish.redirect_uri);
    parameters.add("scope", options_.scope).add("state", trip.state).add("nonce", trip.nonce);
    parameters.add("code_challenge", security::base64url_encode(security::view_of(challenge)));
    parameters.add("code_challenge_method", "S256");
    if (!wish.ui_locales.empty()) parameters.add("ui_locales", wish.ui_locales);
    if (wish.authenticates_anew) trip.authenticated_since = world_.clock.now();
    if (wish.authenticates_anew || wish.prefers_anew) parameters.add("max_age", "0");
    if (wish.selects_account) parameters.add("prompt", "select_account");
    else if (wish.prefers_anew) parameters.add("prompt", options_.prompt_of_now);
    departure.url = with_query((*provider)->authorization_endpoint, parameters);
    co_return departure;
}

OidcProvider::Answer<commands::ProvenIdentity> OidcProvider::arrive(commands::ProviderTrip trip,
                                                                    commands::ProviderReturn returned,
                                                                    std::string redirect_uri,
                                                                    eventstore::Deadline deadline) {
    KEYLEDGER_CO_TRY(provider, co_await metadata(deadline));
    KEYLEDGER_CO_TRY(good, check_return(trip, returned, **provider, options_));
    Exchange what;
    what.endpoint = (*provider)->token_endpoint;
    what.code = std::move(returned.code);
    what.redirect_uri = std::move(redirect_uri);
    what.verifier = trip.verifier;
    KEYLEDGER_CO_TRY(answer, co_await exchange(std::move(what), deadline));
    const bool has_token = answer->is_bearer;
    Secret access_token(answer->access_token);
    KEYLEDGER_CO_TRY(told, co_await verify(std::move(*answer), (*provider)->jwks_uri, std::move(trip), deadline));
    if (!options_.tenants.empty() && std::ranges::find(options_.tenants, told->tenant) == options_.tenants.end())
        co_return Unexpected(ProviderFailure{ProviderFault::kDenied, "tenant"});
    commands::ProvenIdentity proven;
    if (asks_for_more(*told, **provider, has_token)) {
        const std::string endpoint = (*provider)->userinfo_endpoint;
        auto more = co_await user_info(endpoint, std::move(access_token), told->subject, deadline);
        // Whoever is linked needs no address: only one who says to be another is a reason not to let them in.
        if (!more && more.error().fault == ProviderFault::kNotProven) co_return Unexpected(more.error());
        if (more) add_to(*told, std::move(*more));
        else proven.no_address = more.error().why;
    }
    proven.issuer = std::move(told->issuer);
    proven.subject = std::move(told->subject);
    if (told->email_verified && options_.believes_addresses) proven.verified_email = std::move(told->email);
    proven.name = std::move(told->name);
    proven.locale = std::move(told->locale);
    proven.authenticated_at = told->authenticated_at;
    co_return proven;
}

OidcProvider::Answer<Secret> OidcProvider::secret() {
    using Authentication = ProviderOptions::Authentication;
    if (options_.authentication == Authentication::kNone) co_return Secret();
    const std::string id = random_text(world_.identifiers);
    const ClientAssertionFacts facts{options_.client_id, options_.issuer, id, options_.key_id, world_.clock.now()};
    auto reading = here([&]() -> Result<Secret, ProviderFailure> {
        KEYLEDGER_TRY(read, read_secret(options_.secret_file));
        if (options_.authentication != Authentication::kPrivateKey) return std::move(*read);
        auto made = client_assertion(*read, facts);
        if (!made) return unavailable(made.error());
        return Secret::take(std::move(*made));
    });
    const auto read = co_await asio::co_spawn(world_.processors, std::move(reading), asio::use_awaitable);
    co_return std::move(*read);
}

OidcProvider::Answer<TokenAnswer> OidcProvider::exchange(Exchange what, eventstore::Deadline deadline) {
    using Authentication = ProviderOptions::Authentication;
    KEYLEDGER_CO_TRY(client_secret, co_await secret());
    FormText form;
    form.add("grant_type", "authorization_code").add("code", what.code).add("redirect_uri", what.redirect_uri);
    form.add("code_verifier", what.verifier);
    commands::OutgoingRequest request;
    request.url = std::move(what.endpoint);
    request.accept = "application/json";
    request.most_bytes = kMostTokenBytes;
    if (options_.authentication == Authentication::kSecretBasic)
        request.authorization = Secret::take(basic_credentials(options_.client_id, client_secret->reveal()));
    else form.add("client_id", options_.client_id);
    if (options_.authentication == Authentication::kSecretPost) form.add("client_secret", client_secret->reveal());
    if (options_.authentication == Authentication::kPrivateKey)
        form.add("client_assertion_type", kClientAssertionType).add("client_assertion", client_secret->reveal());
    request.body.emplace();
    request.body->type = "application/x-www-form-urlencoded";
    request.body->content = Secret::take(form.take());
    const auto answer = co_await world_.outgoing.ask(std::move(request), deadline);
    if (!answer) co_return unavailable(commands::name_of(answer.error()));
    // 400: the code is not good, or the client is not known as it is configured here.
    if (answer->status != 200) co_return not_proven("token-status");
    auto read = read_token_answer(answer->body);
    if (!read) co_return not_proven(read.error());
    co_return std::move(*read);
}

bool OidcProvider::asks_for_more(const security::IdToken& told, const ProviderMetadata& provider,
                                 bool has_token) const {
    const bool wants_address = options_.believes_addresses && (options_.signs_up || options_.links_by_address);
    return wants_address && told.email.empty() && has_token && !provider.userinfo_endpoint.empty();
}

OidcProvider::Answer<UserInfo> OidcProvider::user_info(std::string endpoint, Secret access_token, std::string subject,
                                                       eventstore::Deadline deadline) {
    commands::OutgoingRequest request;
    request.url = std::move(endpoint);
    request.accept = "application/json";
    request.authorization = Secret::take("Bearer " + std::string(access_token.reveal()));
    request.most_bytes = kMostTokenBytes;
    const auto answer = co_await world_.outgoing.ask(std::move(request), deadline);
    if (!answer) co_return unavailable(commands::name_of(answer.error()));
    if (answer->status != 200) co_return unavailable("userinfo-status");
    auto read = read_user_info(answer->body, subject);
    if (!read) co_return read.error() == kUserinfoOfAnother ? not_proven(read.error()) : unavailable(read.error());
    co_return std::move(*read);
}

OidcProvider::Answer<security::IdToken> OidcProvider::verify(TokenAnswer answer, std::string jwks_uri,
                                                             commands::ProviderTrip trip,
                                                             eventstore::Deadline deadline) {
    KEYLEDGER_CO_TRY(checked, co_await check(answer, jwks_uri, trip, false, deadline));
    // A key that took the place of another may have the same name, or none.
    const auto is_of_another_key = [](security::IdTokenFault fault) {
        return fault == security::IdTokenFault::kUnknownKey || fault == security::IdTokenFault::kSignature;
    };
    if (!*checked && is_of_another_key(checked->error())) {
        auto again = co_await check(answer, jwks_uri, trip, true, deadline);
        if (!again) co_return Unexpected(again.error());
        *checked = std::move(*again);
    }
    if (!*checked) co_return not_proven(security::name_of(checked->error()));
    co_return std::move(**checked);
}

OidcProvider::Answer<OidcProvider::Checked> OidcProvider::check(TokenAnswer answer, std::string jwks_uri,
                                                                commands::ProviderTrip trip, bool anew,
                                                                eventstore::Deadline deadline) {
    KEYLEDGER_CO_TRY(keys, co_await known<security::KeySet>(keys_, std::move(jwks_uri), anew, keys_of, deadline));
    security::IdTokenExpectation expected;
    expected.issuer = options_.issuer;
    expected.client_id = options_.client_id;
    expected.nonce = trip.nonce;
    expected.access_token = answer.access_token;
    expected.authenticated_since = trip.authenticated_since;
    const Instant now = world_.clock.now();
    auto checking = here([&] { return security::check_id_token(answer.id_token, **keys, expected, now); });
    const auto checked = co_await asio::co_spawn(world_.processors, std::move(checking), asio::use_awaitable);
    co_return std::move(*checked);
}

}  // namespace keyledger::integrations
