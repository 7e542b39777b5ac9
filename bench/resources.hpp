#pragma once
// What a phase of load costs: seconds of processor of whoever takes part, the service's memory, and the statements that
// its database was sent (by pg_stat_statements). One thread. Throws std::runtime_error where something can't be read.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace keyledger::bench {

// By name; a process counts with its children, also those that ended.
using ProcessorSeconds = std::map<std::string, double>;

struct Statement {
    std::string text;  // as normalised by the server, shortened
    double calls = 0;
};

class Resources {
public:
    // `processes`: "name=pid". `statements_url`: of somebody who may read all of pg_stat_statements; empty: not asked.
    // The process named "service" is the one whose memory counts.
    Resources(const std::vector<std::string>& processes, std::string statements_url);

    struct Usage {
        ProcessorSeconds seconds;
        std::vector<Statement> statements;  // most called first
        std::int64_t service_kib = 0;
    };
    void begin();
    Usage end();  // since `begin`

private:
    ProcessorSeconds processor() const;
    std::map<std::string, double> statements() const;

    std::map<std::string, int> processes_;
    const std::string statements_url_;
    ProcessorSeconds before_;
    std::map<std::string, double> statements_before_;
};

}  // namespace keyledger::bench
