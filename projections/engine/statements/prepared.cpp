#include "projections/engine/statements/prepared.hpp"

#include <functional>

namespace keyledger::projections {

std::string prepared(pqxx::connection_base& connection, const std::string& sql) {
    std::string name = "keyledger_" + std::to_string(std::hash<std::string>{}(sql) % kMaxPreparedStatements);
    try {
        connection.prepare(name, sql);       // nothing where it is so already; sent with the first execution
    } catch (const pqxx::argument_error&) {  // the name is another text's
        connection.unprepare(name);
        connection.prepare(name, sql);
    }
    return name;
}

}  // namespace keyledger::projections
