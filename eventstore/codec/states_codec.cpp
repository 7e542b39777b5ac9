#include "eventstore/codec/states_codec.hpp"

#include "eventstore/aggregates.hpp"
#include "eventstore/codec/codec.hpp"

namespace keyledger::eventstore {
namespace {

class NullFieldSealer : public FieldSealer {
public:
    std::string seal(std::string_view field, std::string_view) override {
        throw CodecError("a field of a state that seals itself: " + std::string(field));
    }
};

// ---- states that are kept in another shape than the aggregate's ------------------------------------------------
struct StoredRole {
    Role::Status status = Role::Status::kAbsent;
    std::string name;
    std::vector<std::string> allow;
    std::vector<std::string> deny;
    RoleKind kind = RoleKind::kCustom;
    static constexpr auto fields() {
        using K = StoredRole;
        return std::tuple{Field{"status", &K::status}, Field{"name", &K::name}, Field{"allow", &K::allow},
                          Field{"deny", &K::deny}, Field{"kind", &K::kind}};
    }
};
struct StoredNestings {  // the n-th child stands under the n-th parent
    std::vector<GroupId> children;
    std::vector<GroupId> parents;
    static constexpr auto fields() {
        using K = StoredNestings;
        return std::tuple{Field{"children", &K::children}, Field{"parents", &K::parents}};
    }
};

void check(bool fits) {
    if (!fits) throw CodecError("a state whose lists do not fit together");
}

// What is kept of a state: the fields that it declares, or another shape.
template <class State>
const State& kept_of(const State& state) {
    return state;
}
StoredRole kept_of(const Role& role) {
    return {role.status, role.name, role.rules.allow.texts(), role.rules.deny.texts(), role.kind};
}
StoredNestings kept_of(const Nestings& nestings) {
    StoredNestings kept;
    for (const auto& [child, parents] : nestings.parents) {
        for (const GroupId& parent : parents) {
            kept.children.push_back(child);
            kept.parents.push_back(parent);
        }
    }
    return kept;
}
// The state that it was kept of.
template <class State>
State restored(State kept) {
    return kept;
}
Role restored(StoredRole kept) {
    Role role;
    role.status = kept.status;
    role.name = std::move(kept.name);
    role.rules = AccessRules(PermissionSet::of_texts(kept.allow), PermissionSet::of_texts(kept.deny));
    role.kind = kept.kind;
    return role;
}
Nestings restored(StoredNestings kept) {
    check(kept.children.size() == kept.parents.size());
    Nestings nestings;
    for (std::size_t i = 0; i < kept.children.size(); ++i)
        nestings.parents[kept.children[i]].push_back(kept.parents[i]);
    nestings.count = kept.children.size();
    return nestings;
}
template <class Aggregate>
constexpr bool kHasSnapshots = requires { Aggregate::kFold; };

}  // namespace

std::string encode_state(const AnyState& state) {
    const auto encode = []<class Aggregate>(const Aggregate& one) {
        NullFieldSealer sealer;
        if constexpr (kHasSnapshots<Aggregate>) return codec::encode(kept_of(one), sealer);
        else return std::string();
    };
    return std::visit(encode, state);
}

AnyStatePtr decode_state(std::string_view stream_type, std::string_view text) {
    AnyStatePtr state;
    Aggregates::for_each([&]<class Aggregate> {
        if constexpr (kHasSnapshots<Aggregate>) {
            if (stream_type != Aggregate::kStreamType) return;
            using StoredState = std::remove_cvref_t<decltype(kept_of(std::declval<const Aggregate&>()))>;
            NullFieldOpener opener;
            const JsonIndex json(text);
            state = std::make_shared<const AnyState>(restored(codec::decode<StoredState>(json.root(), opener)));
        }
    });
    if (!state) throw CodecError("streams of type '" + std::string(stream_type) + "' have no snapshots");
    return state;
}

}  // namespace keyledger::eventstore
