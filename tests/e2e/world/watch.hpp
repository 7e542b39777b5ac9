#pragma once
// What a run of the tests used and saw, to be judged at its end (run_environment.cpp): values that must
// not be found anywhere (I10), and the documented answers that some test got. Thread-safe.
#include <set>
#include <string>

#include "tests/support/http/openapi.hpp"

namespace keyledger::test {

// Passwords, tokens, client secrets: nowhere. Returns the value.
std::string watch_secret(std::string value);
// Personal data: not in the log of events, not in Kafka, not in the process's output. Returns the value.
std::string watch_personal(std::string value);

std::set<std::string> watched_secrets();
std::set<std::string> watched_personal();

void saw_answer(const OpenApi::Case& answered);
std::set<OpenApi::Case> seen_answers();

}  // namespace keyledger::test
