#pragma once
// Which streams the last events of the log were on: whether one has moved since it was read, without asking the
// database. Bounded: what is longer ago, nobody knows. Not thread-safe.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>

#include "domain/base/declare.hpp"
#include "domain/base/id.hpp"

namespace keyledger::projections {

inline constexpr std::size_t kMaxRecentChanges = 65'536;  // events; some 120 bytes each

class RecentChanges {
public:
    explicit RecentChanges(std::size_t capacity = kMaxRecentChanges) : capacity_(capacity) {}

    // Knows nothing of what was up to there.
    void begin(Position position);
    // The next event.
    void note(const Uuid& stream_id, std::int32_t version);
    // Whether all that happened after the position is known.
    bool covers(Position position) const { return position >= known_from_; }
    // Of a stream that stood at the version at a position that is covered.
    bool is_unmoved(const Uuid& stream_id, std::int32_t version) const {
        const auto at = latest_.find(stream_id);
        return at == latest_.end() || at->second.version <= version;
    }
    std::size_t size() const { return order_.size(); }

private:
    struct Latest {
        Position position = 0;
        std::int32_t version = 0;
    };
    std::size_t capacity_;
    Position known_from_ = 0;
    std::deque<Uuid> order_;  // from known_from_ + 1 on
    std::unordered_map<Uuid, Latest> latest_;
};

}  // namespace keyledger::projections
