#include "domain/anonymous_callers/anonymous_callers.hpp"

namespace keyledger {
namespace {

AnonymousCallers apply(AnonymousCallers callers, const AnonymousCallersErased&) {
    callers.status = AnonymousCallers::Status::kErased;
    return callers;
}

}  // namespace

std::vector<AnonymousCallersEvent> decide(const AnonymousCallers& callers, const EraseAnonymousCallers& command) {
    if (callers.status == AnonymousCallers::Status::kErased) return {};
    return {AnonymousCallersErased{command.from, command.before}};
}

AnonymousCallers evolve(AnonymousCallers callers, const AnonymousCallersEvent& event, const Recorded&) {
    return std::visit([&](const auto& e) { return apply(callers, e); }, event);
}

}  // namespace keyledger
