#pragma once
// What the runner needs of a read model: its tables, and how a batch of events changes their rows. A model is
// a pure function of the log (I7): no clock, no randomness, no table but its own; it never decides, rejects
// or emits. What the log causes outside is planned by the same runner (reactors/engine/job_plan.hpp): by a model
// that begins at the head, and whose rows are jobs.
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "projections/engine/decoder.hpp"
#include "projections/engine/model.hpp"

namespace pqxx {
class transaction_base;
}

namespace keyledger::projections {

// The log says something that can't be, such as a change to a row that was never made. The event is poisoned.
struct InconsistentLog : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class ReadModel {
public:
    virtual ~ReadModel() = default;
    virtual Model model() const = 0;
    // What its tables' names end with, the main table, which has no ending, first.
    virtual std::vector<std::string_view> parts() const { return {""}; }
    virtual void create(pqxx::transaction_base& transaction, int generation) const = 0;
    // Where the first generation begins.
    enum class Beginning { kFirstEvent, kHead };
    virtual Beginning beginning() const { return Beginning::kFirstEvent; }
    // What an operator does when the log is not the one that its checkpoint is of.
    virtual std::string way_out_of_another_history() const {
        return "run 'keyledger projections rebuild " + std::string(name()) + "'";
    }
    // Applies the events in order. The result is the same however the log is cut into batches. Throws
    // InconsistentLog, std::invalid_argument (a value that no column holds) and libpqxx's exceptions; the
    // caller then rolls back.
    virtual void apply(pqxx::transaction_base& transaction, int generation,
                       std::span<const DecodedEvent> events) const = 0;

    // For a model that remembers what its tables say, to read them less often. Such an object is one follower's at a
    // time, on one thread.
    // Called when a follower begins: the database may hold another history since, so nothing remembered counts.
    virtual void forget() const {}
    // Called after a commit of what the last apply() wrote. If it is not called before the next apply(), that was
    // rolled back or nobody knows, and nothing remembered counts.
    virtual void committed() const {}

    std::string_view name() const { return model().name; }
    int layout() const { return model().layout; }
    // Unqualified, in the order of the parts.
    std::vector<std::string> tables(int generation) const;

protected:
    // Qualified.
    std::string table(int generation, std::string_view part = "") const;
};

std::string table_name(std::string_view model, int generation, std::string_view suffix = "");

}  // namespace keyledger::projections
