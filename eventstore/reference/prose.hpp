#pragma once
// What the declarations can't say: words. One entry a stream, a type and a field, in the order of the page.
#include <string_view>
#include <vector>

namespace keyledger::eventstore::reference {

struct FieldProse {
    std::string_view name;
    std::string_view meaning;
};
struct TypeProse {
    std::string_view type;
    std::string_view meaning;  // sentences, without personal data or its absence: the declaration says that
    std::vector<FieldProse> fields;
};
struct StreamProse {
    std::string_view stream_type;
    std::string_view title;
    std::string_view meaning;
    std::vector<TypeProse> types;
};

const std::vector<StreamProse>& streams();
const std::vector<FieldProse>& envelope();

}  // namespace keyledger::eventstore::reference
