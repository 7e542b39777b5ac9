#pragma once
// How every connection to PostgreSQL is made, and how nobody waits for ever for one that fell silent.
#include <chrono>
#include <optional>
#include <string>

namespace keyledger::eventstore::postgres {

// The operator's URL (or "keyword=value ..."), and with it what it leaves open of: keepalives and
// tcp_user_timeout, so that a peer that vanished is noticed in about ten seconds, and connect_timeout. Of several
// hosts, the one that is a primary (target_session_attrs), wherever that moves. What it names stays as it is.
std::string connection_text(const std::string& url);
// Whether libpq understands it.
bool is_connection_text(const std::string& url);
// Why no primary may be found by it, although libpq understands it: a clause.
std::optional<std::string> host_problem(const std::string& url);
// Whether a server answers there and takes connections, whoever asks for one. Blocks for seconds at most.
// True also where nothing can be told without trying, so that whoever tries is told why.
bool server_answers(const std::string& url);

// Beyond the time after which the server itself would have ended a statement: its word of that has to arrive.
inline constexpr std::chrono::milliseconds kAnswerGrace{500};
// The first statement of every session. A role can choose settings for its own sessions; with another search path,
// names and operators would mean what somebody with the service's role defined. All statements name schemas. The rest
// is how values are written.
inline constexpr const char* kOwnNamesOnly =
    "set search_path = pg_catalog, pg_temp; set bytea_output = 'hex'; set standard_conforming_strings = on;"
    " set datestyle = 'ISO'; set intervalstyle = 'postgres'";

// While it lives, the session behind the socket has to answer: when the time is over, the socket is shut
// down, and whoever waits for the answer finds the connection broken. A server that is stopped, or a proxy
// that swallows everything, acknowledges packets for ever, so keepalives can't tell. Any thread; a negative
// socket is none.
class AnswerWithin {
public:
    AnswerWithin(int socket, std::chrono::milliseconds at_most);
    ~AnswerWithin();
    AnswerWithin(const AnswerWithin&) = delete;
    AnswerWithin& operator=(const AnswerWithin&) = delete;

private:
    int own_ = -1;  // a descriptor of our own: the other may be closed, and its number reused, meanwhile
};

}  // namespace keyledger::eventstore::postgres
