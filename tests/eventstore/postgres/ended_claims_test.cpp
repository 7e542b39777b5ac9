// Whose keyring is too old looks for names under keys that have ended: what it does not find may be claimed under
// another.
#include <gtest/gtest.h>

#include "eventstore/postgres/keys/key_uses.hpp"
#include "eventstore/postgres/store/postgres_store.hpp"
#include "tests/support/await.hpp"
#include "tests/support/postgres/event_macs.hpp"
#include "tests/support/postgres/postgres.hpp"
#include "tests/support/world/appends.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::eventstore::postgres;
using namespace keyledger::test;

namespace {

struct EndedClaims : testing::Test {
    EndedClaims() {
        PostgresStoreSettings settings{.url = database.service_url(), .authenticity = test::authenticity()};
        settings.committer.on_ended_key = [this](const std::string& id) {
            told.push_back(id);
            return false;
        };
        store = std::make_unique<PostgresStore>(settings, [] { return Instant::at_ms(1'750'000'000'123); });
    }
    auto find(std::vector<ClaimDigest> digests) {
        return await(store->find_claim("email", std::move(digests), soon()));
    }
    void end(const std::string& key) { database.execute("insert into keyledger.ended_keys values ('" + key + "')"); }

    Database database;
    std::vector<std::string> told;
    std::unique_ptr<PostgresStore> store;
};

TEST_F(EndedClaims, AreNotSaidToBeNobodys) {
    const Uuid owner = next_uuid();
    const Bytes email = next_bytes();
    await(store->append(AppendBuilder().write(owner, 0).take("email", email, owner), soon())).value();
    end("older");
    EXPECT_EQ(find({{"key-1", next_bytes()}}).value(), std::nullopt);
    EXPECT_EQ(find({{"key-1", next_bytes()}, {"older", next_bytes()}}).value(), std::nullopt)
        << "what is claimed now is claimed under one of them";
    EXPECT_TRUE(told.empty());
    const auto nobody = find({{"older", next_bytes()}});
    ASSERT_FALSE(nobody);
    EXPECT_EQ(nobody.error(), StoreError::kUnavailable);
    EXPECT_EQ(told, std::vector<std::string>{"older"});
    end("key-1");
    EXPECT_EQ(find({{"key-1", email}}).value(), owner) << "who is found is found";
    EXPECT_EQ(find({{"older", next_bytes()}, {"key-1", next_bytes()}}).error(), StoreError::kUnavailable);
}

TEST_F(EndedClaims, AreToldOfWithTheKeysThatNodesHave) {
    end("older");
    const AnnouncedKey one{"one", Instant::at_ms(7), {}};
    const AnnouncedKey other{"other", Instant::at_ms(8), Instant::at_ms(9)};
    ASSERT_TRUE(announce_keys(database.service_url(), {one, other}));
    auto news = await(store->key_announcements(soon())).value();
    EXPECT_EQ(news.ended, std::vector<std::string>{"older"});
    EXPECT_EQ(news.announced, (std::vector<AnnouncedKey>{one, other}));
    database.execute("update keyledger.told_keys set told_at = now() - interval '25 hours' where key_id = 'one'");
    news = await(store->key_announcements(soon())).value();
    EXPECT_EQ(news.announced, std::vector<AnnouncedKey>{other}) << "nobody has repeated it for a day";
}

}  // namespace
