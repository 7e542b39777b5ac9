#include "app/serve/probe.hpp"

#include "domain/access/subject_access.hpp"
#include "projections/models/users.hpp"

namespace keyledger::app {
namespace {

using Clock = std::chrono::steady_clock;

// All questions of a round late, and some time to be scheduled.
constexpr auto kTooOld = kProbeInterval + 3 * kProbePatience + std::chrono::milliseconds(500);

}  // namespace

Probe::Probe(Core& core, projections::Queries& queries, KeyringExchange& keyring_exchange)
    : core_(core), queries_(queries), keyring_exchange_(keyring_exchange) {}

Probe::~Probe() { stop(); }

void Probe::start() {
    thread_ = std::thread([this] { run(); });
}

void Probe::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

api::HealthCheck Probe::check() const {
    const std::lock_guard lock(mutex_);
    if (good_ && Clock::now() - answered_at_ > kTooOld) return {"answers", false, "no answer for some seconds"};
    return {"answers", good_, detail_};
}

void Probe::run() {
    for (;;) {
        std::string trouble = ask();
        const bool good = trouble.empty();
        {
            const std::lock_guard lock(mutex_);
            good_ = good;
            detail_ = good ? "requests are answered" : std::move(trouble);
            answered_at_ = Clock::now();
        }
        if (good) keyring_exchange_.exchange(Clock::now() + kProbePatience);
        std::unique_lock lock(mutex_);
        if (wake_.wait_for(lock, kProbeInterval, [this] { return stopping_; })) return;
    }
}

// Of nobody: what is found is nothing, by the same way. Empty: all was answered.
std::string Probe::ask() try {
    const commands::AccessSubject nobody{SubjectId{}, SessionId{}};
    const auto access = core_.run(core_.access.read(nobody, Clock::now() + kProbePatience));
    if (!access) return "a question about a session was not answered in time";
    std::vector<eventstore::StreamFrom> stream{{Uuid{}}};
    const auto read = core_.run(core_.store.read_streams(std::move(stream), Clock::now() + kProbePatience));
    if (!read) return "a read of the event store was not answered in time";
    // Tables that are missing or of another layout are the projector's matter.
    const auto row = core_.run(projections::find_user(queries_, UserId{}, Clock::now() + kProbePatience));
    if (!row && row.error() == projections::QueryError::kDeadline)
        return "a query of the read models was not answered in time";
    return {};
} catch (const std::exception& error) {
    return error.what();
}

}  // namespace keyledger::app
