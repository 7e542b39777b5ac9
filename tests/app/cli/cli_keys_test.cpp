// A key of the keyring ends only when nothing that lives is named by it; and what is can be moved.
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <fstream>

#include "app/core/system_ports.hpp"
#include "eventstore/postgres/keys/key_uses.hpp"
#include "security/adapters/keyed_digests.hpp"
#include "security/keys/keyring_file.hpp"
#include "tests/app/cli/command_line.hpp"
#include "tests/support/postgres/raw_writer.hpp"
#include "tests/support/world/appends.hpp"

using namespace keyledger;
using namespace keyledger::app;
using namespace keyledger::eventstore;
using keyledger::app::test::CommandLine;
using keyledger::app::test::CommandOutput;
using keyledger::test::AppendBuilder;
using keyledger::test::next_bytes;
using keyledger::test::next_uuid;
using keyledger::test::RawWriter;

namespace {

struct KeysCommand : testing::Test {
    KeysCommand() {
        line.set("KEYLEDGER_OWNER_DATABASE_URL", line.database.owner_url());
        EXPECT_EQ(line.create_administrator().exit, Exit::kGood);
    }
    // The ids of a purpose, in that state.
    std::vector<std::string> keys(const std::string& purpose, const std::string& state) {
        const auto ran = line.run([](const Environment& e) { return list_keys(e, "", Format::kJson); });
        rapidjson::Document json;
        json.Parse(ran.out.c_str());
        std::vector<std::string> ids;
        for (const auto& key : json["keys"].GetArray())
            if (key["purpose"].GetString() == purpose && key["state"].GetString() == state)
                ids.emplace_back(key["id"].GetString());
        return ids;
    }
    std::string current(const std::string& purpose) { return keys(purpose, "current").at(0); }
    void rotate(const std::string& purpose) {
        RotateKeys options;
        options.purpose = purpose;
        const auto ran = line.run([&](const Environment& e) { return rotate_keys(e, options); });
        ASSERT_EQ(ran.exit, Exit::kGood) << ran.err;
    }
    CommandOutput revoke(const std::string& id, bool force = false) {
        return line.run([&](const Environment& e) { return revoke_key(e, {"", id, force}); });
    }
    CommandOutput reclaim(UnheldClaims unheld = UnheldClaims::kKeep) {
        return line.run([&](const Environment& e) { return reclaim_keys(e, unheld); });
    }
    // As somebody does who has the service's role, and not its keys.
    void role_appends(AppendBuilder& append) {
        RawWriter role(line.database.service_url());
        role.recorded_at = SystemClock().now();
        ASSERT_EQ(role.append({append.build()}).at(0), 0);
    }
    std::string owner_of_the_key() {
        return line.database.execute("select subject from keyledger.subject_keys s where exists"
                                     " (select from keyledger.streams t where t.stream_id = s.subject)");
    }
    Uuid anonymous_subject(int days_from_now) {
        const SystemClock clock;
        const auto keyring = security::LiveKeyring::open(line.path("keyring.json"), clock.now()).value().release();
        const std::unique_ptr<security::LiveKeyring> owned(keyring);
        return security::KeyringPseudonyms(*owned, clock).anonymous_subject_of(clock.now() + days(days_from_now));
    }
    CommandOutput rewrap() {
        return line.run([](const Environment& e) { return rewrap_keys(e, {}); });
    }
    void expect_refused(const std::string& id, const std::string& words, bool force = false) {
        const auto ran = revoke(id, force);
        EXPECT_EQ(ran.exit, Exit::kFailed) << ran.out;
        EXPECT_NE(ran.err.find(words), std::string::npos) << ran.err;
        EXPECT_TRUE(keys("claims", "revoked").empty());
        EXPECT_TRUE(keys("key-encryption", "revoked").empty());
    }
    std::string claims_under(const std::string& id) {
        return line.database.execute("select count(*) from keyledger.claims where key_id = '" + id + "'");
    }
    CommandLine line;
};

TEST_F(KeysCommand, RevokeRefusesAClaimsKeyUntilAllClaimsAreUnderTheNewOne) {
    {
        std::ofstream file(line.path("access.yaml"));
        file << "roles:\n  auditor:\n    permissions: [\"books:read\"]\ngroups:\n  accounting:\n    roles: [auditor]\n";
    }
    const auto applied =
        line.run([&](const Environment& e) { return apply_access(e, {.file = line.path("access.yaml")}); });
    ASSERT_EQ(applied.exit, Exit::kGood) << applied.err;
    const std::string old = current("claims");
    const std::string count = claims_under(old);
    EXPECT_GE(std::stoi(count), 5);  // address, user name, first administrator, role, group
    expect_refused(old, "rotate claims");
    rotate("claims");
    expect_refused(old, count + " claims");
    expect_refused(old, count + " claims", true);

    auto ran = reclaim();
    ASSERT_EQ(ran.exit, Exit::kGood) << ran.err;
    EXPECT_NE(ran.out.find("Wrote " + count + " claim(s) under " + current("claims")), std::string::npos) << ran.out;
    EXPECT_EQ(claims_under(current("claims")), count);
    EXPECT_EQ(claims_under(old), count) << "nodes that know only the old key still look there";
    ran = reclaim();
    EXPECT_NE(ran.out.find("Wrote 0 claim(s)"), std::string::npos) << ran.out;

    ran = revoke(old);
    EXPECT_EQ(ran.exit, Exit::kGood) << ran.err;
    EXPECT_EQ(line.create_administrator().exit, Exit::kAlreadyThere) << "the address and the place are taken as before";
    ran = reclaim();
    EXPECT_EQ(ran.exit, Exit::kGood) << ran.err;
    EXPECT_EQ(claims_under(old), "0");
}

// A restored database may be from before the end of a key that today's keyring can't look under any more.
TEST_F(KeysCommand, ReclaimLeavesNoNameFreeInADatabaseOfBefore) {
    const std::string url = line.database.owner_url();
    const std::string old = current("claims");
    const std::string count = claims_under(old);
    EXPECT_GE(std::stoi(count), 3);
    rotate("claims");
    EXPECT_EQ(postgres::ended_key_in_use(url, {}).value(), std::nullopt);
    ASSERT_TRUE(security::revoke_key(line.path("keyring.json"), old, SystemClock().now()));
    EXPECT_EQ(postgres::ended_key_in_use(url, {old}).value(), old);
    const auto ran = reclaim();
    EXPECT_EQ(ran.exit, Exit::kGood) << ran.err;
    EXPECT_EQ(claims_under(current("claims")), count);
    EXPECT_EQ(claims_under(old), "0");
    EXPECT_EQ(postgres::ended_key_in_use(url, {old}).value(), std::nullopt);
    EXPECT_EQ(line.create_administrator().exit, Exit::kAlreadyThere) << "the address is taken as before";
    // From now on this database knows of the end: nobody can claim under it, and keep the service from starting.
    auto claim = AppendBuilder().write(next_uuid(), 0).take("email", next_bytes(), next_uuid());
    auto append = claim.build();
    for (auto& taken : append.claims) taken.key_id = old;
    RawWriter role(line.database.service_url());
    role.recorded_at = SystemClock().now();
    EXPECT_THROW(role.append({append}), std::runtime_error);
    EXPECT_EQ(postgres::ended_key_in_use(url, {old}).value(), std::nullopt);
}

// Another database by one of the two URLs: nothing is done to either.
TEST_F(KeysCommand, WorkOnOneDatabaseAlone) {
    const std::string old = current("claims");
    const std::string count = claims_under(old);
    rotate("claims");
    const keyledger::test::Database other;
    line.set("KEYLEDGER_DATABASE_URL", other.service_url());
    for (const CommandOutput& ran : {reclaim(), revoke(old), rewrap()}) {
        EXPECT_EQ(ran.exit, Exit::kUsage) << ran.out;
        EXPECT_NE(ran.err.find("two databases"), std::string::npos) << ran.err;
    }
    EXPECT_EQ(claims_under(old), count);
    EXPECT_TRUE(keys("claims", "revoked").empty());
}

// Between the look and the move its owner gave the value up: it stays free.
TEST_F(KeysCommand, ReclaimDoesNotClaimAgainWhatWasReleasedMeanwhile) {
    const std::string old = current("claims");
    rotate("claims");
    const std::string url = line.database.owner_url();
    const auto page = postgres::claims_to_move(url, current("claims"), {}, 100);
    ASSERT_TRUE(page) << page.error();
    std::vector<postgres::MovedClaim> moves;
    for (const auto& claim : *page) moves.push_back({claim, Bytes(32, static_cast<char>('a' + moves.size()))});
    ASSERT_GE(moves.size(), 3U);
    line.database.execute("delete from keyledger.claims where kind = 'email'");
    const auto moved = postgres::move_claims(url, current("claims"), moves);
    ASSERT_TRUE(moved) << moved.error();
    EXPECT_EQ(*moved, std::ssize(moves) - 1);
    EXPECT_EQ(line.database.execute("select count(*) from keyledger.claims where kind = 'email'"), "0");
}

// Scenario: whoever has the service's role appended claims under a key that is to end, of owners whom no event of the
// service's knows, one of them with a record in their stream that is not believed. The key ends all the same.
TEST_F(KeysCommand, ClaimsOfNobodyKeepNoKeyFromEnding) {
    const std::string old = current("claims");
    const std::string count = claims_under(old);
    const UserId squatter = next_uuid();
    role_appends(AppendBuilder().write(squatter, 0).take("email", next_bytes(), squatter));
    const auto add = [&](const std::string& kind, const std::string& digest) {
        line.database.execute("insert into keyledger.claims values ('default', '" + kind + "', '" + old + "', '" +
                              digest + "', gen_random_uuid())");
    };
    line.database.execute("update keyledger.claims set key_id = '" + old + "' where owner = '" + squatter.to_string() +
                          "'");
    for (const char* kind :
         {"email", "username", "role_name", "group_name", "service_account_name", "first_administrator", "unheard of"})
        add(kind, std::string("\\x01") + (kind[0] == 'e' ? "02" : "03"));
    rotate("claims");
    const auto ran = reclaim();
    EXPECT_EQ(ran.exit, Exit::kGood) << ran.err;
    EXPECT_NE(ran.out.find("Removed 8 claim(s) that nobody has"), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find(squatter.to_string() + ": nobody's"), std::string::npos) << ran.out;
    EXPECT_EQ(claims_under(old), count);
    add("email", "\\x04");  // and once more, between this and the next
    EXPECT_EQ(revoke(old).exit, Exit::kGood);
    EXPECT_EQ(claims_under(old), count) << "what is nobody's went with the end";
    EXPECT_EQ(reclaim().exit, Exit::kGood);
}

// One that is somebody's by its owner is never passed over: it is named, and goes when the operator says so.
TEST_F(KeysCommand, ClaimsThatTheirOwnerDoesNotHaveAreNamedAndGoWhenTold) {
    const std::string old = current("claims");
    const std::string admin = owner_of_the_key();
    for (const char* kind : {"role_name", "unheard of"})
        line.database.execute("insert into keyledger.claims values ('default', '" + std::string(kind) + "', '" + old +
                              "', '\\x01', '" + admin + "')");
    rotate("claims");
    auto ran = reclaim();
    EXPECT_EQ(ran.exit, Exit::kFoundBad);
    EXPECT_NE(ran.err.find("2 claim(s) were left"), std::string::npos) << ran.err;
    EXPECT_NE(ran.err.find("digest 01) of " + admin + ": its owner has no name of this kind"), std::string::npos)
        << ran.err;
    EXPECT_NE(ran.err.find("--drop-unheld"), std::string::npos) << ran.err;
    expect_refused(old, "2 claims");
    ran = reclaim(UnheldClaims::kDrop);
    EXPECT_EQ(ran.exit, Exit::kGood) << ran.err;
    EXPECT_EQ(revoke(old).exit, Exit::kGood);
    EXPECT_EQ(line.create_administrator().exit, Exit::kAlreadyThere) << "what its owner has stays";
}

// Beside it, of the same owner and kind, stands one that somebody made up, and sorts before it.
TEST_F(KeysCommand, ReclaimMovesAClaimBesideAnotherOfItsOwner) {
    const std::string old = current("claims");
    const std::string admin = owner_of_the_key();
    for (const char* digest : {"\\x00", "\\xff"})
        line.database.execute("insert into keyledger.claims values ('default', 'email', '" + old + "', '" +
                              std::string(digest) + "', '" + admin + "')");
    rotate("claims");
    const auto ran = reclaim();
    EXPECT_EQ(ran.exit, Exit::kGood) << ran.err;
    EXPECT_EQ(line.database.execute("select count(*) from keyledger.claims where kind = 'email' and key_id = '" +
                                    current("claims") + "'"),
              "1");
    EXPECT_EQ(revoke(old).exit, Exit::kGood);
}

// Scenario: whoever has the service's role appended keys of subjects whom no event of the service's knows, under
// the key that is to end and under one that nobody ever had. They are put aside, and the key ends.
TEST_F(KeysCommand, KeysOfNobodyKeepNoKeyFromEnding) {
    const std::string old = current("key-encryption");
    const UserId squatter = next_uuid();
    role_appends(AppendBuilder().write(squatter, 0).new_key(squatter, next_uuid()));
    const auto add = [&](const std::string& wrapped_by) {
        return line.database.execute("insert into keyledger.subject_keys (subject, tenant, key_id, wrapped_key, "
                                     "key_encryption_key_id) values"
                                     " (gen_random_uuid(), 'default', gen_random_uuid(), '\\x00', '" +
                                     wrapped_by + "') returning subject");
    };
    const std::string junk = add(old);
    const std::string made_up = add(std::string("made\x1b[31m-up"));
    rotate("key-encryption");
    auto ran = rewrap();
    EXPECT_EQ(ran.exit, Exit::kGood) << ran.err;
    for (const std::string& subject : {junk, made_up, squatter.to_string()})
        EXPECT_NE(ran.out.find(subject + " (nobody's"), std::string::npos) << ran.out;
    EXPECT_EQ(ran.out.find('\x1b'), std::string::npos) << "what others wrote controls no terminal";
    EXPECT_NE(ran.out.find("Put 3 key(s) aside"), std::string::npos) << ran.out;
    EXPECT_EQ(line.database.execute("select count(*) from keyledger.subject_keys"), "1");
    EXPECT_EQ(line.run([&](const Environment& e) { return bring_back_key(e, junk, false); }).exit, Exit::kGood);
    EXPECT_EQ(line.database.execute("select count(*) from keyledger.subject_keys where subject = '" + junk + "'"), "1");

    add(old);  // once more: whoever appends faster than somebody types is no obstacle
    ran = line.run([](const Environment& e) { return rewrap_keys(e, {.revoke_old = true}); });
    EXPECT_EQ(ran.exit, Exit::kGood) << ran.err;
    EXPECT_EQ(keys("key-encryption", "revoked"), std::vector<std::string>{old});
    EXPECT_EQ(line.database.execute("select count(*) from keyledger.subject_keys"), "1");
    EXPECT_ANY_THROW(add(old)) << "it has ended for the database too";
}

TEST_F(KeysCommand, RevokePassesOverKeysOfNobody) {
    const std::string old = current("key-encryption");
    rotate("key-encryption");
    ASSERT_EQ(rewrap().exit, Exit::kGood);
    line.database.execute(
        "insert into keyledger.subject_keys (subject, tenant, key_id, wrapped_key, key_encryption_key_id)"
        " select gen_random_uuid(), 'default', gen_random_uuid(), '\\x00', '" +
        old + "' from generate_series(1, 2500)");
    const auto ran = revoke(old);
    EXPECT_EQ(ran.exit, Exit::kGood) << ran.err;
    EXPECT_EQ(line.database.execute("select count(*) from keyledger.subject_keys"), "1");
}

// What may be somebody's is never passed over: of a user, of an account that has no key yet, of the callers of a day.
TEST_F(KeysCommand, KeysOfSomebodyThatDoNotOpenAreNamedAndGoWhenTold) {
    const std::string old = current("key-encryption");
    const std::string admin = owner_of_the_key();
    const Uuid tomorrow = anonymous_subject(1);
    const Uuid later = anonymous_subject(10);
    for (const Uuid& day : {tomorrow, later})
        line.database.execute("insert into keyledger.subject_keys (subject, tenant, key_id, wrapped_key, "
                              "key_encryption_key_id) values ('" +
                              day.to_string() + "', 'default', gen_random_uuid(), '\\x00', '" + old + "')");
    line.database.execute("update keyledger.subject_keys set wrapped_key = '\\x00' where subject = '" + admin + "'");
    rotate("key-encryption");
    auto ran = line.run([](const Environment& e) { return rewrap_keys(e, {.revoke_old = true}); });
    EXPECT_EQ(ran.exit, Exit::kFoundBad) << ran.out;
    EXPECT_NE(ran.err.find(admin + " (user): it does not open under key " + old), std::string::npos) << ran.err;
    EXPECT_NE(ran.err.find(tomorrow.to_string() + " (the anonymous callers of "), std::string::npos) << ran.err;
    EXPECT_NE(ran.out.find(later.to_string() + " (nobody's"), std::string::npos) << "no clock is that far ahead";
    EXPECT_NE(ran.err.find("--set-aside"), std::string::npos) << ran.err;
    expect_refused(old, "wraps the keys of 2 users");
    const std::vector<std::string> both{admin, tomorrow.to_string()};
    EXPECT_EQ(line.run([](const Environment& e) { return rewrap_keys(e, {.set_aside = {"nobody"}}); }).exit,
              Exit::kUsage);
    ran = line.run([&](const Environment& e) { return rewrap_keys(e, {.revoke_old = true, .set_aside = both}); });
    EXPECT_EQ(ran.exit, Exit::kGood) << ran.err;
    EXPECT_EQ(keys("key-encryption", "revoked"), std::vector<std::string>{old});
    EXPECT_EQ(line.database.execute("select count(*) from keyledger.graveyard"), "3");
}

TEST_F(KeysCommand, RevokeRefusesAKeyThatWrapsKeys) {
    const std::string old = current("key-encryption");
    rotate("key-encryption");
    expect_refused(old, "wraps the keys of 1 users");
    expect_refused(old, "rewrap", true);
    ASSERT_EQ(rewrap().exit, Exit::kGood);
    EXPECT_EQ(revoke(old).exit, Exit::kGood);
}

// Whose key was destroyed can be brought back for a day, if what wraps it is still there.
TEST_F(KeysCommand, RevokeRefusesAKeyThatWrapsWhatCanStillBeBroughtBack) {
    const std::string old = current("key-encryption");
    rotate("key-encryption");
    ASSERT_EQ(rewrap().exit, Exit::kGood);
    line.database.execute("insert into keyledger.graveyard"
                          " (subject, tenant, key_id, wrapped_key, key_encryption_key_id)"
                          " values (gen_random_uuid(), 'default', gen_random_uuid(), '\\x01', '" +
                          old + "')");
    expect_refused(old, "wraps 1 keys that were destroyed within the last day");
    EXPECT_EQ(revoke(old, true).exit, Exit::kGood);
}

TEST_F(KeysCommand, RevokeTakesForceForWhatOnlyClientsLose) {
    for (const char* purpose : {"sealing-root", "token-signing"}) {
        const std::string old = current(purpose);
        rotate(purpose);
        const auto refused = revoke(old);
        EXPECT_EQ(refused.exit, Exit::kFailed) << purpose;
        EXPECT_NE(refused.err.find("--force"), std::string::npos) << refused.err;
        EXPECT_EQ(revoke(old, true).exit, Exit::kGood) << purpose;
        EXPECT_EQ(keys(purpose, "revoked"), std::vector<std::string>{old});
    }
}

// A node that was not told must not go on: the database refuses what is made under it.
TEST_F(KeysCommand, RevokeEndsForAllNodesWhatNamesWhatIsStored) {
    for (const char* purpose : {"claims", "key-encryption"}) {
        const std::string old = current(purpose);
        rotate(purpose);
        ASSERT_EQ((std::string(purpose) == "claims" ? reclaim() : rewrap()).exit, Exit::kGood);
        line.set("KEYLEDGER_OWNER_DATABASE_URL", "");
        EXPECT_EQ(revoke(old).exit, Exit::kUsage) << "as the owner";
        EXPECT_TRUE(keys(purpose, "revoked").empty());
        line.set("KEYLEDGER_OWNER_DATABASE_URL", line.database.owner_url());
        const auto ran = revoke(old);
        EXPECT_EQ(ran.exit, Exit::kGood) << ran.err;
        EXPECT_EQ(line.database.execute("select count(*) from keyledger.ended_keys where key_id = '" + old + "'"), "1");
    }
    const std::string ended = keys("key-encryption", "revoked").at(0);
    EXPECT_ANY_THROW(
        line.database.execute("update keyledger.subject_keys set key_encryption_key_id = '" + ended + "'"));
    EXPECT_ANY_THROW(line.database.execute("insert into keyledger.claims values ('default', 'email', '" +
                                           keys("claims", "revoked").at(0) +
                                           "', '\\x01', '01890a5d-ac96-774b-bcce-b302099a8057')"));
}

TEST_F(KeysCommand, RevokeOfACurrentKeySaysThatItNeverEndsByItself) {
    for (const char* purpose : {"claims", "key-encryption", "sealing-root", "token-signing"})
        expect_refused(current(purpose), std::string("keys rotate ") + purpose);
    for (const char* purpose : {"sealing-root", "token-signing"}) {
        const auto ran = revoke(current(purpose), true);
        EXPECT_EQ(ran.exit, Exit::kGood) << ran.err;
        EXPECT_NE(ran.out.find("Made key " + current(purpose) + " takes its place, used at once"), std::string::npos)
            << ran.out;
    }
}

TEST_F(KeysCommand, RevokeOfAnUnknownKeySaysWhereTheIdsAre) { expect_refused("nope", "keyledger keys list"); }

// Before the lead time is over all would stay where it is, and no key would end.
TEST_F(KeysCommand, RewrapWaitsForAKeyThatIsYetToCome) {
    RotateKeys options;
    options.purpose = "key-encryption";
    options.lead_seconds = 600;
    const auto rotated = line.run([&](const Environment& e) { return rotate_keys(e, options); });
    EXPECT_NE(rotated.out.find("used in 600 s"), std::string::npos) << rotated.out;
    const auto ran = rewrap();
    EXPECT_EQ(ran.exit, Exit::kFailed) << ran.out;
    EXPECT_NE(ran.err.find("Run it again then"), std::string::npos) << ran.err;
}

TEST_F(KeysCommand, RotateSaysWhatThereIsAndWhenItIsUsed) {
    RotateKeys options;
    options.purpose = "tokens";
    const auto unknown = line.run([&](const Environment& e) { return rotate_keys(e, options); });
    EXPECT_EQ(unknown.exit, Exit::kUsage);
    for (const char* purpose : {"token-signing", "tree-heads", "event-macs"})
        EXPECT_NE(unknown.err.find(purpose), std::string::npos) << unknown.err;
    options.purpose = "token-signing";
    const auto now = line.run([&](const Environment& e) { return rotate_keys(e, options); });
    EXPECT_NE(now.out.find("used at once"), std::string::npos) << now.out;
    EXPECT_EQ(now.out.find("in 0 s"), std::string::npos) << now.out;
}

TEST_F(KeysCommand, ListSaysUntilWhenARetiredKeyIsNeeded) {
    const std::vector<std::pair<std::string, std::string>> said{{"token-signing", "until 2"},
                                                                {"sealing-root", "until 2"},
                                                                {"key-encryption", "until 'keys rewrap --revoke-old'"},
                                                                {"claims", "until 'keys reclaim'"},
                                                                {"tree-heads", "kept for what it signed"}};
    for (const auto& [purpose, words] : said) {
        const std::string old = current(purpose);
        rotate(purpose);
        const auto ran = line.run([](const Environment& e) { return list_keys(e, "", Format::kText); });
        const auto at = ran.out.find(old);
        ASSERT_NE(at, std::string::npos) << ran.out;
        const std::string told = ran.out.substr(at, ran.out.find('\n', at) - at);
        EXPECT_NE(told.find("  retired  "), std::string::npos) << told;
        EXPECT_NE(told.find(words), std::string::npos) << told;
    }
}

// A key that somebody destroyed without right comes back; the promise to somebody who was erased is kept.
TEST_F(KeysCommand, UndestroyLeavesErasedWhomTheLogCallsErased) {
    const std::string subject =
        line.database.execute("select subject from keyledger.subject_keys s where exists"
                              " (select from keyledger.streams t where t.stream_id = s.subject)");
    const auto destroy = [&] {
        line.database.execute(
            "insert into keyledger.graveyard (subject, tenant, key_id, wrapped_key, key_encryption_key_id)"
            " select subject, tenant, key_id, wrapped_key, key_encryption_key_id from keyledger.subject_keys"
            " where subject = '" +
            subject +
            "'; update keyledger.subject_keys set wrapped_key = '',"
            " destroyed_at = now() where subject = '" +
            subject + "'");
    };
    const auto bring_back = [&](bool force) {
        return line.run([&](const Environment& e) { return bring_back_key(e, subject, force); });
    };
    destroy();
    EXPECT_EQ(bring_back(false).exit, Exit::kGood);
    destroy();
    line.database.execute("update keyledger.events set event_type = 'user.erased' where stream_id = '" + subject +
                          "' and version = 1");
    const auto refused = bring_back(false);
    EXPECT_EQ(refused.exit, Exit::kFailed);
    EXPECT_NE(refused.err.find("was erased"), std::string::npos) << refused.err;
    EXPECT_EQ(bring_back(true).exit, Exit::kGood);
}

// It signed where MACs begin: without it no node of this log starts.
TEST_F(KeysCommand, RevokeNeverEndsAKeyOfTreeHeads) {
    const std::string old = current("tree-heads");
    rotate("tree-heads");
    expect_refused(old, "no node would start without it");
    expect_refused(old, "keyledger keys rotate tree-heads", true);
}

TEST_F(KeysCommand, RevokeNeverEndsAKeyOfTheEventsMacs) {
    const std::string old = current("event-macs");
    rotate("event-macs");
    EXPECT_EQ(revoke(old, true).exit, Exit::kFailed);
}

TEST_F(KeysCommand, RevokeRefusesWhenItCannotLook) {
    const std::string old = current("claims");
    rotate("claims");
    line.set("KEYLEDGER_DATABASE_URL", "postgresql://127.0.0.1:1/keyledger?connect_timeout=2");
    EXPECT_NE(revoke(old).exit, Exit::kGood);
    EXPECT_TRUE(keys("claims", "revoked").empty());
}

}  // namespace
