#pragma once
// Of the reactor `mail` the part that tells whoever runs the service of what they should look at: somebody became an
// administrator, somebody at the machine set a password for a user, somebody guesses passwords or fills forms by the
// hundred. Each is an event of its own, and stands in the audit trail.
#include <string>

#include "commands/runtime/folder.hpp"
#include "reactors/mail.hpp"
#include "reactors/mail_out.hpp"

namespace keyledger::reactors {

// Of one network in about a minute, of the log's sums: so many failed log-ins are told, and so many forms.
inline constexpr std::int64_t kAlertingFailures = 100;
inline constexpr std::int64_t kAlertingForms = 20;

class AlertMail : public MailPart {
public:
    // `to`: where alerts go; empty: there are none. The others outlive it.
    AlertMail(eventstore::Store& store, commands::Folder& folder, std::string to, MailOut& out)
        : store_(store), folder_(folder), to_(std::move(to)), out_(out) {}

    std::vector<PlannedJob> plan(const SealedEvent& event) const override;
    bool performs(std::string_view kind) const override;
    asio::awaitable<Performed> perform(Job job, Deadline deadline) override;

private:
    eventstore::Store& store_;
    commands::Folder& folder_;
    const std::string to_;
    MailOut& out_;
};

}  // namespace keyledger::reactors
