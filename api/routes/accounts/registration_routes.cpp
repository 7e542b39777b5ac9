// People register, and prove that the address is theirs. None of these asks who somebody is, and none tells whether an
// address or a user name is somebody's before it was proven.
#include "api/routes/accounts/profiles.hpp"
#include "api/routes/call.hpp"
#include "api/routes/honeypot.hpp"
#include "api/routes/mail_asks.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/field_values.hpp"
#include "api/wire/write_json.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/account_services.hpp"
#include "commands/registrations/begin_registration.hpp"
#include "commands/registrations/complete_registration.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::api::routes {
namespace {

Response begun(const commands::BegunRegistration& registration) {
    JsonText body;
    body.text("handle", registration.handle).time("expires_at", registration.expires_at);
    return json(202, body.finish());
}

Response registered_answer(const UserId& user_id, const commands::UserAtHead& user) {
    Response response = json(201, user_json(user_id, user));
    response.headers.add("Location", "/api/v1/auth/me");  // once they have logged in; others' are for administrators
    return response;
}

Reply registered(Call& call, UserId user_id, Position position) {
    auto user = co_await commands::user_after_command(call.services(), user_id, call.request.deadline);
    if (!user) co_return refuse(call, user.error());
    co_return at_position(registered_answer(user_id, *user), position);
}

// To a machine that filled in the field which people do not see.
Response pretend_to_register(Call& call, const commands::RegistrationRequest& registration) {
    const auto email = parse_email(registration.email);
    if (!email) return refuse(call, refusals::kInvalidEmail);
    count_honeypot(call);
    if (call.services().accounts.verifies_email)
        return begun(commands::pretended_registration(call.services(), *email));
    commands::UserAtHead nobody;
    nobody.user.status = User::Status::kActive;
    nobody.user.email = email->text;
    nobody.user.username = registration.username;
    nobody.user.name = registration.name;
    nobody.user.registered_at = call.services().clock.now();
    return registered_answer(UserId{call.services().identifiers.next()}, nobody);
}

Reply register_user(Call& call) {
    JsonFields body(call.request);
    commands::RegistrationRequest registration;
    registration.email = body.required_string("email", kMaxEmailBytes);
    registration.password = body.required_secret("password", kMaxPasswordBytes);
    registration.username = body.optional_string("username", kMaxTypedUsernameBytes);
    registration.name = body.optional_string("name", kMaxTypedNameBytes);
    const bool is_trapped = fills_honeypot(body);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    if (is_trapped) co_return pretend_to_register(call, registration);
    const std::size_t least_length = call.context.least_password_length;
    if (call.services().accounts.verifies_email) {
        auto begins =
            co_await commands::begin_registration(call.services(), std::move(registration),
                                                  preferred_language(call.request.headers), caller_of(call.request));
        if (!begins) co_return refuse_new_password(call.request, begins.error(), "password", least_length);
        co_return begun(*begins);
    }
    auto user = co_await commands::register_user(call.services(), std::move(registration), caller_of(call.request));
    if (!user) co_return refuse_new_password(call.request, user.error(), "password", least_length);
    Response response = co_await registered(call, user->user_id, user->position);
    co_return response;
}

// A code comes with the handle, a link's token with the handle or the password.
Reply verify_email(Call& call) {
    JsonFields body(call.request);
    commands::AddressProof proof;
    proof.handle = body.optional_string("handle", kMaxHandleBytes).value_or("");
    proof.token = body.optional_string("token", kMaxLinkTokenBytes).value_or("");
    proof.username = body.optional_string("username", kMaxTypedUsernameBytes);
    proof.code = body.optional_secret("code", kMaxCodeBytes).value_or(Secret());
    proof.password = body.optional_secret("password", kMaxPasswordBytes).value_or(Secret());
    if (proof.token.empty() && proof.code.empty())
        body.refuse("code", "Give the code of the mail, or its link's token.");
    if (proof.token.empty() && proof.handle.empty())
        body.refuse("handle", "Give the handle that the registration was answered with.");
    if (!proof.token.empty() && proof.handle.empty() && proof.password.empty())
        body.refuse("password", "Give the handle or, elsewhere than where you registered, the password.");
    auto read = call.finish(body);
    if (!read) co_return read.error();
    auto user_id = co_await commands::complete_registration(call.services(), std::move(proof), caller_of(call.request));
    if (!user_id) co_return refuse(call, user_id.error());
    Response response = co_await registered(call, *user_id, 0);
    co_return response;
}

Reply resend_code(Call& call) {
    JsonFields body(call.request);
    const std::string handle = body.required_string("handle", kMaxHandleBytes);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    auto asked = co_await commands::ask_for_registration_mail(call.services(), handle, caller_of(call.request));
    if (!asked) co_return refuse(call, asked.error());
    co_return begun(*asked);
}

// ---- the page behind the link ----------------------------------------------------------------------------------
constexpr const char* kVerifyPath = "/account/verify-email";

Page verify_page() { return {Text::kConfirmAddress, {Text::kConfirmAddressBy}}; }
Form verify_form() {
    return {"verify-email", Text::kConfirm, {}, {{"password", Text::kPassword, FormField::Kind::kPassword}}};
}

Reply show_verify_page(Call& call) { co_return show_link_page(call, verify_page(), verify_form()); }

Reply verify_email_by_page(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    const Secret token = form.required_secret("token", kMaxLinkTokenBytes);
    commands::AddressProof proof;
    proof.token = std::string(token.reveal());
    proof.password = form.required_secret("password", kMaxPasswordBytes);
    if (!form.finish()) co_return show_refusal(call, refusals::kNotProven);
    const auto user_id =
        co_await commands::complete_registration(call.services(), std::move(proof), caller_of(call.request));
    if (user_id) {
        const Page done{Text::kAddressConfirmed, {Text::kAccountBegins}};
        co_return show(call, 200, done);
    }
    if (user_id.error().refusal != refusals::kRegistrationPasswordWrong) co_return show_refusal(call, user_id.error());
    Page again = verify_page();
    again.fault = advice_of(call, user_id.error());
    again.form = verify_form();
    again.form->fields.front().is_faulty = true;
    again.form->hidden.push_back({"token", std::string(token.reveal())});
    co_return show(call, 422, again);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"registerUser", kPost, "/api/v1/auth/register", register_user, kPasswords, kAnybody, {.input = Input::kBody}},
    {"verifyEmail", kPost, "/api/v1/auth/verify-email", verify_email, kPasswords, kAnybody, {.input = Input::kBody}},
    {"showVerifyPage", kGet, kVerifyPath, show_verify_page, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"verifyEmailByPage", kPost, kVerifyPath, verify_email_by_page, kPasswords, kAnybody, {.input = Input::kBody}},
    {"resendCode", kPost, "/api/v1/auth/resend-otp", resend_code, kOrdinary, kAnybody, {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable registration_routes() { return kRows; }

}  // namespace keyledger::api::routes
