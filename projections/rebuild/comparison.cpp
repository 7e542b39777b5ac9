#include "projections/rebuild/comparison.hpp"

#include <spdlog/spdlog.h>

#include "projections/rebuild/replay.hpp"

namespace keyledger::projections {
namespace {

using Why = RebuildFailure::Why;
using Snapshot = pqxx::transaction<pqxx::repeatable_read, pqxx::read_only>;

std::vector<std::string> primary_key(pqxx::transaction_base& read, const std::string& table) {
    std::vector<std::string> columns;
    for (const auto& row :
         read.exec_params("select a.attname from pg_index i "
                          "  join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey) "
                          " where i.indrelid = ('read_models.' || $1)::regclass and i.indisprimary "
                          " order by array_position(i.indkey::int2[], a.attnum)",
                          table))
        columns.push_back(row[0].c_str());
    if (columns.empty()) throw std::runtime_error("table read_models." + table + " has no primary key");
    return columns;
}

std::optional<RowDifference> first_difference(pqxx::transaction_base& read, const std::string& live,
                                              const std::string& replay) {
    std::string equal, key, order;
    const auto columns = primary_key(read, live);
    for (const std::string& column : columns) {
        const std::string name = read.quote_name(column);
        const std::string value = "coalesce(live." + name + ", replay." + name + ")";
        equal += (equal.empty() ? "live." : " and live.") + name + " = replay." + name;
        key += (key.empty() ? "'" : " || ', ") + column + "=' || " + value + "::text";
        order += (order.empty() ? "" : ", ") + value;
    }
    const std::string first = read.quote_name(columns.front());
    const auto found = read.exec(
        "select " + key + ", live." + first + " is null, replay." + first +
        " is null, (select string_agg(l.key, ',' order by l.key) from jsonb_each(to_jsonb(live)) as l "
        " join jsonb_each(to_jsonb(replay)) as r using (key) where l.value <> r.value) "
        " from read_models." +
        read.quote_name(live) + " as live full join read_models." + read.quote_name(replay) + " as replay on " + equal +
        " where live::text is distinct from replay::text order by " + order + " limit 1");
    if (found.empty()) return std::nullopt;
    RowDifference difference;
    difference.table = live;
    difference.key = found[0][0].c_str();
    if (found[0][1].as<bool>()) {
        difference.kind = RowDifference::Kind::kMissing;
    } else if (found[0][2].as<bool>()) {
        difference.kind = RowDifference::Kind::kExtra;
    } else {
        std::string_view names = found[0][3].c_str();
        while (!names.empty()) {
            const std::size_t comma = std::min(names.find(','), names.size());
            difference.columns.emplace_back(names.substr(0, comma));
            names.remove_prefix(std::min(comma + 1, names.size()));
        }
    }
    return difference;
}

class Comparison {
public:
    Comparison(const RebuildOrder& order, const ReadModel& model, eventstore::LogSource& source,
               eventstore::SubjectCipher& cipher, const RebuildProgress& progress, std::stop_token cancel)
        : model_(model),
          source_(source),
          cancel_(cancel),
          replay_(order, model, source, cipher, progress, std::move(cancel)),
          reader_(connect(order.database_url, "keyledger projections verify")),
          locker_(connect(order.database_url, "keyledger projections verify lock")) {}

    Result<ComparisonResult, RebuildFailure> run() {
        if (!replay_.lock()) return Unexpected(RebuildFailure{Why::kAnotherRuns, {}});
        create_catalogue(replay_.writer());
        live_ = open_current(replay_.writer(), model_);
        if (live_.layout != model_.layout())
            return Unexpected(RebuildFailure{Why::kOtherLayout, {live_.cursor.position, "", ""}});
        replay_.begin();
        compared_.generation = live_.number;
        compared_.skipped_events = replay_.take_over_skips(live_.number);
        auto outcome = compare();
        forget_replay();
        return outcome;
    }

private:
    Result<ComparisonResult, RebuildFailure> compare() {
        if (!replay_.follow(live_.cursor.position)) return Unexpected(replay_.failure());
        if (auto failure = compare_once()) return Unexpected(*failure);
        if (!compared_.first_difference || !erasures_may_be_under_way()) return compared_;
        spdlog::info("{} differs at position {}; looking again once it is further", model_.name(), compared_.position);
        if (auto failure = compare_once()) return Unexpected(*failure);
        return compared_;
    }

    // While the live checkpoint is locked, so that nobody moves it, the replay is brought there and a snapshot
    // is taken that holds both. The comparison itself then reads the snapshot and stops nobody.
    std::optional<RebuildFailure> compare_once() {
        std::optional<Snapshot> snapshot;
        {
            pqxx::work lock(*locker_);
            const auto row = lock.exec_params(
                "select position from keyledger.checkpoints where reader = $1 and generation = $2 for update",
                std::string(model_.name()), live_.number);
            if (row.empty()) return RebuildFailure{Why::kOvertaken, {}};
            compared_.position = row[0][0].as<std::int64_t>();
            if (!replay_.follow(compared_.position)) return replay_.failure();
            snapshot.emplace(*reader_);
            snapshot->exec1("select 1 from (select count(*) from keyledger.log) as taken");
        }
        compared_.rows = 0;
        compared_.first_difference.reset();
        const auto live = model_.tables(live_.number);
        const auto replayed = model_.tables(replay_.generation().number);
        for (std::size_t i = 0; i < live.size(); ++i) {
            compared_.rows += snapshot->exec1("select count(*) from read_models." + snapshot->quote_name(live[i]))[0]
                                  .as<std::int64_t>();
            if (!compared_.first_difference)
                compared_.first_difference = first_difference(*snapshot, live[i], replayed[i]);
        }
        return std::nullopt;
    }

    // Keys are destroyed with the event that erases, tables follow. Waits until the live tables are where the log
    // was when they differed. False: they were there already, or they don't get there.
    bool erasures_may_be_under_way() {
        const auto head = source_.head();
        if (!head || compared_.position >= head->cursor.position) return false;
        const auto until = std::chrono::steady_clock::now() + kPatienceWithLive;
        while (std::chrono::steady_clock::now() < until && !cancel_.stop_requested()) {
            const Generation now = open_current(replay_.writer(), model_);
            if (now.number != live_.number || now.cursor.position >= head->cursor.position) return true;
            source_.wait(kIdleWait);
        }
        return false;
    }

    void forget_replay() {
        const int number = replay_.generation().number;
        {
            pqxx::nontransaction forget(replay_.writer());
            forget.exec_params0("delete from read_models.skips where model = $1 and generation = $2",
                                std::string(model_.name()), number);
        }
        drop_generations(replay_.writer(), model_, DropScope::kRetiredAndUnfinished);
    }

    const ReadModel& model_;
    eventstore::LogSource& source_;
    const std::stop_token cancel_;
    RebuildFeed replay_;
    Connection reader_;
    Connection locker_;
    Generation live_;
    ComparisonResult compared_;
};

}  // namespace

Result<ComparisonResult, RebuildFailure> compare_with_replay(const RebuildOrder& order, const ReadModel& model,
                                                             eventstore::LogSource& source,
                                                             eventstore::SubjectCipher& cipher,
                                                             const RebuildProgress& progress, std::stop_token cancel) {
    return Comparison(order, model, source, cipher, progress, std::move(cancel)).run();
}

}  // namespace keyledger::projections
