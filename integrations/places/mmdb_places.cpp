#include "integrations/places/mmdb_places.hpp"

#include <maxminddb.h>

#include <array>
#include <system_error>

namespace keyledger::integrations {
namespace {

using File = std::shared_ptr<MMDB_s>;

constexpr std::size_t kMostCityBytes = 128;

Result<File, std::string> opened(const std::string& path) {
    auto file = std::make_unique<MMDB_s>();
    const int status = MMDB_open(path.c_str(), MMDB_MODE_MMAP, file.get());
    if (status != MMDB_SUCCESS) return Unexpected(std::string(MMDB_strerror(status)));
    return File(file.release(), [](MMDB_s* one) {
        MMDB_close(one);
        delete one;
    });
}

std::filesystem::file_time_type changed(const std::string& path) {
    std::error_code none;
    return std::filesystem::last_write_time(path, none);
}

template <std::size_t n>
std::optional<MMDB_entry_data_s> value_at(MMDB_entry_s& entry, const std::array<const char*, n>& path, int type) {
    MMDB_entry_data_s data{};
    if (MMDB_aget_value(&entry, &data, path.data()) != MMDB_SUCCESS || !data.has_data ||
        data.type != static_cast<std::uint32_t>(type))
        return std::nullopt;
    return data;
}
template <std::size_t n>
std::string text_at(MMDB_entry_s& entry, const std::array<const char*, n>& path, std::size_t at_most) {
    const auto data = value_at(entry, path, MMDB_DATA_TYPE_UTF8_STRING);
    if (!data || data->data_size > at_most) return {};
    return {data->utf8_string, data->data_size};
}

bool is_country(const std::string& code) {
    const auto is_letter = [](char c) { return c >= 'A' && c <= 'Z'; };
    return code.size() == 2 && is_letter(code[0]) && is_letter(code[1]);
}

}  // namespace

Result<std::unique_ptr<MmdbPlaces>, std::string> MmdbPlaces::open(std::string path) {
    const auto changed_at = changed(path);
    KEYLEDGER_TRY(file, opened(path));
    return std::unique_ptr<MmdbPlaces>(new MmdbPlaces(std::move(path), std::move(*file), changed_at));
}

MmdbPlaces::File MmdbPlaces::newest() const {
    const std::lock_guard lock(mutex_);
    const Time now = std::chrono::steady_clock::now();
    if (now - looked_at_ < kPlacesLookedAtEvery) return file_;
    looked_at_ = now;
    const auto changed_at = changed(path_);
    if (changed_at == changed_at_) return file_;
    changed_at_ = changed_at;
    if (auto file = opened(path_)) file_ = std::move(*file);
    return file_;
}

commands::Place MmdbPlaces::find(const std::string& address) const {
    const File file = newest();
    int not_an_address = 0;
    int status = MMDB_SUCCESS;
    MMDB_lookup_result_s found = MMDB_lookup_string(file.get(), address.c_str(), &not_an_address, &status);
    commands::Place place;
    if (not_an_address != 0 || status != MMDB_SUCCESS || !found.found_entry) return place;
    place.country = text_at(found.entry, std::array{"country", "iso_code", static_cast<const char*>(nullptr)}, 2);
    if (!is_country(place.country)) return {};
    place.city =
        text_at(found.entry, std::array{"city", "names", "en", static_cast<const char*>(nullptr)}, kMostCityBytes);
    const std::array<const char*, 3> latitude{"location", "latitude", nullptr};
    const std::array<const char*, 3> longitude{"location", "longitude", nullptr};
    const auto north = value_at(found.entry, latitude, MMDB_DATA_TYPE_DOUBLE);
    const auto east = value_at(found.entry, longitude, MMDB_DATA_TYPE_DOUBLE);
    if (north && east) place.at = {north->double_value, east->double_value};
    return place;
}

}  // namespace keyledger::integrations
