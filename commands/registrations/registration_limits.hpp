#pragma once
// What registrations may cost, whoever asks for them. Of an address all is counted under its digest, and alike whether
// or not somebody has it (I14).
#include "commands/challenges/challenge_secrets.hpp"
#include "commands/services.hpp"

namespace keyledger::commands {

// Before anything is hashed: kTooManyAttempts if the address from this network, the address from everywhere, or the
// installation was asked for too often, or too many registrations are open.
Answer<Receipt> admit_registration(Services& services, const AddressDigests& address, const Caller& caller);
// The mail once more.
Answer<Receipt> admit_registration_mail(Services& services, const AddressDigests& address, const Caller& caller);
// A code, before it is compared: over all registrations of the address, kMostCodesOfAddress and then one in 48 minutes.
Answer<Receipt> admit_registration_code(Services& services, const AddressDigests& address, Deadline deadline);

}  // namespace keyledger::commands
