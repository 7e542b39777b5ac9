#pragma once
// Asks the read models, as coroutines: the SQL runs on a few threads of this class, behind a bounded queue. Every
// answer is one snapshot: the current generation, its checkpoint and the rows together, and carries the position up to
// which it is complete. None of them is a security answer (I8): those come from the log.
//
// What can be asked of a model stands beside its rows (models/users.hpp …):
//
//     co_await queries.wait_for(kUsersModel, position, head, deadline)   // read your own writes
//     co_await find_user(queries, id, deadline)
//
// Threads: any; an answer comes on the executor that awaits it. Errors are values.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/result.hpp"
#include "domain/base/uuid.hpp"
#include "projections/engine/model.hpp"

namespace keyledger::projections {

enum class QueryError {
    kUnavailable,         // no database, no room in the queue, stopping, or no table of this build's layout yet
    kDeadline,            // expired before it started or while it ran
    kPositionNotReached,  // the read model did not get there within the deadline: try again later
    kPositionBeyondHead,  // no such event yet: the position is not of this log, refused at once
    kInvalid,             // a limit outside 1 … kMaxPageRows, a search longer than kMaxSearchBytes, U+0000
};

template <class T>
struct AtPosition {
    T value;
    Position position = 0;
};
// Pages hold at most `limit` rows; `next` is there if more follow. Rows that come or go between two pages
// shift nothing.
template <class Row, class Cursor>
struct Page {
    std::vector<Row> items;
    std::optional<Cursor> next;
    Position position = 0;
};

// How the read models stand, for readiness and metrics of any node.
struct ModelState {
    std::string model;
    int generation = 0;
    Position position = 0;
    struct Stopped {
        std::string kind;  // name_of(StopKind)
        Position position = 0;
        std::string event_type;
        std::string reason;
    };
    std::optional<Stopped> stopped;
};

struct QuerySettings {
    std::string database_url;  // of the service's role
    int threads = 2;           // and connections; one more connection for those who wait for a position
    std::string application_name = "keyledger queries";
};

class Queries {
public:
    using Deadline = std::chrono::steady_clock::time_point;
    template <class T>
    using Answer = boost::asio::awaitable<Result<T, QueryError>>;

    // Connects when first asked.
    explicit Queries(QuerySettings settings);
    ~Queries();
    Queries(const Queries&) = delete;
    Queries& operator=(const Queries&) = delete;

    // Returns once the model's checkpoint has the position; a query sent afterwards includes it. `head` is
    // the log's, learned after the request came.
    Answer<Position> wait_for(Model model, Position position, Position head, Deadline deadline);

    Answer<std::vector<ModelState>> states(Deadline deadline);

    // A hint, from the projector of this process: somebody's position may have come. Any thread, does not
    // block.
    void applied();

    // Whoever waits is answered kUnavailable, what runs is finished. May be called twice.
    void stop();

    // What questions are put to (engine/question.hpp).
    class Worker;
    Worker& worker() { return *worker_; }

private:
    std::unique_ptr<Worker> worker_;
};

template <class T>
using Answer = Queries::Answer<T>;
template <class Row>
using FoundRow = AtPosition<std::optional<Row>>;
template <class Row>
using AllRows = AtPosition<std::vector<Row>>;

}  // namespace keyledger::projections
