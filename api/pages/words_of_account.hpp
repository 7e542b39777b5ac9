#pragma once
// The words of the pages of one's own account, beside those of words.cpp, which puts them into one table.
#include "api/pages/word_row.hpp"

namespace keyledger::api {

inline constexpr WordRow kWordsOfAccount[] = {
    {Text::kPartsOfAccount, "Parts of your account", "Teile Ihres Kontos"},
    {Text::kLogInAndSessions, "Log-in and sessions", "Anmeldung und Sitzungen"},
    {Text::kProfile, "Profile", "Profil"},
    {Text::kDevices, "Devices", "Geräte"},
    {Text::kApplications, "Applications", "Anwendungen"},
    {Text::kLinkedAccounts, "Linked accounts", "Verknüpfte Konten"},
    {Text::kShowOlder, "Show older ones", "Ältere zeigen"},
    {Text::kConfirmItIsYou, "Confirm that it is you", "Bestätigen Sie, dass Sie es sind"},
    {Text::kConfirmItIsYouMeans, "This takes a proof of the last minutes of who you are.",
     "Dazu müssen Sie in den letzten Minuten bewiesen haben, wer Sie sind."},
    {Text::kLogInAgainInstead, "Log in again, and come back to your account",
     "Noch einmal anmelden, und zum Konto zurückkommen"},
    {Text::kLogInByProviderAgain, "Log in again by the provider that you are linked with. Nothing was changed.",
     "Melden Sie sich noch einmal über den Anbieter an, mit dem Sie verknüpft sind. Es wurde nichts geändert."},
    {Text::kNothingToProveBy,
     "You have neither password nor second factor to prove who you are. Set a password by mail: a day later it "
     "suffices for this.",
     "Sie haben weder Passwort noch zweiten Faktor, um zu beweisen, wer Sie sind. Setzen Sie über eine Mail ein "
     "Passwort: Einen Tag später genügt es dafür."},
    {Text::kProofTooYoung,
     "Your password was set by mail less than a day ago, or your second factor or linked account is less than a week "
     "old. "
     "Wait, and try again then.",
     "Ihr Passwort wurde vor weniger als einem Tag über eine Mail gesetzt, oder Ihr zweiter Faktor oder ein "
     "verknüpftes "
     "Konto ist jünger als eine Woche. Warten Sie, und versuchen Sie es dann noch einmal."},
    {Text::kChangedMeanwhile, "Not there any more", "Nicht mehr da"},
    {Text::kLookAtListAgain, "That is not in the list any more. Nothing was changed.",
     "Das steht nicht mehr in der Liste. Es wurde nichts geändert."},

    {Text::kName, "Name", "Name"},
    {Text::kLanguageOfMails, "Language of mails", "Sprache der Mails"},
    {Text::kLanguageOfMailsHint, "As a language tag: en, de, de-AT.", "Als Sprachkürzel: en, de, de-AT."},
    {Text::kSave, "Save", "Speichern"},
    {Text::kProfileSaved, "Saved.", "Gespeichert."},
    {Text::kLanguageNotAccepted, "Language not accepted", "Sprache nicht angenommen"},
    {Text::kGiveALanguage, "Use a language tag such as en, de or de-AT, or leave it empty.",
     "Nehmen Sie ein Sprachkürzel wie en, de oder de-AT, oder lassen Sie es leer."},
    {Text::kNewEmail, "New e-mail address", "Neue E-Mail-Adresse"},
    {Text::kChangeAddress, "Change the address", "Adresse ändern"},
    {Text::kChangeAddressMeans,
     "You get a code at the new address. All your other sessions end with the change, and whoever reads the mail of "
     "the address from before can undo it for seven days.",
     "Sie bekommen einen Code an die neue Adresse. Mit der Änderung enden alle Ihre anderen Sitzungen, und wer die "
     "Mails der bisherigen Adresse liest, kann sie sieben Tage lang rückgängig machen."},
    {Text::kNeedsPassword, "This takes a password, and you have none. Have a mail sent to set one.",
     "Dazu brauchen Sie ein Passwort, und Sie haben keines. Lassen Sie sich eine Mail schicken, um eines zu setzen."},
    {Text::kCodeOfNewAddress, "A mail to the new address is on its way. Give the code that is in it.",
     "Eine Mail an die neue Adresse ist unterwegs. Geben Sie den Code ein, der darin steht."},
    {Text::kAddressChanged, "Your address is changed, and your other sessions have ended.",
     "Ihre Adresse ist geändert, und Ihre anderen Sitzungen sind beendet."},
    {Text::kAddressIsYours, "Your address already", "Schon Ihre Adresse"},
    {Text::kGiveAnotherAddress, "This is the address that you have. Nothing was changed.",
     "Das ist die Adresse, die Sie haben. Es wurde nichts geändert."},
    {Text::kAddressChangedJustNow, "Address changed just now", "Adresse gerade geändert"},
    {Text::kAddressWaits,
     "Your address was changed within the last seven days, and that can still be undone. Further changes wait until "
     "then.",
     "Ihre Adresse wurde in den letzten sieben Tagen geändert, und das lässt sich noch rückgängig machen. Weitere "
     "Änderungen warten bis dahin."},
    {Text::kAddressTakenMeanwhile, "Somebody has this address by now. Nothing was changed: cancel, and give another.",
     "Diese Adresse hat inzwischen jemand. Es wurde nichts geändert: brechen Sie ab und geben Sie eine andere an."},

    {Text::kWhatYouLogInWith, "What you log in with", "Womit Sie sich anmelden"},
    {Text::kDevicesMean, "When you forget a device, its sessions end, and a log-in with it is one with a new device.",
     "Wenn Sie ein Gerät vergessen, enden seine Sitzungen, und eine Anmeldung damit ist eine "
     "mit einem neuen Gerät."},
    {Text::kNoDevices, "No device is known.", "Es ist kein Gerät bekannt."},
    {Text::kThisDevice, "This device", "Dieses Gerät"},
    {Text::kLastSeen, "Last seen in the week of {1}", "Zuletzt gesehen in der Woche ab {1}"},
    {Text::kForgetDevice, "Forget this device", "Dieses Gerät vergessen"},
    {Text::kDeviceForgotten, "Forgotten, and its sessions have ended.", "Vergessen, und seine Sitzungen sind beendet."},

    {Text::kWhatYouAllowed, "What you allowed", "Was Sie erlaubt haben"},
    {Text::kApplicationsMean, "When you take it back, the sessions end that the application has for you.",
     "Wenn Sie es zurücknehmen, enden die Sitzungen, die die Anwendung für Sie hat."},
    {Text::kNoApplications, "There is nothing that you allowed to an application.",
     "Es gibt nichts, was Sie einer Anwendung erlaubt haben."},
    {Text::kIsAt, "At {1}", "Unter {1}"},
    {Text::kSince, "Since {1}", "Seit {1}"},
    {Text::kMayDo, "It may:", "Sie darf:"},
    {Text::kWithdraw, "Take it back", "Zurücknehmen"},
    {Text::kConsentWithdrawn, "Taken back, and the application's sessions have ended.",
     "Zurückgenommen, und die Sitzungen der Anwendung sind beendet."},

    {Text::kAccountsElsewhere, "Accounts at other providers", "Konten bei anderen Anbietern"},
    {Text::kLinkedAccountsMean, "Whoever is logged in there can log in here with it.",
     "Wer dort angemeldet ist, kann sich damit hier anmelden."},
    {Text::kNoLinkedAccounts, "No account at another provider is linked.",
     "Es ist kein Konto bei einem anderen Anbieter verknüpft."},
    {Text::kLinkAt, "Link an account at {1}", "Konto bei {1} verknüpfen"},
    {Text::kLinkAtMeans, "You log in at {1}, and come back. From then on you can log in here with it.",
     "Sie melden sich bei {1} an und kommen zurück. Von da an können Sie sich hier damit anmelden."},
    {Text::kContinueAt, "Continue at {1}", "Weiter bei {1}"},
    {Text::kUnlink, "Unlink", "Verknüpfung lösen"},
    {Text::kUnlinked, "Unlinked, and your other sessions have ended.",
     "Die Verknüpfung ist gelöst, und Ihre anderen Sitzungen sind beendet."},
    {Text::kLastWayIn, "Your last way in", "Ihr letzter Zugang"},
    {Text::kAnotherWayFirst, "You could not log in without it. Set a password or make a passkey first.",
     "Ohne diese Verknüpfung könnten Sie sich nicht mehr anmelden. Setzen Sie zuerst ein Passwort, oder legen Sie "
     "einen Passkey an."},
};

}  // namespace keyledger::api
