#include "tests/projections/log_writer.hpp"

#include <pqxx/pqxx>

#include "projections/sql_array.hpp"
#include "security/bytes.hpp"
#include "security/hex.hpp"

namespace keyledger::projections::test {

struct LogWriter::Session {
    explicit Session(const std::string& url) : connection(url) {}
    pqxx::connection connection;
};

LogWriter::LogWriter(const std::string& owner_url) : session_(std::make_unique<Session>(owner_url)) {}
LogWriter::~LogWriter() = default;

void LogWriter::write(const std::vector<eventstore::RecordedEvent>& events) {
    SqlArray position, stream_type, stream, version, type, schema, id, payload, metadata, leaf;
    for (const auto& event : events) {
        position.add(event.position);
        stream_type.add(event.stream_type);
        stream.add(event.stream_id);
        version.add(event.version);
        type.add(event.type);
        schema.add(static_cast<std::int32_t>(event.schema_version));
        id.add(event.event_id);
        payload.add(event.payload);
        metadata.add(event.metadata);
        leaf.add("\\x" + security::hex_encode(security::view_of(event.leaf_hash)));
    }
    pqxx::work work(session_->connection);
    work.exec_params0(
        "insert into keyledger.events select p, 'default', st, s, v, t, c, i, pl, m, now(), l from "
        "unnest($1::bigint[], $2::text[], $3::uuid[], $4::integer[], $5::text[], $6::uuid[], $7::jsonb[], "
        "$8::jsonb[], $9::bytea[], $10::smallint[]) as u(p, st, s, v, t, i, pl, m, l, c)",
        position.literal(), stream_type.literal(), stream.literal(), version.literal(), type.literal(),
        id.literal(), payload.literal(), metadata.literal(), leaf.literal(), schema.literal());
    work.exec_params("select pg_notify('keyledger_log', $1)", events.back().position);
    work.commit();
}

}  // namespace keyledger::projections::test
