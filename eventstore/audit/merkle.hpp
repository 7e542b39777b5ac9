#pragma once
// The Merkle tree of RFC 6962 section 2.1 over the leaf hashes of the log: leaf i is the event at position i + 1.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/store.hpp"

namespace keyledger::eventstore::audit {

// The right edge of a growing tree: the roots of its complete subtrees, largest first, one for each bit that is set
// in its size. This is enough to append further leaves, and to compute the root.
class Frontier {
public:
    static constexpr std::size_t kMaxHashes = 64;

    Frontier() = default;
    // From to_bytes(); nullopt unless it has as many hashes as the size has bits.
    static std::optional<Frontier> from_bytes(Position size, std::string_view bytes);

    void append(const Digest& leaf);  // a leaf hash: already SHA-256(0x00 || record)
    Position size() const { return size_; }
    Digest root() const;  // of no leaf: SHA-256 of nothing
    std::string to_bytes() const;

private:
    Position size_ = 0;
    std::vector<Digest> hashes_;
};

}  // namespace keyledger::eventstore::audit
