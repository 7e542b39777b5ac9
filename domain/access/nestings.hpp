#pragma once
// The aggregate `nestings`: which group is nested in which. One set in one stream, because "groups have no cycle" is
// a rule over all of them: every command that could break it writes this stream. Members of a group are members of
// the groups above it, too. Pure.
#include <map>
#include <span>
#include <variant>
#include <vector>

#include "domain/access/group.hpp"
#include "domain/access/permission.hpp"
#include "domain/access/subject.hpp"
#include "domain/base/declare.hpp"
#include "domain/base/id.hpp"
#include "domain/base/refusal.hpp"

namespace keyledger {

inline constexpr std::size_t kMaxGroupDepth = 5;    // groups one above the other
inline constexpr std::size_t kMaxGroupsAbove = 8;   // of one group, near and far
inline constexpr std::size_t kMaxNestings = 2'000;  // in all: an event copies the set

// ---- events -----------------------------------------------------------------------------------------------
// Child and parent are their outcomes' reasons: the stream is that of all groups.
struct GroupNested {
    GroupId parent_id;
    GroupId child_id;
    static constexpr std::string_view kType = "group.nested";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "The one group stands under the other from now on.";
    static constexpr auto fields() {
        using E = GroupNested;
        return std::tuple{Field{"parent_id", &E::parent_id, "the upper group"},
                          Field{"child_id", &E::child_id, "the lower group"}};
    }
    constexpr About about() const { return About::thing(child_id); }
    AuditOutcome outcome() const { return AuditOutcome::success(child_id.to_string() + " " + parent_id.to_string()); }
};
struct GroupUnnested {
    GroupId parent_id;
    GroupId child_id;
    static constexpr std::string_view kType = "group.unnested";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "It does so no more.";
    static constexpr auto fields() {
        using E = GroupUnnested;
        return std::tuple{Field{"parent_id", &E::parent_id, "the upper group"},
                          Field{"child_id", &E::child_id, "the lower group"}};
    }
    constexpr About about() const { return About::thing(child_id); }
    AuditOutcome outcome() const { return AuditOutcome::success(child_id.to_string() + " " + parent_id.to_string()); }
};
using NestingsEvent = std::variant<GroupNested, GroupUnnested>;

// ---- commands ---------------------------------------------------------------------------------------------
struct NestGroup {
    GroupId parent_id;
    GroupId child_id;
    AccessRules rules;  // of the parent and of all above it
    AccessRules held;
};
struct UnnestGroup {
    GroupId parent_id;
    GroupId child_id;
    AccessRules rules;
    AccessRules held;
};
struct RemoveAllNestings {  // what a group leaves behind that is deleted
    GroupId group_id;
};

// ---- refusals ---------------------------------------------------------------------------------------------
namespace refusals {
inline constexpr Refusal kGroupCycle{RefusalKind::kConflict, "group-cycle", "Groups would form a cycle",
                                     "The upper group stands under the lower one already, or is the same."};
inline constexpr Refusal kGroupsTooDeep =
    limit_reached("At most 5 groups stand one above the other. Nest it further up.");
inline constexpr Refusal kTooManyGroupsAbove =
    limit_reached("At most 8 groups stand above one, near and far. Nest it elsewhere.");
inline constexpr Refusal kTooManyNestings =
    limit_reached("There are 2000 nestings of groups in all. Take one away first.");
}  // namespace refusals

// ---- state ------------------------------------------------------------------------------------------------
struct Nestings {
    std::map<GroupId, std::vector<GroupId>> parents;  // by child; of those that have any
    std::size_t count = 0;

    bool has(const GroupId& parent_id, const GroupId& child_id) const;
    // These groups and all above them, each once, the nearer ones first.
    std::vector<GroupId> with_all_above(std::span<const GroupId> groups) const;

    static constexpr std::string_view kStreamType = "nestings";
    static constexpr std::string_view kTitle = "Nestings";
    static constexpr std::string_view kMeaning =
        "One in each log, for all groups: whoever is in a group is in those above it too, and has their roles. There "
        "is no cycle. In Kafka these events have the lower group as their subject.";
    using Event = NestingsEvent;
    static constexpr int kFold = 1;  // as Session's
};
// The one stream, the same in every log.
inline constexpr Id<Nestings> kNestingsStream{Uuid{{0x6b, 0x65, 0x79, 0x6c, 0x65, 0x64, 0x80, 0x67,  //
                                                    0x80, 0x6e, 0x65, 0x73, 0x74, 0x65, 0x64, 0x01}}};

// ---- rules ------------------------------------------------------------------------------------------------
using NestingsDecision = Result<std::vector<NestingsEvent>, RefusalRef>;
using NestingsCommand = std::variant<NestGroup, UnnestGroup, RemoveAllNestings>;

// Every group that gives a subject its roles, each once: `own`, in which it is itself, all above those, and
// kEveryone if it is a user. Every computation of permissions uses this. The caller knows that the user is
// registered.
template <class Visit>
void for_each_group(SubjectType type, std::span<const GroupId> own, const Nestings& nestings, Visit visit) {
    if (!own.empty())
        for (const GroupId& group_id : nestings.with_all_above(own)) visit(group_id);
    if (type == SubjectType::kUser) visit(kEveryone);
}

NestingsDecision decide(const Nestings& nestings, const NestingsCommand& command);
Nestings evolve(Nestings nestings, const NestingsEvent& event, const Recorded& recorded);

}  // namespace keyledger
