#include "projections/rebuild/operations.hpp"

#include <spdlog/spdlog.h>

#include "domain/base/plain_text.hpp"
#include "projections/engine/database.hpp"
#include "projections/engine/generations.hpp"
#include "projections/engine/limits.hpp"
#include "projections/rebuild/table_digest.hpp"

namespace keyledger::projections {

TableDigest digest_generation(pqxx::transaction_base& snapshot, const ReadModel& model, int generation) {
    TableDigest digest;
    digest.generation = generation;
    digest.position = snapshot
                          .exec_params1("select position from keyledger.checkpoints "
                                        "where reader = $1 and generation = $2",
                                        std::string(model.name()), generation)[0]
                          .as<std::int64_t>();
    for (const std::string& table : model.tables(generation)) {
        // The sum over rows does not depend on their order. It is for comparing, not against forgers.
        const auto row = snapshot.exec1(
            "select count(*), md5(coalesce(sum(('x' || left(h, 16))::bit(64)::bigint::numeric), 0)::text || "
            "':' "
            "|| coalesce(sum(('x' || right(h, 16))::bit(64)::bigint::numeric), 0)::text) "
            "from (select md5(t::text) as h from read_models." +
            snapshot.quote_name(table) + " as t) as hashes");
        digest.rows += row[0].as<std::int64_t>();
        digest.digest += row[1].c_str();
    }
    return digest;
}

TableDigest digest(const std::string& database_url, const ReadModel& model) {
    const Connection connection = connect(database_url, "keyledger digest");
    pqxx::transaction<pqxx::repeatable_read, pqxx::read_only> snapshot(*connection);
    const int generation =
        snapshot
            .exec_params1("select generation from read_models.current where model = $1", std::string(model.name()))[0]
            .as<int>();
    return digest_generation(snapshot, model, generation);
}

Result<void, SkipRefusal> skip(const std::string& database_url, const SkipOrder& order) {
    if (order.who.empty() || order.who.size() > kMaxOperatorBytes || order.why.empty() ||
        order.why.size() > kMaxReasonBytes || !is_plain_text(order.who) || !is_plain_text(order.why))
        return Unexpected(SkipRefusal::kNoReason);
    const Connection connection = connect(database_url, "keyledger skip");
    pqxx::work transaction(*connection);
    const auto recorded = transaction.exec_params(
        "insert into read_models.skips (model, generation, position, event_type, reason, skipped_by, why) "
        "select model, generation, position, event_type, reason, $3, $4 from read_models.stopped "
        " where model = $1 and position = $2 and kind = 'event' and generation = "
        "       coalesce($5, (select generation from read_models.current where model = $1)) "
        "on conflict do nothing returning event_type",
        order.model, order.position, order.who, order.why,
        order.generation ? std::to_string(*order.generation).c_str() : nullptr);
    if (recorded.empty()) return Unexpected(SkipRefusal::kNotStoppedThere);
    transaction.commit();
    spdlog::warn("{} orders projection {} to leave out position {} ({}): {}", order.who, order.model, order.position,
                 recorded[0][0].c_str(), order.why);
    return {};
}

}  // namespace keyledger::projections
