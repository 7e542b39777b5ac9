// I12: Kafka is away and comes back. The broker is one of the test's own, so that it can be stopped.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "tests/kafka/rig.hpp"

namespace keyledger::test {
namespace {

using namespace eventstore::kafka;

// Started and stopped by the same scripts that developers use; ctest runs in the repository's root.
class OwnBroker {
public:
    OwnBroker() {
        std::string name = ::testing::TempDir() + "keyledger-broker-XXXXXX";
        if (!mkdtemp(name.data())) throw std::runtime_error("no directory for a broker");
        directory_ = name;
    }
    ~OwnBroker() {
        run("drop");
        std::filesystem::remove_all(directory_);
    }
    OwnBroker(const OwnBroker&) = delete;
    OwnBroker& operator=(const OwnBroker&) = delete;

    void start() {
        const std::string answer = run("start");  // at the port that it had before
        const std::string name = "KAFKA_BROKERS=";
        const auto at = answer.find(name);
        ASSERT_NE(at, std::string::npos) << "scripts/services did not start a broker: " << answer;
        brokers_ = answer.substr(at + name.size(), answer.find('\n', at) - at - name.size());
    }
    void stop() { run("stop"); }
    const std::string& brokers() const { return brokers_; }

private:
    std::string run(const std::string& action) {
        const std::string command = "scripts/services " + action + " kafka '" + directory_ + "/kafka'";
        std::FILE* pipe = popen(command.c_str(), "r");
        std::string answer;
        char text[256];
        while (pipe && std::fgets(text, sizeof text, pipe)) answer += text;
        if (pipe) pclose(pipe);
        return answer;
    }
    std::string directory_;
    std::string brokers_;
};

TEST(BrokerAway, TheBacklogDrainsWhenItComesBackEachEventOnce) {
    OwnBroker broker;
    broker.start();
    Rig rig(seed_of_test(), broker.brokers());
    rig.log.grow(500);
    const auto publisher = rig.publisher();
    publisher->start();
    ASSERT_TRUE(reaches(*publisher, 500));
    for (int round = 1; round <= 2; ++round) {
        broker.stop();
        if (round == 2) rig.log.grow(300);  // known before it notices; in round 1 it idles
        ASSERT_TRUE(enters(*publisher, PublisherState::kWaitingForBroker));
        EXPECT_FALSE(publisher->status().sentence.empty());
        rig.log.grow(700);
        broker.start();
        ASSERT_TRUE(reaches(*publisher, rig.log.size()));
        ASSERT_TRUE(enters(*publisher, PublisherState::kPublishing));
    }
    publisher->stop();
    expect_each_event_once(rig);
}

TEST(BrokerAway, AtTheStartItWaitsAndStopsWhenAsked) {
    OwnBroker broker;
    broker.start();
    Rig rig(seed_of_test(), broker.brokers());
    rig.log.grow(100);
    broker.stop();
    const auto first = rig.publisher();
    first->start();
    ASSERT_TRUE(enters(*first, PublisherState::kWaitingForBroker));
    const auto asked = std::chrono::steady_clock::now();
    first->stop();
    EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds(5));
    EXPECT_EQ(first->status().state, PublisherState::kEnded);
    const auto second = rig.publisher();
    second->start();
    ASSERT_TRUE(enters(*second, PublisherState::kWaitingForBroker));
    broker.start();
    ASSERT_TRUE(reaches(*second, 100));
    second->stop();
    expect_each_event_once(rig);
}

}  // namespace
}  // namespace keyledger::test
