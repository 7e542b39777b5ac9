#include "reactors/factor_names.hpp"

#include "commands/factors/presented_factor.hpp"

namespace keyledger::reactors {
namespace {

using eventstore::StoreError;

// Empty: nothing is kept of it.
std::string sealed_sha256_of(const Factors& factors, const FactorId& factor_id) {
    if (const auto* enrolled = factors.find(factor_id)) return enrolled->sealed_sha256;
    const auto* kept = factors.find_kept(factor_id);
    return kept == nullptr ? std::string() : kept->factor.sealed_sha256;
}

}  // namespace

boost::asio::awaitable<Result<std::string, StoreError>> FactorNames::find(UserId user_id, FactorId factor_id,
                                                                          Position position,
                                                                          eventstore::Deadline deadline) {
    const commands::LoadStream stream{commands::factors_of(user_id), Factors::kStreamType};
    KEYLEDGER_CO_TRY(fold, co_await services_.executor.folder().load_as_of(stream, position, deadline));
    std::string sealed_sha256 = sealed_sha256_of(commands::state_of<Factors>(*fold), factor_id);
    if (sealed_sha256.empty()) co_return std::string();
    keys_.forget(user_id);  // erased meanwhile, on any node
    KEYLEDGER_CO_TRY(found, co_await keys_.find(user_id, deadline));
    const auto app =
        co_await commands::open_app(services_, found->key, user_id, factor_id, std::move(sealed_sha256), deadline);
    if (app) co_return app->name;
    if (app.error().refusal->kind == RefusalKind::kUnavailable) co_return Unexpected(StoreError::kUnavailable);
    co_return std::string();
}

}  // namespace keyledger::reactors
