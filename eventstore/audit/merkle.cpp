#include "eventstore/audit/merkle.hpp"

#include <algorithm>
#include <bit>

#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::eventstore::audit {
namespace {

using security::view_of;

Digest node(const Digest& left, const Digest& right) {
    constexpr std::string_view kNode("\x01", 1);
    return security::sha256({kNode, view_of(left), view_of(right)});
}

}  // namespace

std::optional<Frontier> Frontier::from_bytes(Position size, std::string_view bytes) {
    Frontier frontier;
    frontier.size_ = size;
    if (size < 0 || bytes.size() % Digest{}.size() != 0) return std::nullopt;
    frontier.hashes_.resize(bytes.size() / Digest{}.size());
    if (std::ssize(frontier.hashes_) != std::popcount(static_cast<std::uint64_t>(size))) return std::nullopt;
    for (Digest& hash : frontier.hashes_) {
        std::copy_n(bytes.begin(), hash.size(), hash.begin());
        bytes.remove_prefix(hash.size());
    }
    return frontier;
}

void Frontier::append(const Digest& leaf) {
    hashes_.push_back(leaf);
    // As many complete subtrees merge as the size had trailing ones.
    for (auto low = static_cast<std::uint64_t>(size_); (low & 1) != 0; low >>= 1) {
        const Digest right = hashes_.back();
        hashes_.pop_back();
        hashes_.back() = node(hashes_.back(), right);
    }
    ++size_;
}

Digest Frontier::root() const {
    if (hashes_.empty()) return security::sha256(std::string_view());
    Digest root = hashes_.back();
    for (auto left = hashes_.rbegin() + 1; left != hashes_.rend(); ++left) root = node(*left, root);
    return root;
}

std::string Frontier::to_bytes() const {
    std::string bytes;
    for (const Digest& hash : hashes_) bytes += view_of(hash);
    return bytes;
}

}  // namespace keyledger::eventstore::audit
