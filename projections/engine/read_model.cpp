#include "projections/engine/read_model.hpp"

namespace keyledger::projections {

std::string table_name(std::string_view model, int generation, std::string_view suffix) {
    std::string name = std::string(model) + '_' + std::to_string(generation);
    if (!suffix.empty()) name.append("_").append(suffix);
    return name;
}

std::vector<std::string> ReadModel::tables(int generation) const {
    std::vector<std::string> tables;
    for (const std::string_view part : parts()) tables.push_back(table_name(name(), generation, part));
    return tables;
}

std::string ReadModel::table(int generation, std::string_view part) const {
    return "read_models." + table_name(name(), generation, part);
}

}  // namespace keyledger::projections
