#include "app/core/page_files.hpp"

#include <stdexcept>

#include "app/core/template_folder.hpp"

namespace keyledger::app {
namespace {

constexpr const char* kSetting = "KEYLEDGER_PAGE_TEMPLATES";

api::PageOptions page_options(const Config& config) {
    return {config.page_templates, config.mail.from_name, config.mail.language, config.has_docs};
}

}  // namespace

std::vector<std::string> page_faults(const Config& config) {
    std::vector<std::string> faults = untrusted_templates(kSetting, config.page_templates);
    if (const auto pages = api::Pages::load(page_options(config)); !pages)
        for (const std::string& sentence : pages.error()) faults.push_back(std::string(kSetting) + ": " + sentence);
    return faults;
}

api::Pages load_pages(const Config& config) {
    const auto faults = page_faults(config);
    if (!faults.empty()) throw std::invalid_argument(faults.front());
    return std::move(*api::Pages::load(page_options(config)));
}

}  // namespace keyledger::app
