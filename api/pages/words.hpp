#pragma once
// Every word that pages say, in each language that they are in. A new one is an enumerator here and a row in words.cpp;
// one without the other does not compile. Pure; any thread.
//
//     Page page{Text::kLogIn, {Phrase(Text::kAsks, application.name)}};
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace keyledger::api {

enum class Language : std::uint8_t { kEnglish, kGerman };
inline constexpr Language kLanguages[] = {Language::kEnglish, Language::kGerman};

// As a language tag (BCP 47).
std::string_view tag_of(Language language);
// Of a tag or a range ("de-AT"), by its first subtag; nullopt: there are no words in it.
std::optional<Language> language_named(std::string_view tag);

enum class Text : std::uint16_t {
    // ---- what every page may have
    kFaultWord,
    kOnTheWayTo,
    kContinue,
    kCancel,
    kCloseThisPage,
    kTookTooLong,
    kGoBackAndBeginAgain,
    kLinkDoesNotWork,
    kApplicationNotKnown,
    kRequestMalformed,
    kNotDone,
    kTryAgainLater,
    // ---- logging in
    kLogIn,
    kIdentifier,
    kPassword,
    kSecondFactor,
    kEnterCodeOfApp,
    kCode,
    kCodeOrRecoveryCode,
    kUseRecoveryCode,
    kEnterRecoveryCode,
    kRecoveryCode,
    kUseApp,
    kUsePasskey,
    kPasskey,
    kMakePasskey,
    kMakePasskeyMeans,
    kPasskeyNotAccepted,
    kUsePasskeyAgain,
    // ---- registering, and mail that is asked for
    kRegister,
    kEmail,
    kNameIfYouLike,
    kWebsite,
    kLookIntoYourMail,
    kCodeOrLinkOfRegistration,
    kSendItAgain,
    kHaveAnAccount,
    kLogInToGoOn,
    kSendMail,
    kForgotPassword,
    kForgotPasswordMeans,
    kCodeOrLinkOfReset,
    kLogInByMail,
    kLogInByMailMeans,
    kCodeOfLogIn,
    // ---- consent
    kAsks,
    kWouldLikeTo,
    kActForYouAt,
    kAllow,
    kScopeOpenid,
    kScopeProfile,
    kScopeEmail,
    kScopePhone,
    kScopeOfflineAccess,
    kScopeAccount,
    kScopeAdmin,
    kScopeOther,
    kNotTheSameBrowser,
    // ---- back and out
    kBackToApplication,
    kOneMoreStep,
    kLogOut,
    kLogOutMeans,
    kLoggedOut,
    kLogOutNotKnown,
    kLogOutByOther,
    // ---- behind the links of mails
    kConfirmAddress,
    kConfirmAddressBy,
    kConfirm,
    kAddressConfirmed,
    kAccountBegins,
    kChooseNewPassword,
    kSessionsEndThen,
    kSetPassword,
    kNewPassword,
    kNewPasswordHint,
    kPasswordChanged,
    kLogInWithNewOne,
    kHasSecondFactor,
    kOpenAccount,
    kOpenAccountMeans,
    kOpenIt,
    kAccountOpen,
    kLogInWithPassword,
    kLogInWhereAsked,
    kMailIsGoodWhereAsked,
    kChooseYourPassword,
    kAccountIsYoursByIt,
    kAccountIsYours,
    kIsThisYourAddress,
    kConfirmThatYouReadIt,
    kItIsMine,
    kThankYou,
    kAddressIsConfirmed,
    kTakeAccountBack,
    kTakeAccountBackMeans,
    kTakeItBack,
    kAccountYoursAgain,
    kAskForNewPassword,
    kNotMe,
    kNotMeMeans,
    kEndAllSessions,
    kAllSessionsEnded,
    kSomebodyKnowsYourPassword,
    kKeepAccount,
    kKeepAccountMeans,
    kKeepIt,
    kAccountStays,
    kIfNotYouSetAnother,
    // ---- what is wrong, and what to do
    kLogInRefused,
    kWrongUserOrPassword,
    kLogInOver,
    kCodeNotAccepted,
    kCodeWrongOrUsed,
    kTooManyAttempts,
    kWaitAWhile,
    kCodeOrLinkNotAccepted,
    kAskForNewestMail,
    kLinkUsedOrOld,
    kPasswordNotAccepted,
    kPasswordTooShort,
    kPasswordTooLong,
    kPasswordTooWeak,
    kPasswordKnown,
    kPasswordOfIdentity,
    kPasswordHadBefore,
    kPasswordNotText,
    kPasswordOfAdministrator,
    kPasswordWrong,
    kPasswordOfRegistrationWrong,
    kUserDisabled,
    kAskAdministrator,
    kTooManySessions,
    kLogOutElsewhere,
    kPasswordToBeChanged,
    kPasswordToBeChangedMeans,
    kPasswordChangeOver,
    kPasswordToBeReset,
    kPasswordToBeResetMeans,
    kEnrolmentNeeded,
    kEnrolmentNeededMeans,
    kNoSuchFactor,
    kLeaveFactorEmpty,
    kEmailInUse,
    kLogInInstead,
    kUsernameInUse,
    kChooseAnother,
    kRegistrationOver,
    kLogInOrRegisterAgain,
    kEmailNotAccepted,
    kGiveAnAddress,
    kNameNotAccepted,
    kGiveAName,
    kNotOffered,
    kLogInByPassword,
    kCodeWrong,
    // ---- one's own account
    kYourAccount,
    kChangePassword,
    kOtherSessionsEndThen,
    kPasswordChangedHere,
    kNoSecondFactorYet,
    kRecoveryCodesLeft,
    kAuthenticatorApp,
    kAddApp,
    kScanThis,
    kQrCode,
    kCodeThatTheAppShows,
    kRecoveryCodes,
    kKeepThem,
    kHaveKeptThem,
    kNewRecoveryCodes,
    kRemoveFactors,
    kFactorsChanged,
    kSessions,
    kUnknownDevice,
    kThisSession,
    kEndSession,
    kEndOtherSessions,
    kSessionsEnded,
    kEraseAccount,
    kEraseAccountMeans,
    kErasureAskedFor,
    kAccountErased,
    kNotOfThisSession,
    kRecentProofNeeded,
    kLogInAgainFirst,
    kTooManyApps,
    kRemoveOneFirst,
    kEnrolmentOver,
    kBeginItAgain,
    // ---- other providers
    kLogInWith,
    kOtherWays,
    kProviderDidNotWork,
    kProviderUnknown,
    kRequestTooLongForProvider,
    kLogInAsWhoeverLinks,
    kProviderAway,
    kProviderDenied,
    kProviderNotBelieved,
    kTripOver,
    kNobodyLinked,
    kNoTrustedAddress,
    kAddressHasAccount,
    kArrivalTooRisky,
    kLinkedWithAnother,
    kTooManyLinked,
    kAccountLinked,
    kAccountLinkedMeans,
    // ---- devices that show a code
    kConnectDevice,
    kEnterDeviceCode,
    kDeviceCodeHint,
    kNoSuchDeviceCode,
    kAsksOnDevice,
    kSeeCodeOnDevice,
    kSentByNobody,
    kDeviceConnected,
    kGoBackToDevice,
    kDeviceNotConnected,
    kDeviceIsToldNo,
    kCount,  // how many there are
};

std::string_view words_of(Text text, Language language);

// Something that a page says.
class Phrase {
public:
    // The values stand in place of {1} and {2}; they are names that somebody gave, or numbers.
    Phrase(Text text, std::string first = {}, std::string second = {})
        : text_(text), first_(std::move(first)), second_(std::move(second)) {}
    // What is the same in every language: a name, an address.
    static Phrase as_it_is(std::string text);

    std::string in(Language language) const;

private:
    Phrase() = default;
    std::optional<Text> text_;
    std::string first_;
    std::string second_;
};

}  // namespace keyledger::api
