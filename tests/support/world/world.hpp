#pragma once
// Commands over any store, with fixed surroundings: a World is what all nodes share, a Node is one process.
//
//     FixedClock clock(kNow); MemoryStore store([&] { return clock.now(); });
//     World world(store, clock); Node node(world, store);
//     const UserId ann = world.register_user(node, "ann@example.com");
//     const Grant grant = world.log_in(node, "ann@example.com");
#include <string>
#include <string_view>
#include <vector>

#include "commands/access/access_reader.hpp"
#include "commands/account_services.hpp"
#include "commands/accounts/register_user.hpp"
#include "commands/credentials/change_password.hpp"
#include "commands/credentials/unrecorded_failures.hpp"
#include "commands/services.hpp"
#include "commands/sessions/log_in.hpp"
#include "commands/sessions/refresh_session.hpp"
#include "eventstore/event_metadata.hpp"
#include "tests/support/run.hpp"
#include "tests/support/world/challenge_secrets.hpp"
#include "tests/support/world/sealing.hpp"
#include "tests/support/world/second_factors.hpp"
#include "tests/support/world/stand_ins.hpp"

namespace keyledger::test {

inline constexpr const char* kIssuer = "https://keyledger.example";
inline constexpr const char* kPassword = "correct horse battery";
inline constexpr const char* kOtherPassword = "staple correct horse!";

class Node;

struct World {
    World(eventstore::Store& store, FixedClock& clock, std::uint32_t seed = 1);

    // The happy paths, run to their end; a refusal throws std::runtime_error.
    UserId register_user(Node& node, std::string email, std::string username = {});
    UserId create_administrator(Node& node, std::string email);
    commands::Grant log_in(Node& node, std::string email, std::string password = kPassword);
    commands::Grant refresh(Node& node, const commands::Grant& grant);

    // What stands in the log after a position: the dotted types, and the events themselves.
    std::vector<std::string> types(Position after = 0);
    std::vector<eventstore::RecordedEvent> events(Position after = 0);
    Position head();

    eventstore::Store& store;
    FixedClock& clock;
    TestCipher cipher;
    CountedIdentifiers identifiers;
    PlainPseudonyms pseudonyms;
    PlainHasher hasher;
    ShortPolicy policy;
    PlainAssertions assertions;
    MemoryOperatorLog operator_log;
    // On the world's clock, and never short of anything unless a test asks for little.
    eventstore::ProcessLimits limits{[this] { return 1000 * clock.now().ms(); }};
    commands::Settings settings;
    PlainChallengeSecrets challenge_secrets{clock};
    PlainFactorSecrets factor_secrets;
    PlainHalfLogins half_logins;
    commands::AccountServices accounts{.challenge_secrets = &challenge_secrets, .log_in_by_mail = {true, true}};
};

class Node {
public:
    // The store may be another view of the world's.
    Node(World& world, eventstore::Store& store, std::size_t cached_folds = commands::kMaxCachedFolds);

    eventstore::SubjectKeys keys;
    commands::FoldCache cache;
    commands::Executor executor;
    commands::FoldedAccess access;
    commands::ClientSecretCache client_secret_cache{commands::kMaxRememberedSecrets};
    commands::FailureSums failure_sums{[](std::string_view address) { return std::string(address); }};
    commands::UnrecordedFailures unrecorded_failures;
    commands::Services services;
};

// ---- what is asked ---------------------------------------------------------------------------------------------
commands::Client first_party();
// Somebody on a device, at an address of the documentation network.
commands::Caller caller(std::string user_agent = "laptop");
commands::Caller caller_of(const commands::Grant& grant, std::string user_agent = "laptop");
commands::Caller caller_with_key(std::uint8_t command_id, std::uint8_t fingerprint = 1);
commands::RegistrationRequest registration(std::string email, std::string username = {},
                                           std::string password = kPassword);
commands::LogIn login(std::string email, std::string password = kPassword);
commands::LogIn login_by_username(std::string username, std::string password = kPassword);
// The refresh token and the access token of a grant.
commands::Refresh refresh_of(const commands::Grant& grant);
commands::Bearer bearer_of(const commands::Grant& grant);
commands::PasswordChange password_change(const commands::Bearer& bearer, std::string from = kPassword,
                                         std::string to = kOtherPassword);

}  // namespace keyledger::test
