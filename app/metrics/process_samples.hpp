#pragma once
// The process as the system sees it, by the names that Prometheus' clients share. Read from /proc at each scrape.
#include "app/metrics/sample.hpp"

namespace keyledger::app {

Samples process_samples();

}  // namespace keyledger::app
