#pragma once
// HTTP to services of other people: providers of log-ins, key sets of clients, log-outs that applications are told of.
// Implemented in integrations/outgoing/.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/result.hpp"
#include "domain/base/secret.hpp"
#include "eventstore/store.hpp"

namespace keyledger::commands {

// Why there is no answer. Nothing of what the other side said is in it.
enum class OutgoingFault : std::uint8_t {
    kBadUrl,         // not one of https, with a host and without user or password
    kForbiddenHost,  // it is at no address of the open Internet, and configuration does not name it
    kUnknownHost,    // its name has no address
    kUnreachable,    // nobody takes a connection
    kTls,            // no TLS, or a certificate that is not believed
    kTooSlow,        // not all was there in time
    kTooLarge,       // more than the caller takes
    kBroken,         // no HTTP, or not all of it
    kRedirected,     // elsewhere, and nobody follows
    kBusy,           // too much waits here, for that host or at all
    kStopped,        // the process ends
};
// For logs and metrics: "too-slow".
std::string_view name_of(OutgoingFault fault);

struct OutgoingBody {
    std::string type{};  // its media type
    Secret content{};
};
struct OutgoingField {
    std::string name{};
    Secret value{};
};
struct OutgoingRequest {
    std::string url{};
    std::string accept{};                      // the media type that is wanted; empty: any
    Secret authorization{};                    // the field's value; empty: no such field
    std::vector<OutgoingField> fields{};       // more of them, none that is one of the above
    std::optional<OutgoingBody> body{};        // with one it is a POST, without one a GET
    std::size_t most_bytes = 256 * 1024;       // of the answer's body
    std::chrono::milliseconds within{10'000};  // as a whole, with what it waits here
};
// Of whatever status but 1xx and 3xx.
struct OutgoingAnswer {
    int status = 0;
    std::string type{};  // its media type with parameters, as it came
    std::string body{};
};

// Thread-safe.
class Outgoing {
public:
    virtual ~Outgoing() = default;
    // Goes on on the caller's executor, at `deadline` at the latest. A request may arrive twice, and whatever has no
    // answer may have arrived.
    virtual boost::asio::awaitable<Result<OutgoingAnswer, OutgoingFault>> ask(OutgoingRequest request,
                                                                              eventstore::Deadline deadline) = 0;
};

}  // namespace keyledger::commands
