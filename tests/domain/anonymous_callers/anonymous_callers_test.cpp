#include "domain/anonymous_callers/anonymous_callers.hpp"

#include "tests/support/world/history.hpp"

namespace keyledger {
namespace {

const EraseAnonymousCallers kErase{test::kNowMs, test::kNowMs + test::kDayMs};
const AnonymousCallersErased kErased{test::kNowMs, test::kNowMs + test::kDayMs};

TEST(EraseAnonymousCallers, NamesTheDay) { EXPECT_TRUE(test::decides(decide(AnonymousCallers{}, kErase), {kErased})); }

TEST(EraseAnonymousCallers, StaysQuietWhenTheyAreErased) {
    EXPECT_TRUE(test::stays_quiet(decide(test::given<AnonymousCallers>(kErased), kErase)));
}

}  // namespace
}  // namespace keyledger
