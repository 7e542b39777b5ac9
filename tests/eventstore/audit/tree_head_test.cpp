#include "eventstore/audit/tree_head.hpp"

#include <filesystem>
#include <fstream>

#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"
#include "tests/eventstore/audit/held_log.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::eventstore::audit;
using namespace keyledger::eventstore::audit::test;

TEST(TreeHeadText, IsACheckpointThatReadsBack) {
    const TreeHead head = head_of(some_events(5), 5);
    const std::string text = checkpoint_text(head);
    EXPECT_TRUE(text.starts_with("keyledger/00000000-0000-0000-0000-0000000000c8\n5\n"));
    EXPECT_EQ(parse_checkpoint(text), head);
    EXPECT_TRUE(parse_checkpoint(text + "an extension of tomorrow\n"));
    for (const std::string& bad :
         {std::string("go.sum database tree\n1\n"), text.substr(0, 60), "x" + text, text + "\n",
          std::string("keyledger/00000000-0000-0000-0000-0000000000c8\n05\n") + text.substr(49)})
        EXPECT_FALSE(parse_checkpoint(bad)) << bad;
}

TEST(TreeHeadFile, KeepsNotesAndSurvivesATornOne) {
    const std::string path = testing::TempDir() + "/keyledger-heads-" + std::to_string(::getpid());
    std::filesystem::remove(path);
    EXPECT_TRUE(read_notes(path)->notes.empty()) << "a file that is not there yet";
    const auto events = some_events(9);
    ASSERT_TRUE(append_note(path, pretend_sign(head_of(events, 3))));
    ASSERT_TRUE(append_note(path, pretend_sign(head_of(events, 5))));
    const std::string cut_short = checkpoint_text(head_of(events, 6)) + "\n\u2014 k";
    for (const std::string& torn : {std::string("keyledger/0000"), cut_short}) {
        std::ofstream(path, std::ios::app) << torn;
        ASSERT_TRUE(append_note(path, pretend_sign(head_of(events, 7))));
    }
    const auto notes = read_notes(path);
    ASSERT_TRUE(notes);
    ASSERT_EQ(notes->notes.size(), 5u) << "the one whose signature was torn looks like a note";
    EXPECT_EQ(notes->torn, 1u);
    const auto newest = newest_of(*notes, kLog, pretend_open);
    EXPECT_EQ(newest.head->head, head_of(events, 7));
    EXPECT_EQ(newest.unopened, 1u) << "but does not open";
    EXPECT_FALSE(newest_of(*notes, id_of(7), pretend_open).head) << "of another log";
    std::filesystem::remove(path);
    EXPECT_FALSE(append_note("/nowhere/heads", "x"));
}

TEST(ExportLine, ReadsBackWithItsLeafHash) {
    for (const RecordedEvent& event : some_events(3)) {
        const RecordedEvent read = parse_export_line(export_line(event));
        EXPECT_EQ(read.position, event.position);
        EXPECT_EQ(read.leaf_hash, event.leaf_hash);
        EXPECT_EQ(leaf_hash(read), event.leaf_hash);
    }
    const std::string line = export_line(some_events(1)[0]);
    EXPECT_THROW((void)parse_export_line("{}"), CodecError);
    EXPECT_THROW((void)parse_export_line(line.substr(0, line.size() - 1)), CodecError);
    EXPECT_THROW((void)parse_export_line("[" + line + "]"), CodecError);
    const Manifest manifest{kLog, 3, {}, Instant::at_ms(7), "note\n"};
    EXPECT_EQ(parse_manifest(manifest_text(manifest)).tree_head, "note\n");
    EXPECT_THROW((void)parse_manifest("{}"), CodecError);
}

TEST(TreeHeadFile, IsReadFromItsEndAtAStart) {
    const std::string path = ::testing::TempDir() + "keyledger-long-heads-" + std::to_string(::getpid());
    EXPECT_TRUE(read_last_notes(path)->notes.empty()) << "a file that is not there yet";
    const auto events = some_events(9);
    std::string text;
    std::size_t written = 0;
    while (text.size() < 200 * 1024) text += pretend_sign(head_of(events, 1 + written++ % 8)) + "\n";
    for (int shift = 0; shift < 400; shift += 7) {  // the tail begins anywhere in a note
        const std::string longest = text + pretend_sign(head_of(events, 9)) + "\n" + std::string(shift, '\n');
        std::ofstream(path, std::ios::trunc) << longest;
        const auto last = read_last_notes(path);
        ASSERT_TRUE(last);
        EXPECT_EQ(last->torn, 0u) << shift;
        EXPECT_GT(last->notes.size(), 50u);
        EXPECT_LT(last->notes.size(), written / 2);
        const auto newest = newest_of(*last, kLog, pretend_open);
        EXPECT_EQ(newest.unopened, 0u) << shift;
        EXPECT_EQ(newest.head->head.size, 9) << shift;
    }
    std::filesystem::remove(path);
}

// A file from somebody else's hands.
TEST(ExportLine, ThatIsForgedEndsNothing) {
    const std::string line = export_line(some_events(1)[0]);
    const std::string deep = line.substr(0, line.find("\"payload\":") + 10) + R"({"a":)" + std::string(400'000, '[') +
                             std::string(400'000, ']') + R"(},"metadata":{}})";
    EXPECT_THROW((void)parse_export_line(deep), CodecError);

    const std::string path = ::testing::TempDir() + "keyledger-export-" + std::to_string(::getpid());
    std::ofstream(path) << line << '\n' << line;  // the last without its newline
    ExportReader whole(path);
    EXPECT_EQ(whole.next()->position, 1);
    EXPECT_EQ(whole.next()->position, 1);
    EXPECT_FALSE(whole.next());

    const std::string padded = line + std::string(kMaxExportLine - line.size(), ' ');
    std::ofstream(path) << padded << '\n' << padded << " \n" << line << '\n';
    ExportReader longest(path);
    EXPECT_EQ(longest.next()->position, 1);
    try {
        (void)longest.next();
        ADD_FAILURE() << "a line above the limit was read";
    } catch (const CodecError& error) {
        EXPECT_THAT(error.what(), ::testing::HasSubstr("line 2: it is above 1 MiB"));
    }
    std::filesystem::remove(path);
}

TEST(Verifier, FindsWithoutHeadsWhatIsInconsistent) {
    auto events = some_events(20);
    EXPECT_TRUE(verify_all(events, {}).good());
    events[6].payload = R"({"a": "mallory"})";
    EXPECT_EQ(verify_all(events, {}).first_bad->position, 7);
    events = some_events(20);
    events.erase(events.begin() + 10);
    EXPECT_EQ(verify_all(events, {}).first_bad->position, 11);
}

// I11. Each tampering mends every hash, position and version that a writer of the database reaches.
TEST(Verifier, FindsAgainstHeadsWhatWasMended) {
    const auto events = some_events(30, 30);  // a stream each: no version tells anything
    const std::vector<TreeHead> heads{head_of(events, 10), head_of(events, 20), head_of(events, 30)};
    const auto good = verify_all(events, heads);
    EXPECT_TRUE(good.good());
    EXPECT_EQ(good.heads_held, 3u);
    EXPECT_EQ(good.root, heads.back().root);

    const auto expect_interval = [&](const std::vector<RecordedEvent>& log, Position first, Position last) {
        EXPECT_TRUE(verify_all(log, {}).good()) << "it is mended";
        const auto found = verify_all(log, heads);
        ASSERT_TRUE(found.bad_interval);
        EXPECT_EQ(found.bad_interval->first, first);
        EXPECT_EQ(found.bad_interval->last, last);
    };
    auto changed = events;
    changed[13].payload = R"({"a": "mallory"})";
    changed[13].leaf_hash = leaf_hash(changed[13]);
    expect_interval(changed, 11, 20);

    auto swapped = events;
    std::swap(swapped[22], swapped[24]);
    std::swap(swapped[22].position, swapped[24].position);
    expect_interval(swapped, 21, 30);

    auto deleted = events;
    deleted.erase(deleted.begin() + 4);
    for (std::size_t i = 4; i < deleted.size(); ++i) --deleted[i].position;
    expect_interval(deleted, 1, 10);

    auto cut = events;
    cut.resize(25);
    expect_interval(cut, 26, 30);

    auto added = events;
    added.insert(added.begin() + 12, some_events(31, 31)[30]);
    for (std::size_t i = 0; i < added.size(); ++i) added[i].position = static_cast<Position>(i + 1);
    expect_interval(added, 11, 20);
}

TEST(Verifier, TwoHeadsOfOneSizeThatDifferCantBothHold) {
    const auto events = some_events(10);
    TreeHead other = head_of(events, 10);
    other.root[0] ^= 1;
    const auto found = verify_all(events, {head_of(events, 10), other});
    ASSERT_TRUE(found.bad_interval);
    EXPECT_EQ(found.bad_interval->last, 10);
}

TEST_F(MakerTest, SignsWhenTheLogGrewAndGoesOnWhereAnotherStopped) {
    const auto events = some_events(5'000, 250);
    log.events.assign(events.begin(), events.begin() + 3'000);
    {
        auto first = maker();
        first.round();
        first.round();
        ASSERT_EQ(made.size(), 1u) << "once, for it did not grow";
        EXPECT_EQ(made[0].head.root, head_of(events, 3'000).root);
        EXPECT_EQ(first.status().newest->head.size, 3'000);
    }
    log.events = events;
    log.events[17].leaf_hash[0] ^= 1;  // far behind: not read again
    auto second = maker();
    second.round();
    ASSERT_EQ(made.size(), 2u);
    EXPECT_EQ(made[1].head.root, head_of(events, 5'000).root);
    EXPECT_TRUE(second.status().trouble.empty()) << second.status().trouble;
}

TEST_F(MakerTest, SignsNothingMoreOnceTheLogContradictsAHead) {
    const auto events = some_events(100);
    log.events = events;
    maker().round();
    log.events.resize(90);
    auto cut = maker();
    cut.round();
    EXPECT_TRUE(cut.status().contradicted);
    log.events = events;
    cut.round();
    EXPECT_TRUE(cut.status().contradicted) << "a person has to look";

    state.state.reset();  // the row is gone, but a file knows the head
    const SignedTreeHead seen = made.back();
    log.events[50].leaf_hash[0] ^= 1;
    auto rewritten = maker(seen);
    rewritten.round();
    EXPECT_TRUE(rewritten.status().contradicted);
    log.events.resize(40);
    auto shorter = maker(seen);
    shorter.round();
    EXPECT_TRUE(shorter.status().contradicted);
    EXPECT_EQ(made.size(), 1u);
}

// What the database says of the frontier is believed only as far as the signature reaches.
TEST_F(MakerTest, AForgedFrontierOrNoteIsNotGoneOnFrom) {
    const auto events = some_events(100);
    log.events = events;
    maker().round();
    log.events = some_events(110);
    state.state->frontier[0] ^= 1;
    auto second = maker();
    second.round();
    EXPECT_EQ(made.back().head.root, head_of(some_events(110), 110).root) << "read from the first event on";
    log.events = some_events(120);
    state.state->note = "forged";
    auto third = maker();
    third.round();
    EXPECT_EQ(made.back().head.root, head_of(some_events(120), 120).root);
}

TEST_F(MakerTest, AHeadThatIsNotKeptIsToldAndTriedAgain) {
    log.events = some_events(10);
    state.refuses = true;
    TreeHeadMaker one = maker();
    for (int i = 0; i < 3; ++i) one.round();
    ASSERT_THAT(told, ::testing::ElementsAre(::testing::HasSubstr("too many in a minute"))) << "once";
    EXPECT_EQ(one.status().kept, 0);
    state.refuses = false;
    one.round();
    EXPECT_EQ(told.back(), "");
    EXPECT_EQ(one.status().kept, 10);
}

TEST_F(MakerTest, OthersWatchAndTroublePasses) {
    log.events = some_events(10);
    maker().round();
    leadership.candidacy = Candidacy::kOtherLeads;
    auto watcher = maker();
    watcher.round();
    EXPECT_FALSE(watcher.status().leading);
    EXPECT_EQ(watcher.status().newest->head.size, 10);
    leadership.candidacy = Candidacy::kLeading;
    log.failure = ReadError::kUnavailable;
    watcher.round();
    EXPECT_FALSE(watcher.status().trouble.empty());
    EXPECT_FALSE(watcher.status().contradicted);
    log.failure.reset();
    log.events = some_events(12);
    sink_fails = true;
    watcher.round();
    EXPECT_EQ(watcher.status().trouble, "the disk is full");
    EXPECT_EQ(watcher.status().newest->head.size, 12) << "served all the same";
    sink_fails = false;
    log.events = some_events(13);
    watcher.round();
    EXPECT_TRUE(watcher.status().trouble.empty());
    EXPECT_EQ(made.back().head.size, 13) << "the next head covers what the file missed";
}

// ---- records that the service did not write ----
TEST_F(MakerTest, SignsNothingOverAForeignRecordBeforeItIsDisavowed) {
    log.events = some_events(8);
    log.events[4].trust = RecordedEvent::Trust::kInert;
    log.events[6].trust = RecordedEvent::Trust::kInert;
    appends = false;
    TreeHeadMaker one = maker();
    one.round();
    EXPECT_TRUE(made.empty());
    EXPECT_THAT(one.status().trouble, ::testing::HasSubstr("position 5"));
    appends = true;
    one.round();
    ASSERT_EQ(made.size(), 1U);
    EXPECT_EQ(made.back().head.size, 10) << "it covers the two that say so, too";
    ASSERT_EQ(disavowed.size(), 2U);
    EXPECT_EQ(disavowed[0].position, 5);
    EXPECT_EQ(disavowed[1].position, 7);
    one.round();
    EXPECT_EQ(disavowed.size(), 2U) << "once";
}

TEST_F(MakerTest, StopsAtARecordThatWasChangedAfterItWasSigned) {
    log.events = some_events(8);
    log.events[4].trust = RecordedEvent::Trust::kChanged;
    TreeHeadMaker one = maker();
    one.round();
    EXPECT_TRUE(made.empty());
    EXPECT_TRUE(one.status().contradicted);
    EXPECT_THAT(one.status().trouble, ::testing::HasSubstr("position 5"));
}

TEST_F(MakerTest, WaitsForAKeyThatTheKeyringLacks) {
    log.events = some_events(8);
    log.events[4].trust = RecordedEvent::Trust::kKeyMissing;
    log.events[4].mac_key_id = "mac-9";
    TreeHeadMaker one = maker();
    one.round();
    EXPECT_TRUE(made.empty());
    EXPECT_FALSE(one.status().contradicted);
    EXPECT_THAT(one.status().trouble, ::testing::HasSubstr("mac-9"));
    log.events[4].trust = RecordedEvent::Trust::kBelieved;
    one.round();
    EXPECT_EQ(made.size(), 1U);
}

// Without keys a foreign record shows by its leaf alone, and by what the log says of it.
TEST_F(MakerTest, DisavowedRecordsAreListedByTheVerifierWhichGoesOn) {
    log.events = some_events(8);
    log.events[4].payload = R"({"made":"up"})";
    (void)disavow({{5, security::hex_encode(security::view_of(log.events[4].leaf_hash))}});
    const auto after = head_of(log.events, 9);
    const auto found = verify_all(log.events, {after});
    EXPECT_TRUE(found.good());
    EXPECT_EQ(found.checked, 9);
    ASSERT_EQ(found.disavowed.size(), 1U);
    EXPECT_EQ(found.disavowed[0].position, 5);
    EXPECT_EQ(verify_all(log.events, {head_of(log.events, 6), after}).first_bad->position, 5)
        << "a head covered it before: it was the service's, and was changed";
    log.events[8].payload = R"({"leaf_hash":"00","position":5})";
    log.events[8].leaf_hash = leaf_hash(log.events[8]);
    EXPECT_EQ(verify_all(log.events, {}).first_bad->position, 5) << "another record was disavowed";
}

TEST_F(MakerTest, WithKeysTheVerifierKnowsWhoWroteWhat) {
    log.events = some_events(8);
    for (RecordedEvent& event : log.events) event.trust = RecordedEvent::Trust::kBelieved;
    log.events[7].trust = RecordedEvent::Trust::kInert;
    const auto found = verify_all(log.events, {head_of(log.events, 6)});
    EXPECT_TRUE(found.good());
    EXPECT_TRUE(found.authenticated);
    ASSERT_EQ(found.disavowed.size(), 1U) << "no head covers it yet";
    EXPECT_EQ(found.disavowed[0].position, 8);
    log.events[4].trust = RecordedEvent::Trust::kChanged;
    EXPECT_EQ(verify_all(log.events, {}).first_bad->position, 5);
}
