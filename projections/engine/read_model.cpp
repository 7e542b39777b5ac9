#include "projections/engine/read_model.hpp"

namespace keyledger::projections {

std::string table_name(std::string_view model, int generation, std::string_view suffix) {
    std::string name = std::string(model) + '_' + std::to_string(generation);
    if (!suffix.empty()) name.append("_").append(suffix);
    return name;
}

}  // namespace keyledger::projections
