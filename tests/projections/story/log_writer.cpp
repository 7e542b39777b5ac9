#include "tests/projections/story/log_writer.hpp"

#include <pqxx/pqxx>

#include "projections/engine/sql_array.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"
#include "tests/support/postgres/event_macs.hpp"

namespace keyledger::projections::test {

struct LogWriter::Session {
    explicit Session(const std::string& url) : connection(url) {}
    pqxx::connection connection;
};

LogWriter::LogWriter(const std::string& owner_url) : session_(std::make_unique<Session>(owner_url)) {}
LogWriter::~LogWriter() = default;

void LogWriter::write(const std::vector<eventstore::RecordedEvent>& events) {
    pqxx::work work(session_->connection);
    const auto log_id = Uuid::parse(work.exec1("select log_id from keyledger.log")[0].c_str()).value();
    const eventstore::WritingKey key = keyledger::test::writing_key(log_id);
    SqlArray macs, recorded_at;
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
        const eventstore::Mac mac = eventstore::mac_of(*key.key, event.leaf_hash);
        macs.add(security::hex_encode(security::view_of(mac)));
        recorded_at.add(event.recorded_at);
        leaf.add(security::hex_encode(security::view_of(event.leaf_hash)));
    }
    work.exec_params0(
        "insert into keyledger.events (position, tenant, stream_type, stream_id, version, event_type, schema_version,"
        " event_id, recorded_at, leaf_hash, payload_text, metadata_text, mac_key_id, mac)"
        " select p, 'default', st, s, v, t, c, i, to_timestamp(r / 1000.0), decode(l, 'hex'), pl, m, $12,"
        " decode(k, 'hex') from "
        "unnest($1::bigint[], $2::text[], $3::uuid[], $4::integer[], $5::text[], $6::uuid[], $7::text[], "
        "$8::text[], $9::text[], $10::integer[], $11::bigint[], $13::text[])"
        " as u(p, st, s, v, t, i, pl, m, l, c, r, k)",
        position.parameter(), stream_type.parameter(), stream.parameter(), version.parameter(), type.parameter(),
        id.parameter(), payload.parameter(), metadata.parameter(), leaf.parameter(), schema.parameter(),
        recorded_at.parameter(), key.id, macs.parameter());
    work.exec_params("select pg_notify('keyledger_log', $1)", events.back().position);
    work.commit();
}

}  // namespace keyledger::projections::test
