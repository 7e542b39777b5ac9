// One's own account: what applications may have, and that it is taken back.
#include "api/routes/oauth/authorization_answer.hpp"
#include "api/routes/pages/account/own_pages.hpp"
#include "api/routes/pages/scope_phrases.hpp"
#include "api/routes/reading.hpp"
#include "commands/authorization/authorize.hpp"
#include "commands/authorization/consents.hpp"
#include "projections/models/consents/consents.hpp"

namespace keyledger::api::routes {
namespace {

namespace rows = keyledger::projections;
using commands::CommandError;

constexpr std::int32_t kMostConsents = 20;  // at a time
// Of an address that an application chose; what is longer tells nobody anything.
constexpr std::size_t kMostOriginBytes = 80;

struct Listed {
    std::vector<commands::GivenConsent> consents;
    std::map<ApplicationId, Instant> since;
    std::optional<Position> older;
};

// Two applications may have one name: where it sends people tells them apart.
std::optional<Phrase> place_of(const ApplicationDefinition& application) {
    if (application.redirect_uris.empty()) return std::nullopt;
    std::string origin = origin_of(application.redirect_uris.front());
    if (origin.empty() || origin.size() > kMostOriginBytes) return std::nullopt;
    return Phrase(Text::kIsAt, std::move(origin));
}

Thing thing_of(const commands::GivenConsent& given, const Listed& listed, const HiddenField& token) {
    const ApplicationId& application_id = given.consent.application_id;
    Thing thing{Phrase::as_it_is(given.application.definition.name)};
    if (auto place = place_of(given.application.definition)) thing.more.push_back(std::move(*place));
    thing.more.push_back(Phrase(Text::kSince, told_day(listed.since.at(application_id))));
    thing.more.push_back(Text::kMayDo);
    for (Phrase& phrase : phrases_of(given.consent.scope, given.consent.audiences))
        thing.more.push_back(std::move(phrase));
    thing.form =
        own_form("withdraw-" + application_id.to_string(), "/account/applications/withdraw", Text::kWithdraw, token);
    thing.form->hidden.push_back({"application", application_id.to_string()});
    thing.form->look = Form::Look::kOther;
    return thing;
}

boost::asio::awaitable<Result<Listed, Response>> list_of(Call& call, const commands::Bearer& browser,
                                                         std::optional<Position> before) {
    auto waited = co_await wait_for_head(call.context, call.request, rows::kConsentsModel);
    if (!waited) co_return Unexpected(refuse(call, CommandError(refusals::kUnavailable)));
    std::optional<rows::ConsentCursor> place;
    if (before) place.emplace().before = *before;
    auto page = co_await rows::list_consents(call.context.queries, browser.user_id, place, kMostConsents,
                                             call.request.deadline);
    if (!page) co_return Unexpected(refuse(call, CommandError(refusals::kUnavailable)));
    Listed listed;
    std::vector<ApplicationId> applications;
    for (const rows::ConsentRow& row : page->items) {
        applications.push_back(row.application_id);
        listed.since[row.application_id] = row.given_at;
    }
    if (page->next) listed.older = page->next->before;
    auto given = co_await commands::given_consents(call.services(), browser.user_id, std::move(applications),
                                                   call.request.deadline);
    if (!given) co_return Unexpected(refuse(call, given.error()));
    listed.consents = std::move(*given);
    co_return listed;
}

Reply show_part(Call& call, PartNews news) {
    auto owner = co_await owner_of(call);
    if (!owner) co_return std::move(owner.error());
    const auto listed = co_await list_of(call, owner->browser, news.before);
    if (!listed) co_return listed.error();
    Page page = part_of_account(Text::kApplications, kApplicationsPart);
    const HiddenField token = form_token(call.context, owner->browser);
    Section section{Text::kWhatYouAllowed, {Text::kApplicationsMean}};
    if (listed->consents.empty()) section.sentences = {Text::kNoApplications};
    for (const commands::GivenConsent& one : listed->consents) section.things.push_back(thing_of(one, *listed, token));
    page.sections.push_back(std::move(section));
    if (listed->older) page.links.insert(page.links.begin(), link_to_older(kApplicationsPart, *listed->older));
    co_return show_with(call, std::move(page), std::move(news));
}

Reply show_applications(Call& call) {
    FormFields query = FormFields::of_query_as_form(call.request);
    PartNews news;
    news.done = news_of(query, {{"withdrawn", Text::kConsentWithdrawn}});
    news.before = place_in(query);
    Response response = co_await show_part(call, std::move(news));
    co_return response;
}

// Of the user whose session it is: nobody else's consent has such an id.
Reply withdraw(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    auto self = own(call, form);
    if (!self) co_return self.error();
    const auto application_id = ApplicationId::parse(form.required_string("application", kMaxIdBytes));
    auto refused = CommandError(refusals::kConsentUnknown);
    if (application_id && form.finish()) {
        const auto done = co_await commands::withdraw_consent(call.services(), self->browser, *application_id,
                                                              std::move(self->caller));
        if (done) co_return back_to(kApplicationsPart, "withdrawn");
        refused = done.error();
    }
    Response response = co_await refuse_form_of(show_part, call, std::move(refused));
    co_return response;
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"showApplicationsPage", kGet, kApplicationsPart, show_applications, kOrdinary, kAnybody,
     {.input = Input::kQuery}},
    {"withdrawConsentByPage", kPost, "/account/applications/withdraw", withdraw, kOrdinary, kAnybody,
     {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable account_applications() { return kRows; }

}  // namespace keyledger::api::routes
