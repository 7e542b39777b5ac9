#pragma once
// The texts of mail: for each language and kind a subject, plain text and HTML, the latter two within a layout. They
// are compiled in; an operator's folder replaces or adds files (docs/mail.md). Immutable; any thread.
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/result.hpp"
#include "mail/kinds.hpp"

namespace keyledger::mail {

inline constexpr std::size_t kMostTemplateFaults = 100;  // that are told at once

// Sentences that name file and line.
struct TemplateFaults {
    std::vector<std::string> sentences;
};

struct Rendered {
    std::string language;  // a tag
    std::string subject;   // one line
    std::string text;
    std::string html;
};

// Facts that a kind needs and a caller did not give, or a link that is none.
struct MissingFact {
    std::string_view name;
};

class Templates {
public:
    // Reads and checks everything. `folder` empty: only what is compiled in.
    static Result<Templates, TemplateFaults> load(const std::string& folder);

    Templates(Templates&&) noexcept;
    Templates& operator=(Templates&&) noexcept;
    ~Templates();

    // Tags (BCP 47), as the folders are named.
    std::vector<std::string> languages() const;
    // Lookup (RFC 4647 section 3.4) over languages(), for the ranges in their order; `fallback` if none fits.
    std::string look_up(const std::vector<std::string>& wanted, std::string_view fallback) const;

    // `language` is one of languages(), or std::out_of_range is thrown. `service` is what the service is called, `name`
    // what the reader is (empty: without).
    Result<Rendered, MissingFact> render(Kind kind, std::string_view language, std::string_view service,
                                         std::string_view name, const Facts& facts) const;

private:
    struct Language;
    using Languages = std::map<std::string, std::unique_ptr<Language>, std::less<>>;
    explicit Templates(Languages languages);
    Languages languages_;
};

}  // namespace keyledger::mail
