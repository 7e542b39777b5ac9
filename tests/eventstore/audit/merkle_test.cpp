#include "eventstore/audit/merkle.hpp"

#include <gtest/gtest.h>

#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/primitives/hex.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::eventstore::audit;

namespace {

std::string hex(const Digest& digest) { return security::hex_encode(security::view_of(digest)); }
Digest leaf(std::string_view data) { return security::sha256({std::string_view("\0", 1), data}); }

// Section 2.1 of RFC 6962 as it is written: the definition by recursion, which the frontier must agree with.
Digest merkle_tree_hash(std::span<const Digest> leaves) {
    if (leaves.empty()) return security::sha256(std::string_view());
    if (leaves.size() == 1) return leaves.front();
    std::size_t k = 1;
    while (2 * k < leaves.size()) k *= 2;
    const Digest left = merkle_tree_hash(leaves.first(k));
    const Digest right = merkle_tree_hash(leaves.subspan(k));
    return security::sha256({"\x01", security::view_of(left), security::view_of(right)});
}

}  // namespace

// The leaves and roots that implementations of RFC 6962 test themselves with.
TEST(Frontier, GivesTheKnownRootsOfRfc6962) {
    const char* leaves[] = {
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
    const char* roots[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                           "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                           "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                           "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                           "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                           "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                           "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                           "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    Frontier frontier;
    EXPECT_EQ(hex(frontier.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (std::size_t i = 0; i < std::size(leaves); ++i) {
        frontier.append(leaf(security::hex_decode(leaves[i]).value()));
        EXPECT_EQ(hex(frontier.root()), roots[i]) << i;
    }
}

TEST(Frontier, AgreesWithTheDefinitionAndGoesOnFromItsBytes) {
    std::vector<Digest> leaves;
    Frontier frontier;
    for (int size = 1; size <= 300; ++size) {
        leaves.push_back(leaf(std::to_string(size)));
        frontier.append(leaves.back());
        ASSERT_EQ(frontier.size(), size);
        ASSERT_EQ(frontier.root(), merkle_tree_hash(leaves)) << size;
        const std::string bytes = frontier.to_bytes();
        EXPECT_LE(bytes.size(), 32 * Frontier::kMaxHashes);
        auto restored = Frontier::from_bytes(size, bytes);
        ASSERT_TRUE(restored);
        frontier = *restored;
    }
    EXPECT_FALSE(Frontier::from_bytes(3, frontier.to_bytes())) << "as many hashes as the size has bits";
    EXPECT_FALSE(Frontier::from_bytes(1, "short"));
    EXPECT_FALSE(Frontier::from_bytes(-1, ""));
    EXPECT_TRUE(Frontier::from_bytes(0, ""));
}
