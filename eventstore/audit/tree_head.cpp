#include "eventstore/audit/tree_head.hpp"

#include <algorithm>
#include <charconv>

#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"

namespace keyledger::eventstore::audit {
namespace {

constexpr std::string_view kOrigin = "keyledger/";
constexpr std::string_view kTime = "time ";
constexpr std::string_view kSignatureLine = "\u2014 ";

std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

std::optional<std::int64_t> parse_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
    if (std::to_string(value) != text) return std::nullopt;  // no leading zero, no sign
    return value;
}

}  // namespace

std::string origin_of(const Uuid& log_id) { return std::string(kOrigin) + log_id.to_string(); }

std::string checkpoint_text(const TreeHead& head) {
    return origin_of(head.log_id) + '\n' + std::to_string(head.size) + '\n' +
           security::base64_unpadded_encode(security::view_of(head.root)) + "=\n" + std::string(kTime) +
           std::to_string(head.made_at.ms()) + '\n';
}

std::optional<TreeHead> parse_checkpoint(std::string_view text) {
    TreeHead head;
    std::string_view origin = take_line(text);
    if (!origin.starts_with(kOrigin)) return std::nullopt;
    const auto log_id = Uuid::parse(origin.substr(kOrigin.size()));
    const auto size = parse_number(take_line(text));
    std::string_view root = take_line(text);
    if (!log_id || !size || root.size() != 44 || root.back() != '=') return std::nullopt;
    root.remove_suffix(1);
    const auto hash = security::base64_unpadded_decode(root);
    if (!hash || hash->size() != head.root.size()) return std::nullopt;
    head.log_id = *log_id;
    head.size = *size;
    std::copy_n(hash->begin(), head.root.size(), head.root.begin());
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (line.empty()) return std::nullopt;
        if (line.starts_with(kTime)) head.made_at = Instant::at_ms(parse_number(line.substr(kTime.size())).value_or(0));
    }
    return head;
}

Result<SignedTreeHead, std::string> open_tree_head(std::string_view note, const OpenNote& open) {
    if (note.size() > kMaxNoteBytes) return Unexpected(std::string("the note is above 4 KiB"));
    const auto text = open(note);
    if (!text) return Unexpected(text.error());
    const auto head = parse_checkpoint(*text);
    if (!head) return Unexpected(std::string("the note is signed, but it is no tree head of a Keyledger log"));
    return SignedTreeHead{*head, std::string(note)};
}

Notes split_notes(std::string_view text) {
    Notes found;
    while (!text.empty()) {
        const std::string_view from = text;
        std::string_view line = take_line(text);
        if (line.empty()) continue;
        while (!line.empty() && !text.empty()) line = take_line(text);
        std::size_t signatures = 0;
        while (line.empty() && text.starts_with(kSignatureLine) && text.find('\n') != text.npos) {
            take_line(text);
            ++signatures;
        }
        if (signatures > 0) found.notes.emplace_back(from.substr(0, from.size() - text.size()));
        else ++found.torn;
    }
    return found;
}

}  // namespace keyledger::eventstore::audit
