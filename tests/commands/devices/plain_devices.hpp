#pragma once
// Stand-ins for what tells devices and places apart.
#include <optional>
#include <string>

#include "commands/devices/device_ids.hpp"
#include "commands/devices/places.hpp"

namespace keyledger::test {

// What it seals begins with "ours:", so that a test can tell it from what it is not.
class PlainDeviceIds : public commands::DeviceIds {
public:
    std::string make() override { return "device" + std::to_string(++made_); }
    std::string seal(std::string_view kept_id) override { return "ours:" + std::string(kept_id); }
    std::optional<std::string> open(std::string_view sealed) override {
        if (!sealed.starts_with("ours:")) return std::nullopt;
        return std::string(sealed.substr(5));
    }

private:
    int made_ = 0;
};

class PlainPlaces : public commands::Places {
public:
    commands::Place find(const std::string& address) const override {
        if (address == "192.0.2.7") return {"DE", "Berlin", commands::Coordinates{52.5, 13.4}};
        if (address == "198.51.100.7") return {"AU", "Sydney", commands::Coordinates{-33.9, 151.2}};
        return {};
    }
};

}  // namespace keyledger::test
