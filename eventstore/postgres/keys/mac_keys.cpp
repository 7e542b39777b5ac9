#include "eventstore/postgres/keys/mac_keys.hpp"

#include "eventstore/postgres/connection/pqxx_connection.hpp"

namespace keyledger::eventstore::postgres {

Result<Position, std::string> close_mac_key(const std::string& owner_url, const std::string& key_id) try {
    const auto connection = connect(owner_url);
    pqxx::work work(*connection);
    work.exec("select pg_advisory_xact_lock(5426354651)");  // append's: what is under way ends before
    work.exec_params("insert into keyledger.closed_mac_keys (key_id, last_position)"
                     " select $1, coalesce((select position from keyledger.events order by position desc limit 1), 0)"
                     " on conflict do nothing",
                     key_id);
    const auto last =
        work.exec_params1("select last_position from keyledger.closed_mac_keys where key_id = $1", key_id);
    work.commit();
    return last[0].as<Position>();
} catch (const pqxx::failure& failure) {
    return Unexpected(std::string(failure.what()));
}

Result<bool, std::string> bring_back_key(const std::string& owner_url, const Uuid& subject) try {
    const auto connection = connect(owner_url);
    pqxx::work work(*connection);
    work.exec("select pg_advisory_xact_lock(5426354651)");
    const std::string id = subject.to_string();
    // What 'keys rewrap' put aside left no row behind.
    const auto back = work.exec_params("insert into keyledger.subject_keys as k (subject, tenant, key_id, wrapped_key, "
                                       "key_encryption_key_id)"
                                       " select g.subject, g.tenant, g.key_id, g.wrapped_key, g.key_encryption_key_id"
                                       " from keyledger.graveyard g where g.subject = $1"
                                       " on conflict (subject) do update set wrapped_key = excluded.wrapped_key,"
                                       " key_encryption_key_id = excluded.key_encryption_key_id, destroyed_at = null"
                                       " where k.key_id = excluded.key_id and k.destroyed_at is not null",
                                       id);
    work.exec_params("delete from keyledger.graveyard where subject = $1", id);
    // What was remembered of the stream while its personal fields could not be read.
    work.exec_params("delete from keyledger.snapshots where stream_id = $1", id);
    work.commit();
    return back.affected_rows() == 1;
} catch (const pqxx::failure& failure) {
    return Unexpected(std::string(failure.what()));
}

}  // namespace keyledger::eventstore::postgres
