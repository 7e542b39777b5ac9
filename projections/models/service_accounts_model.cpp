#include "domain/clients/service_account.hpp"
#include "projections/engine/rows_of_streams.hpp"
#include "projections/engine/table.hpp"
#include "projections/models/read_models.hpp"
#include "projections/models/service_accounts.hpp"

namespace keyledger::projections {
namespace {

struct Change {
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
    void operator()(const ServiceAccountDeleted&) const {}
};

}  // namespace

Model ServiceAccountsModel::model() const { return kServiceAccountsModel; }

void ServiceAccountsModel::create(pqxx::transaction_base& transaction, int generation) const {
    create_table<ServiceAccountRow>(transaction, table(generation), kStorageOfFewRows);
}

void ServiceAccountsModel::apply(pqxx::transaction_base& transaction, int generation,
                                 std::span<const DecodedEvent> events) const {
    const auto change = [](ServiceAccountRow& row, const ServiceAccountEvent& event, const DecodedEvent& decoded) {
        std::visit(Change{row, decoded}, event);
        return !std::holds_alternative<ServiceAccountDeleted>(event);
    };
    apply_rows_of<ServiceAccount, ServiceAccountRegistered, ServiceAccountRow>(transaction, table(generation), events,
                                                                               change);
}

}  // namespace keyledger::projections
