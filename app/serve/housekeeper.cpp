#include "app/serve/housekeeper.hpp"

#include <spdlog/spdlog.h>

#include "commands/accounts/change_email.hpp"
#include "commands/accounts/erase_user.hpp"
#include "commands/accounts/undo.hpp"
#include "commands/anonymous_callers/erase_anonymous_callers.hpp"
#include "commands/credentials/failure_sums.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/log/keep_log.hpp"
#include "commands/registrations/begin_registration.hpp"
#include "eventstore/postgres/upkeep/housekeeping.hpp"

namespace keyledger::app {
namespace {

namespace postgres = eventstore::postgres;

constexpr auto kInterval = std::chrono::minutes(1);
constexpr int kAtMost = 50'000;  // of a kind in one go
constexpr int kErasuresAtOnce = 1'000;
constexpr auto kErasuresTime = std::chrono::seconds(20);  // of a round; the next one goes on behind them
constexpr Duration kDayErasureInterval = hours(1);
// Keys are destroyed by the clock of the node that did it, and become visible a moment later.
constexpr Duration kOverlap = minutes(10);

commands::Caller housekeeping_caller() {
    commands::Caller caller;
    caller.actor_type = eventstore::ActorType::kSystem;
    caller.request_id = "housekeeping";
    caller.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    return caller;
}

}  // namespace

Housekeeper::Housekeeper(const Config& config, Core& core)
    : database_url_(config.database_url),
      retention_(config.command_retention),
      longest_session_(config.lifetimes.absolute),
      anonymous_callers_days_(config.anonymous_callers_days),
      core_(core),
      leadership_(config.database_url, "housekeeper"),
      forgotten_until_(core.clock.now()),
      sums_since_(forgotten_until_) {}

Housekeeper::~Housekeeper() { stop(); }

void Housekeeper::start() {
    thread_ = std::thread([this] { run(); });
}

void Housekeeper::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Housekeeper::run() {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, kInterval, [&] { return stopping_; })) {
        lock.unlock();
        try {
            tidy();
        } catch (const std::exception& error) {
            spdlog::error("housekeeping failed and is tried again: {}", error.what());
        }
        lock.lock();
    }
    lock.unlock();
    try {
        record_waiting_failures();
        record_failure_sums();
    } catch (const std::exception& error) {
        spdlog::error("failed log-ins that were not recorded yet are lost: {}", error.what());
    }
    leadership_.release();
}

void Housekeeper::tidy() {
    forget_the_erased();
    record_waiting_failures();
    record_failure_sums();
    announce_mac_key();
    if (!leads()) return;
    prune();
    erase_anonymous_callers();
    erase_users();
    keep_deadlines();
}

// Two that lead for a moment do work twice, and nothing wrong: each of these may be done by anybody at any time.
bool Housekeeper::leads() {
    if (leads_ && leadership_.still_held()) return true;
    leads_ = leadership_.try_acquire() == eventstore::Candidacy::kLeading;
    if (leads_) spdlog::info("this node keeps house for all");
    return leads_;
}

void Housekeeper::record_waiting_failures() {
    const auto recorded = core_.run(commands::record_waiting_failures(core_.services, housekeeping_caller().deadline));
    if (!recorded)
        spdlog::warn("failed log-ins of accounts still can't be recorded: whoever has the service's database role may "
                     "be moving their streams; they count on this node alone");
    else if (*recorded > 0) spdlog::info("recorded {} failed log-in(s) that the log had not taken", *recorded);
}

void Housekeeper::record_failure_sums() {
    const Instant now = core_.clock.now();
    const auto recorded =
        core_.run(commands::record_failure_sums(core_.services, sums_since_, now, housekeeping_caller()));
    if (!recorded) {
        spdlog::warn("failed log-ins with names that nobody has could not be recorded; it is tried again in a minute");
        return;
    }
    sums_since_ = now;
}

// No session is written for longer than it may last; the snapshots of what has no end stay.
void Housekeeper::prune() {
    const Instant now = core_.clock.now();
    const auto pruned = postgres::prune_commands(database_url_, now - retention_, kAtMost);
    const auto snapshots = postgres::prune_snapshots(database_url_, now - longest_session_, kAtMost);
    const auto limits = postgres::prune_limits(database_url_, kAtMost);
    const auto lookups = postgres::prune_lookups(database_url_, kAtMost);
    const auto jobs = postgres::prune_jobs(database_url_, kAtMost);
    const auto spent = postgres::prune_spent(database_url_, kAtMost);
    const auto purged = postgres::purge_graveyard(database_url_);
    if (!pruned || !snapshots || !limits || !lookups || !jobs || !spent || !purged)
        spdlog::warn("old command ids, snapshots, limits, lookups, jobs, spent values and destroyed keys could not be "
                     "removed: the database does not answer");
}

void Housekeeper::forget_the_erased() {
    const Instant now = core_.clock.now();
    const Instant since = forgotten_until_ - kOverlap;
    const auto gone = postgres::destroyed_subjects(database_url_, since);
    const auto dropped = postgres::drop_snapshots_of_the_erased(database_url_, since);
    if (!gone || !dropped) {
        spdlog::warn("whose keys were destroyed could not be learnt: the database does not answer");
        return;
    }
    for (const Uuid& subject : *gone) {
        core_.keys.forget(subject);
        core_.cache.drop(subject);
    }
    forgotten_until_ = now;
}

void Housekeeper::erase_anonymous_callers() {
    const Instant now = core_.clock.now();
    if (now < next_erasure_) return;
    const auto erased =
        core_.run(commands::erase_anonymous_callers(core_.services, anonymous_callers_days_, housekeeping_caller()));
    if (!erased) {
        spdlog::warn("the keys of old days could not be destroyed; it is tried again in a minute");
        return;
    }
    if (*erased > 0) spdlog::info("destroyed the keys of {} day(s) of anonymous callers", *erased);
    next_erasure_ = now + kDayErasureInterval;
}

// A new key is used once the log says so: a node that lacks it stops instead of taking what it made for
// somebody else's.
void Housekeeper::announce_mac_key() {
    const auto keys = core_.authenticity->macs()->writing_keys();
    if (keys.empty()) return;
    const auto announced = core_.authenticity->is_announced(database_url_, keys.front());
    if (!announced) return spdlog::warn("which keys the log knows of could not be learnt: {}", announced.error());
    if (!*announced) {
        const auto added = core_.run(commands::add_mac_key(core_.services, keys.front(), housekeeping_caller()));
        if (!added) return spdlog::warn("the new key {} for event-macs could not be announced yet", keys.front());
        spdlog::info("announced key {} for event-macs", keys.front());
        (void)core_.authenticity->is_announced(database_url_, keys.front());
    }
    core_.store.use_newest_key();
}

bool Housekeeper::stopping() {
    const std::lock_guard lock(mutex_);
    return stopping_;
}

// The command decides, once, whoever looks. Whoever has the service's role can put rows there for which there is
// nothing to do, as long due as they like: they are passed over, and keep nobody from the rows behind them.
void Housekeeper::erase_users() {
    const auto end = std::chrono::steady_clock::now() + kErasuresTime;
    for (;;) {
        const auto due = projections::due_erasures(database_url_, core_.clock.now(), erased_until_, kErasuresAtOnce);
        if (due.empty()) return erased_until_.reset();
        for (const projections::ErasureRow& one : due) {
            if (stopping() || std::chrono::steady_clock::now() > end || !erase_user(one.user_id)) return;
            erased_until_ = one;
        }
    }
}

// As with erasures: the command decides.
void Housekeeper::keep_deadlines() {
    const auto end = std::chrono::steady_clock::now() + kErasuresTime;
    for (;;) {
        const auto due = projections::due_deadlines(database_url_, core_.clock.now(), kept_until_, kErasuresAtOnce);
        if (due.empty()) return kept_until_.reset();
        for (const projections::DeadlineRow& one : due) {
            if (stopping() || std::chrono::steady_clock::now() > end || !keep_deadline(one)) return;
            kept_until_ = one;
        }
    }
}

commands::Answer<commands::Receipt> Housekeeper::keep(const projections::DeadlineRow& one) {
    if (one.what == projections::kOfRegistration)
        return commands::erase_registration(core_.services, RegistrationId{one.id}, housekeeping_caller());
    if (one.what == projections::kOfRemovedFactor)
        return commands::forget_factor(core_.services, UserId{one.user_id.value_or(Uuid{})}, FactorId{one.id},
                                       housekeeping_caller());
    return commands::release_former_email(core_.services, UserId{one.id}, housekeeping_caller());
}

bool Housekeeper::keep_deadline(const projections::DeadlineRow& one) {
    const auto kept = core_.run(keep(one));
    if (kept) return true;
    spdlog::warn("the deadline of {} {} is over and could not be kept; it is tried again", one.what,
                 one.id.to_string());
    return kept.error().refusal != refusals::kUnavailable;
}

// False: then the others can't be erased either, and a stop need not wait for each.
bool Housekeeper::erase_user(const UserId& user_id) {
    const auto erased = core_.run(commands::erase_user(core_.services, user_id, housekeeping_caller()));
    if (erased && erased->position > 0) spdlog::info("erased user {}", user_id.to_string());
    if (erased) return true;
    spdlog::warn("user {} is due to be erased and could not be; it is tried again", user_id.to_string());
    return erased.error().refusal != refusals::kUnavailable;
}

}  // namespace keyledger::app
