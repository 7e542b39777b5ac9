// Whoever comes back from another provider without an address that is believed gives one, proves it by the code of a
// mail, and has an account then that is linked with whom they are there. Nobody learns whose an address is (I14): of
// one that has an account the mail says so, and no code of it links anything.
#include "api/routes/mail_asks.hpp"
#include "api/routes/oauth/authorization_answer.hpp"
#include "api/routes/pages/logged_in.hpp"
#include "api/routes/pages/way.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/field_values.hpp"
#include "commands/providers/log_in_by_provider.hpp"
#include "commands/registrations/begin_registration.hpp"
#include "commands/registrations/complete_registration.hpp"
#include "commands/sessions/half_log_in.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::api::routes {
namespace {

using commands::CommandError;

// Who came back, on the way to where they wanted to go; nullopt: not in this browser, or too long ago.
struct Newcomer {
    Way way;
    commands::KeptIdentity kept;
};
std::optional<Newcomer> newcomer_of(Call& call, FormFields& fields) {
    Newcomer newcomer{way_of(call, fields), {}};
    const auto sealed = kept_identity_of(call.request);
    if (!newcomer.way.flow || !sealed) return std::nullopt;
    auto kept = commands::open_kept(sealed_by(call.context), *sealed, call.services().clock.now());
    if (!kept || kept->flow != commands::digest_of_flow(newcomer.way.sealed)) return std::nullopt;
    newcomer.kept = std::move(*kept);
    return newcomer;
}

Page on_their_way(const Newcomer& newcomer, Page page) {
    page.leads_to = origin_of(newcomer.way.flow->request.redirect_uri);
    return on_the_way(newcomer.way, std::move(page));
}

// ---- the address -----------------------------------------------------------------------------------------------
Page address_page(Call& call, const Newcomer& newcomer, const std::string& typed) {
    const auto offer = commands::offer_named(call.services(), newcomer.kept.provider);
    Page page{Text::kWhichAddress, {Phrase(Text::kWhichAddressMeans, offer ? offer->title : newcomer.kept.provider)}};
    page.form = Form{"/register/provider", Text::kSendMail};
    page.form->fields = {{"email", Text::kEmail, FormField::Kind::kEmail, typed}};
    page.links = {{along(newcomer.way, "/login"), Text::kOtherWays}};
    return on_their_way(newcomer, std::move(page));
}

Reply show_address(Call& call) {
    FormFields query = FormFields::of_query_as_form(call.request);
    const auto newcomer = newcomer_of(call, query);
    if (!newcomer) co_return took_too_long(call);
    co_return show(call, 200, address_page(call, *newcomer, {}));
}

// The same for every address.
Page code_page(const Newcomer& newcomer, const std::string& handle) {
    Page page{Text::kLookIntoYourMail, {Text::kCodeOfNewAccount}};
    page.form = Form{"/register/provider/confirm", Text::kConfirm, {{"handle", handle}}};
    page.form->fields = {{"code", Text::kCode, FormField::Kind::kCode}};
    page.links = {{along(newcomer.way, "/register/provider"), Text::kAnotherAddress},
                  {along(newcomer.way, "/login"), Text::kOtherWays}};
    return on_their_way(newcomer, std::move(page));
}

commands::ProviderRegistration registration_of(Call& call, const commands::KeptIdentity& kept, std::string email) {
    commands::ProviderRegistration registration;
    registration.email = std::move(email);
    if (!kept.name.empty()) registration.name = kept.name;
    registration.locale = kept.locale.empty() ? preferred_language(call.request.headers) : kept.locale;
    registration.identity = {kept.provider, kept.issuer, kept.subject, registration.name};
    return registration;
}

Reply take_address(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    const auto newcomer = newcomer_of(call, form);
    const std::string email = form.required_string("email", kMaxEmailBytes);
    if (!newcomer) co_return took_too_long(call);
    auto refused = CommandError(refusals::kInvalidEmail);
    if (form.finish()) {
        auto registration = registration_of(call, newcomer->kept, email);
        auto begun = co_await commands::begin_registration_by_provider(call.services(), std::move(registration),
                                                                       caller_of(call.request));
        if (begun) co_return show(call, 200, code_page(*newcomer, begun->handle));
        refused = begun.error();
    }
    if (status_of(refused.refusal->kind) >= 429) co_return refuse(call, refused);
    Page page = address_page(call, *newcomer, email);
    page.fault = Text::kGiveAnAddress;
    page.form->fields.front().is_faulty = true;
    co_return show(call, 400, page);
}

// ---- the code --------------------------------------------------------------------------------------------------
// They have an account. The one log-in that they came with begins their session.
Reply log_in_newcomer(Call& call, Newcomer newcomer) {
    const std::string flow = newcomer.way.sealed;
    auto grant = co_await commands::log_in_as_kept(call.services(), std::move(newcomer.kept), browser_client(),
                                                   caller_of(call.request));
    if (!grant) {
        auto on = to_what_is_missing(grant.error(), flow);
        if (on) co_return with_kept_identity(std::move(*on), "");
    }
    if (!grant && status_of(grant.error().refusal->kind) >= 429) co_return refuse(call, grant.error());
    if (!grant) {
        Page page{title_of(grant.error()), {advice_of(call, grant.error())}};
        page.links = links_to_log_in(newcomer.way);
        co_return show(call, 400, on_the_way(newcomer.way, std::move(page)));
    }
    Response on = see_other("/oauth2/authorize/continue?flow=" + flow);
    Response response = co_await logged_in(call, std::move(on), std::move(*grant));
    co_return response;
}

Reply take_code(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    const auto newcomer = newcomer_of(call, form);
    commands::AddressProof proof;
    proof.handle = form.required_string("handle", kMaxHandleBytes);
    proof.code = form.required_secret("code", kMaxCodeBytes);
    const std::string handle = proof.handle;
    if (!newcomer) co_return took_too_long(call);
    auto refused = CommandError(refusals::kRegistrationCodeWrong);
    if (form.finish()) {
        const auto user =
            co_await commands::complete_registration(call.services(), std::move(proof), caller_of(call.request));
        if (user) {
            auto logging_in = log_in_newcomer(call, *newcomer);
            Response response = co_await std::move(logging_in);
            co_return response;
        }
        refused = user.error();
    }
    if (status_of(refused.refusal->kind) >= 429) co_return refuse(call, refused);
    Page page = code_page(*newcomer, handle);
    page.fault = advice_of(call, refused);
    page.form->fields.front().is_faulty = true;
    co_return show(call, 400, page);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"showProviderRegisterPage", kGet, "/register/provider", show_address, kOrdinary, kAnybody,
     {.input = Input::kQuery}},
    {"registerByProviderPage", kPost, "/register/provider", take_address, kPasswords, kAnybody,
     {.input = Input::kBody}},
    {"confirmProviderRegistrationByPage", kPost, "/register/provider/confirm", take_code, kPasswords, kAnybody,
     {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable provider_register_routes() { return kRows; }

}  // namespace keyledger::api::routes
