#include "api/pages/assets.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <stdexcept>

#include "api/pages/compiled_files.hpp"

namespace keyledger::api {
namespace {

constexpr std::string_view kFolder = "assets/";
constexpr std::size_t kDigestBytes = 16;
constexpr std::string_view kStyle = "style.css";

// FNV-1a: two texts of ours have two names. Nobody else chooses a text, so that it need not withstand anybody.
std::string digest_of(std::string_view text) {
    std::uint64_t hash = 14695981039346656037U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    std::array<char, kDigestBytes + 1> digits{};
    std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(hash));
    return digits.data();
}

// Empty: it is no asset.
std::string_view content_type_of(std::string_view name) {
    if (name.ends_with(".css")) return "text/css; charset=utf-8";
    if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
    if (name.ends_with(".svg")) return "image/svg+xml";
    return {};
}

std::string served_name(std::string_view name, std::string_view text) {
    const auto dot = name.rfind('.');
    return std::string(name.substr(0, dot)) + "-" + digest_of(text) + std::string(name.substr(dot));
}

}  // namespace

Assets::Assets(std::string_view style) {
    for (const StaticFile& file : compiled_files()) {
        if (content_type_of(file.name).empty()) continue;
        const bool is_replaced = file.name == kStyle && !style.empty();
        const std::string_view text = is_replaced ? style : file.text;
        assets_.push_back({std::string(file.name), std::string(kFolder) + served_name(file.name, text),
                           content_type_of(file.name), std::string(text),
                           is_replaced ? std::nullopt : std::optional(file)});
    }
}

const std::string& Assets::path(std::string_view name) const {
    for (const Asset& asset : assets_)
        if (asset.name == name) return asset.path;
    throw std::out_of_range("pages: no such asset");
}

std::optional<Assets::Found> Assets::find(std::string_view served_as) const {
    for (const Asset& asset : assets_) {
        const std::string_view own = std::string_view(asset.path).substr(kFolder.size());
        if (own == served_as) return Found{&asset, true};
        const auto begins = own.substr(0, own.size() - kDigestBytes - (asset.name.size() - asset.name.rfind('.')));
        const auto ends = std::string_view(asset.name).substr(asset.name.rfind('.'));
        if (served_as.size() == own.size() && served_as.starts_with(begins) && served_as.ends_with(ends))
            return Found{&asset, false};
    }
    return std::nullopt;
}

}  // namespace keyledger::api
