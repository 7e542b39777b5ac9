#pragma once
// A writer that calls keyledger.append by itself, step by step: it may dawdle in its transaction, roll back or die, and
// send batches that the committer never would.
#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "domain/base/time.hpp"
#include "eventstore/postgres/connection/wire.hpp"
#include "eventstore/postgres/store/append_arguments.hpp"
#include "tests/support/postgres/event_macs.hpp"

namespace keyledger::test {

class RawWriter {
public:
    explicit RawWriter(const std::string& url) : connection_(PQconnectdb(url.c_str()), PQfinish) {
        if (PQstatus(connection_.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(connection_.get()));
    }
    int pid() const { return PQbackendPID(connection_.get()); }

    // One statement; throws with the server's text. The first field of the first row.
    std::string run(const std::string& sql) {
        const ResultPtr result(PQexec(connection_.get(), sql.c_str()), PQclear);
        need(result.get());
        return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
    }
    // The outcome of each command (keyledger.append), in order. Throws with the server's text.
    std::vector<int> append(const std::vector<eventstore::Append>& batch) {
        send(batch);
        return finish();
    }
    // In two steps: sent, it waits for the lock until finish() has its answer.
    void send(const std::vector<eventstore::Append>& batch) {
        eventstore::postgres::AppendArguments arguments;
        std::vector<const eventstore::Append*> appends;
        for (const auto& append : batch) {
            arguments.add(append);
            appends.push_back(&append);
        }
        if (!key) key = writing_key(Uuid::parse(run("select log_id from keyledger.log")).value());
        arguments.stamp(appends, recorded_at, *key);
        std::vector<const char*> starts;
        std::vector<int> lengths;
        for (const std::string_view value : arguments.values()) {
            starts.push_back(value.data());
            lengths.push_back(static_cast<int>(value.size()));
        }
        starts[0] = tenant.data();
        lengths[0] = static_cast<int>(tenant.size());
        const std::vector<int> formats(starts.size(), 1);
        const auto& types = eventstore::postgres::AppendArguments::types();
        if (PQsendQueryParams(connection_.get(), eventstore::postgres::AppendArguments::statement().c_str(),
                              static_cast<int>(starts.size()), types.data(), starts.data(), lengths.data(),
                              formats.data(), 1) != 1)
            throw std::runtime_error(PQerrorMessage(connection_.get()));
    }
    // What it stamps with; an attacker has another key.
    std::string tenant = "default";
    Instant recorded_at = Instant::at_ms(1'750'000'000'123);
    std::optional<eventstore::WritingKey> key;

    std::vector<int> finish() {
        std::vector<int> outcomes;
        std::string failure;
        while (const ResultPtr result{PQgetResult(connection_.get()), PQclear}) {
            if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) failure = PQresultErrorMessage(result.get());
            for (int row = 0; row < PQntuples(result.get()); ++row)
                outcomes.push_back(eventstore::postgres::get_integer<std::int16_t>(
                    {PQgetvalue(result.get(), row, 0), static_cast<std::size_t>(PQgetlength(result.get(), row, 0))}));
        }
        if (!failure.empty()) throw std::runtime_error(failure);
        return outcomes;
    }

private:
    using ResultPtr = std::unique_ptr<PGresult, void (*)(PGresult*)>;
    void need(const PGresult* result) const {
        const auto status = PQresultStatus(result);
        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
            throw std::runtime_error(PQerrorMessage(connection_.get()));
    }
    std::unique_ptr<PGconn, void (*)(PGconn*)> connection_;
};

}  // namespace keyledger::test
