#pragma once
// Whose turn it is to be hashed: whoever has an account comes before whoever wants one, and among those of one rank the
// networks take turns, each with its longest waiting first. Bounded: who comes when it is full gets a place only if
// somebody is put out for it, of a lower rank, or of the same rank and a network that holds more places. So a flood
// from one network costs that network its places and nobody else theirs. Not thread-safe.
#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <list>
#include <map>
#include <string>
#include <utility>

namespace keyledger::security {

struct HashingTurn {
    enum class Rank { kFirst, kLast } rank = Rank::kFirst;
    std::string network{};  // of the caller; one that nobody knows counts as a network too
};

template <class Job>
class HashingQueue {
public:
    explicit HashingQueue(std::size_t places) : places_(places) {}

    bool empty() const { return size_ == 0; }
    std::size_t size() const { return size_; }

    // What found no place or was put out: an empty Job when nobody was.
    [[nodiscard]] Job push(HashingTurn turn, Job job) {
        const auto rank = static_cast<std::size_t>(turn.rank);
        Job put_out{};
        if (size_ >= places_) {
            const auto victim = whom_to_put_out(rank, turn.network);
            if (victim.rank == kRanks) return job;
            put_out = take_newest(victim.rank, victim.network);
        }
        Line& line = lines_[rank];
        auto& waiting = line.waiting[turn.network];
        if (waiting.empty()) line.turns.push_back(turn.network);
        waiting.push_back(std::move(job));
        ++size_;
        return put_out;
    }

    // Whoever's turn it is; must not be empty.
    Job pop() {
        Line& line = *std::find_if(lines_.begin(), lines_.end(), [](const Line& one) { return !one.turns.empty(); });
        const auto at = line.waiting.find(line.turns.front());
        Job job = std::move(at->second.front());
        at->second.pop_front();
        --size_;
        if (at->second.empty()) {
            line.waiting.erase(at);
            line.turns.pop_front();
        } else {
            line.turns.splice(line.turns.end(), line.turns, line.turns.begin());
        }
        return job;
    }

private:
    static constexpr std::size_t kRanks = 2;
    struct Line {
        std::map<std::string, std::deque<Job>> waiting;  // by network; none is empty
        std::list<std::string> turns;                    // those networks, whose turn is next first
    };
    struct Victim {
        std::size_t rank = kRanks;  // kRanks: nobody
        std::string network{};
    };

    // The newest of the network that holds most, in the lowest rank that anybody waits in.
    Victim whom_to_put_out(std::size_t rank, const std::string& network) const {
        for (std::size_t lowest = kRanks; lowest-- > rank;) {
            const auto& waiting = lines_[lowest].waiting;
            if (waiting.empty()) continue;
            const auto most = std::max_element(waiting.begin(), waiting.end(), [](const auto& a, const auto& b) {
                return a.second.size() < b.second.size();
            });
            if (lowest > rank) return {lowest, most->first};
            const auto own = waiting.find(network);
            const std::size_t held = own == waiting.end() ? 0 : own->second.size();
            return most->second.size() > held + 1 ? Victim{lowest, most->first} : Victim{};
        }
        return {};
    }
    Job take_newest(std::size_t rank, const std::string& network) {
        Line& line = lines_[rank];
        const auto at = line.waiting.find(network);
        Job job = std::move(at->second.back());
        at->second.pop_back();
        --size_;
        if (at->second.empty()) {
            line.waiting.erase(at);
            line.turns.remove(network);
        }
        return job;
    }

    const std::size_t places_;
    std::size_t size_ = 0;
    std::array<Line, kRanks> lines_;  // by rank
};

}  // namespace keyledger::security
