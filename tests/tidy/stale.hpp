#pragma once
// For tests of files that the target `docs` writes: whether what is committed is what would be written now.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace keyledger::test {

// Whole texts would fill screens: the first line that differs says enough.
inline void expect_same(const std::string& path, const std::string& wanted) {
    constexpr const char* kMend =
        "it is stale: run `cmake --build build/dev --target docs` (or `make docs`) and commit it";
    std::ifstream in(path);
    ASSERT_TRUE(in) << "can't read " << path << "; run this in the root of the repository, as ctest does";
    std::istringstream should(wanted);
    std::string is_line;
    std::string should_line;
    for (int number = 1; true; ++number) {
        const bool is_more = static_cast<bool>(std::getline(in, is_line));
        const bool should_more = static_cast<bool>(std::getline(should, should_line));
        if (!is_more && !should_more) return;
        ASSERT_TRUE(is_more && should_more && is_line == should_line)
            << path << ':' << number << ": " << kMend << "\n  is:        " << (is_more ? is_line : "(its end)")
            << "\n  should be: " << (should_more ? should_line : "(its end)");
    }
}

}  // namespace keyledger::test
