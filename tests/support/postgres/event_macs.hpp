#pragma once
// Keys for the MACs of events, the same in every run; and notes that carry their digest in place of a signature.
#include <memory>
#include <set>
#include <string>

#include "eventstore/event_macs.hpp"
#include "eventstore/log_facts.hpp"

namespace keyledger::eventstore::postgres {
class Authenticity;
}

namespace keyledger::test {

inline constexpr const char* kMacKey = "mac-1";

// Holds the keys that it is given the ids of; the last one is the newest.
class TestMacs : public eventstore::EventMacs {
public:
    explicit TestMacs(std::vector<std::string> ids = {kMacKey}) : ids_(std::move(ids)) {}
    std::shared_ptr<const security::HmacKey> key(std::string_view key_id, const Uuid& log_id) const override;
    std::vector<std::string> writing_keys() const override { return {ids_.rbegin(), ids_.rend()}; }
    std::string sign(std::string_view name, std::string_view text) const override;
    std::optional<std::string> open(std::string_view note) const override;

private:
    std::vector<std::string> ids_;
};

std::shared_ptr<const TestMacs> event_macs();
// Of a process of its own.
std::shared_ptr<eventstore::postgres::Authenticity> authenticity();
// For whoever appends to a log by hand.
eventstore::WritingKey writing_key(const Uuid& log_id);

}  // namespace keyledger::test
