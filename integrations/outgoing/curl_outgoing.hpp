#pragma once
// All outgoing HTTP of the process, by libcurl on one thread. What is bounded: size and time of each request, how many
// are under way and wait, in all and for each host. No redirects, no proxy of the environment, and no addresses but
// those of the open Internet, unless configuration names the host (addresses.hpp).
#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "commands/runtime/outgoing.hpp"
#include "integrations/outgoing/outgoing_options.hpp"

namespace keyledger::integrations {

class Transfer;

class CurlOutgoing : public commands::Outgoing {
public:
    explicit CurlOutgoing(OutgoingOptions options);
    // Stops, and joins the thread.
    ~CurlOutgoing() override;
    CurlOutgoing(const CurlOutgoing&) = delete;
    CurlOutgoing& operator=(const CurlOutgoing&) = delete;

    // May be awaited on any executor whose context outlives this object.
    boost::asio::awaitable<Result<commands::OutgoingAnswer, commands::OutgoingFault>> ask(
        commands::OutgoingRequest request, eventstore::Deadline deadline) override;
    // Returns at once, and may be called twice. What waits or is under way fails as kStopped.
    void stop();

    // For metrics.
    struct Counts {
        std::size_t asked = 0;    // that wait or are under way
        std::size_t running = 0;  // of these, under way, as the thread last saw
        std::size_t at_once = 0;
        std::size_t most_waiting = 0;
        std::uint64_t begun = 0;
        std::uint64_t shed = 0;  // there was no room, in all or for its host
    };
    Counts counts() const;

private:
    struct Multi;
    using Time = std::chrono::steady_clock::time_point;
    using TransferPtr = std::unique_ptr<Transfer>;

    void enqueue(TransferPtr transfer);
    void run();
    // Below: the thread's.
    bool take_new();  // false: it is time to stop
    void start_waiting(Time now);
    bool start(TransferPtr& transfer, Time now);
    bool finish_done();
    void fail_all();
    int patience_ms(Time now) const;
    void forget(const std::string& place);

    const OutgoingOptions options_;
    std::unique_ptr<Multi> multi_;

    mutable std::mutex mutex_;
    std::deque<TransferPtr> new_;
    std::map<std::string, std::size_t, std::less<>> asked_;  // by place: that wait or are under way
    std::size_t all_asked_ = 0;
    std::uint64_t begun_ = 0;
    std::uint64_t shed_ = 0;
    std::atomic<std::size_t> running_{0};
    bool stopped_ = false;

    std::deque<TransferPtr> waiting_;
    std::map<Transfer*, TransferPtr> under_way_;
    std::map<std::string, std::size_t, std::less<>> under_way_to_;
    std::jthread thread_;  // last: joined before the rest dies
};

}  // namespace keyledger::integrations
