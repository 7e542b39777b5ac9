// Log-in by another provider of OpenID Connect: away to it, and back with what it answers. Each provider has a way back
// of its own, so that none answers in the name of another (RFC 9700 section 4.4).
#include "api/routes/call.hpp"
#include "api/routes/oauth/authorization_answer.hpp"
#include "api/routes/pages/browser.hpp"
#include "api/routes/pages/logged_in.hpp"
#include "api/routes/pages/showing.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/cookies.hpp"
#include "commands/providers/identities.hpp"
#include "commands/providers/link_ticket.hpp"
#include "commands/sessions/half_log_in.hpp"

namespace keyledger::api::routes {
namespace {

using commands::AuthorizationFlow;
using commands::CommandError;

// What browsers keep while somebody is there: the trip, and the request to which they go back.
constexpr std::string_view kTripCookie = "__Host-keyledger-provider";
constexpr std::string_view kFlowCookie = "__Host-keyledger-provider-flow";
// Browsers keep cookies of 4096 bytes, name and attributes among them (RFC 6265 section 6.1).
constexpr std::size_t kMaxCookieBytes = 3'900;
constexpr std::size_t kMaxStateBytes = 512;
constexpr std::size_t kMaxCodeBytes = 4'096;
constexpr std::size_t kMaxIssuerBytes = 512;
constexpr std::size_t kMaxErrorBytes = 256;

std::string way_back(const Call& call) {
    return call.services().settings.issuer + "/login/providers/" + std::string(call.request.path_parameter("name")) +
           "/callback";
}

// Both go, or both are kept.
Response with_trip(Response response, const std::string& trip, const std::string& flow) {
    const std::chrono::seconds kept_for(trip.empty() ? 0 : commands::kProviderTripLasts.whole_seconds());
    response.headers.add("Set-Cookie", host_cookie(kTripCookie, trip, kept_for));
    response.headers.add("Set-Cookie", host_cookie(kFlowCookie, flow, kept_for));
    return response;
}

// A page that says what to do, with the way back to the log-in where there is one.
Response say(const Call& call, int status, Phrase sentence, const std::string& flow) {
    Page page{Text::kProviderDidNotWork, {std::move(sentence)}};
    if (!flow.empty()) page.links.push_back({"/login?flow=" + flow, Text::kOtherWays});
    return show(call, status, page);
}

// What is nobody's fault but this service's, or a limit, stays a problem.
Response say_why(const Call& call, const CommandError& error, const std::string& flow) {
    const bool is_away = error.refusal == refusals::kProviderAway;
    if (!is_away && status_of(error.refusal->kind) >= 429) return refuse(call, error);
    return say(call, is_away ? 502 : 400, advice_of(call, error), flow);
}

// Where an application wants a log-in of now, one of before at the provider is none. Whoever proves anew who they are
// for a page of their own account is not refused where the provider does not tell when it was (docs/providers.md).
commands::ProviderWish wish_of(const Call& call, const AuthorizationRequest& request) {
    const bool anew = request.asks_for(Prompt::kLogin) || request.max_age;
    const bool is_of_application = request.application_id != ApplicationId{};
    commands::ProviderWish wish{way_back(call), anew && is_of_application, request.ui_locales};
    wish.prefers_anew = anew && !is_of_application;
    wish.selects_account = request.asks_for(Prompt::kSelectAccount);
    return wish;
}

Response not_offered(const Call& call, const std::string& flow) { return say(call, 404, Text::kProviderUnknown, flow); }

// Away, with what the browser keeps of it. `flow`: as it is sealed; empty: none.
Reply send(Call& call, commands::ProviderWish wish, commands::SentToProvider sent, std::string flow) {
    const std::string name(call.request.path_parameter("name"));
    auto departure =
        co_await commands::depart_to_provider(call.services(), name, std::move(wish), call.request.deadline);
    if (!departure) co_return say_why(call, departure.error(), flow);
    sent.trip = std::move(departure->trip);
    sent.made_at = call.services().clock.now();
    co_return with_trip(see_other(departure->url), commands::seal_trip(sealed_by(call.context), sent), flow);
}

Reply depart_to_log_in(Call& call, std::string sealed) {
    const auto flow = flow_of(call.context, call.request, sealed);
    if (!flow) co_return took_too_long(call);
    if (!commands::offer_named(call.services(), call.request.path_parameter("name")))
        co_return not_offered(call, sealed);
    if (sealed.size() > kMaxCookieBytes) co_return say(call, 400, Text::kRequestTooLongForProvider, sealed);
    commands::ProviderWish wish = wish_of(call, flow->request);
    commands::SentToProvider sent;
    sent.flow = commands::digest_of_flow(sealed);
    auto sending = send(call, std::move(wish), std::move(sent), std::move(sealed));
    Response response = co_await std::move(sending);
    co_return response;
}

// A ticket is for its user alone: nobody has somebody else's browser link what is theirs with another account.
Reply depart_to_link(Call& call, const std::string& sealed) {
    const auto ticket = commands::open_ticket(sealed_by(call.context), sealed, call.services().clock.now());
    const auto browser = browser_of(call.context, call.request);
    const std::string_view name = call.request.path_parameter("name");
    if (!ticket || ticket->provider != name) co_return say(call, 400, Text::kTripOver, "");
    if (!browser || browser->user_id != ticket->bearer.user_id)
        co_return say(call, 400, Text::kLogInAsWhoeverLinks, "");
    if (!commands::offer_named(call.services(), name)) co_return not_offered(call, "");
    commands::ProviderWish wish{way_back(call), false, ""};
    commands::SentToProvider sent;
    sent.links = ticket->bearer;
    auto sending = send(call, std::move(wish), std::move(sent), "");
    Response response = co_await std::move(sending);
    co_return response;
}

Reply depart(Call& call) {
    FormFields query = FormFields::of_query_as_form(call.request);
    std::string flow = query.optional_string("flow", kMaxFlowBytes).value_or("");
    const std::string ticket = query.optional_string("ticket", kMaxFlowBytes).value_or("");
    auto departing = ticket.empty() ? depart_to_log_in(call, std::move(flow)) : depart_to_link(call, ticket);
    Response response = co_await std::move(departing);
    co_return response;
}

// What the browser kept; nullopt: not of this way back, or not whole.
std::optional<commands::SentToProvider> trip_of(Call& call) {
    const auto kept = cookie_of(call.request.headers, kTripCookie);
    if (!kept || kept->size() > kMaxCookieBytes) return std::nullopt;
    auto sent = commands::open_trip(sealed_by(call.context), *kept, call.services().clock.now());
    // Mix-up: an answer to what another provider was asked.
    if (sent && sent->trip.provider != call.request.path_parameter("name")) sent.reset();
    return sent;
}
std::optional<std::string> flow_behind(Call& call, const commands::SentToProvider& sent) {
    const auto kept = cookie_of(call.request.headers, kFlowCookie);
    if (!kept || kept->size() > kMaxCookieBytes || commands::digest_of_flow(*kept) != sent.flow) return std::nullopt;
    return flow_of(call.context, call.request, *kept) ? std::optional(std::string(*kept)) : std::nullopt;
}

commands::ProviderReturn read_return(FormFields& query) {
    commands::ProviderReturn returned;
    returned.state = query.optional_string("state", kMaxStateBytes).value_or("");
    returned.code = query.optional_string("code", kMaxCodeBytes).value_or("");
    returned.issuer = query.optional_string("iss", kMaxIssuerBytes).value_or("");
    returned.error = query.optional_string("error", kMaxErrorBytes).value_or("");
    return returned;
}

Reply linked(Call& call, commands::ComeBack back) {
    const auto offer = commands::offer_named(call.services(), back.sent.trip.provider);
    if (!offer) co_return say_why(call, CommandError(refusals::kProviderAway), "");
    auto outcome = co_await commands::link_identity(call.services(), std::move(back), caller_of(call.request));
    if (!outcome) co_return say_why(call, outcome.error(), "");
    Page page{Text::kAccountLinked, {Phrase(Text::kAccountLinkedMeans, offer->title)}};
    page.links = {{"/account/providers", Text::kYourAccount}};
    co_return with_trip(show(call, 200, page), "", "");
}

Reply arrived(Call& call, commands::ComeBack back, std::string flow) {
    std::optional<commands::KeptIdentity> kept;
    auto grant =
        co_await commands::log_in_by_provider(call.services(), std::move(back), caller_of(call.request), &kept);
    const std::string identity = kept ? commands::seal_kept(sealed_by(call.context), *kept) : std::string();
    if (!identity.empty() && identity.size() <= kMaxKeptIdentityBytes)
        co_return with_trip(with_kept_identity(see_other("/register/provider?flow=" + flow), identity), "", "");
    if (!grant) {
        auto on = to_what_is_missing(grant.error(), flow);
        if (on) co_return with_trip(std::move(*on), "", "");
        co_return say_why(call, grant.error(), flow);
    }
    Response on = see_other("/oauth2/authorize/continue?flow=" + flow);
    Response response = co_await logged_in(call, std::move(on), std::move(*grant));
    co_return with_trip(std::move(response), "", "");
}

Reply come_back(Call& call) {
    FormFields query = FormFields::of_query_as_form(call.request);
    commands::ComeBack back;
    back.returned = read_return(query);
    auto sent = trip_of(call);
    if (!sent) co_return took_too_long(call);
    const bool links = sent->links.has_value();
    const auto flow = links ? std::optional<std::string>(std::string()) : flow_behind(call, *sent);
    if (!flow) co_return took_too_long(call);
    if (query.fault()) co_return say(call, 400, Text::kProviderNotBelieved, *flow);
    back.sent = std::move(*sent);
    back.redirect_uri = way_back(call);
    back.client = browser_client();
    auto answering = links ? linked(call, std::move(back)) : arrived(call, std::move(back), *flow);
    Response response = co_await std::move(answering);
    co_return response;
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"departToProvider", kGet, "/login/providers/{name}", depart, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"comeBackFromProvider", kGet, "/login/providers/{name}/callback", come_back, kPasswords, kAnybody,
     {.input = Input::kQuery}},
};
// clang-format on

}  // namespace

RouteTable provider_page_routes() { return kRows; }

}  // namespace keyledger::api::routes
