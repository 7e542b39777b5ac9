#include "eventstore/codec/states_codec.hpp"

#include "eventstore/codec/codec.hpp"

namespace keyledger::eventstore {
namespace {

class SealsNothing : public FieldSealer {
public:
    std::string seal(std::string_view field, std::string_view) override {
        throw CodecError("a field of a state that seals itself: " + std::string(field));
    }
};

template <class State>
std::string encoded(const State& state) {
    SealsNothing sealer;
    return codec::encode(state, sealer);
}
template <class State>
State decoded(std::string_view text) {
    OpensNothing opener;
    return codec::decode<State>(parse_json(text), opener);
}

// ---- states that are kept in another shape than the aggregate's ------------------------------------------------
struct KeptRole {
    Role::Status status = Role::Status::kAbsent;
    std::string name;
    std::vector<std::string> allow;
    std::vector<std::string> deny;
    RoleKind kind = RoleKind::kCustom;
    static constexpr auto fields() {
        using K = KeptRole;
        return std::tuple{Field{"status", &K::status}, Field{"name", &K::name}, Field{"allow", &K::allow},
                          Field{"deny", &K::deny}, Field{"kind", &K::kind}};
    }
};
struct KeptNestings {  // the n-th child stands under the n-th parent
    std::vector<Uuid> children;
    std::vector<Uuid> parents;
    static constexpr auto fields() {
        using K = KeptNestings;
        return std::tuple{Field{"children", &K::children}, Field{"parents", &K::parents}};
    }
};
struct KeptAccount {
    ServiceAccount::Status status = ServiceAccount::Status::kAbsent;
    std::string name;
    std::vector<std::string> audiences;
    std::vector<Uuid> secrets;
    std::vector<std::string> sealed_sha256s;  // of each secret
    std::vector<std::string> keys;
    std::vector<KeyAlgorithm> algorithms;  // of each key
    std::vector<std::string> jwks;
    std::vector<std::string> kids;  // empty: none
    Position tokens_ended_before = 0;
    std::int64_t registered_at_ms = 0;
    static constexpr auto fields() {
        using K = KeptAccount;
        return std::tuple{Field{"status", &K::status},
                          Field{"name", &K::name},
                          Field{"audiences", &K::audiences},
                          Field{"secrets", &K::secrets},
                          Field{"sealed_sha256s", &K::sealed_sha256s},
                          Field{"keys", &K::keys},
                          Field{"algorithms", &K::algorithms},
                          Field{"jwks", &K::jwks},
                          Field{"kids", &K::kids},
                          Field{"tokens_ended_before", &K::tokens_ended_before},
                          Field{"registered_at_ms", &K::registered_at_ms}};
    }
};

void check(bool fits) {
    if (!fits) throw CodecError("a state whose lists do not fit together");
}

}  // namespace

std::string encode_state(const User& user) { return encoded(user); }
std::string encode_state(const Session& session) { return encoded(session); }
std::string encode_state(const LoginAttempts& attempts) { return encoded(attempts); }
std::string encode_state(const Group& group) { return encoded(group); }
std::string encode_state(const Assignments& assignments) { return encoded(assignments); }
std::string encode_state(const Administrators& administrators) { return encoded(administrators); }
std::string encode_state(const LogKeeping& log) { return encoded(log); }

std::string encode_state(const Role& role) {
    return encoded(KeptRole{role.status, role.name, role.rules.allow.texts(), role.rules.deny.texts(), role.kind});
}

std::string encode_state(const Nestings& nestings) {
    KeptNestings kept;
    for (const auto& [child, parents] : nestings.parents) {
        for (const Uuid& parent : parents) {
            kept.children.push_back(child);
            kept.parents.push_back(parent);
        }
    }
    return encoded(kept);
}

std::string encode_state(const ServiceAccount& account) {
    KeptAccount kept;
    kept.status = account.status;
    kept.name = account.name;
    kept.audiences = account.audiences;
    for (const auto& secret : account.secrets) {
        kept.secrets.push_back(secret.id);
        kept.sealed_sha256s.push_back(secret.sealed_sha256);
    }
    for (const auto& key : account.keys) {
        kept.keys.push_back(key.id);
        kept.algorithms.push_back(key.algorithm);
        kept.jwks.push_back(key.jwk);
        kept.kids.push_back(key.kid.value_or(""));
    }
    kept.tokens_ended_before = account.tokens_ended_before;
    kept.registered_at_ms = account.registered_at_ms;
    return encoded(kept);
}

void decode_state(std::string_view text, User& user) { user = decoded<User>(text); }
void decode_state(std::string_view text, Session& session) { session = decoded<Session>(text); }
void decode_state(std::string_view text, LoginAttempts& attempts) { attempts = decoded<LoginAttempts>(text); }
void decode_state(std::string_view text, Group& group) { group = decoded<Group>(text); }
void decode_state(std::string_view text, Assignments& assignments) { assignments = decoded<Assignments>(text); }
void decode_state(std::string_view text, LogKeeping& log) { log = decoded<LogKeeping>(text); }
void decode_state(std::string_view text, Administrators& administrators) {
    administrators = decoded<Administrators>(text);
}

void decode_state(std::string_view text, Role& role) {
    KeptRole kept = decoded<KeptRole>(text);
    role = Role{};
    role.status = kept.status;
    role.name = std::move(kept.name);
    role.rules = AccessRules(PermissionSet::of_texts(kept.allow), PermissionSet::of_texts(kept.deny));
    role.kind = kept.kind;
}

void decode_state(std::string_view text, Nestings& nestings) {
    const KeptNestings kept = decoded<KeptNestings>(text);
    check(kept.children.size() == kept.parents.size());
    nestings = Nestings{};
    for (std::size_t i = 0; i < kept.children.size(); ++i)
        nestings.parents[kept.children[i]].push_back(kept.parents[i]);
    nestings.count = kept.children.size();
}

void decode_state(std::string_view text, ServiceAccount& account) {
    KeptAccount kept = decoded<KeptAccount>(text);
    check(kept.secrets.size() == kept.sealed_sha256s.size() && kept.keys.size() == kept.algorithms.size() &&
          kept.keys.size() == kept.jwks.size() && kept.keys.size() == kept.kids.size());
    account = ServiceAccount{};
    account.status = kept.status;
    account.name = std::move(kept.name);
    account.audiences = std::move(kept.audiences);
    for (std::size_t i = 0; i < kept.secrets.size(); ++i)
        account.secrets.push_back({kept.secrets[i], std::move(kept.sealed_sha256s[i])});
    for (std::size_t i = 0; i < kept.keys.size(); ++i)
        account.keys.push_back({std::move(kept.keys[i]), kept.algorithms[i], std::move(kept.jwks[i]),
                                kept.kids[i].empty() ? std::nullopt : std::optional(std::move(kept.kids[i]))});
    account.tokens_ended_before = kept.tokens_ended_before;
    account.registered_at_ms = kept.registered_at_ms;
}

}  // namespace keyledger::eventstore
