// docs/events.md and docs/asyncapi.yaml against the declarations.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "eventstore/reference/event_reference.hpp"

namespace keyledger {
namespace {

using namespace eventstore::reference;

constexpr const char* kMend = "it is stale: run `cmake --build build/dev --target docs` (or `make docs`) and commit it";

// Whole texts would fill screens: the first line that differs says enough.
void expect_same(const std::string& path, const std::string& wanted) {
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

TEST(EventsReference, PageFollowsFromTheDeclarations) { expect_same("docs/events.md", events_page()); }

TEST(EventsReference, AsyncApiFollowsFromTheDeclarations) { expect_same("docs/asyncapi.yaml", asyncapi_yaml()); }

}  // namespace
}  // namespace keyledger
