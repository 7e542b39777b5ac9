#pragma once
// Claims as they stand in the database, for the verifier that holds them against the log. Reads only; one thread.
// Throws what libpqxx throws.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/store.hpp"

namespace keyledger::eventstore::postgres {

struct ClaimRow {
    std::string kind;
    std::string key_id;
    Bytes digest;
    Uuid owner;
    bool operator==(const ClaimRow&) const = default;
};
struct StoredStream {
    Uuid id;
    std::string type;
};

class Claims {
public:
    explicit Claims(const std::string& url);
    ~Claims();

    std::int64_t count();
    // In the order of their key, from behind `last` on.
    std::vector<ClaimRow> after(const std::optional<ClaimRow>& last, int count);
    // Of any of the digests.
    std::vector<ClaimRow> of(const std::vector<Bytes>& digests);
    // Streams of these types, by id.
    std::int64_t count_streams(const std::vector<std::string_view>& types);
    std::vector<StoredStream> streams_after(const Uuid& last, const std::vector<std::string_view>& types, int count);

private:
    struct Session;
    std::unique_ptr<Session> session_;
};

}  // namespace keyledger::eventstore::postgres
