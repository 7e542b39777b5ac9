#pragma once
// What every page is made of, and pages drawn by it: a template, a style sheet, words. They are compiled in; an
// operator's files take the place of template and style sheet (docs/pages.md). Built once; immutable; any thread.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/pages/assets.hpp"
#include "api/pages/page.hpp"
#include "api/requests/response.hpp"
#include "domain/base/result.hpp"

namespace keyledger::api {

inline constexpr std::string_view kPageTemplate = "page.mustache";
inline constexpr std::string_view kPageStyle = "style.css";
inline constexpr std::size_t kMostPageFileBytes = 64 * 1024;

struct PageOptions {
    std::string folder{};  // empty: only what is compiled in
    std::string service_name = "Keyledger";
    std::string language = "en";  // of readers whose own is not among those that there are
    bool has_docs = true;         // whether the API is shown at /docs
};

// Who looks at a page.
struct Reader {
    Language language = Language::kEnglish;
    std::string root{};  // from the page to the root of the service: "../" for each folder
};

class Pages {
public:
    // Reads and checks everything. The error: sentences that name the file.
    static Result<Pages, std::vector<std::string>> load(const PageOptions& options);

    const Assets& assets() const noexcept { return assets_; }
    Language default_language() const noexcept { return default_language_; }
    bool has_docs() const noexcept { return has_docs_; }

    // Everything that the page says is text: what would be markup is escaped.
    Response show(const Reader& reader, int status, const Page& page) const;

private:
    Pages(std::string layout, std::string_view style, std::string service_name, Language language);

    std::string template_;
    Assets assets_;
    std::string service_name_;
    Language default_language_;
    bool has_docs_ = true;
};

}  // namespace keyledger::api
