#include "domain/anonymous_callers/anonymous_callers.hpp"

#include "tests/support/world/history.hpp"

namespace keyledger {
namespace {

const EraseAnonymousCallers kErase{test::kNow, test::kNow + test::kDay};
const AnonymousCallersErased kErased{test::kNow, test::kNow + test::kDay};

TEST(EraseAnonymousCallers, NamesTheDay) { EXPECT_TRUE(test::decides(decide(AnonymousCallers{}, kErase), {kErased})); }

TEST(EraseAnonymousCallers, StaysQuietWhenTheyAreErased) {
    EXPECT_TRUE(test::stays_quiet(decide(test::given<AnonymousCallers>(kErased), kErase)));
}

}  // namespace
}  // namespace keyledger
