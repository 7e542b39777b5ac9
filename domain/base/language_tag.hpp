#pragma once
// Languages, as people and browsers name them (BCP 47: RFC 5646). Pure; any thread.
#include <optional>
#include <string>
#include <string_view>

namespace keyledger {

inline constexpr std::size_t kMaxLanguageTagBytes = 35;  // RFC 5646 section 4.4.1: what a tag needs at most

// A well-formed tag, in the case of RFC 5646 section 2.1.1 (`de-Latn-AT`); nullopt: it is none. A language of two to
// eight letters, then script, region, variants, extensions and private use in their order, none of them twice. Whether
// anybody registered what it says is not asked. Tags of private use alone (`x-…`) and the irregular ones of before RFC
// 4646 are refused: no text is written in them.
std::optional<std::string> parse_language_tag(std::string_view text);

// What may stand in clear for good of what somebody reads: language, script and region (`de-Latn-AT`), which many
// share. Variants, extensions and private use are left out, and so is a language of more than three letters: then it is
// empty. `tag` is well-formed.
std::string shared_part_of(std::string_view tag);

}  // namespace keyledger
