#include "eventstore/postgres/connection/reaching.hpp"

#include <libpq-fe.h>

#include "eventstore/postgres/connection/pqxx_connection.hpp"

namespace keyledger::eventstore::postgres {
namespace {

constexpr std::chrono::milliseconds kPatience{5'000};

int process_of(pqxx::connection& session) {
    const AnswerWithin bound(session.sock(), kPatience);
    return pqxx::nontransaction(session).exec1("select pg_catalog.pg_backend_pid()")[0].as<int>();
}

// Asked in this order a pool that deals its processes out in turn can't give each of two the same one twice.
bool changes_processes(pqxx::connection& one, int of_one, pqxx::connection& other) {
    const int of_other = process_of(other);
    return of_other == of_one || process_of(other) != of_other || process_of(one) != of_one ||
           process_of(one) != of_one || process_of(other) != of_other;
}

}  // namespace

ServerAnswer ask_server(const std::string& url) {
    // Of two words libpq takes the last.
    const std::string of_any = connection_text(url) + " target_session_attrs=any";
    const PGPing ping = PQping(of_any.c_str());
    if (ping == PQPING_NO_ATTEMPT) return ServerAnswer::kThere;
    if (ping != PQPING_OK) return ServerAnswer::kNone;
    const auto is_standby = as_value([&] {
        const auto session = connect(url);
        const AnswerWithin bound(session->sock(), kPatience);
        return pqxx::nontransaction(*session).exec1("select pg_catalog.pg_is_in_recovery()")[0].as<bool>();
    });
    if (is_standby) return *is_standby ? ServerAnswer::kStandby : ServerAnswer::kThere;
    const bool is_let_in = as_value([&] { return connect(of_any) != nullptr; }).has_value();
    return is_let_in ? ServerAnswer::kStandby : ServerAnswer::kThere;
}

std::optional<std::string> pooling_problem(const std::string& url) {
    std::unique_ptr<pqxx::connection> one;
    int of_one = 0;
    const auto begun = as_value([&] { return one = connect(url), of_one = process_of(*one), true; });
    if (!begun || one->backendpid() == of_one) return std::nullopt;  // nobody in between
    const auto changes = as_value([&] { return changes_processes(*one, of_one, *connect(url)); });
    if (!changes)
        return "the connection pooler there gave one session and no second one; its pool has to hold all sessions of "
               "all nodes";
    if (!*changes) return std::nullopt;
    return "the connection pooler there shares one server process among sessions; set its pool_mode to session for "
           "this user and database, or connect to PostgreSQL itself";
}

}  // namespace keyledger::eventstore::postgres
