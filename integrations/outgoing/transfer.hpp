#pragma once
// One request on its way through libcurl. Of one thread.
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "commands/runtime/outgoing.hpp"
#include "eventstore/async_answer.hpp"
#include "integrations/outgoing/destination.hpp"
#include "integrations/outgoing/outgoing_options.hpp"

namespace keyledger::integrations {

class Transfer {
public:
    using Time = std::chrono::steady_clock::time_point;
    using Outcome = Result<commands::OutgoingAnswer, commands::OutgoingFault>;
    using Answer = eventstore::AsyncAnswer<commands::OutgoingAnswer, commands::OutgoingFault>;

    Transfer(commands::OutgoingRequest request, Destination to, Time deadline, Answer answer);
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;
    ~Transfer();

    const std::string& place() const { return to_.place; }
    Time deadline() const { return deadline_; }
    // Makes libcurl's handle. Throws std::bad_alloc.
    void make_ready(const OutgoingOptions& options, Time now);
    void* handle() const;
    // `result` is libcurl's.
    void finish(int result);
    void fail(commands::OutgoingFault fault) { answer_(Unexpected(fault)); }

private:
    struct Curl;

    void set_rules(const OutgoingOptions& options);
    void set_content();
    void set_receivers();
    Outcome outcome_of(int result);
    bool take_body(const char* bytes, std::size_t size) noexcept;
    bool take_head(std::size_t size) noexcept;
    int open_socket(void* address) noexcept;

    const commands::OutgoingRequest request_;
    const Destination to_;
    const Time deadline_;
    Answer answer_;
    commands::OutgoingAnswer received_;
    std::size_t head_bytes_ = 0;
    bool is_too_large_ = false;
    bool met_forbidden_address_ = false;
    std::unique_ptr<Curl> curl_;
};

}  // namespace keyledger::integrations
