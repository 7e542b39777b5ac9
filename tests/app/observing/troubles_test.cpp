// What the log tells of Kafka and of the mail server, from what publishers and deliveries saw of them.
#include "app/observing/troubles.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "app/observing/outage.hpp"

namespace keyledger::app {
namespace {

using namespace std::chrono_literals;
using eventstore::kafka::PublisherState;
using eventstore::kafka::PublisherStatus;
using mail::Delivery;
using ::testing::ElementsAre;

// A log of outages, on a clock of the test's.
struct Told {
    Told(std::string what, std::chrono::milliseconds patience)
        : outage(std::move(what), patience,
                 [this](const Outage::Told& one) { sentences.push_back((one.away ? "! " : "") + one.sentence); }) {}
    void see(const std::optional<std::string>& trouble, std::chrono::milliseconds later) {
        now += later;
        if (trouble) outage.see(*trouble, now);
    }
    std::vector<std::string> sentences;
    Outage::Time now{};
    Outage outage;
};

struct KafkaOutage : testing::Test {
    // As OutageWatch looks: four times a second.
    void look(std::vector<PublisherStatus> outputs, int times) {
        for (int i = 0; i < times; ++i) told.see(trouble_with_kafka(outputs), 250ms);
    }
    static PublisherStatus in(PublisherState state, std::string sentence = "") {
        PublisherStatus status;
        status.state = state;
        status.sentence = std::move(sentence);
        return status;
    }
    Told told{"Kafka", 1s};
};

TEST_F(KafkaOutage, IsToldOnceAndItsEndWithItsLength) {
    const auto events = in(PublisherState::kPublishing);
    look({events}, 4);
    for (int tries = 0; tries < 10; ++tries) {  // each brings a session anew, and another reason
        look({in(PublisherState::kWaitingForBroker, "no broker answers, try " + std::to_string(tries))}, 3);
        look({in(PublisherState::kStarting)}, 1);
        look({in(PublisherState::kRecovering)}, 1);
    }
    EXPECT_THAT(told.sentences, ElementsAre("! Kafka is away: no broker answers, try 1"));
    look({events}, 8);
    EXPECT_THAT(told.sentences, ElementsAre(testing::_, "Kafka is back, after 12.5 s"));
    look({in(PublisherState::kWaitingForBroker)}, 8);
    look({events}, 1);
    EXPECT_THAT(told.sentences,
                ElementsAre(testing::_, testing::_, "! Kafka is away: no broker", "Kafka is back, after 2.0 s"));
}

TEST_F(KafkaOutage, IsOneHoweverManyOutputsWaitForABroker) {
    const auto waits = in(PublisherState::kWaitingForBroker, "no broker answers");
    const auto publishes = in(PublisherState::kPublishing);
    look({waits, waits}, 8);
    look({publishes, waits}, 8);
    EXPECT_THAT(told.sentences, ElementsAre("! Kafka is away: no broker answers")) << "one of them is still waiting";
    look({publishes, publishes}, 1);
    EXPECT_EQ(told.sentences.size(), 2U);
}

// Another process publishes, nobody does, or it stopped for good, of which metrics and readiness tell.
TEST_F(KafkaOutage, IsNoneWhereNoBrokerIsMissed) {
    look({}, 20);
    for (const PublisherState state : {PublisherState::kNotStarted, PublisherState::kStarting, PublisherState::kStandby,
                                       PublisherState::kWaitingForLog, PublisherState::kRecovering,
                                       PublisherState::kStoppedTopicMissing, PublisherState::kEnded})
        look({in(state, "some words")}, 8);
    EXPECT_TRUE(told.sentences.empty());
}

TEST_F(KafkaOutage, IsNotToldOfABrokerThatIsReplacedAtOnce) {
    for (int i = 0; i < 10; ++i) {
        look({in(PublisherState::kWaitingForBroker, "the leader moves")}, 3);
        look({in(PublisherState::kPublishing)}, 1);
    }
    EXPECT_TRUE(told.sentences.empty());
}

struct MailOutage : testing::Test {
    void deliver(const Delivery& delivery, std::chrono::milliseconds later) {
        told.see(trouble_with_mail_server(delivery), later);
    }
    Told told{"the SMTP server", 0s};
};

TEST_F(MailOutage, IsToldOnceAndItsEndWithItsLength) {
    deliver(Delivery::sent(), 1s);
    for (const char* code : {"connection", "timeout", "connection", "tls"}) deliver(Delivery::again(code), 10s);
    EXPECT_THAT(told.sentences, ElementsAre("! the SMTP server is away: connection"));
    deliver(Delivery::sent(), 2500ms);
    deliver(Delivery::sent(), 1s);
    EXPECT_THAT(told.sentences, ElementsAre(testing::_, "the SMTP server is back, after 32.5 s"));
}

// It says no to a mail, for now or for good: it is there, and the mail's job tells the rest.
TEST_F(MailOutage, IsOverOnceTheServerAnswersWhatever) {
    deliver(Delivery::again("connection"), 1s);
    deliver(Delivery::again("smtp-451-4.7.1"), 5s);
    EXPECT_THAT(told.sentences, ElementsAre(testing::_, "the SMTP server is back, after 5.0 s"));
    deliver(Delivery::refused("smtp-550-5.1.1"), 1s);
    EXPECT_EQ(told.sentences.size(), 2U);
}

// Nobody was asked: a mail that is no mail, a queue that is full, a service that stops.
TEST_F(MailOutage, NeitherBeginsNorEndsWhereNobodyWasAsked) {
    const std::vector<Delivery> of_nobody{Delivery::again("expired"), Delivery::again("memory"),
                                          Delivery::again("queue-full"), Delivery::again("stopped"),
                                          Delivery::refused("no-recipient")};
    for (const Delivery& delivery : of_nobody) deliver(delivery, 1s);
    EXPECT_TRUE(told.sentences.empty());
    deliver(Delivery::again("connection"), 1s);
    for (const Delivery& delivery : of_nobody) deliver(delivery, 1s);
    EXPECT_EQ(told.sentences.size(), 1U);
}

}  // namespace
}  // namespace keyledger::app
