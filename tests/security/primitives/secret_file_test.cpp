#include "security/primitives/secret_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace keyledger::security {
namespace {

struct stat file_of(uid_t owner, mode_t mode) {
    struct stat status = {};
    status.st_uid = owner;
    status.st_mode = S_IFREG | mode;
    return status;
}
bool is_taken(uid_t owner, mode_t mode) { return !what_is_wrong_with_secret_file("f", file_of(owner, mode)); }

TEST(SecretFile, IsItsOwnersAlone) {
    for (const mode_t mode : {0400, 0600, 0700}) EXPECT_TRUE(is_taken(::geteuid(), mode)) << mode;
    for (const mode_t bit : {0001, 0002, 0004, 0010, 0020}) EXPECT_FALSE(is_taken(::geteuid(), 0600 | bit)) << bit;
    EXPECT_NE(what_is_wrong_with_secret_file("f", file_of(::geteuid(), 0644))->find("chmod 600"), std::string::npos);
}

// As Kubernetes and Docker mount secrets for a service that is not root.
TEST(SecretFile, OfRootMayBeReadByAGroup) {
    for (const mode_t mode : {0400, 0600, 0440, 0640}) EXPECT_TRUE(is_taken(0, mode)) << mode;
    for (const mode_t mode : {0660, 0650, 0644, 0444, 0602}) EXPECT_FALSE(is_taken(0, mode)) << mode;
}

TEST(SecretFile, IsNobodyElses) {
    const uid_t other = ::geteuid() + 4711;
    EXPECT_FALSE(is_taken(other, 0600));
    EXPECT_FALSE(is_taken(other, 0640));
    if (::geteuid() != 0) {
        EXPECT_FALSE(is_taken(::geteuid(), 0640)) << "a group is root's to choose";
    }
}

// What decides how the service runs may be read by all, and changed by nobody else.
TEST(TrustedFile, IsChangedByItsOwnerOrRootAlone) {
    const auto is_trusted = [](uid_t owner, mode_t mode) {
        return !what_is_wrong_with_trusted_file("f", file_of(owner, mode));
    };
    for (const uid_t owner : {uid_t{0}, ::geteuid()}) {
        for (const mode_t mode : {0400, 0444, 0600, 0644, 0755}) EXPECT_TRUE(is_trusted(owner, mode)) << mode;
        for (const mode_t mode : {0664, 0646, 0666, 0620, 0602}) EXPECT_FALSE(is_trusted(owner, mode)) << mode;
    }
    EXPECT_FALSE(is_trusted(::geteuid() + 4711, 0644));
    struct stat folder = file_of(0, 0755);
    folder.st_mode = S_IFDIR | 0755;
    EXPECT_TRUE(what_is_wrong_with_trusted_file("f", folder));
}

TEST(SecretFile, IsARegularFileThatIsThere) {
    EXPECT_TRUE(what_is_wrong_with_secret_file("/"));
    EXPECT_TRUE(what_is_wrong_with_secret_file("/dev/null"));
    EXPECT_NE(what_is_wrong_with_secret_file("/no/such")->find("/no/such"), std::string::npos);
}

}  // namespace
}  // namespace keyledger::security
