#include "api/pages/words.hpp"

#include <array>

#include "api/pages/words_of_account.hpp"
#include "api/pages/words_of_passkeys.hpp"
#include "api/pages/words_of_status.hpp"
#include "api/pages/words_of_way_in.hpp"

namespace keyledger::api {
namespace {

constexpr WordRow kRows[] = {
    {Text::kFaultWord, "Error", "Fehler"},
    {Text::kOnTheWayTo, "To go on to {1}", "Um zu {1} weiterzugehen"},
    {Text::kContinue, "Continue", "Weiter"},
    {Text::kCancel, "Cancel", "Abbrechen"},
    {Text::kCloseThisPage, "You can close this page.", "Sie können diese Seite schließen."},
    {Text::kTookTooLong, "This took too long", "Das hat zu lange gedauert"},
    {Text::kGoBackAndBeginAgain,
     "Go back to the application and begin again. If that does not help, allow this service to keep cookies.",
     "Gehen Sie zur Anwendung zurück und beginnen Sie noch einmal. Wenn das nicht hilft, erlauben Sie diesem Dienst "
     "Cookies."},
    {Text::kLinkDoesNotWork, "This link does not work", "Dieser Link funktioniert nicht"},
    {Text::kApplicationNotKnown,
     "The application that sent you here is not registered with this service, or wants you back at an address that it "
     "did not register. Tell whoever runs it.",
     "Die Anwendung, die Sie hierher geschickt hat, ist bei diesem Dienst nicht registriert, oder sie möchte Sie an "
     "eine Adresse zurückschicken, die sie nicht registriert hat. Sagen Sie ihrem Betreiber Bescheid."},
    {Text::kRequestMalformed, "The application sent a request that is not well-formed. Tell whoever runs it.",
     "Die Anwendung hat eine fehlerhafte Anfrage geschickt. Sagen Sie ihrem Betreiber Bescheid."},
    {Text::kNotDone, "That did not work", "Das hat nicht geklappt"},
    {Text::kTryAgainLater, "Nothing was changed. Try again later, or ask whoever runs this service.",
     "Es wurde nichts geändert. Versuchen Sie es später noch einmal, oder fragen Sie den Betreiber dieses Dienstes."},

    {Text::kLogIn, "Log in", "Anmelden"},
    {Text::kIdentifier, "E-mail address or user name", "E-Mail-Adresse oder Benutzername"},
    {Text::kPassword, "Password", "Passwort"},
    {Text::kSecondFactor, "Second factor", "Zweiter Faktor"},
    {Text::kEnterCodeOfApp, "Enter the code that your authenticator app shows.",
     "Geben Sie den Code ein, den Ihre Authenticator-App anzeigt."},
    {Text::kCode, "Code", "Code"},
    {Text::kCodeOrRecoveryCode, "Code of your app, or a recovery code",
     "Code Ihrer App oder ein Wiederherstellungscode"},
    {Text::kUseRecoveryCode, "Use a recovery code", "Wiederherstellungscode benutzen"},
    {Text::kEnterRecoveryCode, "Enter one of your recovery codes. Each is good once.",
     "Geben Sie einen Ihrer Wiederherstellungscodes ein. Jeder gilt einmal."},
    {Text::kRecoveryCode, "Recovery code", "Wiederherstellungscode"},
    {Text::kUseApp, "Use the authenticator app", "Authenticator-App benutzen"},
    {Text::kUsePasskey, "Use a passkey", "Passkey benutzen"},
    {Text::kPasskey, "Passkey", "Passkey"},
    {Text::kMakePasskey, "Make a passkey", "Passkey anlegen"},
    {Text::kMakePasskeyMeans,
     "Your browser asks you where the passkey is to be kept, and who you are. It takes a browser with scripts.",
     "Ihr Browser fragt Sie, wo der Passkey liegen soll, und wer Sie sind. Dazu braucht er Skripte."},
    {Text::kPasskeyNotAccepted, "Passkey not accepted", "Passkey nicht angenommen"},
    {Text::kUsePasskeyAgain, "The passkey was not accepted, or it took too long. Try again.",
     "Der Passkey wurde nicht angenommen, oder es hat zu lange gedauert. Versuchen Sie es noch einmal."},
    {Text::kRegister, "Register", "Registrieren"},
    {Text::kEmail, "E-mail address", "E-Mail-Adresse"},
    {Text::kNameIfYouLike, "Name (optional)", "Name (freiwillig)"},
    {Text::kWebsite, "Website", "Website"},
    {Text::kLookIntoYourMail, "Look into your mail", "Sehen Sie in Ihre Mails"},
    {Text::kCodeOrLinkOfRegistration,
     "There is a mail on its way to that address. Give the code that is in it, or follow its link.",
     "Eine Mail an diese Adresse ist unterwegs. Geben Sie den Code ein, der darin steht, oder folgen Sie ihrem Link."},
    {Text::kSendItAgain, "Send it again", "Noch einmal schicken"},
    {Text::kHaveAnAccount, "You have an account", "Sie haben ein Konto"},
    {Text::kLogInToGoOn, "Log in to go on.", "Melden Sie sich an, um weiterzugehen."},
    {Text::kSendMail, "Send the mail", "Mail schicken"},
    {Text::kForgotPassword, "Forgot your password?", "Passwort vergessen?"},
    {Text::kForgotPasswordMeans, "A mail to the address of your account lets you set another one.",
     "Mit einer Mail an die Adresse Ihres Kontos setzen Sie ein anderes."},
    {Text::kCodeOrLinkOfReset,
     "If there is an account with that address, a mail is on its way. Give the code that is in it and a new password, "
     "or "
     "follow its link. All sessions of the account end then.",
     "Wenn es zu dieser Adresse ein Konto gibt, ist eine Mail unterwegs. Geben Sie den Code ein, der darin steht, und "
     "ein neues Passwort, oder folgen Sie ihrem Link. Alle Sitzungen des Kontos enden dann."},
    {Text::kLogInByMail, "Log in by a code in a mail", "Mit einem Code aus einer Mail anmelden"},
    {Text::kLogInByMailMeans, "You get a code at the address of your account, and need no password.",
     "Sie bekommen einen Code an die Adresse Ihres Kontos und brauchen kein Passwort."},
    {Text::kCodeOfLogIn, "If there is an account with that address, a mail is on its way. Give the code that is in it.",
     "Wenn es zu dieser Adresse ein Konto gibt, ist eine Mail unterwegs. Geben Sie den Code ein, der darin steht."},

    {Text::kAsks, "{1} asks", "{1} bittet um Erlaubnis"},
    {Text::kWouldLikeTo, "The application {1} would like to:", "Die Anwendung {1} möchte:"},
    {Text::kGoesOnAt, "Whatever you answer, you go on to {1}.", "Was auch immer Sie antworten, es geht weiter zu {1}."},
    {Text::kActForYouAt, "act for you at {1}", "bei {1} für Sie handeln"},
    {Text::kAllow, "Allow", "Erlauben"},
    {Text::kScopeOpenid, "know that it is you", "wissen, dass Sie es sind"},
    {Text::kScopeProfile, "see your name and user name", "Ihren Namen und Benutzernamen sehen"},
    {Text::kScopeEmail, "see your e-mail address", "Ihre E-Mail-Adresse sehen"},
    {Text::kScopePhone, "see your telephone number", "Ihre Telefonnummer sehen"},
    {Text::kScopeOfflineAccess, "have this also while you are not logged in here",
     "das auch dürfen, während Sie hier nicht angemeldet sind"},
    {Text::kScopeAccount, "change your account", "Ihr Konto ändern"},
    {Text::kScopeAdmin, "do what you may do as an administrator", "tun, was Sie als Administrator dürfen"},
    {Text::kScopeOther, "have what it calls “{1}”", "bekommen, was sie „{1}“ nennt"},
    {Text::kNotTheSameBrowser, "Somebody else is logged in here by now. Look at what is asked once more.",
     "Inzwischen ist hier jemand anderes angemeldet. Sehen Sie sich die Frage noch einmal an."},

    {Text::kBackToApplication, "Back to the application", "Zurück zur Anwendung"},
    {Text::kOneMoreStep, "One more step.", "Noch ein Schritt."},
    {Text::kLogOut, "Log out", "Abmelden"},
    {Text::kLogOutMeans, "This logs you out here, and of every application that you opened from here.",
     "Sie werden hier abgemeldet und bei allen Anwendungen, die Sie von hier aus geöffnet haben."},
    {Text::kLoggedOut, "You are logged out", "Sie sind abgemeldet"},
    {Text::kLogOutNotKnown,
     "The application that sent you here did not register where it wants you to go when you are logged out. You are "
     "still logged in.",
     "Die Anwendung, die Sie hierher geschickt hat, hat nicht registriert, wohin Sie nach dem Abmelden gehen sollen. "
     "Sie sind noch angemeldet."},
    {Text::kLogOutByOther, "This was not sent by the page of this service. You are still logged in.",
     "Das kam nicht von der Seite dieses Dienstes. Sie sind noch angemeldet."},

    {Text::kConfirmAddress, "Confirm your address", "Adresse bestätigen"},
    {Text::kConfirmAddressBy,
     "Type the password that you registered with. If you did not register, close this page: then nobody has an account "
     "with your address.",
     "Geben Sie das Passwort ein, mit dem Sie sich registriert haben. Wenn Sie sich nicht registriert haben, schließen "
     "Sie diese Seite: Dann hat niemand ein Konto mit Ihrer Adresse."},
    {Text::kConfirm, "Confirm", "Bestätigen"},
    {Text::kAddressConfirmed, "Your address is confirmed", "Ihre Adresse ist bestätigt"},
    {Text::kAccountBegins, "You have an account now. Log in.", "Sie haben jetzt ein Konto. Melden Sie sich an."},
    {Text::kChooseNewPassword, "Choose a new password", "Neues Passwort wählen"},
    {Text::kSessionsEndThen, "All sessions of the account end then.", "Alle Sitzungen des Kontos enden dann."},
    {Text::kSetPassword, "Set the password", "Passwort setzen"},
    {Text::kNewPassword, "New password", "Neues Passwort"},
    {Text::kNewPasswordHint, "At least {1} characters; a phrase of several words is best.",
     "Mindestens {1} Zeichen; am besten ein Satz aus mehreren Wörtern."},
    {Text::kPasswordChanged, "Your password is changed", "Ihr Passwort ist geändert"},
    {Text::kLogInWithNewOne, "Log in with the new one. All sessions have ended.",
     "Melden Sie sich mit dem neuen an. Alle Sitzungen sind beendet."},
    {Text::kHasSecondFactor, "This account has a second factor: give a code of your app, or a recovery code.",
     "Dieses Konto hat einen zweiten Faktor: Geben Sie einen Code Ihrer App ein oder einen Wiederherstellungscode."},
    {Text::kOpenAccount, "Open your account", "Konto öffnen"},
    {Text::kOpenAccountMeans, "Wrong passwords have closed it for some networks. This opens it again.",
     "Falsche Passwörter haben es für einige Netze gesperrt. Das öffnet es wieder."},
    {Text::kOpenIt, "Open it", "Öffnen"},
    {Text::kAccountOpen, "Your account is open", "Ihr Konto ist offen"},
    {Text::kLogInWithPassword, "Log in with your password.", "Melden Sie sich mit Ihrem Passwort an."},
    {Text::kLogInWhereAsked, "Log in where you asked", "Melden Sie sich an, wo Sie gefragt haben"},
    {Text::kMailIsGoodWhereAsked,
     "If you asked for it in an application, the mail is good only there. Go back to it, and give this:",
     "Wenn Sie in einer Anwendung danach gefragt haben, gilt die Mail nur dort. Gehen Sie dorthin zurück und geben Sie "
     "das ein:"},
    {Text::kChooseYourPassword, "Choose your password", "Passwort wählen"},
    {Text::kAccountIsYoursByIt, "With it the account is yours.", "Mit ihm gehört das Konto Ihnen."},
    {Text::kAccountIsYours, "The account is yours", "Das Konto gehört Ihnen"},
    {Text::kIsThisYourAddress, "Is this your address?", "Ist das Ihre Adresse?"},
    {Text::kConfirmThatYouReadIt, "Confirm that you read its mail.", "Bestätigen Sie, dass Sie ihre Mails lesen."},
    {Text::kItIsMine, "It is mine", "Sie gehört mir"},
    {Text::kThankYou, "Thank you", "Vielen Dank"},
    {Text::kAddressIsConfirmed, "The address is confirmed. You can close this page.",
     "Die Adresse ist bestätigt. Sie können diese Seite schließen."},
    {Text::kTakeAccountBack, "Take your account back", "Konto zurückholen"},
    {Text::kTakeAccountBackMeans,
     "What the mail tells of is undone, and what was done to address and second factors since. All sessions end, a "
     "request to erase the account is taken back, and you set a new password by mail.",
     "Was die Mail meldet, wird rückgängig gemacht, und auch, was seither an Adresse und zweiten Faktoren geändert "
     "wurde. Alle Sitzungen enden, ein Löschauftrag für das Konto wird zurückgenommen, und Sie setzen per Mail ein "
     "neues Passwort."},
    {Text::kTakeItBack, "Take it back", "Zurückholen"},
    {Text::kAccountYoursAgain, "The account is yours again", "Das Konto gehört wieder Ihnen"},
    {Text::kAskForNewPassword, "Now ask for a new password by mail, and log in with it.",
     "Fordern Sie jetzt per Mail ein neues Passwort an und melden Sie sich damit an."},
    {Text::kNotMe, "This was not me", "Das war ich nicht"},
    {Text::kNotMeMeans, "All sessions of your account end, and the device of that log-in is forgotten.",
     "Alle Sitzungen Ihres Kontos enden, und das Gerät dieser Anmeldung wird vergessen."},
    {Text::kEndAllSessions, "End all sessions", "Alle Sitzungen beenden"},
    {Text::kAllSessionsEnded, "All sessions have ended", "Alle Sitzungen sind beendet"},
    {Text::kSomebodyKnowsYourPassword,
     "Whoever logged in knows your password, or reads your mail: set another password now.",
     "Wer sich angemeldet hat, kennt Ihr Passwort oder liest Ihre Mails: Setzen Sie jetzt ein anderes Passwort."},
    {Text::kKeepAccount, "Keep your account", "Konto behalten"},
    {Text::kKeepAccountMeans, "Somebody asked for it to be erased. This takes that back.",
     "Jemand hat verlangt, es zu löschen. Das nimmt es zurück."},
    {Text::kKeepIt, "Keep it", "Behalten"},
    {Text::kAccountStays, "Your account stays", "Ihr Konto bleibt"},
    {Text::kIfNotYouSetAnother, "If it was not you who asked, somebody knows your password: set another one now.",
     "Wenn das nicht Sie waren, kennt jemand Ihr Passwort: Setzen Sie jetzt ein anderes."},

    {Text::kLogInRefused, "Log-in refused", "Anmeldung abgelehnt"},
    {Text::kWrongUserOrPassword, "User or password is wrong. Check both and try again.",
     "Benutzer oder Passwort ist falsch. Prüfen Sie beides und versuchen Sie es noch einmal."},
    {Text::kLogInOver, "This log-in took too long, or is over. Begin it again.",
     "Diese Anmeldung hat zu lange gedauert oder ist vorbei. Beginnen Sie von vorn."},
    {Text::kCodeNotAccepted, "Code not accepted", "Code nicht angenommen"},
    {Text::kCodeWrongOrUsed, "The code is wrong, or was used before. Wait for the next one.",
     "Der Code ist falsch oder wurde schon benutzt. Warten Sie auf den nächsten."},
    {Text::kTooManyAttempts, "Too many attempts", "Zu viele Versuche"},
    {Text::kWaitAWhile, "Wait a while, then try again.",
     "Warten Sie eine Weile und versuchen Sie es dann noch einmal."},
    {Text::kCodeOrLinkNotAccepted, "Code or link not accepted", "Code oder Link nicht angenommen"},
    {Text::kAskForNewestMail,
     "The code is wrong, or code or link were used before or are too old. Ask for a new mail and use the newest one.",
     "Der Code ist falsch, oder Code oder Link wurden schon benutzt oder sind zu alt. Fordern Sie eine neue Mail an "
     "und "
     "benutzen Sie die neueste."},
    {Text::kLinkUsedOrOld,
     "The link was used before, is too old, or is not whole. If it was used, what it is for was done then.",
     "Der Link wurde schon benutzt, ist zu alt oder nicht vollständig. Wenn er benutzt wurde, ist geschehen, wozu er "
     "da ist."},
    {Text::kPasswordNotAccepted, "Password not accepted", "Passwort nicht angenommen"},
    {Text::kPasswordTooShort, "The password is too short: it takes {1} characters at least.",
     "Das Passwort ist zu kurz: Es braucht mindestens {1} Zeichen."},
    {Text::kPasswordTooLong, "The password is too long. Use at most 256 characters.",
     "Das Passwort ist zu lang. Nehmen Sie höchstens 256 Zeichen."},
    {Text::kPasswordTooWeak, "The password is easy to guess. Use a phrase of several uncommon words.",
     "Das Passwort ist leicht zu erraten. Nehmen Sie einen Satz aus mehreren seltenen Wörtern."},
    {Text::kPasswordKnown, "The password is known from breaches, or too many people have it. Choose another one.",
     "Das Passwort ist aus Datenlecks bekannt, oder zu viele haben es. Wählen Sie ein anderes."},
    {Text::kPasswordOfIdentity, "The password is made of the e-mail address or name. Choose another one.",
     "Das Passwort besteht aus der E-Mail-Adresse oder dem Namen. Wählen Sie ein anderes."},
    {Text::kPasswordHadBefore, "You had this password before. Choose one that you did not have here.",
     "Dieses Passwort hatten Sie schon einmal. Wählen Sie eines, das Sie hier noch nicht hatten."},
    {Text::kPasswordNotText, "The password has characters that are not allowed.",
     "Das Passwort enthält Zeichen, die nicht erlaubt sind."},
    {Text::kPasswordOfAdministrator, "This is the password that an administrator knows. Choose another one.",
     "Dieses Passwort kennt ein Administrator. Wählen Sie ein anderes."},
    {Text::kPasswordWrong, "The password is wrong. Nothing was changed.",
     "Das Passwort ist falsch. Es wurde nichts geändert."},
    {Text::kPasswordOfRegistrationWrong, "This is not the password that you registered with. Nothing was changed.",
     "Mit diesem Passwort haben Sie sich nicht registriert. Es wurde nichts geändert."},
    {Text::kUserDisabled, "This account is disabled", "Dieses Konto ist gesperrt"},
    {Text::kAskAdministrator, "Ask an administrator.", "Fragen Sie einen Administrator."},
    {Text::kTooManySessions, "Too many sessions", "Zu viele Sitzungen"},
    {Text::kLogOutElsewhere,
     "You are logged in as often as you may be. Log out elsewhere, or wait until a session is over.",
     "Sie sind so oft angemeldet, wie Sie dürfen. Melden Sie sich anderswo ab, oder warten Sie, bis eine Sitzung "
     "vorbei "
     "ist."},
    {Text::kPasswordToBeChanged, "Password to be changed", "Passwort muss geändert werden"},
    {Text::kPasswordToBeChangedMeans,
     "An administrator set this password, and it opens nothing. Have a mail sent to set another one.",
     "Ein Administrator hat dieses Passwort gesetzt, und es öffnet nichts. Lassen Sie sich eine Mail schicken, um ein "
     "anderes zu setzen."},
    {Text::kPasswordChangeOver,
     "An administrator set this password, and it was not changed in time. Ask for another one.",
     "Ein Administrator hat dieses Passwort gesetzt, und es wurde nicht rechtzeitig geändert. Bitten Sie um ein "
     "neues."},
    {Text::kPasswordToBeReset, "Password to be reset", "Passwort muss neu gesetzt werden"},
    {Text::kPasswordToBeResetMeans,
     "This password opens nothing any more. Set another one by the mail of the account's address.",
     "Dieses Passwort öffnet nichts mehr. Setzen Sie ein anderes über eine Mail an die Adresse des Kontos."},
    {Text::kEnrolmentNeeded, "Second factor needed", "Zweiter Faktor nötig"},
    {Text::kEnrolmentNeededMeans,
     "This account needs a second factor, and has none. Log in by your password, or by another provider, to set one "
     "up.",
     "Dieses Konto braucht einen zweiten Faktor und hat keinen. Melden Sie sich mit Ihrem Passwort oder über einen "
     "anderen Anbieter an, um einen einzurichten."},
    {Text::kNoSuchFactor, "No second factor", "Kein zweiter Faktor"},
    {Text::kLeaveFactorEmpty, "This account has no such second factor. Try again without a code.",
     "Dieses Konto hat keinen solchen zweiten Faktor. Versuchen Sie es ohne Code."},
    {Text::kEmailInUse, "E-mail address in use", "E-Mail-Adresse wird benutzt"},
    {Text::kLogInInstead, "Somebody registered with this e-mail address. Log in instead.",
     "Jemand hat sich mit dieser E-Mail-Adresse registriert. Melden Sie sich stattdessen an."},
    {Text::kUsernameInUse, "User name in use", "Benutzername wird benutzt"},
    {Text::kChooseAnother, "This user name is in use. Choose another one.",
     "Dieser Benutzername wird benutzt. Wählen Sie einen anderen."},
    {Text::kRegistrationOver, "Registration over", "Registrierung vorbei"},
    {Text::kLogInOrRegisterAgain, "The registration is completed, or its time is over. Log in, or register again.",
     "Die Registrierung ist abgeschlossen oder ihre Zeit abgelaufen. Melden Sie sich an, oder registrieren Sie sich "
     "noch einmal."},
    {Text::kEmailNotAccepted, "E-mail address not accepted", "E-Mail-Adresse nicht angenommen"},
    {Text::kGiveAnAddress, "Give an e-mail address such as ann@example.com.",
     "Geben Sie eine E-Mail-Adresse an, etwa ann@example.com."},
    {Text::kNameNotAccepted, "Name not accepted", "Name nicht angenommen"},
    {Text::kGiveAName, "The name is too long, or has characters that nobody can see.",
     "Der Name ist zu lang oder enthält Zeichen, die niemand sehen kann."},
    {Text::kNotOffered, "Not offered here", "Wird hier nicht angeboten"},
    {Text::kLogInByPassword, "This service does not offer that. Log in with your password.",
     "Dieser Dienst bietet das nicht an. Melden Sie sich mit Ihrem Passwort an."},
    {Text::kCodeWrong, "The code is wrong. Nothing was changed.", "Der Code ist falsch. Es wurde nichts geändert."},

    {Text::kYourAccount, "Your account", "Ihr Konto"},
    {Text::kChangePassword, "Change the password", "Passwort ändern"},
    {Text::kOtherSessionsEndThen, "All your other sessions end then.", "Alle Ihre anderen Sitzungen enden dann."},
    {Text::kPasswordChangedHere, "Your password is changed, and your other sessions have ended.",
     "Ihr Passwort ist geändert, und Ihre anderen Sitzungen sind beendet."},
    {Text::kNoSecondFactorYet, "You have none. With one, nobody gets in who only knows your password.",
     "Sie haben keinen. Mit einem kommt niemand hinein, der nur Ihr Passwort kennt."},
    {Text::kRecoveryCodesLeft, "Recovery codes that are left: {1}.", "Übrige Wiederherstellungscodes: {1}."},
    {Text::kAuthenticatorApp, "Authenticator app", "Authenticator-App"},
    {Text::kAddApp, "Add an authenticator app", "Authenticator-App hinzufügen"},
    {Text::kScanThis,
     "Scan this with your authenticator app, or type the text below into it. Then give the code that "
     "it shows.",
     "Scannen Sie das mit Ihrer Authenticator-App, oder tippen Sie den Text darunter dort ein. Geben "
     "Sie dann den Code ein, den sie anzeigt."},
    {Text::kQrCode, "QR code with the secret for your app", "QR-Code mit dem Geheimnis für Ihre App"},
    {Text::kCodeThatTheAppShows, "The six digits that the app shows.", "Die sechs Ziffern, die die App anzeigt."},
    {Text::kRecoveryCodes, "Recovery codes", "Wiederherstellungscodes"},
    {Text::kKeepThem,
     "Keep these where nobody else finds them. Each opens your account once in place of your second factor, "
     "and they are not shown again.",
     "Bewahren Sie diese Codes auf, wo sie niemand sonst findet. Jeder öffnet Ihr Konto einmal "
     "anstelle Ihres zweiten Faktors, und sie werden nicht noch einmal gezeigt."},
    {Text::kHaveKeptThem, "I have kept them", "Ich habe sie aufbewahrt"},
    {Text::kNewRecoveryCodes, "Make new recovery codes", "Neue Wiederherstellungscodes erzeugen"},
    {Text::kRemoveFactors, "Remove all second factors", "Alle zweiten Faktoren entfernen"},
    {Text::kFactorsChanged, "Your second factors are changed.", "Ihre zweiten Faktoren sind geändert."},
    {Text::kSessions, "Sessions", "Sitzungen"},
    {Text::kUnknownDevice, "Unknown device", "Unbekanntes Gerät"},
    {Text::kThisSession, "This session", "Diese Sitzung"},
    {Text::kEndSession, "End this session", "Diese Sitzung beenden"},
    {Text::kEndOtherSessions, "End all other sessions", "Alle anderen Sitzungen beenden"},
    {Text::kSessionsEnded, "Ended.", "Beendet."},
    {Text::kEraseAccount, "Erase the account", "Konto löschen"},
    {Text::kEraseAccountMeans,
     "Everything that is known of you here is destroyed. A mail tells whether and until when that can "
     "be taken back.",
     "Alles, was hier über Sie bekannt ist, wird vernichtet. Eine Mail sagt, ob und bis wann sich "
     "das zurücknehmen lässt."},
    {Text::kErasureAskedFor, "Your account will be erased. A mail tells until when that can be taken back.",
     "Ihr Konto wird gelöscht. Eine Mail sagt, bis wann sich das zurücknehmen lässt."},
    {Text::kAccountErased, "Your account is erased", "Ihr Konto ist gelöscht"},
    {Text::kNotOfThisSession, "This form was not shown in the session that is logged in here. Nothing was changed.",
     "Dieses Formular wurde nicht in der Sitzung gezeigt, die hier angemeldet ist. Es wurde nichts "
     "geändert."},
    {Text::kRecentProofNeeded, "Recent log-in needed", "Neue Anmeldung nötig"},
    {Text::kLogInAgainFirst, "Log out and in again first. Nothing was changed.",
     "Melden Sie sich zuerst ab und wieder an. Es wurde nichts geändert."},
    {Text::kTooManyApps, "Too many apps", "Zu viele Apps"},
    {Text::kRemoveOneFirst, "You have as many authenticator apps as there may be.",
     "Sie haben so viele Authenticator-Apps, wie es geben darf."},
    {Text::kEnrolmentOver, "That took too long", "Das hat zu lange gedauert"},
    {Text::kBeginItAgain, "Begin again.", "Beginnen Sie noch einmal."},

    {Text::kLogInWith, "Log in with {1}", "Mit {1} anmelden"},
    {Text::kOtherWays, "Other ways to log in", "Andere Wege, sich anzumelden"},
    {Text::kProviderDidNotWork, "That did not work", "Das hat nicht geklappt"},
    {Text::kProviderUnknown, "This service knows no provider of that name.",
     "Dieser Dienst kennt keinen Anbieter dieses Namens."},
    {Text::kRequestTooLongForProvider,
     "What the application asks for is too long to log in by a provider. Log in in another way.",
     "Was die Anwendung möchte, ist zu lang, um sich über einen Anbieter anzumelden. Melden Sie sich anders an."},
    {Text::kLogInAsWhoeverLinks, "Log in here with this browser first, as whoever wants to link an account.",
     "Melden Sie sich in diesem Browser erst hier an, als wer das Konto verknüpfen möchte."},
    {Text::kProviderAway,
     "Your provider does not answer as it should at the moment. Try again in a minute, or log in in another way.",
     "Ihr Anbieter antwortet im Moment nicht, wie er soll. Versuchen Sie es in einer Minute noch einmal, oder melden "
     "Sie sich anders an."},
    {Text::kProviderDenied,
     "Your provider did not let you in here, or you did not want it to. Try again, or log in in another way.",
     "Ihr Anbieter hat Sie hier nicht hineingelassen, oder Sie wollten es nicht. Versuchen Sie es noch einmal, oder "
     "melden Sie sich anders an."},
    {Text::kProviderNotBelieved,
     "What came back from your provider does not prove who you are. Begin again; if it happens again, tell whoever "
     "runs this service.",
     "Was von Ihrem Anbieter zurückkam, beweist nicht, wer Sie sind. Beginnen Sie noch einmal; geschieht es wieder, "
     "sagen Sie dem Betreiber dieses Dienstes Bescheid."},
    {Text::kTripOver, "This took too long, or was used before. Go back to the application and begin again.",
     "Das hat zu lange gedauert oder wurde schon benutzt. Gehen Sie zur Anwendung zurück und beginnen Sie noch "
     "einmal."},
    {Text::kNobodyLinked,
     "Nobody here is linked with that account. Log in in another way; you can link it in your account then.",
     "Mit jenem Konto ist hier niemand verknüpft. Melden Sie sich anders an; dann können Sie es in Ihrem Konto "
     "verknüpfen."},
    {Text::kNoTrustedAddress,
     "Your provider told no e-mail address that can be trusted, and an account here needs one. Register with an "
     "address and a password; you can link that account then.",
     "Ihr Anbieter hat keine E-Mail-Adresse genannt, der man trauen kann, und ein Konto braucht hier eine. "
     "Registrieren "
     "Sie sich mit Adresse und Passwort; dann können Sie jenes Konto verknüpfen."},
    {Text::kWhichAddress, "Your e-mail address", "Ihre E-Mail-Adresse"},
    {Text::kWhichAddressMeans,
     "{1} told no e-mail address that can be trusted, and an account here needs one. Which one is yours? You get a "
     "code "
     "there.",
     "{1} hat keine E-Mail-Adresse genannt, der vertraut werden kann, und ein Konto hier braucht eine. Welche ist "
     "Ihre? "
     "Sie bekommen dort einen Code."},
    {Text::kCodeOfNewAccount,
     "A mail is on its way to that address. With the code in it your account is made, and you are logged in. If the "
     "address has an account already, the mail says so.",
     "Eine Mail an diese Adresse ist unterwegs. Mit dem Code darin wird Ihr Konto angelegt, und Sie sind angemeldet. "
     "Hat "
     "die Adresse schon ein Konto, dann steht das in der Mail."},
    {Text::kAnotherAddress, "Give another address", "Eine andere Adresse angeben"},
    {Text::kAddressHasAccount,
     "Your e-mail address has an account here already. Log in to it in another way; you can link the account at your "
     "provider with it then.",
     "Ihre E-Mail-Adresse hat hier schon ein Konto. Melden Sie sich anders an; dann können Sie das Konto bei Ihrem "
     "Anbieter damit verknüpfen."},
    {Text::kArrivalTooRisky, "This log-in is too unusual. Log in from a device or place that you used before.",
     "Diese Anmeldung ist zu ungewöhnlich. Melden Sie sich von einem Gerät oder Ort aus an, den Sie schon benutzt "
     "haben."},
    {Text::kLinkedWithAnother,
     "Whoever you are at this provider is linked with another user here. Log in as that user to unlink it.",
     "Wer Sie bei diesem Anbieter sind, ist hier mit einem anderen Benutzer verknüpft. Melden Sie sich als dieser an, "
     "um die Verknüpfung zu lösen."},
    {Text::kTooManyLinked, "20 accounts at other providers are linked already. Unlink one first.",
     "Es sind schon 20 Konten bei anderen Anbietern verknüpft. Lösen Sie zuerst eine Verknüpfung."},
    {Text::kAccountLinked, "Account linked", "Konto verknüpft"},
    {Text::kAccountLinkedMeans, "You can log in here with {1} from now on.",
     "Sie können sich hier von nun an mit {1} anmelden."},

    {Text::kConnectDevice, "Connect a device", "Gerät verbinden"},
    {Text::kEnterDeviceCode, "Enter the code that your device shows.",
     "Geben Sie den Code ein, den Ihr Gerät anzeigt."},
    {Text::kDeviceCodeHint, "Eight letters, in capitals or not", "Acht Buchstaben, groß oder klein"},
    {Text::kNoSuchDeviceCode,
     "There is no such code, or it is over. Look at the device once more: it may show another one by now.",
     "Diesen Code gibt es nicht, oder er gilt nicht mehr. Sehen Sie noch einmal auf das Gerät: vielleicht zeigt es "
     "inzwischen einen anderen an."},
    {Text::kAsksOnDevice, "{1} asks on a device", "{1} bittet auf einem Gerät um Erlaubnis"},
    {Text::kSeeCodeOnDevice,
     "A device that you have with you must show the code {1} now, because you began this on it.",
     "Ein Gerät, das Sie bei sich haben, muss jetzt den Code {1} anzeigen, weil Sie dort damit angefangen haben."},
    {Text::kSentByNobody,
     "If somebody sent you this code or told you to enter it here, cancel: with it they get into your account.",
     "Wenn Ihnen jemand diesen Code geschickt oder Sie gebeten hat, ihn hier einzugeben, brechen Sie ab: damit kommt "
     "diese Person in Ihr Konto."},
    {Text::kDeviceConnected, "Go back to your device", "Gehen Sie zurück zu Ihrem Gerät"},
    {Text::kGoBackToDevice, "It goes on there by itself in some seconds. You can close this page.",
     "Dort geht es in einigen Sekunden von selbst weiter. Sie können diese Seite schließen."},
    {Text::kDeviceNotConnected, "The device gets nothing", "Das Gerät bekommt nichts"},
    {Text::kDeviceIsToldNo, "It is told that you did not agree. You can close this page.",
     "Es erfährt, dass Sie nicht zugestimmt haben. Sie können diese Seite schließen."},
};

// Each at the place of its text, whichever list it stands in.
constexpr auto kWords = [] {
    std::array<WordRow, static_cast<std::size_t>(Text::kCount)> words{};
    for (const WordRow& row : kRows) words[static_cast<std::size_t>(row.text)] = row;
    for (const WordRow& row : kWordsOfAccount) words[static_cast<std::size_t>(row.text)] = row;
    for (const WordRow& row : kWordsOfPasskeys) words[static_cast<std::size_t>(row.text)] = row;
    for (const WordRow& row : kWordsOfStatus) words[static_cast<std::size_t>(row.text)] = row;
    for (const WordRow& row : kWordsOfWayIn) words[static_cast<std::size_t>(row.text)] = row;
    return words;
}();

constexpr bool is_complete() {
    for (const WordRow& row : kWords)
        if (row.english.empty() || row.german.empty()) return false;
    return std::size(kRows) + std::size(kWordsOfAccount) + std::size(kWordsOfPasskeys) + std::size(kWordsOfStatus) +
               std::size(kWordsOfWayIn) ==
           std::size(kWords);
}
static_assert(is_complete(), "one row for every text of words.hpp, in each language");

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr std::size_t kMarkBytes = 3;  // "{1}"

}  // namespace

std::string_view tag_of(Language language) { return language == Language::kGerman ? "de" : "en"; }

std::optional<Language> language_named(std::string_view tag) {
    const std::string_view first = tag.substr(0, tag.find('-'));
    for (const Language language : kLanguages) {
        const std::string_view own = tag_of(language);
        if (first.size() == own.size() && lower(first[0]) == own[0] && lower(first[1]) == own[1]) return language;
    }
    return std::nullopt;
}

std::string_view words_of(Text text, Language language) {
    const WordRow& row = kWords[static_cast<std::size_t>(text)];
    return language == Language::kGerman ? row.german : row.english;
}

Phrase Phrase::as_it_is(std::string text) {
    Phrase phrase;
    phrase.first_ = std::move(text);
    return phrase;
}

std::string Phrase::in(Language language) const {
    if (!text_) return first_;
    std::string said;
    // What is put in is not looked at again: it may look like a mark.
    for (std::string_view rest = words_of(*text_, language); !rest.empty();) {
        const bool is_mark = rest.starts_with("{1}") || rest.starts_with("{2}");
        if (is_mark) said += rest[1] == '1' ? first_ : second_;
        else said += rest.front();
        rest.remove_prefix(is_mark ? kMarkBytes : 1);
    }
    return said;
}

}  // namespace keyledger::api
