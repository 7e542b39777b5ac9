#pragma once
// libpqxx, as this project uses it: connections that never come back by themselves, exceptions as values, and rows
// as our types. Heavy: for .cpp files that speak libpqxx.
#include <chrono>
#include <memory>
#include <pqxx/pqxx>
#include <string>

#include "domain/base/result.hpp"
#include "eventstore/postgres/connection/connecting.hpp"
#include "eventstore/store.hpp"

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

// Every session of libpqxx begins here. Blocks for as long as `connect_timeout` says. Throws what libpqxx throws.
std::unique_ptr<pqxx::connection> connect(const std::string& url);

// A session for reads at the head: on a primary, index plans only (whatever the statistics say), bounded statements,
// and one transaction waited for as a commit is, so that nothing is read that a synchronous standby lacks. Throws
// what libpqxx throws.
std::unique_ptr<pqxx::connection> open_reader(const std::string& url, std::chrono::milliseconds statement_timeout);

// Runs `work` and turns what libpqxx throws into a value. A broken connection is not usable any more afterwards
// (`broken`); nothing else of it needs to be known.
struct ReadFailure {
    StoreError error = StoreError::kUnavailable;
    bool broken = false;
    std::string text;  // for the log
};
template <class Work>
auto as_value(Work work) -> Result<decltype(work()), ReadFailure> {
    try {
        return work();
    } catch (const pqxx::broken_connection& failure) {
        return Unexpected(ReadFailure{StoreError::kUnavailable, true, failure.what()});
    } catch (const pqxx::in_doubt_error& failure) {
        return Unexpected(ReadFailure{StoreError::kOutcomeUnknown, true, failure.what()});
    } catch (const pqxx::data_exception& failure) {
        return Unexpected(ReadFailure{StoreError::kBadData, false, failure.what()});
    } catch (const pqxx::sql_error& failure) {
        const std::string state = failure.sqlstate();
        const bool late = state == "57014";                              // statement_timeout
        const bool lost = state.empty() || state.substr(0, 3) == "57P";  // shutting down, or no answer at all
        return Unexpected(ReadFailure{late ? StoreError::kDeadline : StoreError::kUnavailable, lost, failure.what()});
    } catch (const pqxx::pqxx_exception& other) {  // also an answer of another shape: a table that lacks its one row
        return Unexpected(ReadFailure{StoreError::kUnavailable, true, other.base().what()});
    }
}

// The columns that event_in() expects, of a table called `e`.
extern const char* const kEventColumns;
inline constexpr int kEventColumnCount = 15;
RecordedEvent event_in(const pqxx::row& row, int first_column = 0);
// Of the two columns position and leaf hash (hex), null at an empty log.
Cursor cursor_in(const pqxx::row& row, int first_column);
Uuid uuid_in(const pqxx::field& field);
Bytes bytes_in(const pqxx::field& field);  // of bytea in text form
Digest digest_in(const pqxx::field& field);

// "{a,b}" for parameters of array types; the elements need no quotes.
template <class Items, class Text>
std::string array_of(const Items& items, Text text) {
    std::string out = "{";
    for (const auto& item : items) {
        if (out.size() > 1) out += ',';
        out += text(item);
    }
    return out + "}";
}
std::string bytea_of(std::string_view bytes);  // "\x…"

// Prepared on `connection` as "head"; one row: log id, position, leaf hash.
void prepare_head(pqxx::connection& connection);
Head read_head(pqxx::connection& connection);

}  // namespace keyledger::eventstore::postgres
