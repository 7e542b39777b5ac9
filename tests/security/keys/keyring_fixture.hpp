#pragma once
// A folder that dies with its test, and keyrings in it.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "domain/base/time.hpp"
#include "security/keys/keyring.hpp"
#include "security/keys/keyring_file.hpp"
#include "security/primitives/random.hpp"

namespace keyledger::security {

inline constexpr Instant kNow = Instant::at_ms(1'700'000'000'000);
inline constexpr Duration kHour = hours(1);
inline constexpr Duration kDay = days(1);

class TemporaryFolder {
public:
    TemporaryFolder() : path_(std::filesystem::temp_directory_path() / ("keyledger-" + uuid_v7(kNow).to_string())) {
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
        auto made = generate_keyring(path_, algorithm, kNow);
        ASSERT_TRUE(made) << made.error().message;
    }
    std::shared_ptr<const Keyring> loaded() const {
        auto keyring = Keyring::load(path_);
        EXPECT_TRUE(keyring) << (keyring ? "" : keyring.error().message);
        return std::move(keyring).value();
    }
    std::string rotated(KeyPurpose purpose, Duration lead, Instant now) {
        auto id = rotate_key(path_, purpose, lead, now);
        EXPECT_TRUE(id) << (id ? "" : id.error().message);
        return id.value();
    }

    TemporaryFolder folder_;
    std::string path_ = folder_.file("keyring.json");
};

}  // namespace keyledger::security
