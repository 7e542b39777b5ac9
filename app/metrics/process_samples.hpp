#pragma once
// The process as the system sees it, by the names that Prometheus' clients share. Read from /proc at each scrape.
#include <string>

#include "app/metrics/sample.hpp"

namespace keyledger::app {

Samples process_samples();

// The least of what the machine has and what the control groups allow (cgroups(7), version 2), from the process's own
// up to the root; in a container that root is its own. 0: nothing tells.
double memory_limit_bytes(const std::string& group_file = "/proc/self/cgroup",
                          const std::string& groups = "/sys/fs/cgroup");

}  // namespace keyledger::app
