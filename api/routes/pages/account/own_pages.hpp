#pragma once
// What the pages of one's own account share. Each shows one part of it, as it stands at the head of the log, and leads
// to the others; its forms act for the session in which it was shown alone.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/routes/pages/browser.hpp"
#include "api/routes/pages/showing.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/factors/presented_factor.hpp"

namespace keyledger::api::routes {

// ---- pages -----------------------------------------------------------------------------------------------------
inline constexpr const char* kLogInPart = "/account";
inline constexpr const char* kProfilePart = "/account/profile";
inline constexpr const char* kDevicesPart = "/account/devices";
inline constexpr const char* kApplicationsPart = "/account/applications";
inline constexpr const char* kProvidersPart = "/account/providers";

// With the way to the other parts.
Page part_of_account(Phrase title, const char* part);
// A form of it, with what makes it this session's.
Form own_form(std::string_view id, std::string action, Phrase button, const HiddenField& token);

// Day and time in UTC, to the minute; and the day alone.
std::string told_time(Instant at);
std::string told_day(Instant at);

// To the log-in page, and from there back to /account, or to another path of this service.
Response to_own_log_in(Call& call, std::string leads_to = {});
Response back_to(const char* part, std::string_view done);
// What the page tells of what was done just now: `done` of the query, by the words that the part has for it.
struct Done {
    std::string_view done;
    Text words;
};
std::optional<Phrase> news_of(FormFields& query, std::initializer_list<Done> words);
// Where a list goes on, newest first; nullopt: at its beginning.
std::optional<Position> place_in(FormFields& query);
Link link_to_older(const char* part, Position before);

// Whose part it is, as they stand at the head; the error is the answer.
struct Owner {
    commands::Bearer browser;
    commands::UserAtHead known;
};
boost::asio::awaitable<Result<Owner, Response>> owner_of(Call& call);

// What a part tells beside what it shows.
struct PartNews {
    std::optional<Phrase> done{};
    std::optional<commands::CommandError> fault{};
    std::optional<Position> before{};  // where its list goes on
};
Response show_with(Call& call, Page page, PartNews news);

// Whoever has no session, or one that is over, is sent to log in; what nobody at a page can do anything about stays a
// problem. nullopt: it is to be told on the page.
std::optional<Response> answer_instead(Call& call, const commands::CommandError& error);
// The same where there is no page to tell it on.
Response refuse_part(Call& call, const commands::CommandError& error);
// Tells on the part that a form of it was refused.
Reply refuse_form_of(Reply (*part)(Call&, PartNews), Call& call, commands::CommandError error);

// ---- forms -----------------------------------------------------------------------------------------------------
inline constexpr int kFaultyForm = 400;
inline constexpr std::size_t kMaxIdBytes = 36;

struct Own {
    commands::Bearer browser;
    commands::Caller caller;
    std::optional<commands::Grant> renewed{};  // by prove_again()
};
// Whose session it is, and that its own page sent the form; the error is the answer.
Result<Own, Response> own(Call& call, FormFields& form);

FormField own_password_field();
// Of a recovery code, too; `has_app`: of an app as well.
FormField own_factor_field(bool has_app);
// A passkey, or what is typed: a passkey does alone.
commands::OwnProof read_proof(FormFields& form);

// ---- step-up ---------------------------------------------------------------------------------------------------
// Some commands take an authentication of the last minutes. Such a form is sent without a proof first; where it is
// refused for that, the answer is the form once more with what proves who it is, and then it brings that along.
//
//     const auto proven = co_await prove_again(call, *self, read_typed_proof(form));
//     auto refused = proven ? … : proven.error();
//     if (wants_proof(refused)) co_return ask_for_proof(…);
//     co_return with_renewed(call, back_to(…), *self);
std::optional<commands::OwnProof> read_typed_proof(FormFields& form);
// Without a proof nothing is done.
boost::asio::awaitable<Result<void, commands::CommandError>> prove_again(Call& call, Own& self,
                                                                         std::optional<commands::OwnProof> proof);
bool wants_proof(const commands::CommandError& error);
struct AskAgain {
    std::string action;
    Phrase button;
    std::vector<HiddenField> hidden;  // what the form said; its token is put in here
    const char* part;                 // where it began, and whoever logs in again comes back to
};
Reply ask_for_proof(Call& call, const Own& self, AskAgain again, commands::CommandError error);
// With the cookie of the session as it is since.
Response with_renewed(Call& call, Response response, const Own& self);

}  // namespace keyledger::api::routes
