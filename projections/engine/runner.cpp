#include "projections/engine/runner.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "projections/engine/database.hpp"
#include "projections/engine/key_cache.hpp"
#include "projections/engine/projection.hpp"

namespace keyledger::projections {
namespace {

using eventstore::Cursor;
using eventstore::ReadError;
using SteadyTime = std::chrono::steady_clock::time_point;

SteadyTime now() { return std::chrono::steady_clock::now(); }

bool try_lock(pqxx::connection& connection, const std::string& lock) {
    const AnswerWithin bound(connection.sock(), kConnectPatience);
    pqxx::nontransaction ask(connection);
    return ask.exec_params1("select pg_try_advisory_lock(hashtextextended($1, 0))", lock)[0].as<bool>();
}

}  // namespace

class Projector::Worker {
public:
    Worker(ProjectorSettings settings, std::unique_ptr<eventstore::LogSource> source, eventstore::SubjectCipher& cipher,
           std::vector<std::unique_ptr<ReadModel>> models, OnApplied on_applied)
        : settings_(std::move(settings)),
          source_(std::move(source)),
          cipher_(cipher),
          models_(std::move(models)),
          on_applied_(std::move(on_applied)),
          keys_(cipher, kMaxCachedSubjectKeys) {}

    void start() {
        thread_ = std::thread([this] { compete(); });
    }

    void stop() {
        {
            std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_all();
        source_->interrupt();
        if (thread_.joinable()) thread_.join();
    }

    void hint() { source_->interrupt(); }

    ProjectorStatus status() const {
        std::lock_guard lock(mutex_);
        ProjectorStatus status = status_;
        for (std::size_t i = 0; i < status.projections.size(); ++i)
            if (status.projections[i].position < status.projections[i].head)
                status.projections[i].behind_for =
                    std::chrono::duration_cast<std::chrono::milliseconds>(now() - last_level_[i]);
        return status;
    }

private:
    struct Batch {
        Cursor from;
        Result<eventstore::FollowedEvents, ReadError> events;
        DecodedBatch decoded;  // refers to `events`
    };
    struct Leadership {
        Connection connection;      // holds the lock, writes
        Connection key_connection;  // reads subject keys while the other one writes
        std::vector<Projection> projections;
        SteadyTime next_control{};
        SteadyTime next_head{};
        std::chrono::milliseconds back_off = kFirstBackOff;  // after passing trouble
        // The next batch, read and decoded on another thread while this one is applied. Whoever awaits it has
        // `source_`, `keys_` and the key connection to itself again. Last: awaited before the rest dies.
        std::future<std::unique_ptr<Batch>> ahead;
    };

    void compete() {
        auto back_off = kFirstBackOff;
        while (!stopping()) {
            std::chrono::milliseconds pause = kCompeteInterval;
            try {
                set_phase(ProjectorStatus::Phase::kCompeting);
                Leadership leadership;
                leadership.connection = connect(settings_.database_url, settings_.application_name);
                while (!stopping() && !try_lock(*leadership.connection, settings_.lock)) {
                    set_trouble("");  // another process follows the log
                    pause_for(kCompeteInterval);
                }
                if (stopping()) break;
                lead(leadership);
                back_off = kFirstBackOff;
            } catch (const std::exception& error) {
                const std::string reason = classify(error, nullptr).reason;
                spdlog::warn("{} stands down and competes again: {}", settings_.application_name, reason);
                set_trouble(reason);
                pause = back_off;
                back_off = std::min<std::chrono::milliseconds>(2 * back_off, kLongestBackOff);
            }
            pause_for(pause);
        }
        set_phase(ProjectorStatus::Phase::kStopped);
    }

    void lead(Leadership& on) {
        take_over(on);
        if (settings_.opens_personal)
            on.key_connection = connect(settings_.database_url, settings_.application_name + " (keys)");
        spdlog::debug("{} leads", settings_.application_name);
        set_trouble("");
        set_phase(ProjectorStatus::Phase::kLeading);
        while (!stopping()) {
            const Round round = follow(on);
            publish(on);
            control(on);
            if (round == Round::kIdle) source_->wait(kIdleWait);
            if (round == Round::kProgress && !on.ahead.valid()) rest();
            if (round == Round::kTrouble) {
                pause_for(on.back_off);
                on.back_off = std::min<std::chrono::milliseconds>(2 * on.back_off, kLongestBackOff);
            } else {
                on.back_off = kFirstBackOff;
            }
        }
    }

    // A transaction costs nearly the same for one event as for many.
    void rest() {
        const bool are_many = static_cast<double>(last_batch_) >= settings_.many_per_second * last_batch_took_.count();
        const auto rest = are_many ? std::max(settings_.rest, settings_.rest_of_many) : settings_.rest;
        if (rest > 0ms) pause_for(rest);
    }

    void take_over(Leadership& on) {
        const AnswerWithin bound(on.connection->sock(), kSilentLeaderTimeout);
        prepare_writer(*on.connection);
        // A leader that is stopped between two statements keeps the lock; control() is its sign of life.
        pqxx::nontransaction(*on.connection)
            .exec("set idle_session_timeout = " +
                  std::to_string(std::chrono::milliseconds(kFrozenLeaderTimeout).count()));
        create_catalogue(*on.connection);
        on.projections.reserve(models_.size());
        for (const auto& model : models_) {
            const Generation generation = open_current(*on.connection, *model);
            Projection& projection = on.projections.emplace_back(*on.connection, *model, generation);
            drop_generations(*on.connection, *model, DropScope::kRetired);
            if (generation.layout != model->layout())
                projection.stop(
                    *on.connection, StopKind::kOtherLayout,
                    {generation.cursor.position, "",
                     "its tables have layout " + std::to_string(generation.layout) + ", this build writes layout " +
                         std::to_string(model->layout()) + ": rebuild the projection"});
        }
    }

    enum class Round { kProgress, kIdle, kTrouble };

    // One batch for each place in the log where a running projection is, so that one far behind starves
    // nobody.
    Round follow(Leadership& on) {
        std::vector<Cursor> places;
        for (const Projection& projection : on.projections)
            if (!projection.stopped() && std::ranges::find(places, projection.cursor()) == places.end())
                places.push_back(projection.cursor());
        std::ranges::sort(places, {}, &Cursor::position);
        Round all = Round::kIdle;
        for (std::size_t i = 0; i < places.size() && !stopping(); ++i) {
            // Not past the next place: there they go on together.
            std::int32_t limit = settings_.batch_events;
            if (i + 1 < places.size() && places[i + 1].position > places[i].position)
                limit =
                    static_cast<std::int32_t>(std::min<Position>(limit, places[i + 1].position - places[i].position));
            const Round one = follow_from(on, places[i], limit);
            if (one == Round::kTrouble || all == Round::kIdle) all = one;
        }
        return all;
    }

    Round follow_from(Leadership& on, const Cursor& place, std::int32_t limit) {
        std::vector<Projection*> members;
        for (Projection& projection : on.projections)
            if (!projection.stopped() && projection.cursor() == place) members.push_back(&projection);
        std::unique_ptr<Batch> batch;
        if (on.ahead.valid()) batch = on.ahead.get();
        if (!batch || batch->from != place) batch = fetch(on, place, limit);
        if (!batch->events) return read_failed(on, members, place, batch->events.error());
        const auto& events = *batch->events;
        set_trouble("");
        last_batch_ = std::ssize(events);
        last_batch_took_ = now() - std::exchange(last_batch_at_, now());
        if (events.empty()) return Round::kIdle;
        // A full batch: far behind. With several places in the log, the next place is not behind this batch.
        if (std::ssize(events) == settings_.batch_events && all_together(on) && !batch->decoded.poison) {
            const Cursor next{events.back()->position, events.back()->leaf_hash};
            on.ahead =
                std::async(std::launch::async, [this, &on, next] { return fetch(on, next, settings_.batch_events); });
        }
        Round round = Round::kProgress;
        const bool together = Projection::advance_together(*on.connection, members, events, batch->decoded);
        for (Projection* projection : members) {
            if (!together &&
                projection->advance(*on.connection, events, batch->decoded) == Projection::Progress::kTryLater) {
                spdlog::warn("projection {} tries position {} again: {}", projection->model().name(),
                             projection->cursor().position + 1, projection->trouble());
                round = Round::kTrouble;
            }
            if (on_applied_) on_applied_(projection->model().name(), projection->cursor().position);
        }
        return round;
    }

    bool all_together(const Leadership& on) const {
        std::optional<Cursor> place;
        for (const Projection& projection : on.projections) {
            if (projection.stopped()) continue;
            if (place && *place != projection.cursor()) return false;
            place = projection.cursor();
        }
        return true;
    }

    std::unique_ptr<Batch> fetch(Leadership& on, const Cursor& place, std::int32_t limit) {
        auto batch = std::make_unique<Batch>(Batch{place, source_->follow_after(place, limit), {}});
        if (now() >= on.next_head) {
            on.next_head = now() + kControlInterval;
            if (const auto head = source_->head()) see_head(head->cursor.position);
        }
        if (!batch->events || batch->events->empty()) return batch;
        see_head(batch->events->back()->position);
        if (!settings_.opens_personal) {
            batch->decoded = decode_sealed(*batch->events);
            return batch;
        }
        const AnswerWithin bound(on.key_connection->sock(), kSilentLeaderTimeout);
        pqxx::nontransaction read_keys(*on.key_connection);
        batch->decoded = decode_batch(*batch->events, keys_, cipher_, read_keys);
        return batch;
    }

    void see_head(Position position) {
        if (position > head_) head_ = position;
    }

    Round read_failed(Leadership& on, const std::vector<Projection*>& members, const Cursor& place, ReadError error) {
        switch (error) {
            case ReadError::kUnavailable: set_trouble("the log can't be read"); return Round::kTrouble;
            case ReadError::kCursorUnknown:
                for (Projection* projection : members)
                    projection->stop(*on.connection, StopKind::kOtherHistory,
                                     {place.position, "", other_history(place, projection->model())});
                return Round::kProgress;
            case ReadError::kHole:
                for (Projection* projection : members)
                    projection->stop(*on.connection, StopKind::kHole,
                                     {place.position + 1, "", "the log has a hole behind the checkpoint (I1)"});
                return Round::kProgress;
        }
        return Round::kTrouble;
    }

    std::string other_history(const Cursor& place, const ReadModel& model) {
        const auto head = source_->head();
        const std::string what =
            head && place.position > head->cursor.position
                ? "the checkpoint was changed, for the log ends at position " + std::to_string(head->cursor.position)
                : std::string("the log holds another event at the checkpoint: it is another "
                              "history, or the checkpoint was changed");
        return what + "; " + model.way_out_of_another_history();
    }

    // Now and then: skips that operators ordered, rebuilds of what stands stopped (one that runs meets the fence),
    // and a statement that keeps the session from being idle.
    void control(Leadership& on) {
        if (now() < on.next_control) return;
        on.next_control = now() + kControlInterval;
        const AnswerWithin bound(on.connection->sock(), kConnectPatience);
        for (Projection& projection : on.projections) {
            projection.look_for_skip(*on.connection);
            const std::string_view name = projection.model().name();
            if (projection.stopped() && !is_current(*on.connection, name, projection.generation().number))
                throw StandDown(std::string(name) + " was rebuilt");
        }
        pqxx::nontransaction(*on.connection).exec("select 1");
    }

    void publish(const Leadership& on) {
        std::lock_guard lock(mutex_);
        status_.projections.resize(on.projections.size());
        last_level_.resize(on.projections.size(), now());
        for (std::size_t i = 0; i < on.projections.size(); ++i) {
            const Projection& projection = on.projections[i];
            ProjectionStatus& status = status_.projections[i];
            status.model = projection.model().name();
            status.generation = projection.generation().number;
            status.position = projection.cursor().position;
            status.head = head_;
            status.stopped = projection.stopped();
            status.trouble = projection.trouble();
            if (status.position >= head_) last_level_[i] = now();
        }
    }

    void set_phase(ProjectorStatus::Phase phase) {
        std::lock_guard lock(mutex_);
        status_.phase = phase;
        if (phase != ProjectorStatus::Phase::kLeading) status_.projections.clear();
    }

    void set_trouble(const std::string& trouble) {
        std::lock_guard lock(mutex_);
        status_.trouble = trouble;
        if (!trouble.empty()) status_.last_trouble = trouble;
    }

    bool stopping() const {
        std::lock_guard lock(mutex_);
        return stopping_;
    }
    void pause_for(std::chrono::milliseconds pause) {
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, pause, [this] { return stopping_; });
    }

    const ProjectorSettings settings_;
    const std::unique_ptr<eventstore::LogSource> source_;
    eventstore::SubjectCipher& cipher_;
    const std::vector<std::unique_ptr<ReadModel>> models_;
    const OnApplied on_applied_;
    KeyCache keys_;
    std::ptrdiff_t last_batch_ = 0;                    // events
    SteadyTime last_batch_at_{};                       // read
    std::chrono::duration<double> last_batch_took_{};  // from the one before it
    std::atomic<Position> head_ = 0;                   // written by whoever fetches

    mutable std::mutex mutex_;  // guards what follows
    std::condition_variable wake_;
    bool stopping_ = false;
    ProjectorStatus status_;
    std::vector<SteadyTime> last_level_;

    std::thread thread_;
};

Projector::Projector(ProjectorSettings settings, std::unique_ptr<eventstore::LogSource> source,
                     eventstore::SubjectCipher& cipher, std::vector<std::unique_ptr<ReadModel>> models,
                     OnApplied on_applied)
    : worker_(std::make_unique<Worker>(std::move(settings), std::move(source), cipher, std::move(models),
                                       std::move(on_applied))) {}

Projector::~Projector() { stop(); }

void Projector::start() { worker_->start(); }
void Projector::stop() { worker_->stop(); }
void Projector::hint() { worker_->hint(); }
ProjectorStatus Projector::status() const { return worker_->status(); }

}  // namespace keyledger::projections
