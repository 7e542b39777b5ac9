#pragma once
// Orphaned rows of keys and claims, which would keep a key of the keyring from ending. Whoever has the service's role
// in the database can add such rows; only believed events say whether there is such a subject or owner. A row and its
// event were written in one transaction: who sees one finds the other.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "app/config/config.hpp"
#include "app/core/log_reading.hpp"
#include "eventstore/postgres/store/claims.hpp"
#include "security/keys/keyring.hpp"

namespace keyledger::app {

// What streams begin with, by events that are believed: the names of their types. Without the others.
using ReadStreams =
    std::function<std::vector<eventstore::StreamSlice>(const std::vector<eventstore::StreamFrom>& streams)>;
std::map<Uuid, std::string> believed_streams(const ReadStreams& read, const std::vector<Uuid>& ids);

// One thread's. The log is read when there is something to ask, as the service where that is configured; then this
// throws std::runtime_error if the database does not answer, or the keyring lacks a key for the MACs of events.
class OrphanedRows {
public:
    OrphanedRows(const Config& config, std::shared_ptr<const security::Keyring> keyring);

    // Whose keys these are: "user", "service_account", "the anonymous callers of 2026-11-29". Without those that are
    // nobody's.
    std::map<Uuid, std::string> owners_of(const std::vector<eventstore::StoredSubjectKey>& keys);
    // Those that don't open, and are nobody's.
    std::vector<eventstore::StoredSubjectKey> keys(const std::vector<eventstore::StoredSubjectKey>& keys);
    std::vector<eventstore::postgres::ClaimRow> claims(const std::vector<eventstore::postgres::ClaimRow>& claims);

private:
    std::map<Uuid, std::string> believed(const std::vector<Uuid>& ids);
    bool opens(const eventstore::StoredSubjectKey& key) const;

    Config config_;
    const std::shared_ptr<const security::Keyring> keyring_;
    std::unique_ptr<Log> log_;
    std::map<Uuid, std::string> days_;  // subjects of anonymous callers
};

}  // namespace keyledger::app
