#pragma once
// That whoever presents a token holds the key which it is bound to (DPoP, RFC 9449). Proofs are checked here, for
// whatever route they came to; routes turn faults into their own answers.
//
// Nothing is stored. A proof has to have a nonce that the service gave out within the last minutes, sealed and naming
// its time and log, so that no proof can be made in advance (section 11.2). Within that time this node remembers the
// proofs that it took and takes none twice; another node would. That is weighed: an append for each request is what it
// would cost (section 11.1 leaves it to the server), and what a proof goes with is guarded by itself: a code and a
// refresh token by their session, on all nodes.
#include <boost/asio/awaitable.hpp>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "commands/runtime/ports.hpp"
#include "commands/sessions/tokens.hpp"
#include "domain/base/lru_map.hpp"
#include "domain/base/result.hpp"
#include "domain/base/time.hpp"

namespace keyledger::commands {

inline constexpr Duration kDpopNonceLasts = minutes(5);
// How far the clock of whoever signs may be off: `iat` says no more than the nonce does, which is by this clock.
inline constexpr Duration kDpopSkew = minutes(5);
// Of each node; beyond it the one that was taken first is forgotten first.
inline constexpr std::size_t kMaxRememberedProofs = 100'000;

// What a proof claims (section 4.2).
struct DpopProof {
    std::string thumbprint;  // of its key (RFC 7638), base64url: what tokens name as `jkt`
    std::string id;          // jti
    std::string method;      // htm
    std::string uri;         // htu
    Instant made_at;         // iat
    std::optional<std::string> nonce{};
    std::optional<std::string> token_digest{};  // ath
};

// A port, as those of commands/runtime/ports.hpp are, and shared like them.
class DpopKeys {
public:
    virtual ~DpopKeys() = default;
    // What it claims, unverified. The error is a sentence for whoever made it; it tells them nothing of others.
    virtual Result<DpopProof, std::string> read(std::string_view proof) = 0;
    // False also under a key with which others could sign. Takes milliseconds for a key that is new.
    virtual asio::awaitable<bool> is_signed_by_its_key(std::string proof) = 0;
    // JOSE's names (RFC 9449 section 5.1, dpop_signing_alg_values_supported).
    virtual std::vector<std::string> algorithms() = 0;
};

// What a proof has to fit.
struct DpopRequest {
    std::string_view method;
    std::string uri;                                   // as the service calls it, without a query
    std::optional<std::string_view> access_token{};    // that it is shown with
    std::optional<std::string> expected_thumbprint{};  // of the key that something is bound to already
};
struct DpopFault {
    enum class Kind { kInvalid, kNonceWanted };
    Kind kind = Kind::kInvalid;
    std::string why;
};
// Somebody who holds a key.
struct Possession {
    std::string thumbprint;
    bool nonce_is_old = false;  // they should be given another (section 8.2)
};

// Any thread.
class DpopChecker {
public:
    // All of them outlive it.
    DpopChecker(DpopKeys& keys, Cursors& cursors, Clock& clock, const Uuid& log_id)
        : keys_(keys), cursors_(cursors), clock_(clock), log_id_(log_id) {}

    // Section 4.3, cheap things first: nothing is verified of what is not of this request, by a nonce of ours.
    asio::awaitable<Result<Possession, DpopFault>> check(std::string proof, DpopRequest request);
    std::string nonce();
    std::vector<std::string> algorithms() { return keys_.algorithms(); }

private:
    std::optional<Instant> given_at(std::string_view nonce);
    bool is_taken_before(const DpopProof& proof);

    DpopKeys& keys_;
    Cursors& cursors_;
    Clock& clock_;
    const Uuid log_id_;
    std::mutex mutex_;
    LruMap<std::string, std::monostate> taken_{kMaxRememberedProofs};  // by digests
};

}  // namespace keyledger::commands
