#include "eventstore/postgres/keys/key_uses.hpp"

#include <algorithm>
#include <utility>

#include "eventstore/postgres/connection/pqxx_connection.hpp"
#include "eventstore/postgres/keys/subject_key_rows.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::eventstore::postgres {
namespace {

template <class Work>
auto with_session(const std::string& url, const Work& work)
    -> Result<decltype(work(std::declval<pqxx::work&>())), std::string> {
    try {
        const auto connection = connect(url);
        pqxx::work transaction(*connection);
        auto answer = work(transaction);
        transaction.commit();
        return answer;
    } catch (const pqxx::failure& failure) {
        return Unexpected(std::string(failure.what()));
    }
}

std::int64_t count_in(const pqxx::row& row) { return row[0].as<std::int64_t>(); }

constexpr int kRowsAtOnce = 1'000;
constexpr std::int64_t kMostLookedAt = 20'000;  // under append's lock; what is beyond counts as used

constexpr const char* kOnlyUnder =
    " from keyledger.claims h where h.key_id = $1 and not exists (select from keyledger.claims t"
    " where t.owner = h.owner and t.kind = h.kind and t.key_id = $2 and t.tenant = h.tenant)";
constexpr const char* kWrappedBy =
    " from keyledger.subject_keys where key_encryption_key_id = $1 and destroyed_at is null";

enum class OrphanHandling { kStays, kGoes };

std::vector<ClaimRow> claims_in(const pqxx::result& rows) {
    std::vector<ClaimRow> claims;
    for (const auto& row : rows) claims.push_back({row[0].c_str(), row[1].c_str(), bytes_in(row[2]), uuid_in(row[3])});
    return claims;
}

void drop(pqxx::transaction_base& work, const ClaimRow& claim) {
    work.exec_params(
        "delete from keyledger.claims where digest = $1::bytea and kind = $2 and key_id = $3 and owner = $4",
        bytea_of(claim.digest), claim.kind, claim.key_id, claim.owner.to_string());
}

// Page by page, until a row has an owner: then how much there is counts, and no more which.
template <class Row, class Page, class All, class Take>
std::int64_t count_used(const Page& page_after, const All& all, const Take& take,
                        const std::function<std::vector<Row>(const std::vector<Row>&)>& orphans) {
    std::int64_t looked_at = 0;
    std::int64_t not_counted = 0;
    Row last{};
    for (;;) {
        const std::vector<Row> page = page_after(last);
        if (page.empty()) return 0;
        const std::vector<Row> away = orphans(page);
        for (const Row& row : away) take(row);
        looked_at += std::ssize(page);
        not_counted += std::ssize(away);
        if (away.size() < page.size() || looked_at >= kMostLookedAt)
            return std::max<std::int64_t>(1, all() - not_counted);
        last = page.back();
    }
}

std::int64_t count_claims_only_under(pqxx::work& work, const std::string& key_id, const std::string& current_key_id,
                                     const FindOrphanedClaims& orphans, OrphanHandling fate) {
    std::int64_t taken = 0;
    const auto page_after = [&](const ClaimRow& last) {
        return claims_in(work.exec_params("select h.kind, h.key_id, h.digest, h.owner" + std::string(kOnlyUnder) +
                                              " and (h.digest, h.kind) > ($3::bytea, $4::text collate \"C\")"
                                              " order by h.digest, h.kind limit $5",
                                          key_id, current_key_id, bytea_of(last.digest), last.kind, kRowsAtOnce));
    };
    const auto all = [&] {
        return taken + count_in(work.exec_params1("select count(*)" + std::string(kOnlyUnder), key_id, current_key_id));
    };
    const auto take = [&](const ClaimRow& claim) {
        if (fate == OrphanHandling::kStays) return;
        drop(work, claim);
        ++taken;
    };
    return count_used<ClaimRow>(page_after, all, take, orphans);
}

std::int64_t count_subject_keys_under(pqxx::work& work, const std::string& key_id, const FindOrphanedKeys& orphans,
                                      OrphanHandling fate) {
    std::int64_t taken = 0;
    const auto page_after = [&](const StoredSubjectKey& last) {
        return subject_keys_in(work.exec_params("select subject, key_id, wrapped_key, key_encryption_key_id" +
                                                    std::string(kWrappedBy) +
                                                    " and subject > $2::uuid order by subject limit $3",
                                                key_id, last.subject.to_string(), kRowsAtOnce));
    };
    const auto all = [&] {
        return taken + count_in(work.exec_params1("select count(*)" + std::string(kWrappedBy), key_id));
    };
    const auto take = [&](const StoredSubjectKey& key) {
        if (fate == OrphanHandling::kStays) return;
        set_aside(work, key);
        ++taken;
    };
    return count_used<StoredSubjectKey>(page_after, all, take, orphans);
}

// What is under way ends before, and what begins afterwards is refused: nothing can come in between.
template <class Count>
std::int64_t end_unless_used(pqxx::work& work, const std::string& key_id, const Count& count) {
    work.exec("set local lock_timeout = '10s'");
    work.exec("select pg_advisory_xact_lock(5426354651)");  // append's
    const std::int64_t used = count();
    if (used == 0)
        work.exec_params("insert into keyledger.ended_keys (key_id) values ($1) on conflict do nothing", key_id);
    return used;
}

constexpr const char* kToMove =
    "select h.kind, h.key_id, h.digest, h.owner from keyledger.claims h"
    " where h.key_id <> $1"
    " and (h.owner, h.kind, h.digest, h.key_id) > ($2::uuid, $3::text collate \"C\", $4::bytea, $5::text "
    "collate \"C\")"
    " and not exists (select from keyledger.claims t where t.owner = h.owner and t.kind = h.kind and "
    "t.key_id = $1"
    " and t.tenant = h.tenant) order by h.owner, h.kind, h.digest, h.key_id limit $6";

// The old claim is looked for under the lock: a value that its owner has given up is not claimed again.
constexpr const char* kMove =
    "insert into keyledger.claims (tenant, kind, key_id, digest, owner)"
    " select h.tenant, h.kind, $1, decode(m.after, 'hex'), h.owner"
    " from unnest($2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[]) as m(kind, key_id, before, "
    "owner, after)"
    " join keyledger.claims h on h.digest = decode(m.before, 'hex') and h.kind = m.kind and h.key_id = "
    "m.key_id"
    " and h.owner = m.owner on conflict do nothing";

}  // namespace

Result<std::int64_t, std::string> claims_only_under(const std::string& url, const std::string& key_id,
                                                    const std::string& current_key_id,
                                                    const FindOrphanedClaims& orphans) {
    return with_session(url, [&](pqxx::work& work) {
        return count_claims_only_under(work, key_id, current_key_id, orphans, OrphanHandling::kStays);
    });
}

Result<std::int64_t, std::string> subject_keys_under(const std::string& url, const std::string& key_id,
                                                     const FindOrphanedKeys& orphans) {
    return with_session(
        url, [&](pqxx::work& work) { return count_subject_keys_under(work, key_id, orphans, OrphanHandling::kStays); });
}

Result<std::int64_t, std::string> end_wrapping_key(const std::string& owner_url, const std::string& key_id,
                                                   const FindOrphanedKeys& orphans) {
    return with_session(owner_url, [&](pqxx::work& work) {
        return end_unless_used(work, key_id,
                               [&] { return count_subject_keys_under(work, key_id, orphans, OrphanHandling::kGoes); });
    });
}

Result<std::int64_t, std::string> end_claims_key(const std::string& owner_url, const std::string& key_id,
                                                 const std::string& current_key_id, const FindOrphanedClaims& orphans) {
    return with_session(owner_url, [&](pqxx::work& work) {
        return end_unless_used(work, key_id, [&] {
            return count_claims_only_under(work, key_id, current_key_id, orphans, OrphanHandling::kGoes);
        });
    });
}

Result<void, std::string> announce_keys(const std::string& url, const std::vector<AnnouncedKey>& keys) {
    const auto told = with_session(url, [&](pqxx::work& work) {
        work.exec_params("select keyledger.tell_keys($1::text[], $2::bigint[], $3::bigint[])",
                         array_of(keys, [](const AnnouncedKey& one) { return '"' + one.id + '"'; }),
                         array_of(keys, [](const AnnouncedKey& one) { return std::to_string(one.use_from.ms()); }),
                         array_of(keys, [](const AnnouncedKey& one) {
                             return one.ends_at ? std::to_string(one.ends_at->ms()) : std::string("null");
                         }));
        return 0;
    });
    if (!told) return Unexpected(told.error());
    return {};
}

Result<std::int64_t, std::string> sessions_of_services(const std::string& owner_url) {
    return with_session(owner_url, [](pqxx::work& work) {
        return count_in(work.exec1("select count(*) from pg_stat_activity a join pg_roles r on r.oid = a.usesysid"
                                   " where a.datname = current_database() and a.pid <> pg_backend_pid()"
                                   " and r.rolname <> current_user and not r.rolsuper"
                                   " and pg_has_role(r.oid, 'keyledger_service', 'member')"));
    });
}

Result<std::int64_t, std::string> buried_keys_under(const std::string& url, const std::string& key_id) {
    return with_session(url, [&](pqxx::work& work) {
        return count_in(work.exec_params1("select keyledger.buried_under($1)", key_id));
    });
}

Result<std::int64_t, std::string> live_sessions(const std::string& url, Instant now) {
    return with_session(url, [&](pqxx::work& work) -> std::int64_t {
        if (work.exec1("select to_regclass('read_models.current')")[0].is_null()) return 0;
        const auto current = work.exec("select generation from read_models.current where model = 'sessions'");
        if (current.empty()) return 0;
        return count_in(work.exec_params1("select count(*) from read_models.sessions_" +
                                              std::to_string(current[0][0].as<int>()) +
                                              " where ended_at_ms is null and expires_at_ms > $1",
                                          now.ms()));
    });
}

Result<std::vector<ClaimRow>, std::string> claims_to_move(const std::string& owner_url,
                                                          const std::string& current_key_id, const ClaimRow& after,
                                                          int at_most) {
    return with_session(owner_url, [&](pqxx::work& work) {
        return claims_in(work.exec_params(kToMove, current_key_id, after.owner.to_string(), after.kind,
                                          bytea_of(after.digest), after.key_id, at_most));
    });
}

Result<std::int64_t, std::string> move_claims(const std::string& owner_url, const std::string& current_key_id,
                                              const std::vector<MovedClaim>& claims) {
    const auto texts = [&](auto text) { return array_of(claims, text); };
    return with_session(owner_url, [&](pqxx::work& work) {
        work.exec("set local lock_timeout = '10s'");
        work.exec("select pg_advisory_xact_lock(5426354651)");  // append's
        const auto done =
            work.exec_params(kMove, current_key_id, texts([](const MovedClaim& one) { return one.from.kind; }),
                             texts([](const MovedClaim& one) { return '"' + one.from.key_id + '"'; }),
                             texts([](const MovedClaim& one) { return security::hex_encode(one.from.digest); }),
                             texts([](const MovedClaim& one) { return one.from.owner.to_string(); }),
                             texts([](const MovedClaim& one) { return security::hex_encode(one.digest); }));
        return static_cast<std::int64_t>(done.affected_rows());
    });
}

Result<std::int64_t, std::string> drop_claims(const std::string& owner_url, const std::vector<ClaimRow>& claims) {
    return with_session(owner_url, [&](pqxx::work& work) {
        for (const ClaimRow& claim : claims) drop(work, claim);
        return std::ssize(claims);
    });
}

Result<std::optional<std::string>, std::string> ended_key_in_use(const std::string& url,
                                                                 const std::vector<std::string>& ended_key_ids) {
    return with_session(url, [&](pqxx::work& work) {
        const auto found =
            work.exec_params("select k.id from unnest($1::text[]) as k(id)"
                             " where not exists (select from keyledger.ended_keys e where e.key_id = k.id)"
                             " and exists (select from keyledger.claims c where c.key_id = k.id) limit 1",
                             array_of(ended_key_ids, [](const std::string& id) { return '"' + id + '"'; }));
        return found.empty() ? std::nullopt : std::optional(found[0][0].as<std::string>());
    });
}

Result<std::int64_t, std::string> drop_claims_of(const std::string& owner_url,
                                                 const std::vector<std::string>& key_ids) {
    return with_session(owner_url, [&](pqxx::work& work) {
        work.exec("set local lock_timeout = '10s'");
        work.exec("select pg_advisory_xact_lock(5426354651)");
        const auto ids = array_of(key_ids, [](const std::string& id) { return '"' + id + '"'; });
        const auto gone =
            work.exec_params("delete from keyledger.claims c where key_id = any($1::text[]) and exists"
                             " (select from keyledger.claims t where t.owner = c.owner and t.kind = c.kind"
                             " and t.tenant = c.tenant and t.key_id <> all($1::text[]))",
                             ids);
        work.exec_params("insert into keyledger.ended_keys (key_id) select k.id from unnest($1::text[]) as k(id)"
                         " where not exists (select from keyledger.claims c where c.key_id = k.id)"
                         " on conflict do nothing",
                         ids);
        return static_cast<std::int64_t>(gone.affected_rows());
    });
}

}  // namespace keyledger::eventstore::postgres
