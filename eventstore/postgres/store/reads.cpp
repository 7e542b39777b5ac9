// The statements of the store's reads: each is one, so one snapshot and one round trip.
#include <algorithm>

#include "eventstore/append_rules.hpp"
#include "eventstore/postgres/store/read_session.hpp"
#include "security/primitives/bytes.hpp"

namespace keyledger::eventstore::postgres {
namespace {

std::string uuid_text(const Uuid& id) { return id.to_string(); }

template <class Reads>
std::string ids_of(const Reads& reads) {
    return array_of(reads, [](const auto& read) { return read.stream_id.to_string(); });
}

std::string array_text(std::string_view text) {
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}
// Digests in an array literal need quotes, and their backslash another one.
std::string quoted_bytea(std::string_view bytes) { return "\"\\" + bytea_of(bytes) + "\""; }

std::string key_ids_of(const std::vector<ClaimDigest>& digests) {
    return array_of(digests, [](const ClaimDigest& one) { return array_text(one.key_id); });
}
std::string values_of(const std::vector<ClaimDigest>& digests) {
    return array_of(digests, [](const ClaimDigest& one) { return quoted_bytea(one.digest); });
}

StoredCredential credential_in(const pqxx::row& row, int at) {
    return {CredentialId{uuid_in(row[at])}, uuid_in(row[at + 1]), row[at + 2].as<std::string>(),
            row[at + 3].as<std::int32_t>(), bytes_in(row[at + 4])};
}

void prepare_claims(pqxx::connection& connection) {
    // Whether nobody claims under any of these keys any more.
    const std::string ended = "not exists (select from unnest($2::text[]) as i(key_id) where not exists"
                              " (select from keyledger.ended_keys e where e.key_id = i.key_id))";
    connection.prepare("claim",
                       "select (select c.owner"
                       " from unnest($2::text[], $3::bytea[]) with ordinality as q(key_id, digest, n)"
                       " cross join lateral (select owner from keyledger.claims where digest = q.digest and kind = $1"
                       " and key_id = q.key_id and tenant = 'default' offset 0) as c order by q.n limit 1), " +
                           ended);
    connection.prepare("claimed_credential",
                       "select f.*, " + ended +
                           " from (values (1)) as one left join lateral (select c.owner as claimant, k.*"
                           " from unnest($2::text[], $3::bytea[]) with ordinality as q(key_id, digest, n)"
                           " cross join lateral (select owner from keyledger.claims where digest = q.digest"
                           " and kind = $1 and key_id = q.key_id and tenant = 'default' offset 0) as c"
                           " left join lateral (select credential_id, owner, kind, revision, sealed"
                           " from keyledger.credentials where owner = c.owner and kind = $4 and tenant = 'default'"
                           " order by credential_id desc limit 1) as k on true order by q.n limit 1) as f on true");
    connection.prepare("key_news", "select key_id, use_from_ms, ends_at_ms, false from keyledger.told_keys"
                                   " where told_at > now() - interval '1 day'"
                                   " union all select key_id, 0, null, true from keyledger.ended_keys");
    connection.prepare("credential", "select credential_id, owner, kind, revision, sealed from keyledger.credentials"
                                     " where owner = $1::uuid and kind = $2 and tenant = 'default'"
                                     " order by credential_id desc limit 1");
    connection.prepare("credentials",
                       "select credential_id, owner, kind, revision, ''::bytea from keyledger.credentials"
                       " where owner = $1::uuid and tenant = 'default' order by credential_id limit $2");
}

}  // namespace

void prepare_reads(pqxx::connection& connection) {
    // `left join lateral (… offset 0)` can only be done by probing an index, whatever the statistics say.
    // A snapshot counts only while the log holds its event, unchanged; it comes with the first row of its stream.
    // Whoever names no fold is given none, also not one that somebody put there under no name.
    // Of a stream that begins with another type one event is given: whether that one is believed says what the stream
    // is. Bytes are counted as the rows hold them.
    connection.prepare(
        "streams",
        std::string("select q.n, coalesce(s.version, 0), s.stream_type, p.version, p.event_id,"
                    " case when e.version is null or e.version = p.version + 1 then p.sealed end, ") +
            kEventColumns +
            " from unnest($1::uuid[], $2::int[], $3::text[], $4::text[]) with ordinality"
            " as q(stream_id, after, fold, stream_type, n)"
            " left join lateral (select version, stream_type from keyledger.streams"
            " where stream_id = q.stream_id offset 0) as s on true"
            " left join lateral (select k.version, k.event_id, k.sealed from keyledger.snapshots k"
            " where k.stream_id = q.stream_id and q.fold <> '' and k.fold = q.fold and k.version > q.after"
            " and octet_length(k.sealed) <= $7"
            " and (select x.leaf_hash from keyledger.events x where x.stream_id = k.stream_id"
            " and x.version = k.version) = k.leaf_hash offset 0) as p on true"
            " left join lateral (select * from (select x.*, sum(pg_column_size(x)) over (order by x.version)"
            " - pg_column_size(x) as bytes_before from (select * from keyledger.events"
            " where stream_id = q.stream_id"
            " and version > coalesce(p.version, q.after) and version <= coalesce(p.version, q.after)"
            " + case when coalesce(p.version, q.after) > 0 or q.stream_type in ('', s.stream_type) then $5 else 1 end"
            " offset 0) as x) as y where y.bytes_before < $6) as e on true order by q.n, e.version");
    connection.prepare(
        "keep_snapshot",
        "insert into keyledger.snapshots as k (stream_id, tenant, version, event_id, leaf_hash, fold, sealed)"
        " select stream_id, tenant, version, event_id, leaf_hash, $4::text, $5::bytea from keyledger.events"
        " where stream_id = $1::uuid and version = $2 and event_id = $3::uuid"
        " on conflict (stream_id) do update set version = excluded.version, event_id = excluded.event_id,"
        " leaf_hash = excluded.leaf_hash, fold = excluded.fold, sealed = excluded.sealed, kept_at = excluded.kept_at"
        " where k.version <= excluded.version or k.fold <> excluded.fold or k.version = $6"
        " or (select leaf_hash from keyledger.events where stream_id = k.stream_id and version = k.version)"
        " is distinct from k.leaf_hash");
    connection.prepare("confirm", "select (select count(*) from unnest($1::uuid[], $2::int[]) as q(stream_id, version)"
                                  " left join lateral (select version from keyledger.streams"
                                  " where stream_id = q.stream_id offset 0) as s on true"
                                  " where coalesce(s.version, 0) <> q.version) = 0,"
                                  " c.first_position, c.event_count, c.fingerprint from (values (1)) as one"
                                  " left join lateral (select * from keyledger.commands where command_id = $3::bytea"
                                  " and tenant = 'default' offset 0) as c on true");
    prepare_claims(connection);
    connection.prepare("subject_keys", "select k.subject, k.key_id, k.wrapped_key, k.key_encryption_key_id,"
                                       " k.destroyed_at is not null from keyledger.subject_keys k"
                                       " where k.subject = any($1::uuid[]) and k.tenant = 'default'");
    connection.prepare("log", std::string("select ") + kEventColumns +
                                  " from keyledger.events e where e.position >= $1 order by e.position limit $2");
}

std::vector<StreamSlice> read_streams(pqxx::connection& connection, const std::vector<StreamFrom>& streams,
                                      Authenticity* authenticity) {
    std::vector<StreamSlice> slices;
    for (const StreamFrom& from : streams) slices.emplace_back().stream_id = from.stream_id;
    pqxx::nontransaction work(connection);
    const auto afters = array_of(streams, [](const StreamFrom& from) { return std::to_string(from.after_version); });
    const auto folds = array_of(streams, [](const StreamFrom& from) { return array_text(from.fold); });
    const auto types = array_of(streams, [](const StreamFrom& from) { return array_text(from.stream_type); });
    const StreamPage page = page_of_each(streams.size());
    const auto rows = work.exec_prepared("streams", ids_of(streams), afters, folds, types, page.events, page.bytes,
                                         kMaxSnapshotBytes);
    for (const auto& row : rows) {
        const std::size_t n = row[0].as<std::size_t>() - 1;
        StreamSlice& slice = slices.at(n);
        slice.version = row[1].as<std::int32_t>();
        if (!row[2].is_null()) slice.stream_type = row[2].as<std::string>();
        if (!row[5].is_null())
            slice.snapshot = Snapshot{slice.stream_id, row[3].as<std::int32_t>(), uuid_in(row[4]), streams[n].fold,
                                      bytes_in(row[5])};
        if (row[6].is_null()) continue;
        slice.events.push_back(event_in(row, 6));
        // Another stream's events are as believable, and would be taken for this one's.
        const std::int32_t before = slice.snapshot ? slice.snapshot->version : streams[n].after_version;
        const auto expected = before + static_cast<std::int32_t>(slice.events.size());
        if (slice.events.back().stream_id != slice.stream_id || slice.events.back().version != expected)
            throw pqxx::failure("the database gave an event that was not asked for");
    }
    for (StreamSlice& slice : slices)
        if (authenticity != nullptr) authenticity->check(work, slice.events);
    return slices;
}

void write_snapshot(pqxx::connection& connection, const Snapshot& snapshot) {
    pqxx::nontransaction work(connection);
    work.exec_prepared("keep_snapshot", snapshot.stream_id.to_string(), snapshot.version, snapshot.event_id.to_string(),
                       snapshot.fold, bytea_of(snapshot.sealed), snapshot.replaces);
}

Confirmation confirm(pqxx::connection& connection, const std::vector<StreamVersion>& versions,
                     const CommandId& command_id) {
    pqxx::nontransaction work(connection);
    const auto numbers = array_of(versions, [](const StreamVersion& read) { return std::to_string(read.version); });
    const pqxx::row row =
        work.exec_prepared1("confirm", ids_of(versions), numbers, bytea_of(security::view_of(command_id)));
    Confirmation confirmation;
    confirmation.unmoved = row[0].as<bool>();
    if (!row[1].is_null())
        confirmation.earlier_outcome = Duplicate{row[1].as<Position>(), row[2].as<std::int32_t>(), digest_in(row[3])};
    return confirmation;
}

FoundClaim find_claim(pqxx::connection& connection, const std::string& kind, const std::vector<ClaimDigest>& digests) {
    pqxx::nontransaction work(connection);
    const pqxx::row row = work.exec_prepared1("claim", kind, key_ids_of(digests), values_of(digests));
    FoundClaim found;
    if (!row[0].is_null()) found.owner = uuid_in(row[0]);
    found.keys_have_ended = !digests.empty() && row[1].as<bool>();
    return found;
}

KeyAnnouncements read_key_announcements(pqxx::connection& connection) {
    pqxx::nontransaction work(connection);
    KeyAnnouncements news;
    for (const auto& row : work.exec_prepared("key_news")) {
        if (row[3].as<bool>()) {
            news.ended.emplace_back(row[0].c_str());
            continue;
        }
        AnnouncedKey& told = news.announced.emplace_back();
        told.id = row[0].c_str();
        told.use_from = Instant::at_ms(row[1].as<std::int64_t>());
        if (!row[2].is_null()) told.ends_at = Instant::at_ms(row[2].as<std::int64_t>());
    }
    return news;
}

FoundCredential find_credential(pqxx::connection& connection, const std::string& claim_kind,
                                const std::vector<ClaimDigest>& digests, const std::string& kind) {
    pqxx::nontransaction work(connection);
    const pqxx::row row =
        work.exec_prepared1("claimed_credential", claim_kind, key_ids_of(digests), values_of(digests), kind);
    FoundCredential found;
    if (!row[0].is_null()) {
        found.claimed.emplace(ClaimedCredential{uuid_in(row[0])});
        if (!row[1].is_null()) found.claimed->credential = credential_in(row, 1);
    }
    found.keys_have_ended = !digests.empty() && row[6].as<bool>();
    return found;
}

std::optional<StoredCredential> read_credential(pqxx::connection& connection, const Uuid& owner,
                                                const std::string& kind) {
    pqxx::nontransaction work(connection);
    const pqxx::result rows = work.exec_prepared("credential", owner.to_string(), kind);
    if (rows.empty()) return std::nullopt;
    return credential_in(rows[0], 0);
}

std::vector<StoredCredential> read_credentials(pqxx::connection& connection, const Uuid& owner) {
    pqxx::nontransaction work(connection);
    std::vector<StoredCredential> theirs;
    for (const auto& row : work.exec_prepared("credentials", owner.to_string(), kMaxCredentialsRead))
        theirs.push_back(credential_in(row, 0));
    return theirs;
}

std::vector<StoredSubjectKey> read_subject_keys(pqxx::connection& connection, const std::vector<Uuid>& subjects) {
    pqxx::nontransaction work(connection);
    std::vector<StoredSubjectKey> keys;
    for (const auto& row : work.exec_prepared("subject_keys", array_of(subjects, uuid_text)))
        keys.push_back(
            {uuid_in(row[0]), uuid_in(row[1]), bytes_in(row[2]), row[3].as<std::string>(), row[4].as<bool>()});
    return keys;
}

std::vector<RecordedEvent> read_log(pqxx::connection& connection, Position first, std::int32_t count,
                                    Authenticity* authenticity) {
    pqxx::nontransaction work(connection);
    const pqxx::result rows = work.exec_prepared("log", first, std::clamp(count, 0, kMaxReadBatch));
    std::vector<RecordedEvent> events;
    events.reserve(rows.size());
    for (const auto& row : rows) events.push_back(event_in(row));
    if (authenticity != nullptr) authenticity->check(work, events);
    return events;
}

}  // namespace keyledger::eventstore::postgres
