#pragma once
// What a deployment leaves where others may look: tables, topics, output. For judging (I10), and to see that
// Kafka has the whole log.
#include <map>
#include <string>

#include "tests/e2e/world/deployment.hpp"

namespace keyledger::test {

// Every table of every schema but PostgreSQL's own, "schema.table", with all its rows as text.
std::map<std::string, std::string> dumped_tables(const Deployment& deployment);

// Keys, values and headers of all records of all topics of the deployment as text, once the events topic
// holds the whole log, for which a service must run. The running test fails if that takes a minute.
std::string published_records(const Deployment& deployment);

// No value that the run used lies where it must not; fails the running test, naming value and place.
void expect_no_secret_lies_open(const Deployment& deployment, const std::string& records);

}  // namespace keyledger::test
