#pragma once
// Signed tree heads in a topic of their own: one partition, kept for ever. Key: the log's origin; value: the note.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/kafka/client/topic_reader.hpp"
#include "eventstore/kafka/topics/topics.hpp"

namespace keyledger::eventstore::kafka {

inline constexpr auto kTreeHeadTimeout = std::chrono::seconds(3);
inline constexpr std::int64_t kTreeHeadsReadAtOnce = 1'000;
inline constexpr int kTreeHeadPages = 100;  // of so many, from the newest back

std::string tree_head_topic(const std::string& prefix);

// One thread's. Connects when first used; blocks for at most about kTreeHeadTimeout a call. Errors are sentences.
class TreeHeadTopic {
public:
    TreeHeadTopic(ClientOptions options, std::string topic, Replication replication = {})
        : options_(std::move(options)), topic_(std::move(topic)), replication_(replication) {}

    // Makes the topic if it is not there; one that is there is taken as it is. A head whose delivery is unknown may be
    // there twice after the next one.
    Result<void, std::string> send(const std::string& key, const std::string& note);
    // The newest values that are ours, oldest first; none if there is no topic. Of a page in which nothing is ours the
    // one before it is read: whoever may write to the topic can't hide our heads behind theirs.
    using IsOurs = std::function<bool(const std::string& note)>;
    Result<std::vector<std::string>, std::string> read(const IsOurs& is_ours);

private:
    Result<std::vector<std::string>, std::string> read_page(TopicReader& reader, const PartitionBounds& page,
                                                            const IsOurs& is_ours);
    Result<void, std::string> open_producer();
    Result<bool, std::string> is_there();
    Result<void, std::string> make_topic();

    const ClientOptions options_;
    const std::string topic_;
    const Replication replication_;
    std::optional<Client> producer_;
    bool made_ = false;
};

}  // namespace keyledger::eventstore::kafka
