// Whom users are at other providers: listed, linked and unlinked.
#include "api/routes/call.hpp"
#include "api/routes/pages/browser.hpp"
#include "api/routes/reading.hpp"
#include "api/wire/write_json.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/access/permissions.hpp"
#include "commands/account_services.hpp"
#include "commands/providers/identities.hpp"
#include "commands/providers/link_ticket.hpp"

namespace keyledger::api::routes {
namespace {

constexpr std::size_t kMaxProviderNameBytes = 32;

Reply list_providers(Call& call) {
    std::vector<commands::ProviderOffer> offers;
    if (const auto* providers = call.services().accounts.providers) offers = providers->offers();
    JsonText json;
    write_items(json, offers, [](JsonText& item, const commands::ProviderOffer& offer) {
        item.text("name", offer.name).text("title", offer.title).boolean("signs_up", offer.signs_up);
    });
    co_return api::json(200, json.finish());
}

// Issuer and subject are nobody's to read: that it is the provider's account, the user knows by how it is shown.
Response identities_answer(const User& user) {
    JsonText json;
    write_items(json, user.identities, [](JsonText& item, const LinkedIdentity& identity) {
        item.text("id", identity.id.to_string())
            .text("provider", identity.provider)
            .text_or_null("shown_as", identity.shown_as)
            .text("linked_by", stored_name(identity.linked_by))
            .time("linked_at", identity.linked_at);
    });
    return api::json(200, json.finish());
}

Reply list_my_identities(Call& call) {
    auto known = co_await commands::bearer_at_head(call.services(), call.bearer(), call.request.deadline);
    if (!known) co_return refuse(call, known.error());
    co_return identities_answer(known->user);
}

Reply list_user_identities(Call& call) {
    auto user = co_await commands::user_at_head(call.services(), call.id<User>(), call.request.deadline);
    if (!user) co_return refuse(call, user.error());
    co_return identities_answer(user->user);
}

// Nothing is linked yet: where the browser goes for that.
Reply link_my_identity(Call& call) {
    JsonFields body(call.request);
    const std::string provider = body.required_string("provider", kMaxProviderNameBytes);
    auto read = body.finish();
    if (!read) co_return read.error();
    auto may = co_await commands::may_link_identity(call.services(), call.bearer(), provider, call.request.deadline);
    if (!may) co_return refuse(call, may.error());
    const commands::LinkTicket ticket{call.bearer(), provider, call.services().clock.now()};
    JsonText json;
    json.text("url", call.services().settings.issuer + "/login/providers/" + provider +
                         "?ticket=" + commands::seal_ticket(sealed_by(call.context), ticket))
        .time("expires_at", ticket.made_at + commands::kLinkTicketLasts);
    co_return api::json(200, json.finish());
}

Reply unlink_my_identity(Call& call) {
    auto outcome =
        co_await commands::unlink_identity(call.services(), call.bearer(), call.id<LinkedIdentity>(), call.caller());
    co_return done(call, outcome);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"listProviders", kGet, "/api/v1/auth/providers", list_providers, kUnlimited, kAnybody},
    {"listMyIdentities", kGet, "/api/v1/auth/identities", list_my_identities, kOrdinary, kUser},
    {"linkMyIdentity", kPost, "/api/v1/auth/identities", link_my_identity, kOrdinary, kUser,
     {.input = Input::kBody}},
    {"unlinkMyIdentity", kDelete, "/api/v1/auth/identities/{id}", unlink_my_identity, kOrdinary, kUser,
     {.bad_id = refusals::kIdentityUnknown, .idempotency_key = KeyScope::kSession}},
    {"listUserIdentities", kGet, "/api/v1/admin/users/{id}/identities", list_user_identities, kOrdinary, kUser,
     {.permission = &commands::kReadUsers, .bad_id = refusals::kUserUnknown}},
};
// clang-format on

}  // namespace

RouteTable identity_routes() { return kRows; }

}  // namespace keyledger::api::routes
