#pragma once
// What a security answer needs to know of every service account and its live tokens, in memory. Folded by the
// aggregates' own `evolve` (I6). A token's audiences and scope are not kept: they stand in the token, signed.
//
// Memory: about 80 bytes a token; tokens leave with their revocation, or five minutes after they expired (the clocks of
// nodes differ), or with what ended them. Of a token that has no record in the log nothing is kept until it is revoked;
// then about 40 bytes, until an hour and five minutes later, for by then it has expired. Threads: none of its own, as
// AccessState.
#include <map>
#include <memory>
#include <ranges>
#include <string>
#include <vector>

#include "domain/base/time.hpp"
#include "domain/clients/service_account.hpp"
#include "domain/clients/service_token.hpp"
#include "projections/hot/sharded.hpp"

namespace keyledger::projections {

class SnapshotWriter;
class SnapshotReader;

inline constexpr Duration kExpiredTokensStay = minutes(5);

class ServiceState {
public:
    void apply(const ServiceAccountId& id, const ServiceAccountEvent& event, const Recorded& recorded);
    void apply(const ServiceTokenId& id, const ServiceTokenEvent& event, const Recorded& recorded);

    // nullptr: there is none, or none any more.
    std::shared_ptr<const ServiceAccount> account(const ServiceAccountId& id) const;
    // Those that there are, in the order of their ids, behind one.
    auto accounts_after(const ServiceAccountId& id) const {
        return std::ranges::subrange(accounts_.upper_bound(id), accounts_.end());
    }
    // Without audiences and scope. Absent where there is none; one that has no record in the log is there once it is
    // revoked.
    ServiceToken token(const ServiceTokenId& id) const;

    std::size_t sweep(std::size_t shard, Instant now);
    std::size_t accounts() const { return accounts_.size(); }
    std::size_t tokens() const { return tokens_.size(); }
    std::size_t bytes() const;

    void write(SnapshotWriter& out) const;
    void read(SnapshotReader& in);

private:
    struct PackedToken {
        ServiceAccountId account_id;
        std::uint32_t credential = 0;  // in credentials_
        Position first_position = 0;
        Instant expires_at;
    };
    ServiceToken unpack(const PackedToken& packed) const;
    std::uint32_t number_of(const std::string& credential);

    std::map<ServiceAccountId, std::shared_ptr<const ServiceAccount>> accounts_;
    Sharded<ServiceTokenId, PackedToken> tokens_;
    Sharded<ServiceTokenId, Instant> unrecorded_revoked_;  // until when they could be good
    std::vector<std::string> credentials_;                 // as many as ever earned a token
    std::map<std::string, std::uint32_t> credential_numbers_;
};

}  // namespace keyledger::projections
