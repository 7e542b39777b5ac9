#pragma once
// Which origins have pages of applications (ADR 42) while memory reads the log: after a start, and again where it
// dropped what it remembered. They are loaded anew about a second after the last load ended, so that an origin which is
// taken away is gone from this node, too, after that second and a load, which takes kListedOriginsPatience at most.
// Where memory dropped them there are none for as long.
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>

#include "projections/hot/page_origins.hpp"

namespace keyledger::app {

inline constexpr std::chrono::milliseconds kBetweenOrigins{1'000};
inline constexpr std::chrono::milliseconds kBetweenFirstTries{100};  // until they were loaded once

// Thread-safe.
class StartingOrigins {
public:
    // nullopt: it can't be told now. Called on a thread of this class alone; may block, for seconds at most.
    using Load = std::function<std::optional<projections::PageOrigins>()>;
    // Whether memory knows them now, which it may cease to. Quick.
    using IsLevel = std::function<bool()>;
    StartingOrigins(Load load, IsLevel is_level, std::chrono::milliseconds between_loads = kBetweenOrigins)
        : load_(std::move(load)), is_level_(std::move(is_level)), between_loads_(between_loads) {}
    ~StartingOrigins();
    StartingOrigins(const StartingOrigins&) = delete;
    StartingOrigins& operator=(const StartingOrigins&) = delete;

    void start();  // once
    void stop();   // before what it loads from ends; may be called twice

    // Whether they were loaded, or memory knows them. Never again no.
    bool are_known() const;
    // As PageOrigins::find(), as of the last load; nullopt, too, where that failed and while memory knows.
    std::optional<ConsentRule> find(std::string_view origin) const;

private:
    void run();

    const Load load_;
    const IsLevel is_level_;
    const std::chrono::milliseconds between_loads_;
    mutable std::mutex mutex_;  // guards what follows
    std::condition_variable wake_;
    std::optional<projections::PageOrigins> origins_;
    bool are_known_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace keyledger::app
