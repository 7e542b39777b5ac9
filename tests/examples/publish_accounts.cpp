// Publishes the first COUNT events of the accounts' script with that seed, as the service would, and prints
// "ended ID" for each session that an event has ended and "live ID" for the others.
//     publish_accounts BROKERS PREFIX SEED COUNT
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "eventstore/kafka/publishing/publisher.hpp"
#include "tests/eventstore/kafka/accounts.hpp"
#include "tests/eventstore/kafka/record_keys.hpp"

int main(int count, char** arguments) {
    using namespace keyledger;
    namespace kafka = eventstore::kafka;
    if (count != 5) {
        std::fprintf(stderr, "usage: publish_accounts BROKERS PREFIX SEED COUNT\n");
        return 2;
    }
    const std::uint64_t seed = std::strtoull(arguments[3], nullptr, 10);
    test::ScriptedLog log(seed);
    test::Accounts accounts(seed);
    accounts.grow(log, std::atoi(arguments[4]));
    test::AlwaysLeads leadership;
    test::MemoryCursor cursors;
    kafka::PublisherOptions options;
    options.client.brokers = arguments[1];
    options.macs = std::make_shared<test::RecordKeys>();
    options.topics = {arguments[2], 4, {1, 0}};
    options.max_transaction_events = 50;
    kafka::Publisher publisher(options, {log, cursors, leadership, log});
    publisher.start();
    (void)publisher.await([&](const kafka::PublisherStatus& status) { return status.published >= log.size(); },
                          std::chrono::seconds(120));
    const kafka::PublisherStatus status = publisher.status();
    if (status.published < log.size()) {
        std::fprintf(stderr, "publish_accounts: at %lld: %s\n", static_cast<long long>(status.published),
                     status.sentence.c_str());
        return 1;
    }
    for (const std::string& session : accounts.ended) std::printf("ended %s\n", session.c_str());
    for (const auto& [session, user] : accounts.open) std::printf("live %s\n", session.c_str());
    return 0;
}
