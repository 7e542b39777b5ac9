#include "app/serve/listed_sessions.hpp"

#include "domain/base/application_id.hpp"
#include "projections/models/sessions.hpp"

namespace keyledger::app {
namespace {

constexpr std::int32_t kRowsAtOnce = 100;

boost::asio::awaitable<std::optional<std::vector<reactors::ListedSession>>> read(projections::Queries& queries,
                                                                                 UserId user_id, Position position,
                                                                                 eventstore::Deadline deadline) {
    const auto reached = co_await queries.wait_for(projections::kSessionsModel, position, position, deadline);
    if (!reached) co_return std::nullopt;
    std::vector<reactors::ListedSession> listed;
    std::optional<projections::SessionCursor> cursor;
    do {
        projections::SessionFilter filter{user_id, {}};
        const auto page =
            co_await projections::list_sessions(queries, std::move(filter), cursor, kRowsAtOnce, deadline);
        if (!page) co_return std::nullopt;
        for (const auto& row : page->items)
            if (ApplicationId::parse(row.client_id))
                listed.push_back({row.id, row.client_id, row.first_position, row.ended_position});
        cursor = page->next;
    } while (cursor);
    co_return listed;
}

}  // namespace

reactors::SessionsAsOf sessions_as_of(projections::Queries& queries) {
    return [&queries](UserId user_id, Position position, eventstore::Deadline deadline) {
        return read(queries, user_id, position, deadline);
    };
}

}  // namespace keyledger::app
