// Tree heads that an auditor was given: raw notes, texts that were rightly signed, and the keys that open
// them.
#include "security/primitives/note.hpp"

#include "eventstore/audit/tree_head.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace keyledger::fuzz {
namespace {

using namespace eventstore::audit;

constexpr const char* kName = "log.example.com";

const security::SigningKey& signing_key() {
    static const auto key = security::SigningKey::generate(security::SigningAlgorithm::kEdDsa);
    return key;
}

Result<std::string, std::string> open(std::string_view note) {
    static const std::vector<security::NoteKey> keys = {security::note_key(kName, signing_key())};
    return security::open_note(note, keys);
}

void check_signed(std::string_view text) {
    const std::string note = security::sign_note(text, kName, signing_key());
    const auto opened = open(note);
    if (text.ends_with('\n')) promise(opened && *opened == text, "what was signed opens");
    std::string changed = note;
    changed[text.size() / 2] ^= 1;
    const auto other = open(changed);
    promise(!other || *other == text, "what was changed does not open");
    const auto head = open_tree_head(note, open);
    promise(!head || head->note == note, "a tree head keeps its note");
    if (!head) return;
    promise(head->head.size >= 0, "a tree has a size");
    if (!text.ends_with('\n')) return;
    const Notes found = split_notes(note + "\n" + note);
    promise(found.torn == 0 && found.notes == std::vector<std::string>{note, note}, "a file gives its notes");
}

}  // namespace

void note(std::string_view input) {
    promise(!open(input), "nobody else signs");
    for (const std::string& note : split_notes(input).notes)
        promise(split_notes(note).notes.size() == 1, "a note is one note");
    if (const auto head = parse_checkpoint(input))
        promise(parse_checkpoint(checkpoint_text(*head)) == head, "a tree head reads as itself");
    if (const auto key = security::parse_note_key(input)) {
        const auto again = security::parse_note_key(key->to_string());
        promise(again && again->to_string() == key->to_string(), "a key reads as itself");
    }
    if (!input.empty()) check_signed(input);
}

}  // namespace keyledger::fuzz
