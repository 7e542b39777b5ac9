#pragma once
// What is known of the servers that the service needs, from what its own parts saw of them; for Outage. Pure.
//
// Empty: it is there; nullopt: nothing is known by this. Otherwise why it can't be used, without a secret.
#include <optional>
#include <span>
#include <string>

#include "eventstore/kafka/publishing/publisher_status.hpp"
#include "mail/delivery.hpp"

namespace keyledger::app {

// Of all outputs of this process; of none nothing is known.
std::optional<std::string> trouble_with_kafka(std::span<const eventstore::kafka::PublisherStatus> outputs);

// Nothing of it where none was asked. Whatever it answers to a mail, it is there.
std::optional<std::string> trouble_with_mail_server(const mail::Delivery& delivery);

}  // namespace keyledger::app
