#include "projections/rebuild/inspection.hpp"

#include "projections/engine/database.hpp"

namespace keyledger::projections {
namespace {

using Snapshot = pqxx::transaction<pqxx::repeatable_read, pqxx::read_only>;

constexpr const char* kMilliseconds = "(extract(epoch from %) * 1000)::bigint";

std::string milliseconds_of(const std::string& column) {
    std::string sql = kMilliseconds;
    return sql.replace(sql.find('%'), 1, column);
}

void read_current(pqxx::transaction_base& read, ModelReport& state) {
    const auto found =
        read.exec_params("select g.generation, g.layout, k.position from read_models.current c "
                         "  join read_models.generations g using (model, generation) "
                         "  join keyledger.checkpoints k on k.reader = g.model and k.generation = g.generation "
                         " where c.model = $1",
                         state.model);
    if (found.empty()) return;
    state.generation = found[0][0].as<int>();
    state.layout = found[0][1].as<int>();
    state.position = found[0][2].as<std::int64_t>();
}

void read_stop(pqxx::transaction_base& read, ModelReport& state) {
    const auto found = read.exec_params("select kind, position, event_type, reason, " + milliseconds_of("since") +
                                            " from read_models.stopped where model = $1 and generation = $2",
                                        state.model, state.generation);
    if (found.empty()) return;
    RecordedStop stop;
    stop.kind = found[0][0].c_str();
    stop.at = {found[0][1].as<std::int64_t>(), found[0][2].c_str(), found[0][3].c_str()};
    stop.since = Instant::at_ms(found[0][4].as<std::int64_t>());
    state.stopped = std::move(stop);
}

void read_rest(pqxx::transaction_base& read, ModelReport& state) {
    for (const auto& row :
         read.exec_params("select position, event_type, skipped_by, why, " + milliseconds_of("skipped_at") +
                              " from read_models.skips where model = $1 and generation = $2 order by position",
                          state.model, state.generation))
        state.skips.push_back({row[0].as<std::int64_t>(), row[1].c_str(), row[2].c_str(), row[3].c_str(),
                               Instant::at_ms(row[4].as<std::int64_t>())});
    for (const auto& row : read.exec_params(
             "select generation from read_models.generations where model = $1 and generation > $2 order by 1",
             state.model, state.generation))
        state.unfinished.push_back(row[0].as<int>());
}

}  // namespace

std::vector<ModelReport> inspect(const std::string& database_url,
                                 const std::vector<std::unique_ptr<ReadModel>>& models) {
    const Connection connection = connect(database_url, "keyledger projections status");
    Snapshot read(*connection);
    const auto head =
        read.exec1("select coalesce((select position from keyledger.events order by position desc limit 1), 0), "
                   "to_regclass('read_models.skips') is not null");  // the last table of the catalogue
    std::vector<ModelReport> states;
    for (const auto& model : models) {
        ModelReport& state = states.emplace_back();
        state.model = model->name();
        state.build_layout = model->layout();
        state.head = head[0].as<std::int64_t>();
        if (!head[1].as<bool>()) continue;
        read_current(read, state);
        read_stop(read, state);
        read_rest(read, state);
    }
    return states;
}

}  // namespace keyledger::projections
