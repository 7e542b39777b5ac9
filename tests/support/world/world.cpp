#include "tests/support/world/world.hpp"

#include <stdexcept>

namespace keyledger::test {
namespace {

using namespace commands;

template <class T>
T granted(Result<T, CommandError> answer) {
    if (!answer) throw std::runtime_error("refused: " + std::string(answer.error().refusal->advice));
    return std::move(*answer);
}
template <class T>
T read(Result<T, eventstore::StoreError> answer) {
    if (!answer) throw std::runtime_error("store error " + std::to_string(static_cast<int>(answer.error())));
    return std::move(*answer);
}

}  // namespace

World::World(eventstore::Store& store, FixedClock& clock, std::uint32_t seed)
    : store(store), clock(clock), identifiers(seed) {
    settings.issuer = kIssuer;
    settings.attempts.known_for = Duration();  // tests that are about known networks say so
    accounts.factor_secrets = &factor_secrets;
    accounts.half_logins = &half_logins;
}

UserId World::register_user(Node& node, std::string email, std::string username) {
    auto request = registration(std::move(email), std::move(username));
    return granted(run(commands::register_user(node.services, std::move(request), caller()))).user_id;
}

UserId World::create_administrator(Node& node, std::string email) {
    auto request = registration(std::move(email));
    request.privilege = UserPrivilege::kAdministrator;
    auto system = caller();
    system.actor_type = eventstore::ActorType::kSystem;
    return granted(run(commands::register_user(node.services, std::move(request), system))).user_id;
}

Grant World::log_in(Node& node, std::string email, std::string password) {
    auto request = login(std::move(email), std::move(password));
    return granted(run(commands::log_in(node.services, std::move(request), caller())));
}

Grant World::refresh(Node& node, const Grant& grant) {
    return granted(run(refresh_session(node.services, refresh_of(grant), caller())));
}

std::vector<eventstore::RecordedEvent> World::events(Position after) {
    std::vector<eventstore::RecordedEvent> all;
    for (;;) {
        const Position from = after + 1 + std::ssize(all);
        auto batch = read(run(store.read_log(from, eventstore::kMaxReadBatch, Deadline::max())));
        if (batch.empty()) return all;
        all.insert(all.end(), batch.begin(), batch.end());
    }
}

std::vector<std::string> World::types(Position after) {
    std::vector<std::string> types;
    for (const auto& event : events(after)) types.push_back(event.type);
    return types;
}

Position World::head() { return read(run(store.head(Deadline::max()))).cursor.position; }

Node::Node(World& world, eventstore::Store& store, std::size_t cached_folds)
    : keys(store, world.cipher),
      cache(cached_folds),
      executor({store, world.cipher, keys, cache, world.clock, world.identifiers, world.pseudonyms}),
      access(executor, store),
      services{executor,
               access,
               store,
               world.cipher,
               world.clock,
               world.identifiers,
               world.pseudonyms,
               world.hasher,
               world.policy,
               client_secret_cache,
               world.assertions,
               world.operator_log,
               world.limits,
               failure_sums,
               unrecorded_failures,
               world.accounts,
               world.settings} {}

Client first_party() {
    return {std::string(kFirstPartyClientId), {"https://shop.example"}, IntrospectionRight::kOwnTokens};
}

Caller caller(std::string user_agent) {
    Caller caller;
    caller.request_id = "request-1";
    caller.client_address = "192.0.2.1";
    caller.network = caller.client_address;
    caller.user_agent = std::move(user_agent);
    return caller;
}

Caller caller_of(const Grant& grant, std::string user_agent) {
    Caller known = caller(std::move(user_agent)).acting_as(grant.user_id);
    known.session_id = grant.session_id;
    return known;
}

Caller caller_with_key(std::uint8_t command_id, std::uint8_t fingerprint) {
    Caller with_key = caller();
    with_key.idempotency.emplace();
    with_key.idempotency->command_id.fill(command_id);
    with_key.idempotency->fingerprint.fill(fingerprint);
    return with_key;
}

commands::RegistrationRequest registration(std::string email, std::string username, std::string password) {
    commands::RegistrationRequest request;
    request.email = std::move(email);
    if (!username.empty()) request.username = std::move(username);
    request.password = Secret(password);
    return request;
}

LogIn login(std::string email, std::string password) {
    LogIn request;
    request.email = std::move(email);
    request.password = Secret(password);
    request.client = first_party();
    return request;
}

LogIn login_by_username(std::string username, std::string password) {
    LogIn request = login({}, std::move(password));
    request.username = std::move(username);
    return request;
}

Refresh refresh_of(const Grant& grant) {
    return {{grant.session_id, grant.generation, grant.client_id}, std::nullopt, first_party()};
}

Bearer bearer_of(const Grant& grant) {
    Instant issued_at = grant.generated_at;
    for (const Proof& proof : grant.proofs) issued_at = std::max(issued_at, proof.at);
    return {grant.user_id, grant.session_id, grant.security_stamp, issued_at};
}

PasswordChange password_change(const Bearer& bearer, std::string from, std::string to) {
    return {bearer, Secret(from), Secret(to)};
}

}  // namespace keyledger::test
