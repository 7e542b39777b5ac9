#include "projections/rebuild.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>

#include "projections/database.hpp"
#include "projections/key_cache.hpp"
#include "projections/projection.hpp"
#include "projections/table_digest.hpp"

namespace keyledger::projections {
namespace {

using Why = RebuildFailure::Why;

class Rebuild {
public:
    Rebuild(const RebuildOrder& order, const ReadModel& model, eventstore::LogSource& source,
            eventstore::SubjectCipher& cipher, const RebuildProgress& progress, std::stop_token cancel)
        : order_(order),
          model_(model),
          source_(source),
          cipher_(cipher),
          progress_(progress),
          cancel_(std::move(cancel)),
          writer_(connect(order.database_url, "keyledger rebuild")),
          switcher_(connect(order.database_url, "keyledger rebuild switch")),
          keys_(cipher, kMaxCachedSubjectKeys) {}

    Result<Rebuilt, RebuildFailure> run() {
        prepare_writer(*writer_);
        if (!lock()) return Unexpected(RebuildFailure{Why::kAnotherRuns, {}});
        create_catalogue(*writer_);
        const Generation old = open_current(*writer_, model_);
        begin();
        spdlog::info("rebuilding {}: generation {} beside {}", model_.name(), next_->generation().number,
                     old.number);

        Rebuilt rebuilt;
        rebuilt.generation = next_->generation().number;
        if (order_.compare == RebuildOrder::Compare::kYes && old.layout == model_.layout() &&
            !compare(old.number, rebuilt))
            return Unexpected(failure_);
        if (!follow(std::numeric_limits<Position>::max())) return Unexpected(failure_);
        failure_ = {Why::kOvertaken, {}};
        const auto switched = switch_generation(*switcher_, model_, old.number, [&](Position old_position) {
            return follow(std::max(old_position, next_->cursor().position))
                       ? std::optional(next_->generation())
                       : std::nullopt;
        });
        if (!switched) return Unexpected(failure_);
        rebuilt.switched_at = switched->cursor.position;
        spdlog::info("{} switched to generation {} at position {}", model_.name(), rebuilt.generation,
                     rebuilt.switched_at);
        drop_generations(*writer_, model_, Drop::kRetired);
        return rebuilt;
    }

private:
    bool lock() {
        pqxx::nontransaction ask(*writer_);
        return ask
            .exec_params1("select pg_try_advisory_lock(hashtextextended('keyledger.rebuild.' || $1, 0))",
                          std::string(model_.name()))[0]
            .as<bool>();
    }

    void begin() {
        std::optional<Generation> unfinished;
        if (order_.begin == RebuildOrder::Begin::kWhereItStopped)
            unfinished = find_unfinished(*writer_, model_);
        if (!unfinished || unfinished->layout != model_.layout()) {
            drop_generations(*writer_, model_, Drop::kRetiredAndUnfinished);
            unfinished = create_next(*writer_, model_);
        }
        next_.emplace(*writer_, model_, *unfinished);
    }

    // Brings the new generation to where the old one is now, and takes both digests there.
    bool compare(int old_number, Rebuilt& rebuilt) {
        {
            pqxx::transaction<pqxx::repeatable_read, pqxx::read_only> snapshot(*switcher_);
            rebuilt.before = digest_generation(snapshot, model_, old_number);
        }
        if (next_->cursor().position > rebuilt.before->position) {  // a resumed one may be past it
            rebuilt.before.reset();
            return true;
        }
        if (!follow(rebuilt.before->position)) return false;
        pqxx::transaction<pqxx::repeatable_read, pqxx::read_only> snapshot(*switcher_);
        rebuilt.after = digest_generation(snapshot, model_, next_->generation().number);
        return true;
    }

    // Up to a position, or to the head where that comes first. False: `failure_` says why.
    bool follow(Position target) {
        while (next_->cursor().position < target) {
            if (cancel_.stop_requested()) return fail(Why::kCancelled);
            const auto limit = static_cast<std::int32_t>(
                std::min<Position>(order_.batch_events, target - next_->cursor().position));
            const auto events = source_.read_after(next_->cursor(), limit);
            if (!events) return fail(Why::kLogUnreadable);
            if (events->empty()) return true;
            DecodedBatch decoded;
            {
                pqxx::nontransaction read_keys(*writer_);
                decoded = decode_batch(*events, keys_, cipher_, read_keys);
            }
            if (next_->advance(*writer_, *events, decoded) == Projection::Progress::kTryLater)
                throw std::runtime_error(next_->trouble());
            if (next_->stopped()) {
                failure_ = {Why::kPoisoned, next_->stopped()->at};
                return false;
            }
            report();
        }
        return true;
    }

    void report() {
        if (const auto head = source_.head()) head_ = head->cursor.position;
        if (progress_) progress_(next_->cursor().position, std::max(head_, next_->cursor().position));
    }

    bool fail(Why why) {
        failure_ = {why, {next_->cursor().position, "", ""}};
        return false;
    }

    const RebuildOrder& order_;
    const ReadModel& model_;
    eventstore::LogSource& source_;
    eventstore::SubjectCipher& cipher_;
    const RebuildProgress& progress_;
    const std::stop_token cancel_;
    Connection writer_;
    Connection switcher_;  // holds the old checkpoint while the writer catches up
    KeyCache keys_;
    std::optional<Projection> next_;
    Position head_ = 0;
    RebuildFailure failure_;
};

}  // namespace

Result<Rebuilt, RebuildFailure> rebuild(const RebuildOrder& order, const ReadModel& model,
                                        eventstore::LogSource& source, eventstore::SubjectCipher& cipher,
                                        const RebuildProgress& progress, std::stop_token cancel) {
    return Rebuild(order, model, source, cipher, progress, std::move(cancel)).run();
}

}  // namespace keyledger::projections
