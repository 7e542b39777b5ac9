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

Page invitation_page() { return {Text::kChooseYourPassword, {Text::kAccountIsYoursByIt}}; }
Form invitation_form(const Call& call) {
    return {"invitation", Text::kSetPassword, {}, {new_password_field(call, "new_password")}};
}

Reply show_invitation_page(Call& call) { co_return show_link_page(call, invitation_page(), invitation_form(call)); }

Reply accept_invitation_by_page(Call& call) {
    FormFields form = FormFields::of_body(call.request);
    Secret token = form.required_secret("token", kMaxLinkTokenBytes);
    Secret new_password = form.required_secret("new_password", kMaxPasswordBytes);
    if (!form.finish()) co_return show_refusal(call, refusals::kLinkSpent);
    auto reset = acceptance(token, std::move(new_password));
    const auto outcome = co_await commands::reset_password(call.services(), std::move(reset), caller_of(call.request));
    if (outcome) co_return show(call, 200, Page{Text::kAccountIsYours, {Text::kLogInWithPassword}});
    if (outcome.error().refusal->kind != RefusalKind::kRejected) co_return show_refusal(call, outcome.error());
    Page again = invitation_page();
    again.fault = advice_of(call, outcome.error());
    again.form = invitation_form(call);
    again.form->fields.front().is_faulty = true;
    again.form->hidden.push_back({"token", std::string(token.reveal())});
    co_return show(call, 422, again);
}

// ---- an address is confirmed by a button -----------------------------------------------------------------------
Reply show_confirm_page(Call& call) {
    Page page{Text::kIsThisYourAddress, {Text::kConfirmThatYouReadIt}};
    co_return show_link_page(call, std::move(page), {"confirm-address", Text::kItIsMine});
}

Reply confirm_address(Call& call) { return answer_link(call, commands::confirm_address); }

Reply confirm_address_by_page(Call& call) {
    return press_button(call, commands::confirm_address, {Text::kThankYou, {Text::kAddressIsConfirmed}});
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
