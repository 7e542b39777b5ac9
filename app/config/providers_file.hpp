#pragma once
// Other providers by which people log in, from a file in YAML:
//
//     providers:
//       - name: google                 # in paths and in the log: never change it
//         preset: google               # google, microsoft, gitlab; or `issuer`, or both
//         client_id: 1234.apps.googleusercontent.com
//         client_secret_file: /run/secrets/google
//
// docs/providers.md has all members.
#include <string>
#include <vector>

#include "domain/base/result.hpp"
#include "integrations/outgoing/destination.hpp"
#include "integrations/providers/provider_options.hpp"

namespace keyledger::app {

inline constexpr std::size_t kMaxProviders = 50;

using ProvidersRead = Result<std::vector<integrations::ProviderOptions>, std::vector<std::string>>;

// An empty path: none. The error is all that is wrong, a sentence each with its line. Of the files with secrets it is
// looked at whether they may hold one, and their text at nobody. `named`: hosts that need not be on the open Internet.
ProvidersRead load_providers(const std::string& path, const std::vector<integrations::NamedHost>& named);
ProvidersRead parse_providers(const std::string& path, const std::string& text,
                              const std::vector<integrations::NamedHost>& named);

}  // namespace keyledger::app
