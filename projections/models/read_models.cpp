#include "projections/models/read_models.hpp"

namespace keyledger::projections {

std::vector<std::unique_ptr<ReadModel>> all_read_models() {
    std::vector<std::unique_ptr<ReadModel>> models;
    models.push_back(std::make_unique<UsersModel>());
    models.push_back(std::make_unique<SessionsModel>());
    models.push_back(std::make_unique<AuditModel>());
    models.push_back(std::make_unique<ErasuresModel>());
    models.push_back(std::make_unique<DeadlinesModel>());
    models.push_back(std::make_unique<PermissionsModel>());
    models.push_back(std::make_unique<ServiceAccountsModel>());
    models.push_back(std::make_unique<ApplicationsModel>());
    models.push_back(std::make_unique<ConsentsModel>());
    return models;
}

}  // namespace keyledger::projections
