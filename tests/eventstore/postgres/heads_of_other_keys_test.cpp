// A node whose keyring lacked a key passes over tree heads of the service's own. Once it has the newest keyring they
// are found to be that, and nothing says any more that somebody else put them there.
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "eventstore/audit/head_tag.hpp"
#include "eventstore/audit/tree_head_maker.hpp"
#include "eventstore/leadership.hpp"
#include "eventstore/postgres/store/tree_heads.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"
#include "tests/support/postgres/event_macs.hpp"
#include "tests/support/postgres/postgres.hpp"
#include "tests/support/postgres/raw_writer.hpp"
#include "tests/support/world/appends.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::test;

namespace {

// A keyring in which keys appear.
struct GrowingMacs : EventMacs {
    TestMacs held{{kMacKey}};
    bool opens = false;  // has the key that signed the heads
    std::shared_ptr<const security::HmacKey> key(std::string_view key_id, const Uuid& log_id) const override {
        return held.key(key_id, log_id);
    }
    std::vector<std::string> writing_keys() const override { return held.writing_keys(); }
    std::string sign(std::string_view name, std::string_view text) const override { return held.sign(name, text); }
    std::optional<std::string> open(std::string_view note) const override {
        return opens ? held.open(note) : std::nullopt;
    }
};
struct LogOfOne : LogSource {
    RecordedEvent event;
    Result<std::vector<RecordedEvent>, ReadError> read_after(const Cursor& cursor, std::int32_t) override {
        if (cursor.position > 0) return std::vector<RecordedEvent>{};
        return std::vector<RecordedEvent>{event};
    }
    Result<Head, ReadError> head() override { return Head{}; }
    void wait(std::chrono::milliseconds) override {}
    void interrupt() override {}
};
struct Leads : Leadership {
    Candidacy try_acquire() override { return Candidacy::kLeading; }
    bool still_held() override { return true; }
    void release() override {}
};

struct HeadsOfOtherKeys : testing::Test {
    Database own;
    const Uuid log_id = Uuid::parse(own.execute("select log_id from keyledger.log")).value();
    const std::shared_ptr<GrowingMacs> keyring = std::make_shared<GrowingMacs>();
    postgres::PostgresTreeHeads heads{own.service_url(), keyring};
    LogOfOne log;
    Leads leadership;
    bool was_reloaded = true;  // what a process that starts is told

    audit::SignedTreeHead head;

    void SetUp() override {
        RawWriter(own.service_url()).append({AppendBuilder().write(next_uuid(), 0).build()});
        const auto leaf = security::hex_decode(own.execute("select encode(leaf_hash, 'hex') from keyledger.events"));
        std::ranges::copy(*leaf, log.event.leaf_hash.begin());
        log.event.position = 1;
        audit::Frontier frontier;
        frontier.append(log.event.leaf_hash);
        head.head = {log_id, 1, frontier.root(), Instant::at_ms(5)};
        head.note = event_macs()->sign(audit::origin_of(log_id), audit::checkpoint_text(head.head));
    }
    // As a node with the newest keyring keeps it, or as somebody who has none adds it.
    void keep(bool is_own) {
        const TestMacs newest({kMacKey, "mac-2"});
        const Digest tag = is_own ? audit::HeadTags(&newest, log_id).of(head.note) : next_digest();
        ASSERT_EQ(own.execute("select keyledger.store_tree_head((select log_id from keyledger.log), 1,"
                              " (select leaf_hash from keyledger.events where position = 1), '', '" +
                              head.note + "', '\\x" + security::hex_encode(security::view_of(tag)) + "')"),
                  "");
    }
    audit::TreeHeadMaker maker(audit::TreeHeadMaker::Part part) {
        audit::TreeHeadPorts ports{log, leadership, heads, {}, {}, {}, {}, {}, {}};
        ports.now = [] { return Instant::at_ms(1); };
        ports.sign = [](const audit::TreeHead&) { return std::string(); };
        ports.open = [this](std::string_view note) -> Result<std::string, std::string> {
            auto text = keyring->open(note);
            if (text) return std::move(*text);
            return Unexpected(std::string("nobody's"));
        };
        ports.has_other_keys = [this] { return std::exchange(was_reloaded, false); };
        return {log_id, part, std::chrono::seconds(1), std::move(ports), head};  // which it saw in a file
    }
};

}  // namespace

TEST_F(HeadsOfOtherKeys, AreCountedNoMoreOnceTheKeyIsThere) {
    for (int i = 0; i < 3; ++i) keep(true);
    keep(false);
    using Part = audit::TreeHeadMaker::Part;
    for (const Part part : {Part::kWatches, Part::kMakes})
        for (const char* lacks : {"the key that signs", "the key of the tags"}) {
            const bool lacks_signing = std::string(lacks) == "the key that signs";
            keyring->opens = !lacks_signing;
            keyring->held = TestMacs(lacks_signing ? std::vector<std::string>{kMacKey, "mac-2"}
                                                   : std::vector<std::string>{kMacKey});
            heads.look_again();
            audit::TreeHeadMaker node = maker(part);
            node.round();
            node.round();
            EXPECT_EQ(node.status().unopened, 4) << lacks;
            keyring->opens = true;
            keyring->held = TestMacs({kMacKey, "mac-2"});
            node.round();
            EXPECT_EQ(node.status().unopened, 4) << "nothing is looked at twice without a reason";
            was_reloaded = true;
            node.round();
            EXPECT_EQ(node.status().unopened, 1) << lacks << ": somebody's alone are left";
            EXPECT_EQ(node.status().kept, 1) << lacks;
            node.round();
            EXPECT_EQ(node.status().unopened, 1) << "and stay";
            EXPECT_EQ(node.status().trouble, "");
            EXPECT_FALSE(node.status().contradicted);
        }
}
