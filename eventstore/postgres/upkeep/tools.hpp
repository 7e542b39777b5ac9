#pragma once
// PostgreSQL's own programs, of which a machine may have several versions: pg_dump refuses a server that is newer than
// itself, and pg_restore a file of a newer pg_dump. Functions of values; any thread.
#include <chrono>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/result.hpp"

namespace keyledger::eventstore::postgres {

struct Tool {
    std::string path;
    int major = 0;  // the release of PostgreSQL that it belongs to: 15, 18
};

// The files by that name that can be run, in the order in which they are tried: in `folder` alone, if one is named;
// else in those of `search_path` (with colons between), then where Debian's and the PostgreSQL project's packages put
// them.
std::vector<std::string> places_of(const std::string& program, const std::string& folder, std::string_view search_path);

// Of what a program says of its version ("pg_dump (PostgreSQL) 17.6 (Debian …)"), or a server of its own.
std::optional<int> major_in(std::string_view words);

// Asks each which version it is; leaves out what does not answer as such a program, and within `patience`. Blocks.
std::vector<Tool> versions_of(const std::vector<std::string>& places, const std::vector<std::string>& environment,
                              std::chrono::milliseconds patience = std::chrono::seconds(10));

// Both are good, and what is between.
struct Releases {
    int least = 0;
    int most = std::numeric_limits<int>::max();
};
// Of the tools for a server; `least` may be a newer one's. From 17 on pg_restore tells the server of a setting that
// older ones refuse, and reads alone what pg_dump of 17 writes.
Releases releases_for(int server_major, int least);

// The oldest of them, for a newer one writes what older servers don't read; of equals the first.
std::optional<Tool> oldest_that_suffices(const std::vector<Tool>& tools, Releases releases);

// Which one to run, or what to install or set, in a sentence. `why` goes into it: "the server is PostgreSQL 18".
Result<Tool, std::string> find_tool(const std::string& program, Releases releases, const std::string& why,
                                    const std::string& folder, const std::vector<std::string>& environment);

// What the head of a file in PostgreSQL's custom format says (pg_backup_archiver.c, ReadHead).
struct Archive {
    int database_major = 0;  // of the server that it was taken from
    int tool_major = 0;      // of the pg_dump that wrote it
};
std::optional<Archive> archive_in(std::string_view head);
inline constexpr std::size_t kArchiveHeadBytes = 4096;  // the head is shorter, unless the database's name is absurd

}  // namespace keyledger::eventstore::postgres
