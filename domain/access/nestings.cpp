#include "domain/access/nestings.hpp"

#include <algorithm>

namespace keyledger {
namespace {

using Events = std::vector<NestingsEvent>;

bool contains(const std::vector<GroupId>& ids, const GroupId& id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::vector<GroupId> parents_of(const Nestings& nestings, const GroupId& group_id) {
    const auto at = nestings.parents.find(group_id);
    return at == nestings.parents.end() ? std::vector<GroupId>{} : at->second;
}

bool concerns_everyone(const GroupId& parent_id, const GroupId& child_id) {
    return parent_id == kEveryone || child_id == kEveryone;
}

// How many stand one above the other, from this one up. There is no cycle, so this ends.
std::size_t height_above(const Nestings& nestings, const GroupId& group_id) {
    std::size_t highest = 0;
    for (const GroupId& parent : parents_of(nestings, group_id))
        highest = std::max(highest, height_above(nestings, parent));
    return highest + 1;
}

// This group and all that stand under it, however far.
std::vector<GroupId> with_all_below(const Nestings& nestings, const GroupId& group_id) {
    std::vector<GroupId> found;
    for (const auto& [child, parents] : nestings.parents)
        if (child == group_id || contains(nestings.with_all_above(std::vector{child}), group_id))
            found.push_back(child);
    if (!contains(found, group_id)) found.push_back(group_id);
    return found;
}

Nestings apply(Nestings nestings, const GroupNested& event) {
    nestings.parents[event.child_id].push_back(event.parent_id);
    ++nestings.count;
    return nestings;
}
Nestings apply(Nestings nestings, const GroupUnnested& event) {
    const auto at = nestings.parents.find(event.child_id);
    if (at == nestings.parents.end()) return nestings;
    nestings.count -= std::erase(at->second, event.parent_id);
    if (at->second.empty()) nestings.parents.erase(at);
    return nestings;
}

NestingsDecision decide_on(const Nestings& nestings, const NestGroup& command) {
    if (concerns_everyone(command.parent_id, command.child_id)) return Unexpected(refusals::kGroupBuiltIn);
    if (!command.held.covers_for_many(command.rules)) return Unexpected(refusals::kExceedsAuthority);
    if (nestings.has(command.parent_id, command.child_id)) return Events{};
    if (contains(nestings.with_all_above(std::vector{command.parent_id}), command.child_id))
        return Unexpected(refusals::kGroupCycle);
    if (nestings.count >= kMaxNestings) return Unexpected(refusals::kTooManyNestings);
    const GroupNested event{command.parent_id, command.child_id};
    const Nestings then = apply(nestings, event);
    for (const GroupId& group : with_all_below(nestings, command.child_id)) {
        if (height_above(then, group) > kMaxGroupDepth) return Unexpected(refusals::kGroupsTooDeep);
        if (then.with_all_above(std::vector{group}).size() > kMaxGroupsAbove + 1)
            return Unexpected(refusals::kTooManyGroupsAbove);
    }
    return Events{event};
}

NestingsDecision decide_on(const Nestings& nestings, const UnnestGroup& command) {
    if (concerns_everyone(command.parent_id, command.child_id)) return Unexpected(refusals::kGroupBuiltIn);
    if (!command.held.covers_for_many(command.rules)) return Unexpected(refusals::kExceedsAuthority);
    if (!nestings.has(command.parent_id, command.child_id)) return Events{};
    return Events{GroupUnnested{command.parent_id, command.child_id}};
}

NestingsDecision decide_on(const Nestings& nestings, const RemoveAllNestings& command) {
    Events events;
    for (const auto& [child, parents] : nestings.parents)
        for (const GroupId& parent : parents)
            if (child == command.group_id || parent == command.group_id) events.push_back(GroupUnnested{parent, child});
    return events;
}

}  // namespace

bool Nestings::has(const GroupId& parent_id, const GroupId& child_id) const {
    const auto at = parents.find(child_id);
    return at != parents.end() && contains(at->second, parent_id);
}

std::vector<GroupId> Nestings::with_all_above(std::span<const GroupId> groups) const {
    std::vector<GroupId> found(groups.begin(), groups.end());
    for (std::size_t i = 0; i < found.size(); ++i) {
        const auto at = parents.find(found[i]);
        if (at == parents.end()) continue;
        for (const GroupId& parent : at->second)
            if (!contains(found, parent)) found.push_back(parent);
    }
    return found;
}

NestingsDecision decide(const Nestings& nestings, const NestingsCommand& command) {
    return std::visit([&](const auto& c) { return decide_on(nestings, c); }, command);
}

Nestings evolve(Nestings nestings, const NestingsEvent& event, const Recorded&) {
    return std::visit([&](const auto& e) { return apply(std::move(nestings), e); }, event);
}

}  // namespace keyledger
