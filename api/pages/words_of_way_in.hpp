#pragma once
// Words of the pages on the way in, and of those in place of problems. For words.cpp alone.
#include "api/pages/word_row.hpp"

namespace keyledger::api {

inline constexpr WordRow kWordsOfWayIn[] = {
    {Text::kNotAllowedHere, "That is not allowed, or not possible any more. Nothing was changed.",
     "Das ist nicht erlaubt oder nicht mehr möglich. Es wurde nichts geändert."},
    {Text::kNoSuchPage, "There is no such page", "Diese Seite gibt es nicht"},
    {Text::kNoSuchPageMeans, "Check the address. If a link led you here, tell whoever made it.",
     "Prüfen Sie die Adresse. Wenn ein Link Sie hierher geführt hat, sagen Sie dem Bescheid, der ihn gesetzt hat."},
    {Text::kPageNotOpenedSo, "This page can't be opened by its address",
     "Diese Seite öffnet sich nicht über ihre Adresse"},
    {Text::kPageNotOpenedSoMeans, "It follows a form that somebody sends. Go back to the form, or begin again.",
     "Sie folgt auf ein Formular, das jemand abschickt. Gehen Sie zum Formular zurück, oder beginnen Sie noch einmal."},
    {Text::kTooMuchSent, "That was too much", "Das war zu viel"},
    {Text::kSendLess, "What you sent is too long. Go back, and send less.",
     "Was Sie geschickt haben, ist zu lang. Gehen Sie zurück und schicken Sie weniger."},
    {Text::kAddressTooLong,
     "The address that led you here is too long. Tell whoever runs the application that you came from.",
     "Die Adresse, die Sie hierher geführt hat, ist zu lang. Sagen Sie dem Betreiber der Anwendung Bescheid, von der "
     "Sie kommen."},
    {Text::kRemoveCookies,
     "Your browser sends more than this service takes. Remove the cookies that it keeps for this site, and begin "
     "again.",
     "Ihr Browser schickt mehr, als dieser Dienst annimmt. Entfernen Sie die Cookies, die er für diese Website "
     "aufhebt, "
     "und beginnen Sie noch einmal."},
    {Text::kTooManyFromHere, "There were too many attempts, by you or from where you are. Nothing was changed.",
     "Es gab zu viele Versuche, von Ihnen oder von dort, wo Sie sind. Es wurde nichts geändert."},
    {Text::kServiceFailed, "Something is wrong here", "Hier stimmt etwas nicht"},
    {Text::kServiceFailedMeans,
     "It is not your fault. Try again later, or tell whoever runs this service, with this number: {1}",
     "Es liegt nicht an Ihnen. Versuchen Sie es später noch einmal, oder sagen Sie dem Betreiber dieses Dienstes "
     "Bescheid, mit dieser Nummer: {1}"},
    {Text::kOutcomeNotKnown, "It is not known whether that was done", "Ob das geklappt hat, ist nicht bekannt"},
    {Text::kLookBeforeYouRepeat, "Look whether it was done before you do it again.",
     "Sehen Sie nach, ob es getan ist, bevor Sie es noch einmal tun."},
    {Text::kNotAvailable, "Not available at the moment", "Im Moment nicht erreichbar"},
    {Text::kNothingWasDone, "This service can't do that just now. Nothing was changed.",
     "Dieser Dienst kann das gerade nicht. Es wurde nichts geändert."},
    {Text::kRequestNotRead, "This service does not understand what your browser sent. Nothing was changed.",
     "Dieser Dienst versteht nicht, was Ihr Browser geschickt hat. Es wurde nichts geändert."},
    {Text::kTryAgainInAMoment, "Try again in a moment.", "Versuchen Sie es gleich noch einmal."},
    {Text::kTryAgainInSeconds, "Try again in {1} seconds.", "Versuchen Sie es in {1} Sekunden noch einmal."},
    {Text::kTryAgainInMinutes, "Try again in {1} minutes.", "Versuchen Sie es in {1} Minuten noch einmal."},
    {Text::kTryAgainInHours, "Try again in {1} hours.", "Versuchen Sie es in {1} Stunden noch einmal."},
    {Text::kThenLoadThisPage, "Load this page once more then.", "Laden Sie dann diese Seite noch einmal."},
    {Text::kThenSendItOnceMore, "Go back then, and send the form once more.",
     "Gehen Sie dann zurück und schicken Sie das Formular noch einmal ab."},

    {Text::kChooseAccount, "Which account?", "Welches Konto?"},
    {Text::kLoggedInHereAs, "In this browser {1} is logged in.", "In diesem Browser ist {1} angemeldet."},
    {Text::kSomebodyElseIsAskedFor, "The application {1} asks for somebody else.",
     "Die Anwendung {1} fragt nach jemand anderem."},
    {Text::kContinueAs, "Continue as {1}", "Weiter als {1}"},
    {Text::kUseAnotherAccount, "Use another account", "Anderes Konto benutzen"},
    {Text::kAnotherAccountMeans,
     "Whoever logs in with another account takes the place of {1}, who is then logged out here and of the applications "
     "that were opened from here.",
     "Wer sich mit einem anderen Konto anmeldet, tritt an die Stelle von {1}; {1} ist dann hier abgemeldet und bei den "
     "Anwendungen, die von hier aus geöffnet wurden."},

    {Text::kLogInByLink, "Log in by a link in a mail", "Mit einem Link aus einer Mail anmelden"},
    {Text::kLogInByLinkMeans,
     "You get a link at the address of your account, and need no password. Open it in this browser.",
     "Sie bekommen einen Link an die Adresse Ihres Kontos und brauchen kein Passwort. Öffnen Sie ihn in diesem "
     "Browser."},
    {Text::kLinkOfLogIn,
     "If there is an account with that address, a mail is on its way. Open its link in this browser. You can close "
     "this "
     "page.",
     "Wenn es zu dieser Adresse ein Konto gibt, ist eine Mail unterwegs. Öffnen Sie ihren Link in diesem Browser. "
     "Diese "
     "Seite können Sie schließen."},
    {Text::kLogInByTheLink, "Log in by the link", "Mit dem Link anmelden"},
    {Text::kPressToLogIn, "You asked for this link in this browser. Press the button to log in.",
     "Sie haben in diesem Browser nach diesem Link gefragt. Drücken Sie auf den Knopf, um sich anzumelden."},
    {Text::kLinkIsForThatBrowser,
     "The link was used already, or it is for another browser. If you asked for it at the log-in page of this service, "
     "open it in the browser in which you asked, or log in again and ask for another one. Nobody else needs it: give "
     "it to nobody who asks you for it.",
     "Der Link wurde schon benutzt, oder er ist für einen anderen Browser. Wenn Sie auf der Anmeldeseite dieses "
     "Dienstes danach gefragt haben, öffnen Sie ihn in dem Browser, in dem Sie gefragt haben, oder melden Sie sich neu "
     "an und fragen Sie nach einem neuen. Niemand sonst braucht ihn: geben Sie ihn niemandem, der Sie danach fragt."},
    {Text::kRequestTooLongForLink,
     "What the application asks for is too long to log in by a link. Log in in another way.",
     "Was die Anwendung möchte, ist zu lang, um sich mit einem Link anzumelden. Melden Sie sich anders an."},
    {Text::kLogInAgain, "Back to logging in", "Zurück zur Anmeldung"},

    {Text::kAddFactorToGoOn, "Set up a second factor", "Zweiten Faktor einrichten"},
    {Text::kAddFactorToGoOnMeans,
     "This account needs a second factor, and has none. Set one up with an authenticator app on your telephone; it "
     "takes "
     "a minute.",
     "Dieses Konto braucht einen zweiten Faktor und hat keinen. Richten Sie einen mit einer Authenticator-App auf "
     "Ihrem "
     "Telefon ein; es dauert eine Minute."},
    {Text::kShowSecretAgain, "Show another secret", "Ein anderes Geheimnis zeigen"},
    {Text::kKeepThemToGoOn, "You are logged in. Keep these codes before you go on.",
     "Sie sind angemeldet. Heben Sie diese Codes auf, bevor Sie weitergehen."},
    {Text::kUsernameIfYouLike, "User name (optional)", "Benutzername (freiwillig)"},
    {Text::kUsername, "User name", "Benutzername"},
    {Text::kUsernameHint, "3 to 64 letters, digits, dots, dashes or underscores. You can log in by it, too.",
     "3 bis 64 Buchstaben, Ziffern, Punkte, Binde- oder Unterstriche. Sie können sich auch mit ihm anmelden."},
    {Text::kUsernameNotAccepted, "User name not accepted", "Benutzername nicht angenommen"},
    {Text::kGiveAUsername, "Use 3 to 64 letters, digits, dots, dashes or underscores, a letter or digit first.",
     "Benutzen Sie 3 bis 64 Buchstaben, Ziffern, Punkte, Binde- oder Unterstriche, zuerst einen Buchstaben oder eine "
     "Ziffer."},
};

}  // namespace keyledger::api
