#pragma once
// A folder that dies with its test, and keyrings in it.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "security/keys/keyring.hpp"
#include "security/keys/keyring_file.hpp"
#include "security/primitives/random.hpp"

namespace keyledger::security {

inline constexpr std::int64_t kNowMs = 1'700'000'000'000;
inline constexpr std::int64_t kHourMs = 3'600'000;
inline constexpr std::int64_t kDayMs = 24 * kHourMs;

class TemporaryFolder {
public:
    TemporaryFolder() : path_(std::filesystem::temp_directory_path() / ("keyledger-" + uuid_v7(kNowMs).to_string())) {
        std::filesystem::create_directory(path_);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    std::string file(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

class KeyringTest : public testing::Test {
protected:
    void generate(SigningAlgorithm algorithm = SigningAlgorithm::kEs256) {
        auto made = generate_keyring(path_, algorithm, kNowMs);
        ASSERT_TRUE(made) << made.error().message;
    }
    std::shared_ptr<const Keyring> loaded() const {
        auto keyring = Keyring::load(path_);
        EXPECT_TRUE(keyring) << (keyring ? "" : keyring.error().message);
        return std::move(keyring).value();
    }
    std::string rotated(KeyPurpose purpose, std::int64_t lead_ms, std::int64_t now_ms) {
        auto id = rotate_key(path_, purpose, lead_ms, now_ms);
        EXPECT_TRUE(id) << (id ? "" : id.error().message);
        return id.value();
    }

    TemporaryFolder folder_;
    std::string path_ = folder_.file("keyring.json");
};

}  // namespace keyledger::security
