#pragma once
// A projector on its thread, with conditions to wait for instead of times.
#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>

#include "projections/engine/queries.hpp"
#include "projections/engine/runner.hpp"
#include "projections/models/read_models.hpp"
#include "tests/projections/story/story.hpp"

namespace keyledger::projections::test {

inline constexpr auto kPatience = std::chrono::seconds(60);  // never reached by a test that passes

class Running {
public:
    Running(const keyledger::test::Database& database, Story& story, std::string application_name = "projector A",
            std::int32_t batch_events = 100)
        : projector_({database.service_url(), batch_events, std::move(application_name)}, story.source(),
                     story.cipher(), all_read_models(),
                     [this](std::string_view model, Position position) { applied(model, position); }) {
        projector_.start();
    }

    // All read models, by commits of this projector.
    bool reaches(Position position) {
        std::unique_lock lock(mutex_);
        return moved_.wait_for(lock, kPatience, [&] {
            if (positions_.size() != all_read_models().size()) return false;
            return std::ranges::all_of(positions_, [&](const auto& model) { return model.second >= position; });
        });
    }
    // Whatever the status must come to be; looked at whenever something moved, and now and then.
    bool becomes(const std::function<bool(const ProjectorStatus&)>& condition) {
        const auto until = std::chrono::steady_clock::now() + kPatience;
        std::unique_lock lock(mutex_);
        while (!condition(projector_.status())) {
            if (std::chrono::steady_clock::now() > until) return false;
            moved_.wait_for(lock, std::chrono::milliseconds(5));
        }
        return true;
    }
    Projector& projector() { return projector_; }
    std::function<void()> on_applied;  // set before anything is published

private:
    void applied(std::string_view model, Position position) {
        {
            std::lock_guard lock(mutex_);
            positions_[std::string(model)] = position;
        }
        moved_.notify_all();
        if (on_applied) on_applied();
    }

    std::mutex mutex_;
    std::condition_variable moved_;
    std::map<std::string, Position> positions_;
    Projector projector_;  // last: stopped before the rest dies
};

inline const ProjectionStatus* status_of(const ProjectorStatus& status, std::string_view model) {
    for (const ProjectionStatus& projection : status.projections)
        if (projection.model == model) return &projection;
    return nullptr;
}

}  // namespace keyledger::projections::test
