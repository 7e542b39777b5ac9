// Refusals in words for people. Those of the API tell whoever programs it what to send.
#include <algorithm>

#include "api/routes/pages/showing.hpp"
#include "commands/access/step_up.hpp"
#include "commands/accounts/change_email.hpp"
#include "commands/credentials/one_time_password.hpp"
#include "commands/credentials/password_history.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/credentials/reset_password.hpp"
#include "commands/passkeys/register_passkey.hpp"
#include "commands/providers/identities.hpp"
#include "commands/sessions/half_log_in.hpp"
#include "commands/sessions/log_in.hpp"
#include "commands/sessions/log_in_by_mail.hpp"
#include "domain/challenges/challenge.hpp"
#include "domain/consents/consent.hpp"
#include "domain/devices/devices.hpp"
#include "domain/factors/factors.hpp"
#include "domain/registrations/registration.hpp"
#include "domain/sessions/admitted_sessions.hpp"
#include "domain/users/identity.hpp"
#include "domain/users/user.hpp"

namespace keyledger::api::routes {
namespace {

struct Row {
    RefusalRef refusal;
    Text title;
    Text advice;
};

// On the pages of one's own account.
const Row* row_of_account(RefusalRef refusal) {
    namespace r = refusals;
    static const Row kRows[] = {
        {r::kProviderNotRecent, Text::kRecentProofNeeded, Text::kLogInByProviderAgain},
        {r::kNothingToStepUpBy, Text::kRecentProofNeeded, Text::kNothingToProveBy},
        {r::kMeansTooYoung, Text::kRecentProofNeeded, Text::kProofTooYoung},
        {r::kConsentUnknown, Text::kChangedMeanwhile, Text::kLookAtListAgain},
        {r::kDeviceUnknown, Text::kChangedMeanwhile, Text::kLookAtListAgain},
        {r::kIdentityUnknown, Text::kChangedMeanwhile, Text::kLookAtListAgain},
        {r::kProviderUnknown, Text::kProviderDidNotWork, Text::kProviderUnknown},
        {r::kLastWayIn, Text::kLastWayIn, Text::kAnotherWayFirst},
        {r::kInvalidLocale, Text::kLanguageNotAccepted, Text::kGiveALanguage},
        {r::kEmailUnchanged, Text::kAddressIsYours, Text::kGiveAnotherAddress},
        {r::kEmailChangedJustNow, Text::kAddressChangedJustNow, Text::kAddressWaits},
    };
    const auto at = std::ranges::find(kRows, refusal, &Row::refusal);
    return at == std::end(kRows) ? nullptr : at;
}

// What is not here is told in general.
const Row* row_of(RefusalRef refusal) {
    namespace r = refusals;
    static const Row kRows[] = {
        {r::kInvalidCredentials, Text::kLogInRefused, Text::kWrongUserOrPassword},
        {r::kHalfLoginOver, Text::kLogInRefused, Text::kLogInOver},
        {r::kEnrolmentNeeded, Text::kEnrolmentNeeded, Text::kEnrolmentNeededMeans},
        {r::kEnrolmentNeedsPassword, Text::kEnrolmentNeeded, Text::kEnrolmentNeededMeans},
        {r::kWrongSecondFactor, Text::kCodeNotAccepted, Text::kCodeWrongOrUsed},
        {r::kFactorUnknown, Text::kNoSuchFactor, Text::kLeaveFactorEmpty},
        {r::kResetNeedsFactor, Text::kSecondFactor, Text::kHasSecondFactor},
        {r::kTooManyAttempts, Text::kTooManyAttempts, Text::kWaitAWhile},
        {r::kFactorPause, Text::kTooManyAttempts, Text::kWaitAWhile},
        {r::kNotProven, Text::kCodeOrLinkNotAccepted, Text::kAskForNewestMail},
        {r::kLinkSpent, Text::kCodeOrLinkNotAccepted, Text::kLinkUsedOrOld},
        {r::kPasswordTooShort, Text::kPasswordNotAccepted, Text::kPasswordTooShort},
        {r::kPasswordTooLong, Text::kPasswordNotAccepted, Text::kPasswordTooLong},
        {r::kPasswordTooWeak, Text::kPasswordNotAccepted, Text::kPasswordTooWeak},
        {r::kPasswordKnown, Text::kPasswordNotAccepted, Text::kPasswordKnown},
        {r::kPasswordContainsIdentity, Text::kPasswordNotAccepted, Text::kPasswordOfIdentity},
        {r::kPasswordUsedBefore, Text::kPasswordNotAccepted, Text::kPasswordHadBefore},
        {r::kPasswordNotText, Text::kPasswordNotAccepted, Text::kPasswordNotText},
        {r::kSamePassword, Text::kPasswordNotAccepted, Text::kPasswordOfAdministrator},
        {r::kWrongPassword, Text::kPasswordNotAccepted, Text::kPasswordWrong},
        {r::kRegistrationPasswordWrong, Text::kPasswordNotAccepted, Text::kPasswordOfRegistrationWrong},
        {r::kUserDisabled, Text::kUserDisabled, Text::kAskAdministrator},
        {r::kTooManySessions, Text::kTooManySessions, Text::kLogOutElsewhere},
        {r::kPasswordChangeRequired, Text::kPasswordToBeChanged, Text::kPasswordToBeChangedMeans},
        {r::kOneTimePasswordExpired, Text::kPasswordToBeChanged, Text::kPasswordChangeOver},
        {r::kPasswordResetRequired, Text::kPasswordToBeReset, Text::kPasswordToBeResetMeans},
        {r::kEmailTaken, Text::kEmailInUse, Text::kLogInInstead},
        {r::kUsernameTaken, Text::kUsernameInUse, Text::kChooseAnother},
        {r::kInvalidUsername, Text::kUsernameNotAccepted, Text::kGiveAUsername},
        {r::kRegistrationOver, Text::kRegistrationOver, Text::kLogInOrRegisterAgain},
        {r::kRegistrationLinkOver, Text::kRegistrationOver, Text::kLogInOrRegisterAgain},
        {r::kRegistrationCodeOver, Text::kRegistrationOver, Text::kAskForNewestMail},
        {r::kRegistrationCodeWrong, Text::kCodeNotAccepted, Text::kCodeWrong},
        {r::kInvalidEmail, Text::kEmailNotAccepted, Text::kGiveAnAddress},
        {r::kInvalidName, Text::kNameNotAccepted, Text::kGiveAName},
        {r::kFactorNotPresented, Text::kSecondFactor, Text::kHasSecondFactor},
        {r::kTooManyFactors, Text::kTooManyApps, Text::kRemoveOneFirst},
        {r::kTooManyPasskeys, Text::kPasskeyNotAccepted, Text::kRemoveOneFirst},
        {r::kPasskeyNotProven, Text::kPasskeyNotAccepted, Text::kUsePasskeyAgain},
        {r::kWrongPasskey, Text::kPasskeyNotAccepted, Text::kUsePasskeyAgain},
        {r::kPasskeyNotMade, Text::kPasskeyNotAccepted, Text::kUsePasskeyAgain},
        {r::kPasskeyTaken, Text::kPasskeyNotAccepted, Text::kChooseAnother},
        {r::kNoEnrolment, Text::kEnrolmentOver, Text::kBeginItAgain},
        {r::kPasswordNotRecent, Text::kRecentProofNeeded, Text::kLogInAgainFirst},
        {r::kSecondFactorNotRecent, Text::kRecentProofNeeded, Text::kLogInAgainFirst},
        {r::kLogInByMailOff, Text::kNotOffered, Text::kLogInByPassword},
        {r::kProviderAway, Text::kProviderDidNotWork, Text::kProviderAway},
        {r::kProviderDenied, Text::kProviderDidNotWork, Text::kProviderDenied},
        {r::kProviderNotBelieved, Text::kProviderDidNotWork, Text::kProviderNotBelieved},
        {r::kTripOver, Text::kProviderDidNotWork, Text::kTripOver},
        {r::kNobodyLinked, Text::kProviderDidNotWork, Text::kNobodyLinked},
        {r::kNoTrustedAddress, Text::kProviderDidNotWork, Text::kNoTrustedAddress},
        {r::kAddressHasAccount, Text::kProviderDidNotWork, Text::kAddressHasAccount},
        {r::kArrivalTooRisky, Text::kProviderDidNotWork, Text::kArrivalTooRisky},
        {r::kIdentityTaken, Text::kProviderDidNotWork, Text::kLinkedWithAnother},
        {r::kTooManyIdentities, Text::kProviderDidNotWork, Text::kTooManyLinked},
    };
    const auto at = std::ranges::find(kRows, refusal, &Row::refusal);
    return at == std::end(kRows) ? row_of_account(refusal) : at;
}

}  // namespace

Phrase title_of(const commands::CommandError& error) {
    const Row* row = row_of(error.refusal);
    return row == nullptr ? Phrase(Text::kNotDone) : Phrase(row->title);
}

Phrase advice_of(const Call& call, const commands::CommandError& error) {
    const Row* row = row_of(error.refusal);
    if (row == nullptr) return Text::kTryAgainLater;
    return Phrase(row->advice, std::to_string(call.context.least_password_length));
}

}  // namespace keyledger::api::routes
