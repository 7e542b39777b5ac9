#pragma once
// What the routes share: commands, tokens, queries, health. Built once by app/; every member is thread-safe.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/requests/request.hpp"
#include "commands/accounts/subject_names.hpp"
#include "commands/services.hpp"
#include "commands/sessions/tokens.hpp"
#include "domain/base/time.hpp"

namespace keyledger::projections {
class Queries;
}

namespace keyledger::commands {
class DpopChecker;
}

namespace keyledger::api {

class Pages;

struct HealthCheck {
    std::string name;
    bool good = false;
    std::string detail;     // for operators: shown on the management listener only
    bool is_needed = true;  // by requests: while it is not good, they are better sent elsewhere
};
class Health {
public:
    virtual ~Health() = default;
    virtual std::vector<HealthCheck> readiness() = 0;
};

// What the log was when a tree head of it was signed.
struct PublishedTreeHead {
    Uuid log_id;
    Position size = 0;
    std::string root_hash;  // hexadecimal
    Instant made_at;
    std::string note;  // the signed note: all of the above, and the proof of it
};
class TreeHeadSource {
public:
    virtual ~TreeHeadSource() = default;
    virtual std::optional<PublishedTreeHead> newest() const = 0;  // from memory
};

// How callers are told positions (api/routes/positions.hpp).
enum class PositionDisclosure { kSealed, kClear };

struct Context {
    commands::Services& services;
    commands::Tokens& tokens;
    commands::Cursors& cursors;
    commands::IdempotencyKeys& idempotency_keys;
    commands::ClientRegistry& clients;
    projections::Queries& queries;
    Health& health;
    TreeHeadSource& tree_heads;
    commands::ClaimOwnerCache& claim_owners;
    const Pages& pages;
    commands::DpopChecker& dpop;
    commands::SubjectNameKinds subject_name_kinds = {};  // what AuthZEN's subjects may be called by
    std::string owner_property = "owner";                // of AuthZEN's resources: whose they are
    Uuid log_id = {};
    PositionDisclosure positions = PositionDisclosure::kSealed;
    std::size_t least_password_length = 15;  // code points, of new ones
    bool pkce_for_all = true;                // or for applications alone that don't authenticate
    std::int64_t most_registered = 0;        // applications, for one more to register itself (RFC 7591); 0: none may
    commands::ServiceTokenRecords service_token_records = commands::ServiceTokenRecords::kEach;
};

// The caller of a request, who is nobody yet.
commands::Caller caller_of(const Request& request);

// Adds `Keyledger-Position`, with which a later query reads its own write; api/routes/positions.hpp says who
// gets it how.
Response at_position(Response response, Position position);
// What came of a command: that, and `Idempotency-Replayed: true` where it had been carried out before. The body of such
// an answer holds what the first one held of ids and of the request itself; nothing is read for it that may be newer.
Response with_outcome(Response response, const commands::Receipt& outcome);

// Hands the client what it is known by when it logs in again: as a cookie, for browsers, and as `Keyledger-Device`, for
// applications, which send it back in a header of that name. Empty: nothing.
Response with_device(Response response, const std::string& sealed);

inline constexpr std::size_t kMaxPasswordBytes = 1024;  // 256 code points of four bytes each
inline constexpr std::size_t kMaxTokenBytes = 8192;
inline constexpr std::size_t kMaxResourceBytes = 512;
inline constexpr std::size_t kMaxIdempotencyKeyBytes = 255;

}  // namespace keyledger::api
