// One's own account: whom somebody is at other providers. Linking goes there and back (provider_pages.cpp).
#include <algorithm>

#include "api/routes/oauth/authorization_answer.hpp"
#include "api/routes/pages/account/own_pages.hpp"
#include "commands/account_services.hpp"
#include "commands/providers/identities.hpp"
#include "commands/providers/link_ticket.hpp"

namespace keyledger::api::routes {
namespace {

using commands::CommandError;

constexpr std::size_t kMaxProviderNameBytes = 32;
constexpr const char* kLink = "/account/providers/link";
constexpr const char* kUnlink = "/account/providers/unlink";

std::vector<commands::ProviderOffer> offers_of(const Call& call) {
    const auto* providers = call.services().accounts.providers;
    return providers == nullptr ? std::vector<commands::ProviderOffer>{} : providers->offers();
}

// A provider that is not configured any more has its name alone.
Thing thing_of(const LinkedIdentity& identity, const std::vector<commands::ProviderOffer>& offers,
               const HiddenField& token) {
    const auto offer = std::ranges::find(offers, identity.provider, &commands::ProviderOffer::name);
    Thing thing{Phrase::as_it_is(offer == offers.end() ? identity.provider : offer->title)};
    if (identity.shown_as) thing.more.push_back(Phrase::as_it_is(*identity.shown_as));
    thing.more.push_back(Phrase(Text::kSince, told_day(identity.linked_at)));
    thing.form = own_form("unlink-" + identity.id.to_string(), kUnlink, Text::kUnlink, token);
    thing.form->hidden.push_back({"identity", identity.id.to_string()});
    thing.form->look = Form::Look::kOther;
    return thing;
}

Reply show_part(Call& call, PartNews news) {
    auto owner = co_await owner_of(call);
    if (!owner) co_return std::move(owner.error());
    Page page = part_of_account(Text::kLinkedAccounts, kProvidersPart);
    const HiddenField token = form_token(call.context, owner->browser);
    const auto offers = offers_of(call);
    const auto& identities = owner->known.user.identities;  // 20 at most
    Section section{Text::kAccountsElsewhere};
    section.sentences = {identities.empty() ? Text::kNoLinkedAccounts : Text::kLinkedAccountsMean};
    for (const LinkedIdentity& identity : identities) section.things.push_back(thing_of(identity, offers, token));
    for (const commands::ProviderOffer& offer : offers) {
        Form link = own_form("link-" + offer.name, kLink, Phrase(Text::kLinkAt, offer.title), token);
        link.hidden.push_back({"provider", offer.name});
        link.look = Form::Look::kOther;
        section.forms.push_back(std::move(link));
    }
    page.sections.push_back(std::move(section));
    co_return show_with(call, std::move(page), std::move(news));
}

Reply show_providers(Call& call) {
    FormFields query = FormFields::of_query_as_form(call.request);
    PartNews news;
    news.done = news_of(query, {{"unlinked", Text::kUnlinked}});
    Response response = co_await show_part(call, std::move(news));
    co_return response;
}

// Where the command wants to know who it is, the form once more; else what is wrong, on the page.
Reply refuse_form(Call& call, const Own& self, AskAgain again, CommandError error) {
    if (auto instead = answer_instead(call, error)) co_return std::move(*instead);
    if (wants_proof(error)) {
        Response asked = co_await ask_for_proof(call, self, std::move(again), std::move(error));
        co_return asked;
    }
    Response response = co_await refuse_form_of(show_part, call, std::move(error));
    co_return with_renewed(call, std::move(response), self);
}

commands::Answer<commands::Receipt> may_link(Call& call, Own& self, const std::string& provider,
                                             std::optional<commands::OwnProof> proof) {
    KEYLEDGER_CO_TRY(proven, co_await prove_again(call, self, std::move(proof)));
    auto may = co_await commands::may_link_identity(call.services(), self.browser, provider, call.request.deadline);
    co_return may;
}

commands::Answer<commands::Receipt> unlink(Call& call, Own& self, LinkedIdentityId identity_id,
                                           std::optional<commands::OwnProof> proof) {
    KEYLEDGER_CO_TRY(proven, co_await prove_again(call, self, std::move(proof)));
    auto done = co_await commands::unlink_identity(call.services(), self.browser, identity_id, self.caller);
    co_return done;
}

Page departure_page(Call& call, const Own& self, const commands::ProviderOffer& offer) {
    const commands::LinkTicket ticket{self.browser, offer.name, call.services().clock.now()};
    const std::string sealed = commands::seal_ticket(sealed_by(call.context), ticket);
    Page page{Phrase(Text::kLinkAt, offer.title), {Phrase(Text::kLinkAtMeans, offer.title)}};
    page.links = {{"/login/providers/" + offer.name + "?ticket=" + sealed, Phrase(Text::kContinueAt, offer.title)},
                  {kProvidersPart, Text::kCancel}};
    return page;
}

// Nothing is linked yet. The browser goes there by a link: a form that is answered with a redirect to another site
// would be stopped by the policy of pages.
Reply begin_link(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    auto self = own(call, form);
    if (!self) co_return self.error();
    const std::string provider = form.required_string("provider", kMaxProviderNameBytes);
    auto proof = read_typed_proof(form);
    AskAgain again{kLink, Text::kContinue, {{"provider", provider}}, kProvidersPart};
    auto refused = CommandError(refusals::kProviderUnknown);
    const auto offers = offers_of(call);
    const auto offer = std::ranges::find(offers, provider, &commands::ProviderOffer::name);
    if (form.finish() && offer != offers.end()) {
        const auto may = co_await may_link(call, *self, provider, std::move(proof));
        if (may) co_return with_renewed(call, show(call, 200, departure_page(call, *self, *offer)), *self);
        refused = may.error();
    }
    Response response = co_await refuse_form(call, *self, std::move(again), std::move(refused));
    co_return response;
}

Reply unlink_by_page(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    auto self = own(call, form);
    if (!self) co_return self.error();
    const std::string named = form.required_string("identity", kMaxIdBytes);
    const auto identity_id = LinkedIdentityId::parse(named);
    auto proof = read_typed_proof(form);
    AskAgain again{kUnlink, Text::kUnlink, {{"identity", named}}, kProvidersPart};
    auto refused = CommandError(refusals::kIdentityUnknown);
    if (form.finish() && identity_id) {
        const auto done = co_await unlink(call, *self, *identity_id, std::move(proof));
        if (done) co_return with_renewed(call, back_to(kProvidersPart, "unlinked"), *self);
        refused = done.error();
    }
    Response response = co_await refuse_form(call, *self, std::move(again), std::move(refused));
    co_return response;
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"showProvidersPage", kGet, kProvidersPart, show_providers, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"linkProviderByPage", kPost, kLink, begin_link, kPasswords, kAnybody, {.input = Input::kBody}},
    {"unlinkProviderByPage", kPost, kUnlink, unlink_by_page, kPasswords, kAnybody, {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable account_providers() { return kRows; }

}  // namespace keyledger::api::routes
