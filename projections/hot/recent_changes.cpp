#include "projections/hot/recent_changes.hpp"

#include <algorithm>

namespace keyledger::projections {

void RecentChanges::begin(Position position) {
    known_from_ = position;
    order_.clear();
    latest_.clear();
}

void RecentChanges::note(const Uuid& stream_id, std::int32_t version) {
    order_.push_back(stream_id);
    Latest& latest = latest_[stream_id];
    // Versions only rise; a record that somebody forged with a lower one hides none that is known.
    latest = {known_from_ + std::ssize(order_), std::max(latest.version, version)};
    if (order_.size() <= capacity_) return;
    ++known_from_;
    const auto oldest = latest_.find(order_.front());
    if (oldest->second.position == known_from_) latest_.erase(oldest);
    order_.pop_front();
}

}  // namespace keyledger::projections
