#pragma once
// Words of what is confirmed by a passkey, and of why a browser gets none. For words.cpp alone.
#include "api/pages/word_row.hpp"

namespace keyledger::api {

inline constexpr WordRow kWordsOfPasskeys[] = {
    {Text::kConfirmByPasskey,
     "Confirm that it is you with your passkey. That takes a browser with scripts; a recovery code does without.",
     "Bestätigen Sie mit Ihrem Passkey, dass Sie es sind. Dazu braucht der Browser Skripte; ein "
     "Wiederherstellungscode kommt ohne aus."},
    {Text::kAddAppByPasskey, "Confirm by a passkey, and add an app", "Mit einem Passkey bestätigen und App hinzufügen"},
    {Text::kMakeAnotherByPasskey, "Confirm by a passkey, and make another one",
     "Mit einem Passkey bestätigen und einen weiteren anlegen"},
    {Text::kNewCodesByPasskey, "Confirm by a passkey, and make new recovery codes",
     "Mit einem Passkey bestätigen und neue Wiederherstellungscodes erzeugen"},
    {Text::kRemoveFactorsByPasskey, "Confirm by a passkey, and remove all second factors",
     "Mit einem Passkey bestätigen und alle zweiten Faktoren entfernen"},
    {Text::kPasskeyGivenUp,
     "Your browser gave no passkey: it was cancelled, it took too long, or this device has none for this service. Try "
     "again, or use another way or another device.",
     "Ihr Browser hat keinen Passkey geliefert: es wurde abgebrochen, es hat zu lange gedauert, oder dieses Gerät hat "
     "keinen für diesen Dienst. Versuchen Sie es noch einmal, oder nehmen Sie einen anderen Weg oder ein anderes "
     "Gerät."},
    {Text::kPasskeysElsewhere,
     "Passkeys of this service work at {1}, and this page is at another address. Open this service at {1}, or use "
     "another way.",
     "Passkeys dieses Dienstes gelten bei {1}, und diese Seite hat eine andere Adresse. Öffnen Sie den Dienst bei {1}, "
     "oder nehmen Sie einen anderen Weg."},
    {Text::kPasskeyIsHere, "This device has a passkey of your account already. Use that, or another device.",
     "Dieses Gerät hat schon einen Passkey Ihres Kontos. Benutzen Sie diesen, oder ein anderes Gerät."},
    {Text::kPasskeyFailed, "Your browser could not use a passkey. Try again, or use another way or another browser.",
     "Ihr Browser konnte keinen Passkey benutzen. Versuchen Sie es noch einmal, oder nehmen Sie einen anderen Weg oder "
     "einen anderen Browser."},
    {Text::kNoPasskeysHere,
     "Your browser has no passkeys here. Use another browser, or open this service at an address that begins with "
     "https.",
     "Ihr Browser hat hier keine Passkeys. Nehmen Sie einen anderen Browser, oder öffnen Sie den Dienst unter einer "
     "Adresse, die mit https beginnt."},
};

}  // namespace keyledger::api
