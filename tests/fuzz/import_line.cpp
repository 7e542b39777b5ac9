// A line of an import of users, up to what the command takes.
#include "app/import/import_line.hpp"

#include "security/passwords/imported_hash.hpp"
#include "security/primitives/utf8.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace keyledger::fuzz {

void import_line(std::string_view input) {
    const auto line = app::read_import_line(input);
    if (!line) {
        promise(!line.error().empty(), "whoever is refused is told why");
        return;
    }
    promise(!line->user.email.empty(), "somebody has an address");
    for (const auto& text : {std::optional(line->user.email), line->user.username, line->user.name, line->user.locale})
        promise(!text || (security::code_points_of(*text) && text->find('\0') == text->npos), "a text is a text");
    promise(line->roles.size() <= app::kMaxImportRoles, "roles are few");
    promise(line->user.hash.has_value() == !line->cost.empty(), "a hash has its cost");
    if (!line->user.hash) return;
    const std::string_view stored = line->user.hash->reveal();
    promise(security::is_imported(stored), "it says that it was imported");
    promise(security::read_imported_hash(stored.substr(security::kImportedPrefix.size())).has_value(), "it is one");
    promise(security::read_imported_hash(line->decoy).has_value(), "and so is its decoy");
}

}  // namespace keyledger::fuzz
