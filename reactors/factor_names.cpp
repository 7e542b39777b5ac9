#include "reactors/factor_names.hpp"

#include "commands/factors/presented_factor.hpp"
#include "commands/passkeys/kept_passkey.hpp"

namespace keyledger::reactors {
namespace {

using eventstore::StoreError;

// nullptr: nothing is kept of it.
const Factors::Enrolled* kept_of(const Factors& factors, const FactorId& factor_id) {
    if (const auto* enrolled = factors.find(factor_id)) return enrolled;
    const auto* kept = factors.find_kept(factor_id);
    return kept == nullptr ? nullptr : &kept->factor;
}

commands::Answer<std::string> open_name(commands::Services& services, eventstore::SubjectKeyPtr key, UserId user_id,
                                        Factors::Enrolled factor, eventstore::Deadline deadline) {
    if (factor.kind == FactorKind::kPasskey) {
        auto passkey = co_await commands::open_passkey(services, std::move(key), user_id, factor.id,
                                                       std::move(factor.sealed_sha256), deadline);
        if (!passkey) co_return Unexpected(passkey.error());
        co_return std::move(passkey->name);
    }
    auto app = co_await commands::open_app(services, std::move(key), user_id, factor.id,
                                           std::move(factor.sealed_sha256), deadline);
    if (!app) co_return Unexpected(app.error());
    co_return std::move(app->name);
}

}  // namespace

boost::asio::awaitable<Result<std::string, StoreError>> FactorNames::find(UserId user_id, FactorId factor_id,
                                                                          Position position,
                                                                          eventstore::Deadline deadline) {
    const commands::LoadStream stream{commands::factors_of(user_id), Factors::kStreamType};
    KEYLEDGER_CO_TRY(fold, co_await services_.executor.folder().load_as_of(stream, position, deadline));
    const Factors::Enrolled* factor = kept_of(commands::state_of<Factors>(*fold), factor_id);
    if (factor == nullptr) co_return std::string();
    keys_.forget(user_id);  // erased meanwhile, on any node
    KEYLEDGER_CO_TRY(found, co_await keys_.find(user_id, deadline));
    auto name = co_await open_name(services_, found->key, user_id, *factor, deadline);
    if (name) co_return std::move(*name);
    if (name.error().refusal->kind == RefusalKind::kUnavailable) co_return Unexpected(StoreError::kUnavailable);
    co_return std::string();
}

}  // namespace keyledger::reactors
