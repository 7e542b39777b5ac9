#pragma once
// What whoever started the service is told of its state: systemd's sd_notify(3) protocol, a datagram of lines
// NAME=VALUE to the socket that NOTIFY_SOCKET names. Without that variable nothing is sent.
#include <chrono>

namespace keyledger::app {

// Requests are taken. Also after a reload.
void tell_supervisor_ready() noexcept;
void tell_supervisor_reloading() noexcept;
void tell_supervisor_stopping() noexcept;
// The start goes on for reasons that are no fault of the service's: its supervisor waits so much longer, at least.
void tell_supervisor_waiting(const char* for_what, std::chrono::seconds at_least) noexcept;

}  // namespace keyledger::app
