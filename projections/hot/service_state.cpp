#include "projections/hot/service_state.hpp"

#include "eventstore/codec/jcs.hpp"
#include "projections/hot/snapshot_file.hpp"

namespace keyledger::projections {

std::uint32_t ServiceState::number_of(const std::string& credential) {
    const auto next = static_cast<std::uint32_t>(credentials_.size());
    const auto [at, is_new] = credential_numbers_.try_emplace(credential, next);
    if (is_new) credentials_.push_back(credential);
    return at->second;
}

ServiceToken ServiceState::unpack(const PackedToken& packed) const {
    ServiceToken token;
    token.status = ServiceToken::Status::kLive;
    token.service_account_id = packed.account_id;
    token.credential = credentials_[packed.credential];
    token.first_position = packed.first_position;
    token.expires_at = packed.expires_at;
    return token;
}

void ServiceState::apply(const ServiceAccountId& id, const ServiceAccountEvent& event, const Recorded& recorded) {
    auto& account = accounts_[id];
    account = std::make_shared<const ServiceAccount>(evolve(account ? *account : ServiceAccount{}, event, recorded));
    if (account->status == ServiceAccount::Status::kDeleted) accounts_.erase(id);
}

void ServiceState::apply(const ServiceTokenId& id, const ServiceTokenEvent& event, const Recorded& recorded) {
    auto& shard = tokens_.shard_of(id);
    const auto at = shard.find(id);
    const bool begins =
        std::holds_alternative<ServiceTokenIssued>(event) || std::holds_alternative<ServiceTokenExchanged>(event);
    if (at == shard.end() && std::holds_alternative<ServiceTokenRevoked>(event)) {
        unrecorded_revoked_.shard_of(id)[id] = recorded.occurred_at + kLongestServiceToken;
        return;
    }
    if (at == shard.end() && !begins) return;  // an assertion that earned none
    const ServiceToken token = evolve(at == shard.end() ? ServiceToken{} : unpack(at->second), event, recorded);
    if (token.status != ServiceToken::Status::kLive) {
        shard.erase(id);
        return;
    }
    const PackedToken packed{token.service_account_id, number_of(token.credential), token.first_position,
                             token.expires_at};
    shard.insert_or_assign(id, packed);
}

std::shared_ptr<const ServiceAccount> ServiceState::account(const ServiceAccountId& id) const {
    const auto at = accounts_.find(id);
    return at == accounts_.end() ? nullptr : at->second;
}

ServiceToken ServiceState::token(const ServiceTokenId& id) const {
    if (const PackedToken* packed = tokens_.find(id)) return unpack(*packed);
    ServiceToken token;
    if (unrecorded_revoked_.find(id) != nullptr) token.status = ServiceToken::Status::kRevoked;
    return token;
}

std::size_t ServiceState::sweep(std::size_t shard, Instant now) {
    const Instant before = now - kExpiredTokensStay;
    const std::size_t revoked = boost::unordered::erase_if(unrecorded_revoked_.shard(shard),
                                                           [&](const auto& entry) { return entry.second <= before; });
    return revoked + boost::unordered::erase_if(tokens_.shard(shard), [&](const auto& entry) {
               const PackedToken& token = entry.second;
               if (token.expires_at <= before) return true;
               const auto at = accounts_.find(token.account_id);
               return at == accounts_.end() || token.first_position <= at->second->tokens_ended_before ||
                      !at->second->has_credential(credentials_[token.credential]);
           });
}

std::size_t ServiceState::bytes() const {
    constexpr std::size_t kAccountGuess = 4096;  // with its keys
    constexpr std::size_t kCredentialGuess = 256;
    return tokens_.bytes() + unrecorded_revoked_.bytes() + accounts_.size() * kAccountGuess +
           credentials_.size() * kCredentialGuess;
}

void ServiceState::write(SnapshotWriter& out) const {
    out.texts(credentials_);
    out.number(static_cast<std::int64_t>(accounts_.size()));
    for (const auto& [id, account] : accounts_) {
        out.id(id);
        out.number(static_cast<std::int64_t>(account->status));
        out.text(account->name);
        out.texts(account->audiences);
        out.number(account->tokens_ended_before);
        out.time(account->registered_at);
        out.number(static_cast<std::int64_t>(account->secrets.size()));
        for (const auto& secret : account->secrets) {
            out.id(secret.id);
            out.text(secret.sealed_sha256);
        }
        out.number(static_cast<std::int64_t>(account->keys.size()));
        for (const auto& key : account->keys) {
            out.text(key.id);
            out.number(static_cast<std::int64_t>(key.algorithm));
            out.text(key.jwk);
            out.text(key.kid.value_or(""));
        }
    }
    for (std::size_t shard = 0; shard < tokens_.kShards; ++shard) {
        out.number(static_cast<std::int64_t>(tokens_.shard(shard).size()));
        for (const auto& [id, token] : tokens_.shard(shard)) {
            out.id(id);
            out.id(token.account_id);
            out.number(token.credential);
            out.number(token.first_position);
            out.time(token.expires_at);
        }
    }
    for (std::size_t shard = 0; shard < unrecorded_revoked_.kShards; ++shard) {
        out.number(static_cast<std::int64_t>(unrecorded_revoked_.shard(shard).size()));
        for (const auto& [id, until] : unrecorded_revoked_.shard(shard)) {
            out.id(id);
            out.time(until);
        }
    }
}

void ServiceState::read(SnapshotReader& in) {
    for (const std::string& credential : in.texts()) (void)number_of(credential);
    for (std::int64_t left = in.count(); left > 0; --left) {
        const auto id = in.id<ServiceAccount>();
        ServiceAccount account;
        account.status = in.one_of<ServiceAccount::Status>(ServiceAccount::Status::kDeleted);
        account.name = in.text();
        account.audiences = in.texts();
        account.tokens_ended_before = in.number();
        account.registered_at = in.time();
        for (std::int64_t secrets = in.count(); secrets > 0; --secrets) {
            const auto secret_id = in.id<Credential>();
            account.secrets.push_back({secret_id, in.text()});
        }
        for (std::int64_t keys = in.count(); keys > 0; --keys) {
            ServiceAccount::PublicKey& key = account.keys.emplace_back();
            key.id = in.text();
            key.algorithm = in.one_of<KeyAlgorithm>(KeyAlgorithm::kEdDsa);
            key.jwk = in.text();
            std::string kid = in.text();
            if (!kid.empty()) key.kid = std::move(kid);
        }
        accounts_[id] = std::make_shared<const ServiceAccount>(std::move(account));
    }
    for (std::size_t shard = 0; shard < tokens_.kShards; ++shard)
        for (std::int64_t left = in.count(); left > 0; --left) {
            const auto id = in.id<ServiceToken>();
            PackedToken token;
            token.account_id = in.id<ServiceAccount>();
            token.credential = static_cast<std::uint32_t>(in.number());
            if (token.credential >= credentials_.size()) throw eventstore::CodecError("a token of no credential");
            token.first_position = in.number();
            token.expires_at = in.time();
            tokens_.shard_of(id)[id] = token;
        }
    for (std::size_t shard = 0; shard < unrecorded_revoked_.kShards; ++shard)
        for (std::int64_t left = in.count(); left > 0; --left) {
            const auto id = in.id<ServiceToken>();
            unrecorded_revoked_.shard_of(id)[id] = in.time();
        }
}

}  // namespace keyledger::projections
