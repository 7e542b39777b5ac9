#pragma once
// The log as a file that an auditor takes away: one JSON object a line (NDJSON), an event each, in the stored form
// (sealed fields stay sealed), and a manifest beside it, "<file>.manifest.json".
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/time.hpp"
#include "eventstore/audit/merkle.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore::audit {

inline constexpr std::size_t kMaxExportLine = 1024 * 1024;

// {"position":…,"recorded_at_ms":…,"leaf_hash":…,"tenant":…,"stream_type":…,"stream_id":…,"version":…,"type":…,
// "schema_version":…,"event_id":…,"payload":{…},"metadata":{…}}, without a newline.
std::string export_line(const RecordedEvent& event);
// Throws CodecError that says what is wrong.
RecordedEvent parse_export_line(std::string_view line);

struct Manifest {
    Uuid log_id;
    std::int64_t events = 0;  // positions 1 to this
    Digest root{};            // of the Merkle tree over them
    Instant exported_at;
    std::string tree_head;  // the newest signed note that the exporter knew; may be empty
};
std::string manifest_path(const std::string& export_path);
std::string manifest_text(const Manifest& manifest);
Manifest parse_manifest(std::string_view text);  // throws CodecError

// Reads the lines of such a file, with memory for one. Throws CodecError for a line that is none or is above
// kMaxExportLine, std::runtime_error when the file fails.
class ExportReader {
public:
    explicit ExportReader(const std::string& path);
    std::optional<RecordedEvent> next();
    // The next line as it stands, whatever that is, until another is read; and what it says.
    std::optional<std::string_view> next_line();
    RecordedEvent parsed(std::string_view line) const;
    std::int64_t line() const { return line_; }

private:
    [[noreturn]] void refuse(const std::string& reason) const;

    const std::string path_;
    std::vector<char> read_ahead_;  // of the file, which it outlives
    std::ifstream in_;
    std::vector<char> buffer_;  // of a line
    std::int64_t line_ = 0;
};

}  // namespace keyledger::eventstore::audit
