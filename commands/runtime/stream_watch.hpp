#pragma once
// Tells from memory that follows the log which streams have not moved (projections/hot/), so that folds which are
// remembered can be answered from at the head (I8) without a read of them. Thread-safe.
#include <boost/asio/awaitable.hpp>
#include <optional>
#include <vector>

#include "eventstore/log_moment.hpp"
#include "eventstore/store.hpp"

namespace keyledger::commands {

class StreamWatch {
public:
    virtual ~StreamWatch() = default;
    // How far it has followed the log: what is read of the store from now on is as of then, or later. Not set: it can't
    // tell.
    virtual eventstore::LogMoment moment() const = 0;
    // The moment, of everything that had been appended before the call or later, as of which all of them stand where
    // they were seen. nullopt: one of them moved, or nobody here knows; ask the store.
    virtual boost::asio::awaitable<std::optional<eventstore::LogMoment>> all_unmoved(
        std::vector<eventstore::StreamSeen> streams, eventstore::Deadline deadline) = 0;
};

}  // namespace keyledger::commands
