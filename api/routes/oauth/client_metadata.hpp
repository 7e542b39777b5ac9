#pragma once
// Client metadata (RFC 7591 section 2, OpenID Connect Registration 1.0 section 2), and the application that it becomes.
// What is not understood is ignored, as section 2 wants. What can't be had is refused where leaving it out would make
// an application less safe than it thinks it is, or let it pass for another one, and else left out or replaced: the
// answer has what it got.
#include <string>
#include <vector>

#include "api/wire/read_json.hpp"
#include "commands/applications/register_client.hpp"

namespace keyledger::api::routes {

// Room for what others put there, too.
inline constexpr JsonLimits kMetadataLimits{.depth = 16, .members = 128, .values = 2048, .allow_unknown_members = true};

// Asks for all of it, and finishes nothing. `algorithms`: that ID tokens may be signed with.
commands::ClientRegistration read_client_metadata(JsonFields& body, const std::vector<std::string>& algorithms);

// What an error is about, by the name that the metadata has for it: of a member of an application's definition.
std::string_view metadata_name_of(std::string_view member);

// The answer (section 3.2.1), with the secret if there is one.
std::string client_information(const commands::RegisteredClient& registered);

}  // namespace keyledger::api::routes
