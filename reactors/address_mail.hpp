#pragma once
// Of the reactor `mail` the part that is about whose an address is. Whoever registers, or wants another address, gets a
// code and a link at that address where it is nobody's; where somebody has it, they get word that somebody else tried,
// at the address as they gave it. Which of the two is found out when the mail is sent, so that nobody who asks can tell
// (I14). When an address was changed, both are told, and the one from before gets a link
// that undoes it (I16).
#include <functional>
#include <string>

#include "commands/challenges/challenge_secrets.hpp"
#include "commands/runtime/folder.hpp"
#include "domain/users/user.hpp"
#include "reactors/mail.hpp"
#include "reactors/mail_links.hpp"
#include "reactors/mail_out.hpp"

namespace keyledger::reactors {

class AddressMail : public MailPart {
public:
    // All outlive it.
    struct Ports {
        eventstore::Store& store;
        commands::Folder& folder;
        eventstore::SubjectKeys& keys;
        eventstore::SubjectCipher& cipher;
        commands::Pseudonyms& pseudonyms;
        commands::ChallengeSecrets& secrets;
        commands::Clock& clock;
    };
    AddressMail(Ports ports, const MailLinks& links, MailOut& out) : ports_(ports), links_(links), out_(out) {}

    std::vector<PlannedJob> plan(const SealedEvent& event) const override;
    bool performs(std::string_view kind) const override;
    asio::awaitable<Performed> perform(Job job, Deadline deadline) override;

private:
    struct Owner;
    template <class T>
    using Read = asio::awaitable<Result<T, eventstore::StoreError>>;
    using Letter = std::optional<mail::Mail>;  // nullopt: nothing is to be sent (any more)

    Read<Owner> owner_of(std::string key, commands::AddressDigests digests, Deadline deadline);
    // Of an address that somebody wants: `wanted` makes the letter for where it is nobody's.
    Read<Letter> letter_to(std::string address, std::function<Letter(const commands::AddressDigests&)> wanted,
                           Deadline deadline);
    // As of the position of the event that asks for it.
    Read<Letter> registration_letter(Job job, Deadline deadline);
    Read<Letter> change_letter(Job job, const eventstore::RecordedEvent& recorded, Deadline deadline);
    Read<Letter> changed_letter(Job job, Deadline deadline);
    Read<User> user_as_of(UserId user_id, Position position, Deadline deadline);

    Ports ports_;
    const MailLinks& links_;
    MailOut& out_;
};

}  // namespace keyledger::reactors
