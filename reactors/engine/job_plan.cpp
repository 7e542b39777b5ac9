#include "reactors/engine/job_plan.hpp"

#include <spdlog/spdlog.h>

#include "projections/engine/database.hpp"
#include "projections/engine/sql_array.hpp"
#include "reactors/engine/limits.hpp"

namespace keyledger::reactors {
namespace {

constexpr std::string_view kPrefix = "reactor.";

// "{…,…}": as an element of a text[], for there are no arrays of arrays of unlike lengths.
std::string array_text(const std::vector<Uuid>& ids) {
    std::string text = "{";
    for (const Uuid& id : ids) text.append(text.size() == 1 ? "" : ",").append(id.to_string());
    return text + '}';
}

}  // namespace

JobPlan::JobPlan(const Reactor& reactor, const Uuid& log_id, Notes& notes)
    : reactor_(reactor),
      notes_(notes),
      log_id_(log_id.to_string()),
      name_(std::string(kPrefix) + std::string(reactor.name()) + '.' + log_id_) {}

std::string JobPlan::way_out_of_another_history() const {
    return "delete its row from keyledger.checkpoints, as the owner, and it begins at the head";
}

void JobPlan::apply(pqxx::transaction_base& transaction, int, std::span<const projections::DecodedEvent> events) const {
    projections::SqlArray positions, ordinals, kinds, subjects, arguments;
    for (const projections::DecodedEvent& event : events) {
        std::int32_t ordinal = 0;
        for (const PlannedJob& job : reactor_.plan(sealed(*event.recorded))) {
            positions.add(event.recorded->position);
            ordinals.add(ordinal++);
            kinds.add(job.kind);
            subjects.add(job.subject);
            arguments.add(array_text(job.arguments));
        }
    }
    if (positions.empty()) return;
    notes_.has_planned = true;
    const auto too_late =
        transaction
            .exec_params1("select keyledger.plan_jobs($1::uuid, $2, $3::bigint[], $4::integer[], $5::text[],"
                          " $6::uuid[], $7::text[])",
                          log_id_, std::string(reactor_.name()), positions.parameter(), ordinals.parameter(),
                          kinds.parameter(), subjects.parameter(), arguments.parameter())[0]
            .as<std::int64_t>();
    // What was left out in a transaction that came to nothing is left out again.
    const Position last = events.back().recorded->position;
    if (too_late == 0 || last <= notes_.told_up_to) return;
    notes_.told_up_to = last;
    notes_.too_late += too_late;
    spdlog::warn("reactor {} leaves out {} jobs up to position {}: what would cause them is more than a day old",
                 reactor_.name(), too_late, last);
}

projections::ProjectorSettings planner_settings(std::string database_url) {
    projections::ProjectorSettings settings;
    settings.database_url = std::move(database_url);
    settings.batch_events = kMaxPlannedEvents;
    settings.rest = kRestBetweenPlans;
    settings.opens_personal = false;
    settings.application_name = "keyledger planner";
    settings.lock = "keyledger.planner";
    return settings;
}

std::string_view reactor_of_plan(std::string_view model) {
    if (model.starts_with(kPrefix)) model.remove_prefix(kPrefix.size());
    return model.substr(0, model.rfind('.'));
}

}  // namespace keyledger::reactors
