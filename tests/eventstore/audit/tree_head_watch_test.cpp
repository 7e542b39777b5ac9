#include "tests/eventstore/audit/held_log.hpp"

namespace keyledger::eventstore::audit::test {

// A standby that lacked some of the log was promoted, and the node that leads now had not heard of what was lost.
TEST_F(MakerTest, WhoeverWatchesFindsALogThatLostWhatAHeadCovers) {
    log.events = some_events(120);
    maker().round();
    leadership.candidacy = Candidacy::kOtherLeads;
    auto watcher = maker();
    auto other = maker();
    auto late = maker();
    for (TreeHeadMaker* node : {&watcher, &other}) {
        node->round();
        EXPECT_FALSE(node->status().contradicted);
    }
    log.events = some_events(130);
    watcher.round();
    EXPECT_FALSE(watcher.status().contradicted) << "it only grew";
    log.failure = ReadError::kUnavailable;
    watcher.round();
    EXPECT_EQ(watcher.status().trouble, "the database does not answer");
    EXPECT_FALSE(watcher.status().contradicted) << "while the standby is promoted";
    log.failure.reset();
    log.events.resize(100);
    watcher.round();
    EXPECT_TRUE(watcher.status().contradicted);
    EXPECT_THAT(told.back(), ::testing::HasSubstr("position 120"));
    for (int i = 0; i < 30; ++i) {  // others write on, past where it ended
        log.events.push_back(log.events.back());
        log.events.back().position += 1;
        log.events.back().leaf_hash[0] ^= 1;
    }
    other.round();
    EXPECT_TRUE(other.status().contradicted);
    state.state.reset();
    late.round();
    EXPECT_FALSE(late.status().contradicted) << "it saw none of that";
    log.events = some_events(120);
    watcher.round();
    EXPECT_TRUE(watcher.status().contradicted) << "a person has to look";
}

}  // namespace keyledger::eventstore::audit::test
