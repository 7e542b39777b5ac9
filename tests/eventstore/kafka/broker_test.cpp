// I12: Kafka is away and comes back. The broker is one of the test's own, so that it can be stopped.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "tests/eventstore/kafka/rig.hpp"

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

    // At the port that it had before, or at the one that `brokers` promised.
    void start() {
        const std::string answer = run("start", " " + std::to_string(port_));
        ASSERT_NE(answer.find("KAFKA_BROKERS=" + brokers()), std::string::npos)
            << "scripts/services did not start a broker: " << answer;
    }
    void stop() { run("stop"); }
    std::string brokers() const { return "127.0.0.1:" + std::to_string(port_); }

private:
    // Below the ports that connections get: while the broker is stopped no test that runs beside this one may
    // be given its port.
    static int free_port() {
        std::random_device random;
        for (int attempt = 0; attempt < 200; ++attempt) {
            const int port = 20'000 + static_cast<int>(random() % 12'000);
            const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
            sockaddr_in address{};
            address.sin_family = AF_INET;
            address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            address.sin_port = htons(static_cast<std::uint16_t>(port));
            const bool bound = bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
            close(descriptor);
            if (bound) return port;
        }
        throw std::runtime_error("no free port for a broker");
    }
    std::string run(const std::string& action, const std::string& port = "") {
        const std::string command = "scripts/services " + action + " kafka '" + directory_ + "/kafka'" + port;
        std::FILE* pipe = popen(command.c_str(), "r");
        std::string answer;
        char text[256];
        while (pipe && std::fgets(text, sizeof text, pipe)) answer += text;
        if (pipe) pclose(pipe);
        return answer;
    }
    std::string directory_;
    int port_ = free_port();
};

TEST(BrokerAway, TheBacklogDrainsWhenItComesBackEachEventOnce) {
    OwnBroker broker;
    broker.start();
    Rig rig(seed_of_test(), broker.brokers());
    rig.log.grow(500);
    const auto publisher = rig.publisher();
    publisher->start();
    ASSERT_TRUE(reaches(*publisher, 500));
    rig.log.grow(500);  // on their way, or not, when it goes
    broker.stop();
    ASSERT_TRUE(enters(*publisher, PublisherState::kWaitingForBroker));
    EXPECT_FALSE(publisher->status().sentence.empty());
    rig.log.grow(700);
    broker.start();
    ASSERT_TRUE(reaches(*publisher, rig.log.size()));
    ASSERT_TRUE(enters(*publisher, PublisherState::kPublishing));
    publisher->stop();
    expect_each_event_once(rig);
}

TEST(BrokerAway, AtTheStartItWaitsAndStopsWhenAsked) {
    OwnBroker broker;
    Rig rig(seed_of_test(), broker.brokers());
    rig.log.grow(100);
    const auto first = rig.publisher();
    first->start();
    ASSERT_TRUE(enters(*first, PublisherState::kWaitingForBroker));
    const auto asked = std::chrono::steady_clock::now();
    first->stop();
    EXPECT_LT(std::chrono::steady_clock::now() - asked, kTransactionTimeout);
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
