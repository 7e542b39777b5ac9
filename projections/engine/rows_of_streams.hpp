#pragma once
// For models with one row a stream of one aggregate, which begins with its stream and is gone with its last event. A
// row has `id`, `version` (0: there is none yet), `updated_at` and `position`.
#include <map>
#include <string>

#include "eventstore/any.hpp"
#include "projections/engine/read_model.hpp"
#include "projections/engine/table.hpp"

namespace keyledger::projections {

inline constexpr const char* kStorageOfFewRows =
    "with (fillfactor = 85, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 1000)";

// A stream begins with a `Begin`. `change(row, event, decoded)` makes of the row what it is after the event, and
// says whether there is one any more.
template <class Aggregate, class Begin, class Row, class Change>
void apply_rows_of(pqxx::transaction_base& transaction, const std::string& table, std::span<const DecodedEvent> events,
                   const Change& change) {
    struct Known {
        Row row;
        bool is_there = true;
    };
    std::map<Id<Aggregate>, Known> known;
    SqlArray earlier;
    for (const DecodedEvent& decoded : events) {
        if (!eventstore::event_in<Aggregate>(*decoded.event)) continue;
        const Id<Aggregate> id{decoded.recorded->stream_id};
        const auto [one, is_new] = known.try_emplace(id);
        one->second.row.id = id;
        if (is_new && decoded.recorded->version > 1) earlier.add(id);
    }
    if (known.empty()) return;
    for (Row& row : read_rows<Row>(transaction, table, earlier)) known[row.id].row = std::move(row);
    for (const DecodedEvent& decoded : events) {
        const auto* event = eventstore::event_in<Aggregate>(*decoded.event);
        if (event == nullptr) continue;
        auto& [row, is_there] = known[Id<Aggregate>{decoded.recorded->stream_id}];
        if (row.version == 0 && !std::holds_alternative<Begin>(*event))
            throw InconsistentLog("position " + std::to_string(decoded.recorded->position) + " is of a stream (" +
                                  std::string(Aggregate::kStreamType) + ") that has no row");
        is_there = change(row, *event, decoded);
        row.updated_at = decoded.metadata.occurred_at;
        row.version = decoded.recorded->version;
        row.position = decoded.recorded->position;
    }
    std::vector<Row> rows;
    SqlArray gone;
    for (auto& [id, one] : known) {
        if (one.is_there) rows.push_back(std::move(one.row));
        else gone.add(id);
    }
    delete_rows(transaction, table, gone);
    write_rows(transaction, table, rows);
}

}  // namespace keyledger::projections
