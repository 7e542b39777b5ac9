#pragma once
#include <algorithm>

#include "domain/applications/application_definition.hpp"
#include "domain/sessions/lifetime.hpp"

namespace keyledger {

// How long the application's sessions last: as the service's, where its own are not shorter. Pure.
inline SessionLifetimes lifetimes_of(const ApplicationDefinition& definition, SessionLifetimes of_the_service) {
    const auto shorter = [](Duration ours, const std::optional<Duration>& its) {
        return std::min(ours, its.value_or(ours));
    };
    of_the_service.idle = shorter(of_the_service.idle, definition.session_idle_lifetime);
    of_the_service.absolute = shorter(of_the_service.absolute, definition.session_lifetime);
    return of_the_service;
}

}  // namespace keyledger
