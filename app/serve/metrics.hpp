#pragma once
// What /metrics shows, in Prometheus' text format. Counters of requests are kept here; everything else is read from
// its owner at each scrape. Any thread.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/http/server.hpp"

namespace keyledger::app {

class Metrics : public api::ServerObserver {
public:
    Metrics();
    ~Metrics() override;

    void on_request(const api::Request& request, int status, std::int64_t duration_ns) noexcept override;
    void on_failure(const api::Request* request, std::string_view what) noexcept override;

    // A value that is read when somebody scrapes. `labels` as {name, value} pairs.
    struct Sample {
        std::string name;
        std::string help;
        std::vector<std::pair<std::string, std::string>> labels;
        double value = 0;
    };
    using Source = std::function<std::vector<Sample>()>;
    // Before the first scrape; what it captures outlives this object's last scrape.
    void add(Source source);

    std::string scrape();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace keyledger::app
