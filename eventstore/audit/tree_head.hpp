#pragma once
// Tree heads: what the log was at a given number of events, signed with a key that the database does not hold. The
// text that is signed is a C2SP tlog-checkpoint:
//
//     keyledger/<log id>
//     <size>
//     <root, base64>
//     time <milliseconds since 1970>
//
// and the whole is a C2SP signed note (security/primitives/note.hpp). Heads are kept in files one after the
// other, each followed by an empty line.
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore::audit {

inline constexpr std::size_t kMaxNoteBytes = 4096;

struct TreeHead {
    Uuid log_id;
    Position size = 0;  // the head of the log then: positions 1 to this
    Digest root{};
    Instant made_at;
    bool operator==(const TreeHead&) const = default;
};
// A head with the note that it was read from.
struct SignedTreeHead {
    TreeHead head;
    std::string note;
};

std::string origin_of(const Uuid& log_id);
std::string checkpoint_text(const TreeHead& head);
// Extension lines that it does not know are ignored; nullopt for what is no checkpoint of a Keyledger log.
std::optional<TreeHead> parse_checkpoint(std::string_view text);

// The signed text of a note, if a known key signed it; else a sentence that says what is wrong.
using OpenNote = std::function<Result<std::string, std::string>(std::string_view note)>;
Result<SignedTreeHead, std::string> open_tree_head(std::string_view note, const OpenNote& open);

// The notes in a text such as a file of tree heads, in their order. What is no note (a line torn by a crash) is left
// out; `torn` counts such pieces.
struct Notes {
    std::vector<std::string> notes;
    std::size_t torn = 0;
};
Notes split_notes(std::string_view text);

}  // namespace keyledger::eventstore::audit
