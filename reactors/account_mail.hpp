#pragma once
// Of the reactor `mail` the part that tells people what happened to their account. A job is about a user, or about a
// session where only its own stream says whose it is; its kind is the mail's (mail/kinds.hpp). Recipient and text are
// folded when the mail is sent, as of the event: a change that came later tells nobody else. Who was erased meanwhile
// gets nothing. A job that the event does not cause, whoever wrote its row, sends nothing.
#include "commands/runtime/folder.hpp"
#include "reactors/factor_names.hpp"
#include "reactors/mail.hpp"
#include "reactors/mail_links.hpp"
#include "reactors/mail_out.hpp"

namespace keyledger {
struct User;
}  // namespace keyledger

namespace keyledger::reactors {

class AccountMail : public MailPart {
public:
    // All outlive it.
    AccountMail(eventstore::Store& store, commands::Folder& folder, FactorNames& factor_names, const MailLinks& links,
                MailOut& out)
        : store_(store), folder_(folder), factor_names_(factor_names), links_(links), out_(out) {}

    std::vector<PlannedJob> plan(const SealedEvent& event) const override;
    bool performs(std::string_view kind) const override;
    asio::awaitable<Performed> perform(Job job, Deadline deadline) override;

private:
    struct Cause;
    asio::awaitable<Result<Cause, eventstore::StoreError>> read_cause(const Job& job, Deadline deadline);
    asio::awaitable<Result<UserId, eventstore::StoreError>> recipient_of(const Job& job, const Cause& cause,
                                                                         Deadline deadline);

    asio::awaitable<Result<void, eventstore::StoreError>> tell_of_device(const Job& job, const Cause& cause,
                                                                         const UserId& user_id, mail::Facts& facts,
                                                                         Deadline deadline);

    asio::awaitable<Result<std::string, eventstore::StoreError>> factor_of(const Job& job, const Cause& cause,
                                                                           const UserId& user_id, Deadline deadline);
    asio::awaitable<Result<bool, eventstore::StoreError>> is_told_elsewhere(const Job& job, const Cause& cause,
                                                                            const User& user, Deadline deadline);
    asio::awaitable<Result<void, eventstore::StoreError>> choose_language(const commands::LoadStream& user,
                                                                          mail::Mail& letter, Deadline deadline);

    std::string link_of(const Cause& cause, const UserId& user_id, const User& user) const;

    eventstore::Store& store_;
    commands::Folder& folder_;
    FactorNames& factor_names_;
    const MailLinks& links_;
    MailOut& out_;
};

}  // namespace keyledger::reactors
