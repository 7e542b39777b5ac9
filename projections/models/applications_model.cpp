#include "projections/models/applications.hpp"

#include "domain/applications/application.hpp"
#include "projections/engine/rows_of_streams.hpp"
#include "projections/models/read_models.hpp"

namespace keyledger::projections {
namespace {

struct Change {
    ApplicationRow& row;
    const DecodedEvent& decoded;

    void operator()(const ApplicationRegistered& event) const {
        define(event);
        row.created_at = decoded.metadata.occurred_at;
        row.first_position = decoded.recorded->position;
    }
    void operator()(const ApplicationChanged& event) const { define(event); }
    void operator()(const ApplicationSecretAdded&) const {}
    void operator()(const ApplicationSecretRemoved&) const {}
    void operator()(const ApplicationKeyAdded&) const {}
    void operator()(const ApplicationKeyRemoved&) const {}
    void operator()(const ApplicationDisabled&) const { row.enabled = false; }
    void operator()(const ApplicationEnabled&) const { row.enabled = true; }
    void operator()(const ApplicationDeleted&) const {}

    void define(const ApplicationDefinition& definition) const {
        row.name = definition.name;
        row.type = stored_name(definition.type);
        row.consent = stored_name(definition.consent);
    }
};

}  // namespace

Model ApplicationsModel::model() const { return kApplicationsModel; }

void ApplicationsModel::create(pqxx::transaction_base& transaction, int generation) const {
    create_table<ApplicationRow>(transaction, table(generation), kStorageOfFewRows);
}

void ApplicationsModel::apply(pqxx::transaction_base& transaction, int generation,
                              std::span<const DecodedEvent> events) const {
    const auto change = [](ApplicationRow& row, const ApplicationEvent& event, const DecodedEvent& decoded) {
        std::visit(Change{row, decoded}, event);
        return !std::holds_alternative<ApplicationDeleted>(event);
    };
    apply_rows_of<Application, ApplicationRegistered, ApplicationRow>(transaction, table(generation), events, change);
}

}  // namespace keyledger::projections
