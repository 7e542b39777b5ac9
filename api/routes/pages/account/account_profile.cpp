// One's own account: what one is called, and the address.
#include "api/routes/mail_asks.hpp"
#include "api/routes/oauth/authorization_answer.hpp"
#include "api/routes/pages/account/own_pages.hpp"
#include "api/wire/field_values.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/access/step_up.hpp"
#include "commands/accounts/change_email.hpp"
#include "commands/accounts/update_profile.hpp"
#include "commands/credentials/passwords.hpp"
#include "domain/base/language_tag.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::api::routes {
namespace {

using commands::CommandError;

constexpr std::string_view kProfileForm = "profile";
constexpr std::string_view kEmailForm = "email";
constexpr const char* kEmail = "/account/email";

// As somebody typed it; shown again where something is wrong with it.
struct Typed {
    std::string name{};
    std::string username{};
    std::string locale{};
    std::string email{};
};

Section profile_section(const Typed& typed, const HiddenField& token) {
    Section section{Text::kProfile};
    Form form = own_form(kProfileForm, kProfilePart, Text::kSave, token);
    form.fields = {
        {"name", Text::kName, FormField::Kind::kName, typed.name},
        {"username", Text::kUsername, FormField::Kind::kUsername, typed.username, Phrase(Text::kUsernameHint)},
        {"locale", Text::kLanguageOfMails, FormField::Kind::kLanguage, typed.locale,
         Phrase(Text::kLanguageOfMailsHint)}};
    for (FormField& field : form.fields) field.need = FormField::Need::kOptional;
    section.forms.push_back(std::move(form));
    return section;
}

Section email_section(const User& user, const Typed& typed, const HiddenField& token) {
    Section section{Text::kEmail};
    if (user.email) section.sentences.push_back(Phrase::as_it_is(*user.email));
    if (user.credential_id.is_nil()) {
        section.sentences.push_back(Text::kNeedsPassword);
        return section;
    }
    section.sentences.push_back(Text::kChangeAddressMeans);
    Form form = own_form(kEmailForm, kEmail, Text::kChangeAddress, token);
    form.fields = {{"email", Text::kNewEmail, FormField::Kind::kNewEmail, typed.email}, own_password_field()};
    section.forms.push_back(std::move(form));
    return section;
}

struct News {
    std::optional<Phrase> done{};
    std::string_view form{};  // that something was wrong with
    std::optional<CommandError> fault{};
    Typed typed{};  // into that
};

// The field that it is about, in the form that was sent.
void mark(Page& page, const News& news) {
    const RefusalRef refusal = news.fault->refusal;
    const std::string_view name = refusal == refusals::kUsernameTaken   ? std::string_view("username")
                                  : refusal == refusals::kEmailTaken    ? std::string_view("email")
                                  : refusal == refusals::kWrongPassword ? std::string_view("current_password")
                                                                        : refusal->field;
    for (Section& section : page.sections)
        for (Form& form : section.forms)
            for (FormField& field : form.fields) field.is_faulty = form.id == news.form && field.name == name;
}

Reply show_part(Call& call, News news) {
    auto owner = co_await owner_of(call);
    if (!owner) co_return std::move(owner.error());
    const User& user = owner->known.user;
    if (news.form != kProfileForm) {
        news.typed.name = user.name.value_or("");
        news.typed.username = user.username.value_or("");
        news.typed.locale = user.locale.value_or("");
    }
    Page page = part_of_account(Text::kProfile, kProfilePart);
    page.done = news.done;
    const HiddenField token = form_token(call.context, owner->browser);
    page.sections = {profile_section(news.typed, token), email_section(user, news.typed, token)};
    if (user.credential_id.is_nil())
        page.links.insert(page.links.begin(), {"/forgot-password", Text::kChooseNewPassword});
    if (news.fault) {
        page.fault = advice_of(call, *news.fault);
        mark(page, news);
    }
    co_return show(call, news.fault ? kFaultyForm : 200, page);
}

Reply show_fault(Call& call, std::string_view form, CommandError error, Typed typed) {
    if (auto instead = answer_instead(call, error)) co_return std::move(*instead);
    News news{std::nullopt, form, std::move(error), std::move(typed)};
    Response response = co_await show_part(call, std::move(news));
    co_return response;
}

Reply show_profile(Call& call) {
    FormFields query = FormFields::of_query_as_form(call.request);
    News news;
    news.done = news_of(query, {{"profile", Text::kProfileSaved}, {"address", Text::kAddressChanged}});
    Response response = co_await show_part(call, std::move(news));
    co_return response;
}

// ---- profile ---------------------------------------------------------------------------------------------------
std::optional<std::string> if_any(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

// What is left empty is taken away.
Reply save_profile(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    auto self = own(call, form);
    if (!self) co_return self.error();
    Typed typed;
    typed.name = form.optional_string("name", kMaxTypedNameBytes).value_or("");
    typed.username = form.optional_string("username", kMaxTypedUsernameBytes).value_or("");
    typed.locale = form.optional_string("locale", kMaxLanguageTagBytes).value_or("");
    auto refused = CommandError(refusals::kInvalidName);
    if (form.finish()) {
        commands::ProfileUpdate update{self->browser, if_any(typed.username), if_any(typed.name), if_any(typed.locale)};
        const auto done =
            co_await commands::update_profile(call.services(), std::move(update), std::move(self->caller));
        if (done) co_return back_to(kProfilePart, "profile");
        refused = done.error();
    }
    Response response = co_await show_fault(call, kProfileForm, std::move(refused), std::move(typed));
    co_return response;
}

// ---- address ---------------------------------------------------------------------------------------------------
Page code_page(Call& call, const Own& self, const std::string& handle) {
    Page page{Text::kLookIntoYourMail, {Text::kCodeOfNewAddress}};
    page.form = Form{"/account/email/confirm", Text::kConfirm, {form_token(call.context, self.browser)}};
    page.form->hidden.push_back({"handle", handle});
    page.form->fields = {{"code", Text::kCode, FormField::Kind::kCode}};
    page.links = {{kProfilePart, Text::kCancel}};
    return page;
}

// With a second factor the form is sent a second time, with a code of it: the password stands in the first one.
commands::Answer<commands::AskedChallenge> ask(Call& call, Own& self, const std::string& email,
                                               std::optional<commands::OwnProof> proof) {
    commands::EmailChange change;
    change.email = email;
    if (proof) change.current_password = Secret(proof->current_password.reveal());
    change.language = preferred_language(call.request.headers);
    if (proof && !proof->present) proof.reset();
    KEYLEDGER_CO_TRY(proven, co_await prove_again(call, self, std::move(proof)));
    change.bearer = self.browser;
    auto asked = co_await commands::ask_email_change(call.services(), std::move(change), self.caller);
    co_return asked;
}

Reply ask_change(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    auto self = own(call, form);
    if (!self) co_return self.error();
    Typed typed;
    typed.email = form.required_string("email", kMaxEmailBytes);
    auto proof = read_typed_proof(form);
    const bool shows_factor = proof && proof->present;
    auto refused = CommandError(refusals::kInvalidEmail);
    if (form.finish()) {
        const auto asked = co_await ask(call, *self, typed.email, std::move(proof));
        if (asked) co_return with_renewed(call, show(call, 200, code_page(call, *self, asked->handle)), *self);
        refused = asked.error();
    }
    const bool wants_factor = refused.refusal == refusals::kSecondFactorNotRecent;
    if (wants_factor || (shows_factor && wants_proof(refused))) {
        AskAgain again{kEmail, Text::kChangeAddress, {{"email", typed.email}}, kProfilePart};
        Response response = co_await ask_for_proof(call, *self, std::move(again), std::move(refused));
        co_return response;
    }
    Response response = co_await show_fault(call, kEmailForm, std::move(refused), std::move(typed));
    co_return with_renewed(call, std::move(response), *self);
}

// By whoever asked for it alone, whose session it is.
Reply confirm_change(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    auto self = own(call, form);
    if (!self) co_return self.error();
    commands::EmailProof presented{form.required_secret("handle", kMaxHandleBytes),
                                   form.required_secret("code", kMaxCodeBytes)};
    const std::string handle(presented.handle.reveal());
    auto refused = CommandError(refusals::kNotProven);
    if (form.finish()) {
        const auto done =
            co_await commands::change_email(call.services(), self->browser, std::move(presented), self->caller);
        if (done) co_return back_to(kProfilePart, "address");
        refused = done.error();
    }
    if (auto instead = answer_instead(call, refused)) co_return std::move(*instead);
    Page page = code_page(call, *self, handle);
    // The code was right, and is no good for another address.
    const bool is_taken = refused.refusal == refusals::kEmailTaken;
    page.fault = is_taken ? Phrase(Text::kAddressTakenMeanwhile) : advice_of(call, refused);
    page.form->fields.front().is_faulty = !is_taken;
    co_return show(call, kFaultyForm, page);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"showProfilePage", kGet, kProfilePart, show_profile, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"saveProfileByPage", kPost, kProfilePart, save_profile, kOrdinary, kAnybody, {.input = Input::kBody}},
    {"askEmailChangeByPage", kPost, kEmail, ask_change, kPasswords, kAnybody, {.input = Input::kBody}},
    {"confirmEmailChangeByPage", kPost, "/account/email/confirm", confirm_change, kPasswords, kAnybody,
     {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable account_profile() { return kRows; }

}  // namespace keyledger::api::routes
