#include "projections/rebuild/replay.hpp"

#include <algorithm>

namespace keyledger::projections {

using Why = RebuildFailure::Why;

RebuildFeed::RebuildFeed(const RebuildOrder& order, const ReadModel& model, eventstore::LogSource& source,
                         eventstore::SubjectCipher& cipher, const RebuildProgress& progress, std::stop_token cancel)
    : order_(order),
      model_(model),
      source_(source),
      cipher_(cipher),
      progress_(progress),
      cancel_(std::move(cancel)),
      writer_(connect(order.database_url, "keyledger rebuild")),
      keys_(cipher, kMaxCachedSubjectKeys) {
    prepare_writer(*writer_);
}

// By itself: the server notices that a connection was closed later than the next one may ask.
RebuildFeed::~RebuildFeed() {
    try {
        pqxx::nontransaction(*writer_).exec("select pg_advisory_unlock_all()");
    } catch (const std::exception&) {  // then it ends with the connection
    }
}

bool RebuildFeed::lock() {
    pqxx::nontransaction ask(*writer_);
    return ask
        .exec_params1("select pg_try_advisory_lock(hashtextextended('keyledger.rebuild.' || $1, 0))",
                      std::string(model_.name()))[0]
        .as<bool>();
}

void RebuildFeed::begin() {
    std::optional<Generation> unfinished;
    if (order_.begin == RebuildOrder::Begin::kWhereItStopped) unfinished = find_unfinished(*writer_, model_);
    if (!unfinished || unfinished->layout != model_.layout()) {
        drop_generations(*writer_, model_, DropScope::kRetiredAndUnfinished);
        unfinished = create_next(*writer_, model_);
    }
    next_.emplace(*writer_, model_, *unfinished);
}

std::int64_t RebuildFeed::take_over_skips(int from_generation) {
    const Generation generation = next_->generation();
    std::int64_t skips = 0;
    {
        pqxx::nontransaction copy(*writer_);
        const auto copied = copy.exec_params(
            "insert into read_models.skips (model, generation, position, event_type, reason, skipped_by, why) "
            "select model, $3, position, event_type, reason, skipped_by, why from read_models.skips "
            " where model = $1 and generation = $2 on conflict do nothing",
            std::string(model_.name()), from_generation, generation.number);
        skips = static_cast<std::int64_t>(copied.affected_rows());
    }
    next_.emplace(*writer_, model_, generation);
    return skips;
}

bool RebuildFeed::follow(Position target) {
    while (next_->cursor().position < target) {
        if (cancel_.stop_requested()) return fail(Why::kCancelled);
        const auto limit =
            static_cast<std::int32_t>(std::min<Position>(order_.batch_events, target - next_->cursor().position));
        const auto events = source_.follow_after(next_->cursor(), limit);
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

void RebuildFeed::report() {
    if (const auto head = source_.head()) head_ = head->cursor.position;
    if (progress_) progress_(next_->cursor().position, std::max(head_, next_->cursor().position));
}

bool RebuildFeed::fail(Why why) {
    failure_ = {why, {next_->cursor().position, "", ""}};
    return false;
}

}  // namespace keyledger::projections
