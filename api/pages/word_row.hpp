#pragma once
// A text of pages in each language.
#include <string_view>

#include "api/pages/words.hpp"

namespace keyledger::api {

struct WordRow {
    Text text = Text::kCount;
    std::string_view english{};
    std::string_view german{};
};

}  // namespace keyledger::api
