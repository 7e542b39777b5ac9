#include <map>

#include "domain/clients/service_account.hpp"
#include "projections/engine/table.hpp"
#include "projections/models/read_models.hpp"
#include "projections/models/service_accounts.hpp"

namespace keyledger::projections {
namespace {

constexpr const char* kStorage =
    "with (fillfactor = 85, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 1000)";

struct Known {
    ServiceAccountRow row;  // of version 0: there is none yet
    bool deleted = false;
};
using Accounts = std::map<ServiceAccountId, Known>;

struct Change {
    Known& account;
    ServiceAccountRow& row;
    const DecodedEvent& decoded;

    void operator()(const ServiceAccountRegistered& event) const {
        row.name = event.name;
        row.audiences = event.audiences;
        row.created_at = decoded.metadata.occurred_at;
        row.first_position = decoded.recorded->position;
    }
    void operator()(const ServiceAccountChanged& event) const {
        row.name = event.name;
        row.audiences = event.audiences;
    }
    void operator()(const ServiceAccountSecretAdded&) const {}
    void operator()(const ServiceAccountSecretRemoved&) const {}
    void operator()(const ServiceAccountKeyAdded&) const {}
    void operator()(const ServiceAccountKeyRemoved&) const {}
    void operator()(const ServiceAccountDisabled&) const { row.enabled = false; }
    void operator()(const ServiceAccountEnabled&) const { row.enabled = true; }
    void operator()(const ServiceAccountDeleted&) const { account.deleted = true; }
};

void write(pqxx::transaction_base& transaction, const std::string& table, const Accounts& accounts) {
    std::vector<ServiceAccountRow> rows;
    SqlArray deleted;
    for (const auto& [id, account] : accounts) {
        if (account.deleted) deleted.add(id);
        else rows.push_back(account.row);
    }
    delete_rows(transaction, table, deleted);
    write_rows(transaction, table, rows);
}

}  // namespace

Model ServiceAccountsModel::model() const { return kServiceAccountsModel; }

void ServiceAccountsModel::create(pqxx::transaction_base& transaction, int generation) const {
    create_table<ServiceAccountRow>(transaction, table(generation), kStorage);
}

void ServiceAccountsModel::apply(pqxx::transaction_base& transaction, int generation,
                                 std::span<const DecodedEvent> events) const {
    Accounts accounts;
    SqlArray earlier;
    for (const DecodedEvent& decoded : events) {
        if (!eventstore::event_in<ServiceAccount>(*decoded.event)) continue;
        const ServiceAccountId id{decoded.recorded->stream_id};
        const auto [account, is_new] = accounts.try_emplace(id);
        account->second.row.id = id;
        if (is_new && decoded.recorded->version > 1) earlier.add(id);
    }
    if (accounts.empty()) return;
    for (ServiceAccountRow& row : read_rows<ServiceAccountRow>(transaction, table(generation), earlier))
        accounts[row.id].row = std::move(row);
    for (const DecodedEvent& decoded : events) {
        const auto* event = eventstore::event_in<ServiceAccount>(*decoded.event);
        if (event == nullptr) continue;
        Known& account = accounts[ServiceAccountId{decoded.recorded->stream_id}];
        ServiceAccountRow& row = account.row;
        if (row.version == 0 && !std::holds_alternative<ServiceAccountRegistered>(*event))
            throw InconsistentLog("position " + std::to_string(decoded.recorded->position) +
                                  " is about a service account that has no row");
        std::visit(Change{account, row, decoded}, *event);
        row.updated_at = decoded.metadata.occurred_at;
        row.version = decoded.recorded->version;
        row.position = decoded.recorded->position;
    }
    write(transaction, table(generation), accounts);
}

}  // namespace keyledger::projections
