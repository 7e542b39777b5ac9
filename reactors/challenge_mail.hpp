#pragma once
// Of the reactor `mail` the part that sends codes and links. Every ask plans one job, whoever the address belongs to;
// only here, where nobody waits for an answer, is it looked up who that is (I14). Code and link are derived from what
// the log says, again at each attempt: nobody remembers what was in a mail.
//
// Nothing is sent where the address is nobody's or its user may not log in, and where the challenge is used, ended or
// too old by now.
#include <string>

#include "commands/challenges/challenge_secrets.hpp"
#include "commands/runtime/folder.hpp"
#include "domain/challenges/challenge.hpp"
#include "domain/users/user.hpp"
#include "eventstore/sealing/subject_keys.hpp"
#include "reactors/mail.hpp"
#include "reactors/mail_links.hpp"
#include "reactors/mail_out.hpp"

namespace keyledger::reactors {

class ChallengeMail : public MailPart {
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
        MailOut& out;
    };

    ChallengeMail(Ports ports, const MailLinks& links) : ports_(ports), links_(links) {}

    std::vector<PlannedJob> plan(const SealedEvent& event) const override;
    bool performs(std::string_view kind) const override { return kind == kKind; }
    asio::awaitable<Performed> perform(Job job, Deadline deadline) override;

private:
    static constexpr std::string_view kKind = "challenge";

    struct Ask;
    struct Reader;
    template <class T>
    using Read = asio::awaitable<Result<T, eventstore::StoreError>>;

    Read<std::optional<Ask>> read_ask(const Job& job, Deadline deadline);
    Read<std::optional<Reader>> reader_of(const Ask& ask, Position position, Deadline deadline);
    Read<bool> is_still_wanted(const Ask& ask, Deadline deadline);
    mail::Mail letter(const Ask& ask, const Reader& reader, std::string id) const;

    Ports ports_;
    const MailLinks& links_;
};

}  // namespace keyledger::reactors
