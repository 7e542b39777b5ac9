#include "eventstore/postgres/connection/pqxx_connection.hpp"

#include <charconv>

#include "eventstore/postgres/connection/session_counts.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::eventstore::postgres {
namespace {

constexpr std::chrono::milliseconds kFirstAnswer{5'000};

template <class Integer>
Integer integer_in(const pqxx::field& field) {
    Integer value = 0;
    const char* end = field.c_str() + field.size();
    const auto parsed = std::from_chars(field.c_str(), end, value);
    if (parsed.ec != std::errc() || parsed.ptr != end) throw pqxx::conversion_error("not an integer");
    return value;
}
std::string_view text_in(const pqxx::field& field) { return {field.c_str(), field.size()}; }

}  // namespace

const char* const kEventColumns =
    "e.position, e.tenant, e.stream_type, e.stream_id, e.version, e.event_type, e.schema_version, e.event_id,"
    " coalesce(e.payload_text, e.payload::text), coalesce(e.metadata_text, e.metadata::text),"
    " (extract(epoch from e.recorded_at) * 1000)::bigint, e.leaf_hash,"
    " e.payload_text is not null and e.metadata_text is not null, e.mac_key_id, e.mac";

Uuid uuid_in(const pqxx::field& field) {
    const auto id = Uuid::parse(text_in(field));
    if (!id) throw pqxx::conversion_error("not an uuid");
    return *id;
}

Bytes bytes_in(const pqxx::field& field) {
    const std::string_view text = text_in(field);
    const auto bytes = text.starts_with("\\x") ? security::hex_decode(text.substr(2)) : std::nullopt;
    if (!bytes) throw pqxx::conversion_error("not a bytea in hex");
    return *bytes;
}

Digest digest_in(const pqxx::field& field) {
    const Bytes bytes = bytes_in(field);
    Digest digest{};
    if (bytes.size() != digest.size()) throw pqxx::conversion_error("not a digest");
    std::copy(bytes.begin(), bytes.end(), digest.begin());
    return digest;
}

std::string bytea_of(std::string_view bytes) { return "\\x" + security::hex_encode(bytes); }

RecordedEvent event_in(const pqxx::row& row, int first_column) {
    auto at = [&](int column) { return row[static_cast<pqxx::row::size_type>(first_column + column)]; };
    RecordedEvent event;
    event.position = integer_in<Position>(at(0));
    event.tenant = text_in(at(1));
    event.stream_type = text_in(at(2));
    event.stream_id = uuid_in(at(3));
    event.version = integer_in<std::int32_t>(at(4));
    event.type = text_in(at(5));
    event.schema_version = integer_in<std::int16_t>(at(6));
    event.event_id = uuid_in(at(7));
    event.payload = text_in(at(8));
    event.metadata = text_in(at(9));
    event.recorded_at = Instant::at_ms(integer_in<std::int64_t>(at(10)));
    event.leaf_hash = digest_in(at(11));
    event.is_canonical = text_in(at(12)) == "t";
    event.mac_key_id = text_in(at(13));
    if (!at(14).is_null()) {
        const Bytes mac = bytes_in(at(14));
        if (mac.size() == event.mac.size()) std::copy(mac.begin(), mac.end(), event.mac.begin());
        else event.mac_key_id.clear();  // nothing that append wrote
    }
    return event;
}

Cursor cursor_in(const pqxx::row& row, int first_column) {
    const auto position = row[static_cast<pqxx::row::size_type>(first_column)];
    if (position.is_null()) return {};
    return {integer_in<Position>(position), digest_in(row[static_cast<pqxx::row::size_type>(first_column + 1)])};
}

std::unique_ptr<pqxx::connection> connect(const std::string& url) {
    SessionAttempt attempt;
    auto connection = std::make_unique<pqxx::connection>(connection_text(url));
    stay_disconnected(*connection);
    const AnswerWithin bound(connection->sock(), kFirstAnswer);
    pqxx::nontransaction(*connection).exec(kOwnNamesOnly);
    attempt.opened(connection->sock());
    return connection;
}

std::unique_ptr<pqxx::connection> open_reader(const std::string& url, std::chrono::milliseconds statement_timeout) {
    auto connection = connect(url);
    const AnswerWithin bound(connection->sock(), statement_timeout + kAnswerGrace);
    pqxx::nontransaction session(*connection);
    session.exec("set client_encoding = 'UTF8'; set bytea_output = 'hex'; set timezone = 'UTC';"
                 " set default_transaction_isolation = 'read committed';"
                 " set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_bitmapscan = off;"
                 " set enable_hashjoin = off; set enable_mergejoin = off; set jit = off;"
                 " set idle_session_timeout = 0; set synchronous_commit = on; set statement_timeout = " +
                 std::to_string(statement_timeout.count()));
    if (session.exec1("select pg_is_in_recovery()")[0].as<bool>())
        throw pqxx::broken_connection("the server is a standby: it can't say what the head is");
    session.exec("select pg_logical_emit_message(true, 'keyledger', '')");
    return connection;
}

void prepare_head(pqxx::connection& connection) {
    connection.prepare("head",
                       "select l.log_id, e.position, e.leaf_hash from keyledger.log l left join lateral"
                       " (select position, leaf_hash from keyledger.events order by position desc limit 1) e on true");
}

Head read_head(pqxx::connection& connection) {
    pqxx::nontransaction work(connection);
    const pqxx::row row = work.exec_prepared1("head");
    return {uuid_in(row[0]), cursor_in(row, 1)};
}

}  // namespace keyledger::eventstore::postgres
