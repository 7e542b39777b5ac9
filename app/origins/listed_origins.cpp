#include "app/origins/listed_origins.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "domain/applications/application.hpp"
#include "projections/models/applications.hpp"

namespace keyledger::app {
namespace {

using commands::Freshness;
using eventstore::Deadline;

constexpr std::int32_t kRowsAtOnce = 64;
constexpr std::string_view kSpa = "spa";  // as it is stored

boost::asio::awaitable<std::optional<projections::PageOrigins>> read(Core& core, projections::Queries& queries,
                                                                     Deadline deadline) {
    const auto head = co_await core.store.head(deadline);
    if (!head) co_return std::nullopt;
    const Position position = head->cursor.position;
    const Deadline soon = std::min(deadline, std::chrono::steady_clock::now() + kListPatience);
    // One that does not get there in time is better than none.
    [[maybe_unused]] const auto reached =
        co_await queries.wait_for(projections::kApplicationsModel, position, position, soon);
    projections::PageOrigins origins;
    std::optional<projections::ApplicationCursor> cursor;
    do {
        const auto page = co_await projections::list_applications(queries, cursor, kRowsAtOnce, deadline);
        if (!page) co_return std::nullopt;
        std::vector<commands::LoadStream> streams;
        for (const projections::ApplicationRow& row : page->items)
            if (row.enabled && row.type == kSpa)
                streams.push_back(commands::load_of(commands::StreamOf<Application>{row.id}));
        cursor = page->next;
        if (streams.empty()) continue;
        const auto folds = co_await core.executor.folder().load(std::move(streams), Freshness::kAtHead, deadline);
        if (!folds) co_return std::nullopt;
        for (const commands::Fold& fold : *folds) origins.change(nullptr, &commands::state_of<Application>(fold));
    } while (cursor);
    co_return origins;
}

}  // namespace

std::optional<projections::PageOrigins> listed_origins(Core& core, projections::Queries& queries) try {
    return core.run(read(core, queries, std::chrono::steady_clock::now() + kListedOriginsPatience));
} catch (const std::exception& error) {  // a stored event that can't be read
    spdlog::warn("the origins of applications can't be told before the log was read: {}", error.what());
    return std::nullopt;
}

}  // namespace keyledger::app
