#include "projections/engine/queries.hpp"

#include <stdexcept>

#include "projections/engine/question.hpp"
#include "projections/engine/read_model.hpp"

namespace keyledger::projections {
namespace {

struct Unreadable : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// What the rows of one statement come with.
constexpr const char* kAt = R"(
with at as materialized (
    select c.generation, g.layout, k.position
      from read_models.current c
      join read_models.generations g on g.model = c.model and g.generation = c.generation
      join keyledger.checkpoints k on k.reader = c.model and k.generation = c.generation
     where c.model = )";

std::vector<ModelState> read_states(pqxx::connection& connection) {
    pqxx::nontransaction read(connection);
    std::vector<ModelState> states;
    for (const auto& row :
         read.exec("select c.model, c.generation, k.position, s.kind, s.position, s.event_type, s.reason "
                   "  from read_models.current c "
                   "  join keyledger.checkpoints k on k.reader = c.model and k.generation = c.generation "
                   "  left join read_models.stopped s on s.model = c.model and s.generation = c.generation "
                   " order by c.model")) {
        ModelState& state = states.emplace_back();
        state.model = row[0].c_str();
        state.generation = row[1].as<int>();
        state.position = row[2].as<std::int64_t>();
        if (!row[3].is_null())
            state.stopped = {row[3].c_str(), row[4].as<std::int64_t>(), row[5].c_str(), row[6].c_str()};
    }
    return states;
}

}  // namespace

RowsSql limited(const std::string& select, const std::string& order, const std::string& limit) {
    return {select + " order by " + order + " limit " + limit + "::integer", order};
}

bool is_valid_limit(std::int32_t limit) { return limit >= 1 && limit <= kMaxPageRows; }
bool is_valid(const std::string& text) {
    return text.size() <= kMaxSearchBytes && text.find('\0') == std::string::npos;
}

Queries::Worker::Worker(const QuerySettings& settings) : pool_(settings, kMaxQueuedQueries), watch_(settings) {}

int Queries::Worker::generation_of(pqxx::transaction_base& read, const std::string& model, bool again) {
    if (!again) {
        const std::lock_guard lock(mutex_);
        if (const auto known = generations_.find(model); known != generations_.end()) return known->second;
    }
    const auto current = read.exec_params("select generation from read_models.current where model = $1", model);
    if (current.empty()) throw Unreadable("read model " + model + " is not there yet");
    const std::lock_guard lock(mutex_);
    return generations_[model] = current[0][0].as<int>();
}

Snapshot Queries::Worker::read(pqxx::connection& connection, const Question& question) {
    const std::string model(question.model.name);
    std::vector<const char*> parameters;
    for (const auto& parameter : question.parameters) parameters.push_back(parameter ? parameter->c_str() : nullptr);
    for (int attempt = 0; attempt <= kMaxGenerationRetries; ++attempt) {
        pqxx::nontransaction ask(connection);
        const int generation = generation_of(ask, model, attempt > 0);
        try {
            Snapshot snapshot;
            const RowsSql sql = question.rows("read_models." + table_name(model, generation));
            snapshot.rows = ask.exec_params(kAt + ask.quote(model) + ") select at.*, r.* from at left join (" +
                                                sql.select + ") as r on true order by r." + sql.order,
                                            pqxx::prepare::make_dynamic_params(parameters));
            if (!snapshot.rows.empty() && snapshot.rows[0][0].as<int>() == generation) {
                if (snapshot.rows[0][1].as<int>() != question.model.layout)
                    throw Unreadable("the tables of " + model + " are not of this build's layout");
                snapshot.position = snapshot.rows[0][2].as<std::int64_t>();
                return snapshot;
            }
        } catch (const pqxx::undefined_table&) {   // dropped after a switch
        } catch (const pqxx::undefined_column&) {  // of another layout
        }
    }
    throw Unreadable("read model " + model + " has no table that this build can read");
}

Queries::Queries(QuerySettings settings) : worker_(std::make_unique<Worker>(settings)) {}
Queries::~Queries() { stop(); }

Queries::Answer<Position> Queries::wait_for(Model model, Position position, Position head, Deadline deadline) {
    if (position > head) return refused<Position>(QueryError::kPositionBeyondHead);
    return worker_->watch().wait_for(model, position, deadline);
}

Queries::Answer<std::vector<ModelState>> Queries::states(Deadline deadline) {
    std::function<std::vector<ModelState>(pqxx::connection&)> read = read_states;
    return worker_->pool().ask(deadline, std::move(read));
}

void Queries::applied() { worker_->watch().hint(); }

QueryCounts counts_of(Queries& queries) { return queries.worker().pool().counts(); }

void Queries::stop() {
    worker_->watch().stop();
    worker_->pool().stop();
}

}  // namespace keyledger::projections
