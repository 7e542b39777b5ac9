#include "eventstore/postgres/store/claims.hpp"

#include "eventstore/postgres/connection/pqxx_connection.hpp"

namespace keyledger::eventstore::postgres {
namespace {

constexpr auto kMostTime = std::chrono::minutes(5);  // counting a large table is one statement

std::string names_of(const std::vector<std::string_view>& types) {
    return array_of(types, [](std::string_view type) { return std::string(type); });
}

ClaimRow claim_in(const pqxx::row& row) {
    return {row[0].as<std::string>(), row[1].as<std::string>(), bytes_in(row[2]), uuid_in(row[3])};
}

std::vector<ClaimRow> claims_in(const pqxx::result& rows) {
    std::vector<ClaimRow> claims;
    for (const auto& row : rows) claims.push_back(claim_in(row));
    return claims;
}

}  // namespace

struct Claims::Session {
    std::unique_ptr<pqxx::connection> connection;
};

Claims::Claims(const std::string& url) : session_(std::make_unique<Session>()) {
    session_->connection = open_reader(url, kMostTime);
}
Claims::~Claims() = default;

std::int64_t Claims::count() {
    pqxx::nontransaction work(*session_->connection);
    return work.exec("select count(*) from keyledger.claims")[0][0].as<std::int64_t>();
}

std::vector<ClaimRow> Claims::after(const std::optional<ClaimRow>& last, int count) {
    pqxx::nontransaction work(*session_->connection);
    if (!last)
        return claims_in(work.exec_params("select kind, key_id, digest, owner from keyledger.claims where tenant = $1"
                                          " order by digest, kind, key_id limit $2",
                                          std::string(kDefaultTenant), count));
    return claims_in(
        work.exec_params("select kind, key_id, digest, owner from keyledger.claims where tenant = $1"
                         " and (digest, kind, key_id) > ($2::bytea, $3, $4) order by digest, kind, key_id limit $5",
                         std::string(kDefaultTenant), bytea_of(last->digest), last->kind, last->key_id, count));
}

std::vector<ClaimRow> Claims::of(const std::vector<Bytes>& digests) {
    pqxx::nontransaction work(*session_->connection);
    const std::string wanted = array_of(digests, [](const Bytes& digest) { return "\"\\" + bytea_of(digest) + "\""; });
    return claims_in(work.exec_params("select kind, key_id, digest, owner from keyledger.claims"
                                      " where tenant = $1 and digest = any($2::bytea[])",
                                      std::string(kDefaultTenant), wanted));
}

std::int64_t Claims::count_streams(const std::vector<std::string_view>& types) {
    pqxx::nontransaction work(*session_->connection);
    const auto rows =
        work.exec_params("select count(*) from keyledger.streams where stream_type = any($1::text[])", names_of(types));
    return rows[0][0].as<std::int64_t>();
}

std::vector<StoredStream> Claims::streams_after(const Uuid& last, const std::vector<std::string_view>& types,
                                                int count) {
    pqxx::nontransaction work(*session_->connection);
    const auto rows = work.exec_params("select stream_id, stream_type from keyledger.streams where stream_id > $1::uuid"
                                       " and stream_type = any($2::text[]) order by stream_id limit $3",
                                       last.to_string(), names_of(types), count);
    std::vector<StoredStream> streams;
    for (const auto& row : rows) streams.push_back({uuid_in(row[0]), row[1].as<std::string>()});
    return streams;
}

}  // namespace keyledger::eventstore::postgres
