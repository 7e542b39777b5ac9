#pragma once
// What a short name leads to for some minutes, on all nodes together: for codes that people type, which can't carry
// what they stand for. Nothing that anything rests on: a crash of the store may forget all of it. Implemented by
// PostgresLookups for all nodes; ProcessLookups is one process's own.
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore {

inline constexpr std::size_t kMaxLookupBytes = 4096;
inline constexpr Duration kLookupLasts = hours(1);  // at most

struct Lookup {
    std::string name;   // leaves the process as a keyed digest only
    std::string value;  // sealed by whoever keeps it; 1 to kMaxLookupBytes
    Duration lasts;     // up to kLookupLasts
};
enum class Keeping {
    kKept,
    kTaken,   // the name leads elsewhere
    kNoRoom,  // there is a bound to all of them together
};

// Thread-safe. Errors: the store is away, and nobody knows.
class Lookups {
public:
    virtual ~Lookups() = default;
    virtual boost::asio::awaitable<Result<Keeping, StoreError>> keep(Lookup lookup, Deadline deadline) = 0;
    // nullopt: it leads to nothing, or not any more.
    virtual boost::asio::awaitable<Result<std::optional<std::string>, StoreError>> find(std::string name,
                                                                                        Deadline deadline) = 0;
};

// For tests, and for whoever has one process.
class ProcessLookups : public Lookups {
public:
    using Now = std::function<Instant()>;
    explicit ProcessLookups(Now now, std::size_t room = 50'000) : now_(std::move(now)), room_(room) {}

    boost::asio::awaitable<Result<Keeping, StoreError>> keep(Lookup lookup, Deadline deadline) override;
    boost::asio::awaitable<Result<std::optional<std::string>, StoreError>> find(std::string name,
                                                                                Deadline deadline) override;

private:
    struct Kept {
        std::string value;
        Instant expires_at;
    };
    const Now now_;
    const std::size_t room_;
    std::mutex mutex_;
    std::map<std::string, Kept> kept_;
};

}  // namespace keyledger::eventstore
