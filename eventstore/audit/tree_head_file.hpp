#pragma once
// A file of tree heads, to be kept where writers of the database have no access. Only appended to.
#include <optional>
#include <string>

#include "eventstore/audit/tree_head.hpp"

namespace keyledger::eventstore::audit {

// One write of the note and an empty line, then to the disk; made with mode 0644 if it is not there. The error says
// what is wrong.
Result<void, std::string> append_note(const std::string& path, const std::string& note);

// The whole file; an error if it can't be read. A file that is not there holds no notes.
Result<Notes, std::string> read_notes(const std::string& path);

// Those in the last 64 KiB, some 200: what a start needs, however long the file has become.
Result<Notes, std::string> read_last_notes(const std::string& path);

// Of the notes that open, the head of that log with the most events. `unopened` counts those that don't open.
struct NewestHead {
    std::optional<SignedTreeHead> head;
    std::size_t unopened = 0;
};
NewestHead newest_of(const Notes& notes, const Uuid& log_id, const OpenNote& open);

}  // namespace keyledger::eventstore::audit
