#pragma once
// Words of the page that tells how the service is. For words.cpp alone.
#include "api/pages/word_row.hpp"

namespace keyledger::api {

inline constexpr WordRow kWordsOfStatus[] = {
    {Text::kServiceIsUp, "The service is up", "Der Dienst läuft"},
    {Text::kServiceIsNotReady, "The service is not ready", "Der Dienst ist nicht bereit"},
    {Text::kNotReadyMeans, "Some of what is asked of it will fail for the moment. Whoever runs it can see why.",
     "Manches, worum er gebeten wird, misslingt im Moment. Sein Betreiber kann sehen, woran es liegt."},
    {Text::kServiceIsFor, "People log in, register and see to their account here; applications are told who they are.",
     "Hier melden Personen sich an, registrieren sich und verwalten ihr Konto; Anwendungen erfahren, wer sie sind."},
    {Text::kVersionOfService, "Version {1}", "Version {1}"},
    {Text::kDocsOfApi, "Documentation of the API", "Dokumentation der API"},
    {Text::kDocumentOfApi, "The API as an OpenAPI document", "Die API als OpenAPI-Dokument"},
    {Text::kDiscoveryOfService, "Discovery, for applications that log people in",
     "Discovery, für Anwendungen, bei denen man sich anmeldet"},
    {Text::kDiscoveryOfAccess, "Discovery, for applications that ask what somebody may do",
     "Discovery, für Anwendungen, die fragen, was jemand darf"},
};

}  // namespace keyledger::api
