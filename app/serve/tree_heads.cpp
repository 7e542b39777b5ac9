#include "app/serve/tree_heads.hpp"

#include <spdlog/spdlog.h>

#include "app/core/kafka_client.hpp"
#include "app/serve/service.hpp"
#include "commands/log/keep_log.hpp"
#include "eventstore/audit/tree_head_file.hpp"
#include "eventstore/kafka/topics/tree_head_topic.hpp"
#include "eventstore/postgres/nodes/leadership.hpp"
#include "eventstore/postgres/store/postgres_log_source.hpp"
#include "eventstore/postgres/store/tree_heads.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::app {
namespace {

namespace audit = eventstore::audit;
namespace kafka = eventstore::kafka;
namespace postgres = eventstore::postgres;
using security::KeyPurpose;

constexpr int kKafkaEmergency = 0;  // of syslog: what goes wrong is told with the head that was not written

std::string origin_in(std::string_view note) { return std::string(note.substr(0, note.find('\n'))); }

// Nothing without brokers. One thread's at a time: the constructor's, then the maker's.
std::unique_ptr<kafka::TreeHeadTopic> topic_of(const Config& config) {
    if (!config.serves_publisher || config.kafka_brokers.empty()) return nullptr;
    return std::make_unique<kafka::TreeHeadTopic>(kafka_client(config, kKafkaEmergency),
                                                  kafka::tree_head_topic(config.kafka_topic_prefix),
                                                  kafka_replication(config));
}

// The newest head of this log in the file, the topic and the database: looked at before anything is served. A broker
// that is away can't be looked at, and is no reason not to start (I12).
std::optional<audit::SignedTreeHead> newest_seen(const Config& config, const Uuid& log_id,
                                                 postgres::PostgresTreeHeads& store, kafka::TreeHeadTopic* topic,
                                                 const audit::OpenNote& open) {
    audit::Notes notes;
    if (!config.tree_head_file.empty()) {
        auto read = audit::read_last_notes(config.tree_head_file);
        if (!read) throw StartFailure(read.error());
        notes = std::move(*read);
        if (notes.torn > 0) spdlog::warn("{} holds {} torn pieces", config.tree_head_file, notes.torn);
    }
    if (topic != nullptr) {
        auto read = topic->read([&](const std::string& note) { return open(note).has_value(); });
        if (!read) spdlog::warn("the tree heads in Kafka can't be looked at: {}", read.error());
        else std::move(read->begin(), read->end(), std::back_inserter(notes.notes));
    }
    const auto stored = store.load(log_id, open);
    if (!stored) throw StartFailure("the tree heads in the database can't be looked at; it does not answer");
    if (stored->newest) notes.notes.push_back(stored->newest->note);
    if (stored->unopened > 0)
        spdlog::error("{} tree heads in the database were signed by no key of the keyring{}: whoever has the service's "
                      "role there may have added them, or the keyring lacks a key",
                      stored->unopened, stored->newest ? "" : ", and none there by any");
    auto newest = audit::newest_of(notes, log_id, open);
    if (stored->emptied && !newest.head)
        throw StartFailure("the tree heads of log " + log_id.to_string() +
                           " were taken away, and nothing tells any more whether the log is what it was. Set "
                           "KEYLEDGER_TREE_HEAD_FILE to the file that they were written to. If there is none, verify "
                           "the log with what auditors have, and give it a new identity by 'keyledger migrate "
                           "restored'");
    if (newest.unopened > 0)
        spdlog::warn("{} tree heads in {} or Kafka were signed by keys that the keyring does not have", newest.unopened,
                     config.tree_head_file);
    return std::move(newest.head);
}

// Whoever appended them had the service's role in the database, and not its keys.
Result<void, std::string> disavow(Core& core, const std::vector<LogDisavowed>& records) {
    commands::Caller caller;
    caller.actor_type = eventstore::ActorType::kSystem;
    caller.request_id = "tree-heads";
    caller.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    for (const LogDisavowed& record : records)
        spdlog::error("the record at position {} was not written by the service: it is disavowed", record.position);
    const auto done = core.run(commands::disavow_records(core.services, records, caller));
    if (!done) return Unexpected(std::string("the log could not be appended to"));
    return {};
}

}  // namespace

audit::OpenNote opener(std::shared_ptr<const security::Keyring> keyring, std::vector<security::NoteKey> more) {
    return [keyring = std::move(keyring), more = std::move(more)](std::string_view note) {
        std::vector<security::NoteKey> keys = more;
        const std::string origin = origin_in(note);
        if (keyring && origin.find_first_of(" +") == origin.npos && !origin.empty())
            for (const security::Key& key : keyring->keys())
                if (key.purpose == KeyPurpose::kTreeHeads && key.signing)
                    keys.push_back(security::note_key(origin, *key.signing));
        return security::open_note(note, keys);
    };
}

security::NoteKey verifying_key(const security::Keyring& keyring, const Uuid& log_id, Instant at) {
    return security::note_key(audit::origin_of(log_id), *keyring.require_current(KeyPurpose::kTreeHeads, at).signing);
}

struct TreeHeads::Parts {
    Parts(const Config& config, Core& core, const eventstore::Head& log)
        // The maker looks by its clock, and waits for nobody.
        : opened(std::make_unique<postgres::PostgresLogSource>(config.database_url, core.authenticity,
                                                               postgres::PostgresLogSource::kPatience,
                                                               postgres::WokenBy::kHintsAlone)),
          source(*opened),
          follows(std::move(opened), core.tail),
          session(config.database_url, "tree-heads"),
          store(config.database_url, core.authenticity->macs(), core.authenticity->heads()),
          topic(topic_of(config)),
          seen(newest_seen(config, log.log_id, store, topic.get(), opener(core.keyring->snapshot()))),
          maker(log.log_id,
                config.serves_publisher ? audit::TreeHeadMaker::Part::kMakes : audit::TreeHeadMaker::Part::kWatches,
                std::chrono::milliseconds(config.tree_head_interval.ms()), ports(config, core), seen) {}

    audit::TreeHeadPorts ports(const Config& config, Core& core) {
        audit::TreeHeadPorts ports{source, session, store, {}, {}, {}, {}, {}, {}};
        ports.follows = &follows;
        ports.tell = [](const std::string& trouble) {
            if (trouble.empty()) spdlog::info("tree heads are made and kept again");
            else spdlog::error("tree heads: {}", trouble);
        };
        ports.disavow = [&core](const std::vector<LogDisavowed>& records) { return disavow(core, records); };
        ports.now = [&core] { return core.clock.now(); };
        ports.sign = [&core](const audit::TreeHead& head) {
            const auto keyring = core.keyring->snapshot();
            const auto& key = keyring->require_current(KeyPurpose::kTreeHeads, head.made_at);
            return security::sign_note(audit::checkpoint_text(head), audit::origin_of(head.log_id), *key.signing);
        };
        ports.open = [&core](std::string_view note) { return opener(core.keyring->snapshot())(note); };
        ports.has_other_keys = [&core, before = std::weak_ptr<const security::Keyring>()]() mutable {
            const auto now = core.keyring->snapshot();
            const bool others = before.lock() != now;
            before = now;
            return others;
        };
        if (!config.tree_head_file.empty())
            ports.sinks.push_back([path = config.tree_head_file](const audit::SignedTreeHead& made) {
                return audit::append_note(path, made.note);
            });
        if (topic)
            ports.sinks.push_back([heads = topic.get()](const audit::SignedTreeHead& made) {
                return heads->send(audit::origin_of(made.head.log_id), made.note);
            });
        return ports;
    }

    std::unique_ptr<postgres::PostgresLogSource> opened;  // until `follows` has it
    postgres::PostgresLogSource& source;
    eventstore::TailSource follows;
    postgres::LeaderSession session;
    postgres::PostgresTreeHeads store;
    std::unique_ptr<kafka::TreeHeadTopic> topic;
    std::optional<audit::SignedTreeHead> seen;
    audit::TreeHeadMaker maker;
};

TreeHeads::TreeHeads(const Config& config, Core& core, const eventstore::Head& log)
    : parts_(std::make_unique<Parts>(config, core, log)) {
    if (parts_->seen) core.authenticity->saw_signed(log.log_id, parts_->seen->head.size);
    if (parts_->seen && parts_->seen->head.size > log.cursor.position)
        throw StartFailure("the log " + log.log_id.to_string() + " ends at position " +
                           std::to_string(log.cursor.position) + ", but a tree head was signed at position " +
                           std::to_string(parts_->seen->head.size) +
                           ": events are missing. If the database was restored from a backup, run 'keyledger migrate "
                           "restored'; if not, the log was cut");
}

TreeHeads::~TreeHeads() = default;
void TreeHeads::start() { parts_->maker.start(); }
void TreeHeads::stop() { parts_->maker.stop(); }
audit::TreeHeadStatus TreeHeads::status() const { return parts_->maker.status(); }

std::optional<api::PublishedTreeHead> TreeHeads::newest() const {
    const auto newest = parts_->maker.status().newest;
    if (!newest) return std::nullopt;
    return api::PublishedTreeHead{newest->head.log_id, newest->head.size,
                                  security::hex_encode(security::view_of(newest->head.root)), newest->head.made_at,
                                  newest->note};
}

}  // namespace keyledger::app
