#include "projections/hot/page_origins.hpp"

namespace keyledger::projections {

void PageOrigins::change(const Application* before, const Application* now) {
    if (before != nullptr)
        for (const std::string& origin : page_origins(*before)) {
            const auto known = counts_.find(origin);
            if (known == counts_.end()) continue;
            known->second.first_party -= before->is_first_party() ? 1 : 0;
            if (--known->second.applications == 0) counts_.erase(known);
        }
    if (now == nullptr) return;
    for (const std::string& origin : page_origins(*now)) {
        Count& count = counts_[origin];
        ++count.applications;
        count.first_party += now->is_first_party() ? 1 : 0;
    }
}

std::optional<ConsentRule> PageOrigins::find(std::string_view origin) const {
    const auto known = counts_.find(origin);
    if (known == counts_.end()) return std::nullopt;
    return known->second.first_party > 0 ? ConsentRule::kFirstParty : ConsentRule::kRequired;
}

}  // namespace keyledger::projections
