// Mail that administrators have sent to users: invitations, and whether an address is theirs.
#include "api/routes/mail_asks.hpp"
#include "api/routes/refusals.hpp"
#include "commands/accounts/invite_user.hpp"
#include "commands/credentials/reset_password.hpp"

namespace keyledger::api::routes {
namespace {

constexpr const char* kInvitationPath = "/account/invitation";
constexpr const char* kConfirmPath = "/account/confirm-address";

Reply invite_user(Call& call) {
    auto outcome = co_await commands::invite_user(call.services(), call.bearer(), call.id<User>(), call.caller());
    co_return done(call, outcome);
}

Reply send_verification(Call& call) {
    auto outcome = co_await commands::send_verification(call.services(), call.bearer(), call.id<User>(), call.caller());
    co_return done(call, outcome);
}

// ---- an invitation is accepted by setting a password -----------------------------------------------------------
commands::PasswordReset acceptance(const Secret& token, Secret new_password) {
    commands::PasswordReset reset;
    reset.presented.purpose = ChallengePurpose::kInvite;
    reset.presented.link = token.clone();
    reset.new_password = std::move(new_password);
    return reset;
}

Reply accept_invitation(Call& call) {
    JsonFields body(call.request);
    const Secret token = body.required_secret("token", kMaxLinkTokenBytes);
    Secret new_password = body.required_secret("new_password", kMaxPasswordBytes);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    auto reset = acceptance(token, std::move(new_password));
    const auto outcome = co_await commands::reset_password(call.services(), std::move(reset), caller_of(call.request));
    if (!outcome)
        co_return refuse_new_password(call.request, outcome.error(), "new_password",
                                      call.context.least_password_length);
    co_return no_content();
}

Page invitation_page() { return {"Choose your password", {"With it the account is yours."}, {}, {}}; }
Form invitation_form() { return {"invitation", "Set the password", {}, {{"new_password", "Password"}}}; }

Reply show_invitation_page(Call& call) { co_return show_link_page(call.request, invitation_page(), invitation_form()); }

Reply accept_invitation_by_page(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    Secret token = form.required_secret("token", kMaxLinkTokenBytes);
    Secret new_password = form.required_secret("new_password", kMaxPasswordBytes);
    if (!form.finish()) co_return show_refusal(call.request, refusals::kLinkSpent);
    auto reset = acceptance(token, std::move(new_password));
    const auto outcome = co_await commands::reset_password(call.services(), std::move(reset), caller_of(call.request));
    if (outcome) co_return show(200, Page{"The account is yours", {"Log in with your password."}, {}, {}});
    if (outcome.error().refusal->kind != RefusalKind::kRejected) co_return show_refusal(call.request, outcome.error());
    Page again = invitation_page();
    again.fault = outcome.error().refusal->advice;
    again.form = invitation_form();
    again.form->hidden.push_back({"token", std::string(token.reveal())});
    co_return show(422, again);
}

// ---- an address is confirmed by a button -----------------------------------------------------------------------
Reply show_confirm_page(Call& call) {
    Page page{"Is this your address?", {"Confirm that you read its mail."}, {}, {}};
    co_return show_link_page(call.request, std::move(page), {"confirm-address", "It is mine", {}, {}});
}

Reply confirm_address(Call& call) { return answer_link(call, commands::confirm_address); }

Reply confirm_address_by_page(Call& call) {
    return press_button(call, commands::confirm_address,
                        {"Thank you", {"The address is confirmed. You can close this page."}, {}, {}});
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"inviteUser", kPost, "/api/v1/admin/users/{id}/invitation", invite_user, kOrdinary, kUser,
     {.bad_id = refusals::kUserUnknown, .idempotency_key = KeyScope::kUser}},
    {"sendVerification", kPost, "/api/v1/admin/users/{id}/send-verification", send_verification, kOrdinary, kUser,
     {.bad_id = refusals::kUserUnknown, .idempotency_key = KeyScope::kUser}},
    {"acceptInvitation", kPost, "/api/v1/auth/accept-invitation", accept_invitation, kPasswords, kAnybody,
     {.input = Input::kBody}},
    {"showInvitationPage", kGet, kInvitationPath, show_invitation_page, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"acceptInvitationByPage", kPost, kInvitationPath, accept_invitation_by_page, kPasswords, kAnybody,
     {.input = Input::kBody}},
    {"confirmAddress", kPost, "/api/v1/auth/confirm-address", confirm_address, kOrdinary, kAnybody,
     {.input = Input::kBody}},
    {"showConfirmAddressPage", kGet, kConfirmPath, show_confirm_page, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"confirmAddressByPage", kPost, kConfirmPath, confirm_address_by_page, kOrdinary, kAnybody,
     {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable invitation_routes() { return kRows; }

}  // namespace keyledger::api::routes
