#pragma once
// What pages load: the style sheet, the icon, scripts. Each is served under a name that has a digest of its text in it,
// so that browsers keep it for good. Immutable; any thread.
//
//     assets.path("style.css")          // "assets/style-1f0c6a9e2b7d4583.css"
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/wire/static_file.hpp"

namespace keyledger::api {

struct Asset {
    std::string name;  // "style.css"
    std::string path;  // below the root of the service, without a slash before it
    std::string_view content_type;
    std::string text;
    std::optional<StaticFile> compiled_in{};  // nullopt: an operator's, in the place of ours
};

class Assets {
public:
    // All that is compiled in, `style` in place of the style sheet if it is not empty.
    explicit Assets(std::string_view style = {});

    // Throws std::out_of_range of a name that is not there: they are the code's own.
    const std::string& path(std::string_view name) const;

    struct Found {
        const Asset* asset;
        bool is_this_text;  // false: the name is of another text of that file, as a node of another version tells it
    };
    // By what stands behind "/assets/".
    std::optional<Found> find(std::string_view served_as) const;

private:
    std::vector<Asset> assets_;
};

}  // namespace keyledger::api
