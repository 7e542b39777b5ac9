#pragma once
// Who wrote a record. Each of ours carries a MAC in a header, by a key outside of database and broker, over the topic
// and all that the record says; a record of anybody else who may write to the topic does not. Readers of this service
// pass such records over. Consumers can't check it (the key is symmetric): for them there are access control lists.
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "eventstore/event_macs.hpp"
#include "eventstore/kafka/client/producer.hpp"
#include "eventstore/kafka/client/topic_reader.hpp"

namespace keyledger::eventstore::kafka {

// "<key id>.<16 bytes in base64url>"
inline constexpr const char* kMacHeader = "kl_mac";

enum class RecordWriter {
    kService,
    kUnnamed,  // no MAC: a service from before there were any, or anybody
    kOther,    // a MAC that is none of ours
};

// One thread's.
class RecordMacs {
public:
    explicit RecordMacs(std::shared_ptr<const EventMacs> keys) : keys_(std::move(keys)) {}

    // The record gets the header, by the newest key. It is of `log_id`, and goes to `topic`.
    void sign(Record& record, std::string_view topic, const Uuid& log_id);
    // Whether it is what a service of the log that it names wrote to `topic`.
    RecordWriter writer_of(const ReadRecord& record, std::string_view topic, const Uuid& log_id);
    // The keyring may have changed.
    void forget_keys() { ready_.clear(), newest_.clear(); }

private:
    std::shared_ptr<const security::HmacKey> key(const std::string& id, const Uuid& log_id);

    const std::shared_ptr<const EventMacs> keys_;
    std::string newest_;
    std::string input_;  // of the last MAC: kept for its room
    std::map<std::pair<std::string, Uuid>, std::shared_ptr<const security::HmacKey>> ready_;
};

}  // namespace keyledger::eventstore::kafka
