// A broker that speaks TLS and believes nobody: the service with exactly the rights that docs/operations.md
// names, and a consumer that may only read.
#include <fstream>

#include "eventstore/kafka/topics/topic_events.hpp"
#include "eventstore/kafka/topics/tree_head_topic.hpp"
#include "security/primitives/base64url.hpp"
#include "tests/eventstore/kafka/rig.hpp"
#include "tests/support/kafka/secure_broker.hpp"

namespace keyledger::test {
namespace {

using namespace eventstore::kafka;
using State = PublisherState;

constexpr const char* kPrefix = "secure";

class SecuredKafka : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        broker_ = std::make_unique<SecureBroker>();
        broker_->apply_documented_acls(
            {{"--topic keyledger.", std::string("--topic ") + kPrefix + "."}, {"--group orders", "--group keyledger"}});
    }
    static void TearDownTestSuite() { broker_.reset(); }

    // A publisher of a log of its own, whose topics are all below the prefix of the rights.
    PublisherOptions options(const Settings& as) const {
        PublisherOptions options = rig_.options();
        options.client.properties = as;
        options.topics.prefix = kPrefix + ("." + rig_.prefix.text());
        return options;
    }
    std::string events_topic() const { return options({}).topics.events(); }
    void expect_all_is_published(const PublisherOptions& options) {
        rig_.log.grow(100);
        const auto publisher = rig_.publisher(options);
        publisher->start();
        ASSERT_TRUE(reaches(*publisher, rig_.log.size()));
        publisher->stop();
        const auto records = read_topic(broker_->brokers(), options.topics.events(), Isolation::kReadCommitted,
                                        broker_->as("admin", "PLAIN"));
        expect_each_event_once(records, rig_.log);
    }
    std::string waits_for_broker(const PublisherOptions& options) {
        rig_.log.grow(10);
        const auto publisher = rig_.publisher(options);
        publisher->start();
        EXPECT_TRUE(enters(*publisher, State::kWaitingForBroker));
        const PublisherStatus status = publisher->status();
        EXPECT_EQ(status.published, 0);
        publisher->stop();
        return status.sentence;
    }

    static inline std::unique_ptr<SecureBroker> broker_;
    Rig rig_{seed_of_test(), broker_->brokers()};
};

TEST_F(SecuredKafka, TakesEventsByScramAndByPlainEachOnce) {
    expect_all_is_published(options(broker_->as("keyledger", "SCRAM-SHA-512")));
    expect_all_is_published(options(broker_->as("keyledger", "SCRAM-SHA-256")));
    expect_all_is_published(options(broker_->as("keyledger", "PLAIN")));
}

TEST_F(SecuredKafka, TakesEventsByTheServicesCertificate) {
    PublisherOptions by_certificate = options(broker_->by_certificate());
    by_certificate.client.brokers = broker_->tls_brokers();
    expect_all_is_published(by_certificate);
}

// The broker of these tests believes unsigned tokens; what is tested is that one is read, sent and taken.
TEST_F(SecuredKafka, TakesEventsByATokenInAFile) {
    const std::string file = ::testing::TempDir() + "keyledger-kafka-token-" + rig_.prefix.text();
    PublisherOptions by_token = options({{"security.protocol", "sasl_ssl"},
                                         {"sasl.mechanism", "OAUTHBEARER"},
                                         {"ssl.ca.location", broker_->path("ca.pem")}});
    by_token.client.oauth_token_file = file;
    std::ofstream(file) << "not a token";
    waits_for_broker(by_token);
    const std::string claims = R"({"sub":"keyledger","iat":1700000000,"exp":4102444800})";
    std::ofstream(file) << security::base64url_encode(R"({"alg":"none"})") << '.' << security::base64url_encode(claims)
                        << ".\n";
    expect_all_is_published(by_token);
    std::remove(file.c_str());
}

TEST_F(SecuredKafka, KeepsTheStateTopicsAndTreeHeads) {
    PublisherOptions state = options(broker_->as("keyledger"));
    state.output = OutputKind::kState;
    rig_.log.grow(100);
    const auto publisher = rig_.publisher(state);
    publisher->start();
    ASSERT_TRUE(reaches(*publisher, rig_.log.size()));
    publisher->stop();
    TreeHeadTopic heads(state.client, tree_head_topic(state.topics.prefix));
    ASSERT_TRUE(heads.send("log", "a note"));
    const auto notes = heads.read([](const std::string&) { return true; });
    ASSERT_TRUE(notes);
    EXPECT_EQ(*notes, std::vector<std::string>{"a note"});
}

TEST_F(SecuredKafka, LetsAConsumerReadEventsAndNothingElse) {
    PublisherOptions documented = options(broker_->as("keyledger"));
    documented.topics.prefix = kPrefix;  // the very topics that the consumer's rights name
    expect_all_is_published(documented);
    const Settings consumer = broker_->as("consumer");
    const std::string events = documented.topics.events();
    expect_each_event_once(read_topic(broker_->brokers(), events, Isolation::kReadCommitted, consumer), rig_.log);
    EXPECT_THROW(produce(broker_->brokers(), events, "key", "value", {}, consumer), std::runtime_error);
    EXPECT_THROW(read_topic(broker_->brokers(), documented.topics.positions(), Isolation::kReadCommitted, consumer),
                 std::runtime_error);
}

TEST_F(SecuredKafka, LetsNobodyInWithoutTheRightPassword) {
    Settings wrong = broker_->as("keyledger");
    for (auto& [name, value] : wrong)
        if (name == "sasl.password") value = "guessed";
    const std::string sentence = waits_for_broker(options(wrong));
    EXPECT_EQ(sentence.find("guessed"), std::string::npos) << sentence;
    waits_for_broker(options({}));  // plain text
}

TEST_F(SecuredKafka, IsNotSpokenToWithoutACertificateOfTheAuthority) {
    Settings trusting_others = broker_->as("keyledger");
    std::erase_if(trusting_others, [](const auto& one) { return one.first == "ssl.ca.location"; });
    waits_for_broker(options(trusting_others));
}

TEST_F(SecuredKafka, SaysThatRightsAreMissing) {
    PublisherOptions elsewhere = options(broker_->as("keyledger"));
    elsewhere.topics.prefix = "elsewhere";
    const std::string sentence = waits_for_broker(elsewhere);
    EXPECT_NE(sentence.find("uthoriz"), std::string::npos) << sentence;
}

}  // namespace
}  // namespace keyledger::test
