#pragma once
// What is proven by mail, and what the asker keeps: codes, links, handles. Nothing of them is stored; all follow from
// the keyring and from what the log says, so that a mail is written, and written again, without anybody remembering
// what was in it (design 15). Implemented in security/; any thread.
//
// Each names its log, its purpose and its expiry. Of another log, another purpose, or past its time: it does not open.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands/runtime/ports.hpp"
#include "domain/base/id.hpp"
#include "domain/base/time.hpp"
#include "domain/challenges/purpose.hpp"
#include "eventstore/store.hpp"

namespace keyledger::commands {

// An address as what is sealed names it: its claims, by which its user is found, without the address itself. As
// Pseudonyms::claim gives them, the oldest key's last; that one does not change when the keys rotate.
using AddressDigests = std::vector<eventstore::ClaimDigest>;

inline AddressDigests digests_of_address(Pseudonyms& pseudonyms, std::string_view email_key) {
    return pseudonyms.claim("email", email_key);
}
// Compared for equality, and bound into codes and links. Empty: of no address.
inline std::string address_digest(const AddressDigests& digests) {
    return digests.empty() ? std::string() : digests.back().digest;
}

// What a code follows from. What is not known yet, or belongs to nobody, is nil or 0 alike for all.
struct CodeSource {
    ChallengePurpose purpose = ChallengePurpose::kVerifyEmail;
    std::string key_id;  // the event names it: ChallengeSecrets::current_key() of when it was asked for
    Uuid subject{};      // a user's id, a registration's
    std::int64_t security_stamp = 0;
    ChallengeId challenge_id;
    std::string address_digest;
};

// Only the asker has it: it is what binds an answer to who asked.
struct ChallengeHandle {
    ChallengePurpose purpose = ChallengePurpose::kVerifyEmail;
    ChallengeId challenge_id;
    AddressDigests address;
    Uuid subject{};  // nil: found by the address
    Instant expires_at;
    std::string new_email{};  // as typed, of kChangeEmail: nobody has it yet
};

// Only who reads the mail has it.
struct MailLink {
    ChallengePurpose purpose = ChallengePurpose::kVerifyEmail;
    ChallengeId challenge_id;  // nil: of no challenge, but of what `about` names
    Uuid about{};              // beside the subject: a registration, a session
    Uuid subject{};            // whose link it is
    std::int64_t security_stamp = 0;
    std::string address_digest;
    Instant expires_at;
    bool operator==(const MailLink&) const = default;
};

class ChallengeSecrets {
public:
    virtual ~ChallengeSecrets() = default;

    // The id of the sealing root under which codes are made now.
    virtual std::string current_key() = 0;
    // Decimal digits, as many as code_digits() says, each code as likely as any other. nullopt: its key has ended or is
    // not here, and no code is right.
    virtual std::optional<std::string> code(const CodeSource& source) = 0;

    virtual std::string seal(const ChallengeHandle& handle) = 0;
    virtual std::string seal(const MailLink& link) = 0;
    virtual std::optional<ChallengeHandle> open_handle(ChallengePurpose purpose, std::string_view sealed) = 0;
    virtual std::optional<MailLink> open_link(ChallengePurpose purpose, std::string_view sealed) = 0;
};

}  // namespace keyledger::commands
