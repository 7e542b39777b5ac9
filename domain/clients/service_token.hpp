#pragma once
// The aggregate `service_token`: an access token that a service account earned for itself (RFC 6749 section 4.4), or
// got for a user in exchange for one of theirs (RFC 8693). Pure. Stream id = the token's `jti`. One event a log-in or
// an exchange, and one if it is revoked. A user's also ends with the session that it is of, and with the tokens of
// earlier exchanges (commands/clients/exchange_token.hpp). A token that an account earned for itself may carry its
// record instead, and then has a stream only once it is revoked.
//
// A signed assertion (RFC 7523) is spent in the append of what it earns (commands/clients/service_tokens.cpp). Before
// there were spent values, the stream of the token that it earned had an id that followed from it.
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/base/time.hpp"
#include "domain/clients/service_account.hpp"

namespace keyledger {

// How many exchanges one token may have behind it, its own with them: each is looked at whenever it is asked about.
inline constexpr std::size_t kMaxTokenExchanges = 4;

// No token is good for longer. So long after its revocation nobody need know of it any more.
inline constexpr Duration kLongestServiceToken = hours(1);

// ---- events ----------------------------------------------------------------------------------------------------
struct ServiceTokenIssued {
    ServiceAccountId service_account_id;
    std::vector<std::string> audiences;
    std::vector<std::string> scope;  // permissions, sorted
    std::string credential;          // that earned it: a secret's id, or a key's
    Instant expires_at;
    static constexpr std::string_view kType = "service_token.issued";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "A service logged in.";
    static constexpr auto fields() {
        using E = ServiceTokenIssued;
        return std::tuple{
            Field{"service_account_id", &E::service_account_id, "whose token it is"},
            Field{"audiences", &E::audiences, "the resource servers that it is for, or the issuer"},
            Field{"scope", &E::scope, "the permissions that were asked for and granted, sorted"},
            Field{"credential", &E::credential, "what it authenticated with: the id of a secret, or of a key"},
            Field{"expires_at_ms", &E::expires_at, "when it ends at the latest"}};
    }
    constexpr About about() const { return About::account(service_account_id); }
    AuditOutcome outcome() const { return AuditOutcome::success(credential); }
};
struct ServiceTokenRevoked {
    ServiceAccountId service_account_id;
    static constexpr std::string_view kType = "service_token.revoked";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "The token is not good any more. The first event of its stream where the log has none of its issue "
        "(`KEYLEDGER_SERVICE_TOKEN_RECORDS=none`).";
    static constexpr auto fields() {
        return std::tuple{Field{"service_account_id", &ServiceTokenRevoked::service_account_id, "whose token it was"}};
    }
    constexpr About about() const { return About::account(service_account_id); }
};
// An assertion that earned no token: its client authenticated with it to ask or to revoke. Not written any more.
struct AssertionUsed {
    ServiceAccountId service_account_id;
    std::string credential;
    static constexpr std::string_view kType = "service_token.assertion_used";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "An assertion was presented to introspect or to revoke: it is not good a second time. Not written any more, "
        "for assertions are spent without an event.";
    static constexpr auto fields() {
        using E = AssertionUsed;
        return std::tuple{Field{"service_account_id", &E::service_account_id, "who authenticated"},
                          Field{"credential", &E::credential, "the id of the key"}};
    }
    constexpr About about() const { return About::account(service_account_id); }
    AuditOutcome outcome() const { return AuditOutcome::success(credential); }
};
enum class TokenExchangeKind { kDelegation, kImpersonation };
constexpr auto enum_names(TokenExchangeKind) {
    using K = TokenExchangeKind;
    return std::array{EnumName{K::kDelegation, "delegation"}, EnumName{K::kImpersonation, "impersonation"}};
}
struct ServiceTokenExchanged {
    ServiceAccountId service_account_id;
    TokenExchangeKind kind = TokenExchangeKind::kDelegation;
    UserId user_id;
    SessionId session_id;
    std::string subject_token_id;
    std::vector<ServiceTokenId> earlier_exchanges;
    std::vector<ServiceAccountId> actors;
    std::vector<std::string> audiences;
    std::vector<std::string> scope;
    std::string credential;
    Instant expires_at;
    static constexpr std::string_view kType = "service_token.exchanged";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "A service showed a user's token and got another one for the same user (RFC 8693). In Kafka this event has the "
        "user as its subject.";
    static constexpr auto fields() {
        using E = ServiceTokenExchanged;
        return std::tuple{
            Field{"service_account_id", &E::service_account_id, "who exchanged it, and holds the new token"},
            Field{"kind", &E::kind,
                  "`delegation`: the token says that the service acts for the user; `impersonation`: it does not"},
            Field{"user_id", &E::user_id, "whose token it is"},
            Field{"session_id", &E::session_id, "the user's session, whose end ends it, too"},
            Field{"subject_token_id", &E::subject_token_id, "the `jti` of the token that was shown"},
            Field{"earlier_exchanges", &E::earlier_exchanges,
                  "where that one had been exchanged for: its own `jti`, and those before it; each ends this one, too"},
            Field{"actors", &E::actors, "who acts for the user by the token's `act`, the last one first"},
            Field{"audiences", &E::audiences, "the resource server that it is for"},
            Field{"scope", &E::scope, "what it may be used for; empty: all that the token that was shown may"},
            Field{"credential", &E::credential, "what the service authenticated with: the id of a secret, or of a key"},
            Field{"expires_at_ms", &E::expires_at, "when it ends at the latest"}};
    }
    constexpr About about() const { return About::account(user_id); }
    AuditOutcome outcome() const { return AuditOutcome::success(std::string(stored_name(kind))); }
};
using ServiceTokenEvent = std::variant<ServiceTokenIssued, ServiceTokenRevoked, AssertionUsed, ServiceTokenExchanged>;

// ---- commands --------------------------------------------------------------------------------------------------
struct IssueServiceToken {
    ServiceAccountId service_account_id;
    std::vector<std::string> audiences;
    std::vector<std::string> scope;
    std::string credential;
    Instant expires_at;
};
struct ExchangeToken {
    ServiceAccountId service_account_id;
    TokenExchangeKind kind = TokenExchangeKind::kDelegation;
    UserId user_id;
    SessionId session_id;
    std::string subject_token_id;
    std::vector<ServiceTokenId> earlier_exchanges;
    std::vector<ServiceAccountId> actors;
    std::vector<std::string> audiences;
    std::vector<std::string> scope;
    std::string credential;
    Instant expires_at;
};
struct RevokeServiceToken {};

// ---- state -----------------------------------------------------------------------------------------------------
struct ServiceToken {
    enum class Status { kAbsent, kLive, kRevoked, kSpent };  // kSpent: an assertion that earned none
    Status status = Status::kAbsent;
    ServiceAccountId service_account_id;
    std::vector<std::string> audiences;
    std::vector<std::string> scope;
    std::string credential;
    Position first_position = 0;
    Instant expires_at;
    bool operator==(const ServiceToken&) const = default;

    static constexpr std::string_view kStreamType = "service_token";
    static constexpr std::string_view kTitle = "Service tokens";
    static constexpr std::string_view kMeaning =
        "One an access token that a service account earned for itself, or got for a user in exchange for one of "
        "theirs; the stream's id is the token's `jti` (a UUID of version 8 where an early version of Keyledger made it "
        "of an assertion's `jti`). In Kafka these events have the account as their subject, but for that of an "
        "exchange.";
    using Event = ServiceTokenEvent;
};

// What `service_token.issued` would say of a token that the log has no such event of. The token carries it, sealed.
struct CarriedRecord {
    std::string credential;  // that earned it
    Position position = 0;   // of the log, at which the account was seen to authenticate by it: later than what ended
                             // earlier tokens, and earlier than what ends this one
    Instant expires_at;
    bool operator==(const CarriedRecord&) const = default;
};

// ---- rules -----------------------------------------------------------------------------------------------------
// The token as its stream and what it carries say together; without audiences and scope where it has no stream. What
// the log says of it comes first: no record brings back what was revoked.
ServiceToken with_carried(ServiceToken token, const ServiceAccountId& service_account_id,
                          const std::optional<CarriedRecord>& record);

// Whether the token is good at `now`, by its own stream and its account's: the one answer to "does it hold?".
bool holds(const ServiceToken& token, const ServiceAccountId& service_account_id, const ServiceAccount& account,
           Instant now);

using ServiceTokenDecision = Result<std::vector<ServiceTokenEvent>, RefusalRef>;
using ServiceTokenCommand = std::variant<IssueServiceToken, ExchangeToken, RevokeServiceToken>;

ServiceTokenDecision decide(const ServiceToken& token, const ServiceAccount& account,
                            const ServiceTokenCommand& command);
ServiceToken evolve(ServiceToken token, const ServiceTokenEvent& event, const Recorded& recorded);

}  // namespace keyledger
