#pragma once
// What /metrics shows of the parts of a serving process, in one place. docs/operate/metrics.md lists it all; a test
// holds the two against each other.
#include "api/http/server.hpp"
#include "app/core/core.hpp"
#include "app/metrics/metrics.hpp"
#include "app/serve/followers.hpp"
#include "app/serve/health.hpp"
#include "app/serve/reactors.hpp"
#include "app/serve/tree_heads.hpp"
#include "integrations/outgoing/curl_outgoing.hpp"
#include "projections/engine/queries.hpp"
#include "projections/hot/hot_access.hpp"

namespace keyledger::app {

struct Observed {
    Core& core;
    Followers& followers;
    Reactors& reactors;
    projections::HotAccess& hot;
    projections::Queries& queries;
    integrations::CurlOutgoing& outgoing;
    TreeHeads& tree_heads;
    api::Server& server;
    ServiceHealth& health;
};

// All outlive the last scrape.
void collect(Metrics& metrics, const Observed& observed);

}  // namespace keyledger::app
