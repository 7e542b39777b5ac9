#pragma once
// Places from a file in MaxMind's format (MaxMind DB File Format Specification 2.0), such as GeoLite2 City or DB-IP's.
// It is mapped, and mapped anew when another one has taken its place: whoever updates it renames the new file over the
// old one. Any thread.
#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "commands/devices/places.hpp"
#include "domain/base/result.hpp"

struct MMDB_s;

namespace keyledger::integrations {

// How often the file is looked at, by whoever asks next.
inline constexpr std::chrono::seconds kPlacesLookedAtEvery{60};

class MmdbPlaces : public commands::Places {
public:
    // Why it can't be used: it is missing, or no such file.
    static Result<std::unique_ptr<MmdbPlaces>, std::string> open(std::string path);
    // An address that the file does not have, a private one among them, is at no known place. A file that went bad
    // meanwhile changes nothing: the one before stays in use.
    commands::Place find(const std::string& address) const override;

private:
    using File = std::shared_ptr<MMDB_s>;
    using Time = std::chrono::steady_clock::time_point;
    MmdbPlaces(std::string path, File file, std::filesystem::file_time_type changed_at)
        : path_(std::move(path)), file_(std::move(file)), changed_at_(changed_at) {}
    File newest() const;

    const std::string path_;
    mutable std::mutex mutex_;
    mutable File file_;
    mutable std::filesystem::file_time_type changed_at_;
    mutable Time looked_at_ = std::chrono::steady_clock::now();
};

}  // namespace keyledger::integrations
