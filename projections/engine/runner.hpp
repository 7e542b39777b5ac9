#pragma once
// The projector: follows the log and keeps all read models' tables level with it (design section 7, runner
// part). One thread and one database session a process; of all processes on one database one leads, the one
// whose session holds an advisory lock, and the checkpoint statement fences a process that wrongly believes to lead
// (one that was paused). Each read model has its own checkpoint, so that one can lag, stop or be rebuilt without the
// others; those that stand at one place move on in one transaction.
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/log_source.hpp"
#include "eventstore/sealing/subject_cipher.hpp"
#include "projections/engine/limits.hpp"
#include "projections/engine/read_model.hpp"
#include "projections/engine/stop.hpp"

namespace keyledger::projections {

struct ProjectorSettings {
    std::string database_url;  // of the service's role
    std::int32_t batch_events = kMaxBatchEvents;
    std::string application_name = "keyledger projector";
    std::string lock = "keyledger.projector";  // of whoever leads
    std::chrono::milliseconds rest{};  // after a batch behind which there was nothing more: later ones are fuller
    std::chrono::milliseconds rest_of_many{};  // instead, while `many_per_second` or more events come
    double many_per_second = 5'000;
    bool opens_personal = true;  // false: its models need nothing personal (decode_sealed())
};

struct ProjectionStatus {
    std::string model;
    int generation = 0;
    Position position = 0;
    Position head = 0;                       // of the log, as last seen
    std::chrono::milliseconds behind_for{};  // since it was last level with the head; 0 while it is
    std::optional<Stop> stopped;             // red: an operator has to look
    std::string trouble;                     // what it tries to get over: locks, resources, missing rights; empty: none
};
struct ProjectorStatus {
    enum class Phase { kStopped, kCompeting, kLeading };
    Phase phase = Phase::kStopped;
    std::vector<ProjectionStatus> projections;  // of the leader; empty before a process has led
    std::string last_trouble;                   // why it last stood down or could not start; empty: never
    std::string trouble;                        // what keeps it from following the log now; empty: nothing
};

class Projector {
public:
    // Called on the projector's thread after a commit, for those who wait for a position; must not block or
    // throw.
    using OnApplied = std::function<void(std::string_view model, Position position)>;

    // `cipher` outlives it. Nothing happens before start().
    Projector(ProjectorSettings settings, std::unique_ptr<eventstore::LogSource> source,
              eventstore::SubjectCipher& cipher, std::vector<std::unique_ptr<ReadModel>> models,
              OnApplied on_applied = {});
    ~Projector();
    Projector(const Projector&) = delete;
    Projector& operator=(const Projector&) = delete;

    void start();  // once
    // Finishes or rolls back the batch in hand, gives up the lock and joins the thread. May be called twice.
    void stop();

    // From any thread: something was appended, do not wait for the next look.
    void hint();
    ProjectorStatus status() const;  // from any thread

private:
    class Worker;
    std::unique_ptr<Worker> worker_;
};

}  // namespace keyledger::projections
