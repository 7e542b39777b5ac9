#pragma once
// libpqxx, as this project uses it: connections that never come back by themselves, and exceptions sorted by what the
// caller does next. Heavy: for .cpp files that speak libpqxx.
#include <pqxx/pqxx>
#include <string>

namespace keyledger::eventstore::postgres {

// libpqxx 6 would reconnect silently, without the locks and settings that the session had; 7 never does.
inline void stay_disconnected(pqxx::connection& connection) {
#if PQXX_VERSION_MAJOR < 7
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // gone in 7, needed until then
    connection.inhibit_reactivation(true);
#pragma GCC diagnostic pop
#else
    (void)connection;
#endif
}

}  // namespace keyledger::eventstore::postgres
