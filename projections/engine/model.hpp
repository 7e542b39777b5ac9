#pragma once
// What a read model is called, wherever one is meant: by whoever follows the log, in the database, and in a question.
#include <string_view>

namespace keyledger::projections {

struct Model {
    std::string_view
        name;  // of the reader in keyledger.checkpoints, and of the tables read_models.<name>_<generation> …
    // Grows whenever the tables' columns or the meaning of a row change: the old generation is then rebuilt.
    int layout = 0;
};

}  // namespace keyledger::projections
