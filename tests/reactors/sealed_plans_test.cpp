// Plans are made without a key: what they say follows from nothing that is personal.
#include <gtest/gtest.h>

#include "eventstore/codec/events_codec.hpp"
#include "eventstore/declarations.hpp"
#include "eventstore/memory/memory_store.hpp"
#include "reactors/account_mail.hpp"
#include "reactors/address_mail.hpp"
#include "reactors/alert_mail.hpp"
#include "reactors/challenge_mail.hpp"
#include "reactors/log_outs.hpp"
#include "tests/reactors/golden_events.hpp"
#include "tests/support/world/given.hpp"
#include "tests/support/world/world.hpp"

namespace keyledger::reactors {
namespace {

using eventstore::ActorType;
using eventstore::EventMetadata;
using eventstore::RecordedEvent;

using test::kStream;

class NoTokens : public commands::LogoutTokens {
public:
    asio::awaitable<std::string> issue(commands::LogoutToken) override { co_return ""; }
};
class NoOutgoing : public commands::Outgoing {
public:
    asio::awaitable<Result<commands::OutgoingAnswer, commands::OutgoingFault>> ask(commands::OutgoingRequest,
                                                                                   Deadline) override {
        co_return Unexpected(commands::OutgoingFault::kBadUrl);
    }
};

// Opens what the golden files hold, and counts.
class Opening : public eventstore::FieldOpener {
public:
    std::optional<std::string> open(std::string_view field, std::string_view sealed) override {
        const std::string mark = "sealed:" + std::string(field) + ":";
        if (!sealed.starts_with(mark)) return std::nullopt;
        ++opened;
        return std::string(sealed.substr(mark.size()));
    }
    int opened = 0;
};

struct SealedPlans : testing::Test {
    // Of every reactor that there is.
    std::vector<PlannedJob> planned(const RecordedEvent& recorded, const eventstore::AnyEvent& event,
                                    const EventMetadata& metadata) const {
        const SealedEvent shown{&recorded, &event, &metadata};
        std::vector<PlannedJob> jobs = mail.plan(shown);
        for (PlannedJob& job : log_outs.plan(shown)) jobs.push_back(std::move(job));
        return jobs;
    }

    test::FixedClock clock{test::kNow};
    eventstore::MemoryStore store{[this] { return clock.now(); }};
    test::World world{store, clock};
    test::Node node{world, store};
    MailOut out{world.limits, 1, {}};
    const MailLinks links{world.challenge_secrets, ""};
    FactorNames names{node.services, node.keys};
    NoTokens tokens;
    NoOutgoing outgoing;
    AccountMail account{store, node.executor.folder(), names, links, out};
    ChallengeMail challenge{
        {store, node.executor.folder(), node.keys, world.cipher, world.pseudonyms, world.challenge_secrets, clock, out},
        links};
    AddressMail address{
        {store, node.executor.folder(), node.keys, world.cipher, world.pseudonyms, world.challenge_secrets, clock},
        links,
        out};
    AlertMail alert{store, node.executor.folder(), "operators@example.com", out};
    Mail mail{{&account, &challenge, &address, &alert}};
    LogOuts log_outs{{node.services, {}, tokens, outgoing}};
};

// In the versions in which a stream begins and goes on.
RecordedEvent recorded_of(const eventstore::EventTypeInfo& info, int schema_version, std::int32_t version) {
    return test::event_of(info, schema_version, version, test::golden(info, schema_version));
}

}  // namespace

TEST_F(SealedPlans, AreThoseThatWouldBeMadeWithEveryFieldOpen) {
    Opening opening;
    eventstore::NullFieldOpener nothing;
    std::size_t jobs = 0;
    for (const auto& info : eventstore::event_types())
        for (int schema = 1; schema <= info.schema_version; ++schema)
            for (const std::int32_t version : {1, 2, 3}) {
                const RecordedEvent recorded = recorded_of(info, schema, version);
                const auto open = eventstore::decode_any(recorded, opening);
                const auto sealed = eventstore::decode_any(recorded, nothing);
                for (const ActorType actor :
                     {ActorType::kAnonymous, ActorType::kUser, ActorType::kClient, ActorType::kSystem})
                    for (const std::string& id : {std::string(), kStream.to_string(), test::uuid(0xB1).to_string()}) {
                        EventMetadata without;
                        without.actor_type = actor;
                        without.actor_id = id;
                        EventMetadata with = without;
                        with.client_address.value = "192.0.2.1";
                        with.user_agent.value = "curl/7.88.1";
                        with.device.value = "a device";
                        const auto plan = planned(recorded, *sealed, without);
                        EXPECT_EQ(plan, planned(recorded, *open, with)) << info.type << ' ' << schema;
                        jobs += plan.size();
                    }
            }
    EXPECT_GT(opening.opened, 30) << "else nothing was compared";
    EXPECT_GT(jobs, 300U);
}

// What the planner hands to a reactor is what everybody shares.
TEST_F(SealedPlans, AreMadeOfWhatEverybodyShares) {
    RecordedEvent recorded = recorded_of(eventstore::event_type_info("user.registered"), 1, 1);
    recorded.metadata = R"({"actor_type":"user","occurred_at_ms":1})";
    const eventstore::FollowedEvent followed(recorded);
    const SealedEvent shown = sealed(followed);
    EXPECT_EQ(shown.recorded, &followed);
    EXPECT_EQ(shown.event, followed.decoded().get());
    EXPECT_EQ(shown.metadata, &followed.envelope());
}

}  // namespace keyledger::reactors
