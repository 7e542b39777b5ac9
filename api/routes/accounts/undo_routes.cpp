// "This was not me": what somebody else did is undone by whoever reads the mail of the address.
#include "api/routes/mail_asks.hpp"
#include "commands/accounts/erase_user.hpp"
#include "commands/accounts/undo.hpp"
#include "commands/sessions/disown_session.hpp"

namespace keyledger::api::routes {
namespace {

Reply undo_change(Call& call) { return answer_link(call, commands::undo_change); }
Reply disown_session(Call& call) { return answer_link(call, commands::disown_session); }
Reply keep_account(Call& call) { return answer_link(call, commands::withdraw_erasure_by_mail); }

Reply show_undo_page(Call& call) {
    Page page{Text::kTakeAccountBack, {Text::kTakeAccountBackMeans}};
    co_return show_link_page(call, std::move(page), {"undo", Text::kTakeItBack});
}

Reply undo_change_by_page(Call& call) {
    return press_button(call, commands::undo_change, {Text::kAccountYoursAgain, {Text::kAskForNewPassword}});
}

Reply show_not_me_page(Call& call) {
    Page page{Text::kNotMe, {Text::kNotMeMeans}};
    co_return show_link_page(call, std::move(page), {"not-me", Text::kEndAllSessions});
}

Reply disown_session_by_page(Call& call) {
    return press_button(call, commands::disown_session, {Text::kAllSessionsEnded, {Text::kSomebodyKnowsYourPassword}});
}

Reply show_keep_account_page(Call& call) {
    Page page{Text::kKeepAccount, {Text::kKeepAccountMeans}};
    co_return show_link_page(call, std::move(page), {"keep-account", Text::kKeepIt});
}

Reply keep_account_by_page(Call& call) {
    return press_button(call, commands::withdraw_erasure_by_mail, {Text::kAccountStays, {Text::kIfNotYouSetAnother}});
}

using enum Method;
using enum RateLimit;
using enum Authentication;

constexpr const char* kUndoPath = "/account/undo";
constexpr const char* kNotMePath = "/account/not-me";
constexpr const char* kKeepPath = "/account/keep-account";

// clang-format off
constexpr RouteRow kRows[] = {
    {"undoChange", kPost, "/api/v1/auth/undo", undo_change, kOrdinary, kAnybody, {.input = Input::kBody}},
    {"disownSession", kPost, "/api/v1/auth/not-me", disown_session, kOrdinary, kAnybody, {.input = Input::kBody}},
    {"keepAccount", kPost, "/api/v1/auth/keep-account", keep_account, kOrdinary, kAnybody, {.input = Input::kBody}},
    {"showUndoPage", kGet, kUndoPath, show_undo_page, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"undoChangeByPage", kPost, kUndoPath, undo_change_by_page, kOrdinary, kAnybody, {.input = Input::kBody}},
    {"showNotMePage", kGet, kNotMePath, show_not_me_page, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"showKeepAccountPage", kGet, kKeepPath, show_keep_account_page, kOrdinary, kAnybody, {.input = Input::kQuery}},
    {"keepAccountByPage", kPost, kKeepPath, keep_account_by_page, kOrdinary, kAnybody, {.input = Input::kBody}},
    {"endSessionByPage", kPost, kNotMePath, disown_session_by_page, kOrdinary, kAnybody, {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable undo_routes() { return kRows; }

}  // namespace keyledger::api::routes
