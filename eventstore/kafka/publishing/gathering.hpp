#pragma once
// How long events gather before the next transaction. One costs broker and client nearly the same whatever it holds, so
// while events keep coming it is begun as late as they may be seen.
#include <algorithm>
#include <chrono>

namespace keyledger::eventstore::kafka {

// One thread.
class Gathering {
public:
    using Duration = std::chrono::steady_clock::duration;

    // An event that comes just after a transaction took what waited is to be committed `visible_within`: behind the
    // rest of that transaction, a pause, and its own transaction. Never a shorter pause than `least`; 0: no pauses.
    Gathering(Duration visible_within, Duration least)
        : visible_within_(visible_within), least_(std::min(least, visible_within)) {}

    // After a transaction that left nothing waiting and `took` that long, from reading its events to their commit.
    Duration pause_after(Duration took) {
        // One that took much longer, as a cluster's first does, says little of the next.
        const Duration counted = std::clamp(took, Duration::zero(), visible_within_ / 2);
        usual_ = is_first_ ? counted : usual_ + (counted - usual_) / 8;
        is_first_ = false;
        return std::max(least_, visible_within_ - 2 * usual_);
    }

private:
    const Duration visible_within_;
    const Duration least_;
    Duration usual_{0};  // of a transaction
    bool is_first_ = true;
};

}  // namespace keyledger::eventstore::kafka
