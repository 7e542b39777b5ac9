#include "projections/hot/recent_changes.hpp"

namespace keyledger::projections {

void RecentChanges::begin(Position position) {
    known_from_ = position;
    order_.clear();
    latest_.clear();
}

void RecentChanges::note(const Uuid& stream_id, std::int32_t version) {
    order_.push_back(stream_id);
    latest_[stream_id] = {known_from_ + std::ssize(order_), version};
    if (order_.size() <= capacity_) return;
    ++known_from_;
    const auto oldest = latest_.find(order_.front());
    if (oldest->second.position == known_from_) latest_.erase(oldest);
    order_.pop_front();
}

}  // namespace keyledger::projections
