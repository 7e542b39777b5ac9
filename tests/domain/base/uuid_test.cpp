#include "domain/base/uuid.hpp"

#include <gtest/gtest.h>

using keyledger::Uuid;

TEST(Uuid, RoundTripsThroughItsText) {
    auto id = Uuid::parse("0192E4A0-0000-7abc-8DEF-0123456789ab");
    ASSERT_TRUE(id);
    EXPECT_EQ(id->to_string(), "0192e4a0-0000-7abc-8def-0123456789ab");
}

TEST(Uuid, RefusesWhatIsNotExactlyTheHyphenatedForm) {
    for (const char* text : {"", "0192e4a000007abc8def0123456789ab", "{0192e4a0-0000-7abc-8def-0123456789a}",
                             "0192e4a0-0000-7abc-8def-0123456789ag", "0192e4a0-0000-7abc-8def-0123456789ab "})
        EXPECT_FALSE(Uuid::parse(text)) << text;
}
