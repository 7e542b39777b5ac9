#pragma once
// Everybody who hears of requests, as the one that the listener knows.
#include "api/http/server.hpp"
#include "app/observing/access_log.hpp"
#include "app/observing/trace_recorder.hpp"

namespace keyledger::app {

// All outlive it; the log of accesses and the recorder may be null.
class Observers : public api::ServerObserver {
public:
    Observers(api::ServerObserver& metrics, AccessLog* access_log, TraceRecorder* recorder)
        : metrics_(metrics), access_log_(access_log), recorder_(recorder) {}

    void on_request(const api::Request& request, int status, std::int64_t duration_ns) noexcept override {
        metrics_.on_request(request, status, duration_ns);
    }
    void on_failure(const api::Request* request, std::string_view what) noexcept override;
    void on_sent(const api::Request& request, const api::SentAnswer& answer) noexcept override;

private:
    void record(const api::Request& request, const api::SentAnswer& answer) noexcept;

    api::ServerObserver& metrics_;
    AccessLog* const access_log_;
    TraceRecorder* const recorder_;
};

}  // namespace keyledger::app
