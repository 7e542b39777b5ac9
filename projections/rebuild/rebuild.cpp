#include "projections/rebuild/rebuild.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>

#include "projections/rebuild/replay.hpp"
#include "projections/rebuild/table_digest.hpp"

namespace keyledger::projections {
namespace {

using Why = RebuildFailure::Why;

class Rebuild {
public:
    Rebuild(const RebuildOrder& order, const ReadModel& model, eventstore::LogSource& source,
            eventstore::SubjectCipher& cipher, const RebuildProgress& progress, std::stop_token cancel)
        : order_(order),
          model_(model),
          next_(order, model, source, cipher, progress, std::move(cancel)),
          switcher_(connect(order.database_url, "keyledger rebuild switch")) {}

    Result<RebuildResult, RebuildFailure> run() {
        if (!next_.lock()) return Unexpected(RebuildFailure{Why::kAnotherRuns, {}});
        create_catalogue(next_.writer());
        const Generation old = open_current(next_.writer(), model_);
        next_.begin();
        spdlog::info("rebuilding {}: generation {} beside {}", model_.name(), next_.generation().number, old.number);

        RebuildResult rebuilt;
        rebuilt.generation = next_.generation().number;
        if (order_.compare == RebuildOrder::Compare::kYes && old.layout == model_.layout() &&
            !compare(old.number, rebuilt))
            return Unexpected(next_.failure());
        if (!next_.follow(std::numeric_limits<Position>::max())) return Unexpected(next_.failure());
        bool caught_up = true;
        const auto switched = switch_generation(*switcher_, model_, old.number, [&](Position old_position) {
            caught_up = next_.follow(std::max(old_position, next_.cursor().position));
            if (!caught_up) return std::optional<Generation>();
            if (next_.cursor().position < old_position)
                spdlog::warn("the checkpoint of {} was changed: it stands at position {}, and the log ends at {}",
                             model_.name(), old_position, next_.cursor().position);
            return std::optional(next_.generation());
        });
        if (!switched) return Unexpected(caught_up ? RebuildFailure{Why::kOvertaken, {}} : next_.failure());
        rebuilt.switched_at = switched->cursor.position;
        spdlog::info("{} switched to generation {} at position {}", model_.name(), rebuilt.generation,
                     rebuilt.switched_at);
        drop_generations(next_.writer(), model_, DropScope::kRetired);
        return rebuilt;
    }

private:
    // Brings the new generation to where the old one is now, and takes both digests there.
    bool compare(int old_number, RebuildResult& rebuilt) {
        {
            pqxx::transaction<pqxx::repeatable_read, pqxx::read_only> snapshot(*switcher_);
            rebuilt.before = digest_generation(snapshot, model_, old_number);
        }
        if (next_.cursor().position > rebuilt.before->position) {  // a resumed one may be past it
            rebuilt.before.reset();
            return true;
        }
        if (!next_.follow(rebuilt.before->position)) return false;
        pqxx::transaction<pqxx::repeatable_read, pqxx::read_only> snapshot(*switcher_);
        rebuilt.after = digest_generation(snapshot, model_, next_.generation().number);
        return true;
    }

    const RebuildOrder& order_;
    const ReadModel& model_;
    RebuildFeed next_;
    Connection switcher_;  // holds the old checkpoint while the writer catches up
};

}  // namespace

Result<RebuildResult, RebuildFailure> rebuild(const RebuildOrder& order, const ReadModel& model,
                                              eventstore::LogSource& source, eventstore::SubjectCipher& cipher,
                                              const RebuildProgress& progress, std::stop_token cancel) {
    return Rebuild(order, model, source, cipher, progress, std::move(cancel)).run();
}

}  // namespace keyledger::projections
