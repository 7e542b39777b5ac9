#include "commands/authorization/token_lifetimes.hpp"

#include "domain/applications/application.hpp"

namespace keyledger::commands {

Answer<TokenLifetimes> token_lifetimes_of(Services& services, ApplicationId application_id, Deadline deadline) {
    Streams streams;
    streams.read<Application>(application_id);
    KEYLEDGER_CO_TRY(folds, co_await services.executor.folder().load(streams.loads(), Freshness::kCached, deadline));
    const ApplicationDefinition& definition = state_of<Application>(folds->front()).definition;
    co_return TokenLifetimes{definition.access_token_lifetime, definition.id_token_lifetime};
}

}  // namespace keyledger::commands
