#pragma once
// Which tables there are. Each read model has generations of its tables (read_models.users_1, users_2 …), one
// of which is current; a rebuild fills the next one beside it. These few tables say so, made at start by the
// service's own role:
//   read_models.generations  every generation that has tables
//   read_models.current      the one that queries read: a row a model
//   read_models.stopped      projections that met an event they can't apply
//   read_models.skips        events that an operator left out, and why
// How far a generation is, is in keyledger.checkpoints under (model name, generation). Functions throw
// libpqxx's exceptions. Heavy: includes libpqxx.
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "eventstore/store.hpp"
#include "projections/engine/database.hpp"
#include "projections/engine/read_model.hpp"

namespace keyledger::projections {

struct Generation {
    int number = 0;
    int layout = 0;
    eventstore::Cursor cursor;
};

void create_catalogue(pqxx::connection& connection);

// The current generation; makes the first one if there is none.
Generation open_current(pqxx::connection& connection, const ReadModel& model);
// Whether queries read this one. Not so: a rebuild has switched.
bool is_current(pqxx::connection& connection, std::string_view model, int number);
// The newest above the current one that a rebuild left unfinished, if its tables are all there.
std::optional<Generation> find_unfinished(pqxx::connection& connection, const ReadModel& model);
// Empty tables and a checkpoint at 0, beside the current generation and above every other.
Generation create_next(pqxx::connection& connection, const ReadModel& model);

// Makes the next generation current. While the old one's checkpoint is locked, so that nobody moves it,
// `catch_up` is called with its position and must bring the next one there or further (over another session)
// and return it. Then the old generation loses its checkpoint, which fences anybody who still writes it. Returns
// where it switched; nothing, and nothing is changed, if `old_number` is no longer current or `catch_up` gives up by
// returning nothing.
std::optional<Generation> switch_generation(pqxx::connection& connection, const ReadModel& model, int old_number,
                                            const std::function<std::optional<Generation>(Position)>& catch_up);

// Drops tables that nobody reads: of generations below the current one, and if asked those above it, which a
// broken rebuild left. A table whose lock is not free soon is left for the next time.
enum class DropScope { kRetired, kRetiredAndUnfinished };
void drop_generations(pqxx::connection& connection, const ReadModel& model, DropScope which);

std::set<Position> read_skips(pqxx::connection& connection, std::string_view model, int generation);

}  // namespace keyledger::projections
