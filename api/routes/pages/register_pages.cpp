// Pages on which people register, and prove by a code from the mail that the address is theirs. As the routes of the
// API they tell nobody whose an address or a user name is (I14), and take the same limits.
#include "api/routes/honeypot.hpp"
#include "api/routes/mail_asks.hpp"
#include "api/routes/pages/way.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/field_values.hpp"
#include "commands/account_services.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/registrations/begin_registration.hpp"
#include "commands/registrations/complete_registration.hpp"
#include "domain/registrations/registration.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::api::routes {
namespace {

using commands::CommandError;

constexpr int kFaulty = 400;

// ---- registering -----------------------------------------------------------------------------------------------
struct Typed {
    std::string email;
    std::string name;
    std::string username;
};

FormField username_field(Phrase label, std::string typed) {
    return {"username", std::move(label), FormField::Kind::kText, std::move(typed), Phrase(Text::kUsernameHint)};
}

Page register_page(const Call& call, const Way& way, const Typed& typed) {
    Page page{Text::kRegister};
    page.form = Form{"/register", Text::kRegister};
    FormField password = new_password_field(call, "password");
    password.label = Text::kPassword;
    page.form->fields = {
        {"email", Text::kEmail, FormField::Kind::kEmail, typed.email},
        {"name", Text::kNameIfYouLike, FormField::Kind::kText, typed.name, {}, FormField::Need::kOptional},
        username_field(Text::kUsernameIfYouLike, typed.username),
        std::move(password),
        {"website_url", Text::kWebsite, FormField::Kind::kTrap}};
    page.form->fields[2].need = FormField::Need::kOptional;
    page.links = links_to_log_in(way);
    return on_the_way(way, std::move(page));
}

Reply show_register(Call& call) {
    FormFields query = FormFields::of_query_as_form(call.request);
    const Way way = way_of(call, query);
    co_return show(call, 200, register_page(call, way, {}));
}

// The same for every address.
Page code_page(const Way& way, const std::string& handle) {
    Page page{Text::kLookIntoYourMail, {Text::kCodeOrLinkOfRegistration}};
    page.form = Form{"/register/confirm", Text::kConfirm, {{"handle", handle}}};
    page.form->fields = {{"code", Text::kCode, FormField::Kind::kCode}};
    Form again{"/register/again", Text::kSendItAgain, {{"handle", handle}}};
    again.look = Form::Look::kOther;
    page.more_forms.push_back(std::move(again));
    return on_the_way(way, std::move(page));
}

Page registered_page(const Way& way) {
    Page page{Text::kHaveAnAccount, {way.flow ? Phrase(Text::kLogInToGoOn) : Phrase(Text::kLogInWithPassword)}};
    page.links = links_to_log_in(way);
    return on_the_way(way, std::move(page));
}

// Which field it is about, as far as it is about one.
void mark(Page& page, RefusalRef refusal) {
    const std::string_view at_fault = refusal->kind == RefusalKind::kRejected ? std::string_view("password")
                                      : refusal == refusals::kUsernameTaken   ? std::string_view("username")
                                                                              : refusal->field;
    for (FormField& field : page.form->fields) field.is_faulty = field.name == at_fault;
}

Response refuse_registration(Call& call, const Way& way, const Typed& typed, const CommandError& error) {
    if (status_of(error.refusal->kind) >= 429) return refuse(call, error);
    Page page = register_page(call, way, typed);
    page.fault = advice_of(call, error);
    mark(page, error.refusal);
    return show(call, kFaulty, page);
}

// What could not even be read; `fault` names the fields.
RefusalRef refusal_of_unread(const Typed& typed, const std::string& fault) {
    const auto names = [&](std::string_view field) { return fault.find(field) != std::string::npos; };
    if (!parse_email(typed.email)) return refusals::kInvalidEmail;
    if (names("'name'")) return refusals::kInvalidName;
    if (names("'username'")) return refusals::kInvalidUsername;
    return names("'password' is required") ? refusals::kPasswordTooShort : refusals::kPasswordTooLong;
}

// To a machine that filled in the field which people do not see.
Response pretend(Call& call, const Way& way, const Typed& typed) {
    const auto email = parse_email(typed.email);
    if (!email) return refuse_registration(call, way, typed, CommandError(refusals::kInvalidEmail));
    count_honeypot(call);
    if (!call.services().accounts.verifies_email) return show(call, 200, registered_page(way));
    return show(call, 200, code_page(way, commands::pretended_registration(call.services(), *email).handle));
}

Reply register_by_page(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    const Way way = way_of(call, form);
    const Typed typed{form.optional_string("email", kMaxEmailBytes).value_or(""),
                      form.optional_string("name", kMaxTypedNameBytes).value_or(""),
                      form.optional_string("username", kMaxTypedUsernameBytes).value_or("")};
    commands::RegistrationRequest registration;
    registration.password = form.required_secret("password", kMaxPasswordBytes);
    const bool is_trapped = !form.optional_string("website_url", kMaxWebsiteBytes).value_or("").empty();
    const std::string fault = form.fault().value_or("");
    if (!form.finish()) co_return refuse_registration(call, way, typed, CommandError(refusal_of_unread(typed, fault)));
    if (is_trapped) co_return pretend(call, way, typed);
    registration.email = typed.email;
    if (!typed.name.empty()) registration.name = typed.name;
    if (!typed.username.empty()) registration.username = typed.username;
    if (call.services().accounts.verifies_email) {
        auto begun =
            co_await commands::begin_registration(call.services(), std::move(registration),
                                                  preferred_language(call.request.headers), caller_of(call.request));
        if (!begun) co_return refuse_registration(call, way, typed, begun.error());
        co_return show(call, 200, code_page(way, begun->handle));
    }
    auto user = co_await commands::register_user(call.services(), std::move(registration), caller_of(call.request));
    if (!user) co_return refuse_registration(call, way, typed, user.error());
    co_return show(call, 200, registered_page(way));
}

// ---- proving ---------------------------------------------------------------------------------------------------
Reply confirm_by_page(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    const Way way = way_of(call, form);
    commands::AddressProof proof;
    proof.handle = form.required_string("handle", kMaxHandleBytes);
    proof.code = form.required_secret("code", kMaxCodeBytes);
    proof.username = form.optional_string("username", kMaxTypedUsernameBytes);
    const bool chose = proof.username.has_value();
    const std::string code(proof.code.reveal());
    const std::string handle = proof.handle;
    const bool is_whole = form.finish().has_value();
    auto refused = CommandError(refusals::kRegistrationCodeWrong);
    if (is_whole) {
        const auto user =
            co_await commands::complete_registration(call.services(), std::move(proof), caller_of(call.request));
        if (user) co_return show(call, 200, registered_page(way));
        refused = user.error();
    }
    if (status_of(refused.refusal->kind) >= 429) co_return refuse(call, refused);
    Page page = code_page(way, handle);
    page.fault = advice_of(call, refused);
    // Who has proven the address, whose user name somebody else has by now, chooses another one.
    const bool is_username = refused.refusal == refusals::kUsernameTaken || refused.refusal->field == "username";
    if (is_username || chose) page.form->fields.push_back(username_field(Text::kUsername, {}));
    if (is_username) page.form->fields.front().value = code;
    (is_username ? page.form->fields.back() : page.form->fields.front()).is_faulty = true;
    co_return show(call, kFaulty, page);
}

Reply send_again_by_page(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    const Way way = way_of(call, form);
    const std::string handle = form.required_string("handle", kMaxHandleBytes);
    if (!form.finish()) co_return show_refusal(call, refusals::kNotProven);
    auto asked = co_await commands::ask_for_registration_mail(call.services(), handle, caller_of(call.request));
    if (!asked && status_of(asked.error().refusal->kind) >= 429) co_return refuse(call, asked.error());
    if (!asked) co_return show(call, kFaulty, {title_of(asked.error()), {advice_of(call, asked.error())}});
    co_return show(call, 200, code_page(way, asked->handle));
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"showRegisterPage", kGet, "/register", show_register, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"registerByPage", kPost, "/register", register_by_page, kPasswords, kAnybody, {.input = Input::kBody}},
    {"confirmRegistrationByPage", kPost, "/register/confirm", confirm_by_page, kPasswords, kAnybody,
     {.input = Input::kBody}},
    {"sendRegistrationMailByPage", kPost, "/register/again", send_again_by_page, kOrdinary, kAnybody,
     {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable register_page_routes() { return kRows; }

}  // namespace keyledger::api::routes
