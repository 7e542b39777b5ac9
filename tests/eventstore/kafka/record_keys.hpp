#pragma once
// Keys for the MACs of records, the same in every process of the tests.
#include <string>
#include <utility>

#include "eventstore/event_macs.hpp"

namespace keyledger::test {

class RecordKeys : public eventstore::EventMacs {
public:
    explicit RecordKeys(std::vector<std::string> ids = {"key1"}) : ids_(std::move(ids)) {}

    std::shared_ptr<const security::HmacKey> key(std::string_view key_id, const Uuid& log_id) const override {
        for (const std::string& id : ids_)
            if (id == key_id) return eventstore::event_mac_key(std::string(32, 'k') + id, id, log_id);
        return nullptr;
    }
    std::vector<std::string> writing_keys() const override { return ids_; }
    std::string sign(std::string_view, std::string_view) const override { return {}; }  // no records need it
    std::optional<std::string> open(std::string_view) const override { return std::nullopt; }

private:
    std::vector<std::string> ids_;  // the newest first
};

}  // namespace keyledger::test
