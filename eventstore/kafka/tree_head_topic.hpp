#pragma once
// Signed tree heads in a topic of their own: one partition, kept for ever. Key: the log's origin; value: the note.
#include <optional>
#include <string>
#include <vector>

#include "eventstore/kafka/client.hpp"

namespace keyledger::eventstore::kafka {

inline constexpr auto kTreeHeadTimeout = std::chrono::seconds(3);
inline constexpr std::int64_t kTreeHeadsReadAtStart = 1'000;  // the newest ones: others of a lost history may be among

std::string tree_head_topic(const std::string& prefix);

// One thread's. Connects when first used; blocks for at most about kTreeHeadTimeout a call. Errors are sentences.
class TreeHeadTopic {
public:
    TreeHeadTopic(ClientOptions options, std::string topic)
        : options_(std::move(options)), topic_(std::move(topic)) {}

    // Makes the topic if it is not there. A head whose delivery is unknown may be there twice after the next one.
    Result<void, std::string> send(const std::string& key, const std::string& note);
    // The values of the newest records, oldest first; none if there is no topic.
    Result<std::vector<std::string>, std::string> read();

private:
    Result<void, std::string> open_producer();
    Result<bool, std::string> is_there();
    Result<void, std::string> make_topic();

    const ClientOptions options_;
    const std::string topic_;
    std::optional<Client> producer_;
    bool made_ = false;
};

}  // namespace keyledger::eventstore::kafka
