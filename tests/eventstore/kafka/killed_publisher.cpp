// A publisher as a process, to be killed: publishes the first COUNT events of the log with that seed and
// ends; with a sixth argument `state`, the state that those of Accounts come to.
//     killed_publisher BROKERS PREFIX SEED COUNT CHECKPOINT_FILE [state]
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "eventstore/kafka/publishing/publisher.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"
#include "tests/eventstore/kafka/accounts.hpp"
#include "tests/eventstore/kafka/record_keys.hpp"
#include "tests/eventstore/kafka/scripted_log.hpp"

namespace {

using namespace keyledger;
using namespace keyledger::eventstore;

// Replaced by a rename, so a kill leaves the old one or the new one.
class FileCursor : public CursorStore {
public:
    explicit FileCursor(std::string path) : path_(std::move(path)) {}

    Result<Cursor, ReadError> load() override {
        Cursor cursor;
        std::ifstream file(path_);
        std::string hash;
        if (!(file >> cursor.position >> hash)) return Cursor{};
        const std::string bytes = security::hex_decode(hash).value_or("");
        if (bytes.size() == cursor.leaf_hash.size()) std::copy(bytes.begin(), bytes.end(), cursor.leaf_hash.begin());
        return cursor;
    }
    Result<void, ReadError> store(const Cursor& cursor) override {
        const std::string next = path_ + ".next";
        std::ofstream(next) << cursor.position << ' ' << security::hex_encode(security::view_of(cursor.leaf_hash));
        std::filesystem::rename(next, path_);
        return {};
    }

private:
    std::string path_;
};

}  // namespace

int main(int count, char** arguments) {
    if (count != 6 && count != 7) {
        std::fprintf(stderr, "usage: killed_publisher BROKERS PREFIX SEED COUNT CHECKPOINT_FILE [state]\n");
        return 2;
    }
    const std::uint64_t seed = std::strtoull(arguments[3], nullptr, 10);
    const int events = std::atoi(arguments[4]);
    test::ScriptedLog log(seed);
    if (count == 7) test::Accounts(seed).grow(log, events);
    else log.grow(static_cast<std::size_t>(events));
    test::AlwaysLeads leadership;
    FileCursor cursors(arguments[5]);
    kafka::PublisherOptions options;
    options.client.brokers = arguments[1];
    options.macs = std::make_shared<test::RecordKeys>();
    options.topics = {arguments[2], 4, {1, 0}};
    if (count == 7) options.output = kafka::OutputKind::kState;
    options.max_transaction_events = 100;
    kafka::Publisher publisher(options, {log, cursors, leadership, log});
    publisher.start();
    const auto done = publisher.await(
        [&](const kafka::PublisherStatus& status) {
            return status.published >= log.size() || kafka::is_stopped(status.state);
        },
        std::chrono::seconds(60));
    const kafka::PublisherStatus status = publisher.status();
    if (done && status.published >= log.size()) return 0;
    std::fprintf(stderr, "killed_publisher: at %lld: %s\n", static_cast<long long>(status.published),
                 status.sentence.c_str());
    return 1;
}
