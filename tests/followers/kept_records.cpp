#include "tests/followers/kept_records.hpp"

namespace keyledger::test {
namespace {

using namespace eventstore;

constexpr std::int32_t kBatch = 40;
constexpr std::chrono::milliseconds kIdleWait{20};

std::string text_of(const kafka::OutputTopic& topic, const kafka::Record& record) {
    std::string text = topic.name + ' ' + record.key + ' ' + record.value.value_or("(gone)");
    for (const auto& [name, value] : record.headers) text += ' ' + std::string(name) + '=' + value;
    return text;
}

}  // namespace

KeptRecords::KeptRecords(kafka::OutputKind kind, std::unique_ptr<LogSource> source)
    : output_(kafka::make_output(kind, kafka::TopicSettings(), *this)),
      source_(std::move(source)),
      thread_([this] { run(); }) {}

KeptRecords::~KeptRecords() {
    stopping_ = true;
    source_->interrupt();
    thread_.join();
}

Position KeptRecords::position() const {
    const std::lock_guard lock(mutex_);
    return position_;
}

std::string KeptRecords::stopped() const {
    const std::lock_guard lock(mutex_);
    return stopped_;
}

std::vector<std::string> KeptRecords::all() const {
    const std::lock_guard lock(mutex_);
    return records_;
}

void KeptRecords::stop(const std::string& why) {
    const std::lock_guard lock(mutex_);
    stopped_ = why;
}

void KeptRecords::run() try {
    Cursor at;
    while (!stopping_) {
        const auto events = source_->follow_after(at, kBatch);
        if (!events && events.error() == ReadError::kCursorUnknown) return stop("another history");
        if (!events && events.error() == ReadError::kHole) return stop("a hole");
        if (!events || events->empty()) {
            source_->wait(kIdleWait);
            continue;
        }
        const auto records = made_of(*events);
        at = {events->back()->position, events->back()->leaf_hash};
        const std::lock_guard lock(mutex_);
        records_.insert(records_.end(), records.begin(), records.end());
        position_ = at.position;
    }
} catch (const std::exception& error) {
    stop(error.what());
}

std::vector<std::string> KeptRecords::made_of(const FollowedEvents& events) {
    const auto topics = output_->topics();
    if (!output_->prepare(events)) throw std::runtime_error("whose a session is was asked for");
    std::vector<std::string> made;
    for (const FollowedEventPtr& event : events)
        for (const auto& [topic, record] : output_->records_of(*event, {Uuid(), "https://log.example"}))
            made.push_back(text_of(topics.at(topic), record));
    return made;
}

Result<std::vector<RecordedEvent>, ReadError> KeptRecords::first_events(const std::vector<Uuid>&) {
    return Unexpected(ReadError::kUnavailable);
}

}  // namespace keyledger::test
