#pragma once
// Keeps a committer busy: a bounded number of commands wait or fly, as under load. Used by one thread.
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <variant>

#include "eventstore/postgres/store/committer.hpp"

namespace keyledger::bench {

class Feeder {
public:
    Feeder(eventstore::postgres::Committer& committer, std::size_t limit) : committer_(committer), limit_(limit) {}

    // Waits for room first.
    void submit(eventstore::Append append) {
        {
            std::unique_lock lock(mutex_);
            freed_.wait(lock, [this] { return open_ < limit_; });
            ++open_;
        }
        committer_.submit(std::move(append), std::chrono::steady_clock::now() + std::chrono::minutes(5),
                          std::make_unique<Counted>(*this));
    }
    // Throws if any command of those submitted since the last call was not appended.
    void wait() {
        std::unique_lock lock(mutex_);
        freed_.wait(lock, [this] { return open_ == 0; });
        if (refused_ > 0)
            throw std::runtime_error("the store refused " + std::to_string(refused_) +
                                     " commands, the first with: " + first_refusal_);
    }
    bool has_refused() const {
        const std::lock_guard lock(mutex_);
        return refused_ > 0;
    }

private:
    struct Counted : eventstore::postgres::VerdictWaiter {
        explicit Counted(Feeder& owner) : feeder(owner) {}
        void complete(Result<eventstore::Verdict, eventstore::StoreError> verdict) override {
            const std::lock_guard lock(feeder.mutex_);
            --feeder.open_;
            if (!verdict || !std::holds_alternative<eventstore::Appended>(*verdict)) {
                if (feeder.refused_++ == 0) feeder.first_refusal_ = name_of(verdict);
            }
            if (feeder.open_ == 0 || feeder.open_ == feeder.limit_ / 2) feeder.freed_.notify_one();
        }
        static std::string name_of(const Result<eventstore::Verdict, eventstore::StoreError>& verdict) {
            if (!verdict) return "store error " + std::to_string(static_cast<int>(verdict.error()));
            if (const auto* conflict = std::get_if<eventstore::Conflict>(&*verdict))
                return "a conflict on " + conflict->id.to_string();
            if (const auto* taken = std::get_if<eventstore::ClaimTaken>(&*verdict)) return taken->kind + " is taken";
            return "the command id is known";
        }
        Feeder& feeder;
    };

    eventstore::postgres::Committer& committer_;
    const std::size_t limit_;
    mutable std::mutex mutex_;
    std::condition_variable freed_;
    std::size_t open_ = 0;
    std::size_t refused_ = 0;
    std::string first_refusal_;
};

}  // namespace keyledger::bench
