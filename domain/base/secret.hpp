#pragma once
// Secret: bytes that must not leak. It can't be printed, formatted or copied by accident (clone() says so), is
// compared in constant time only, and is wiped when it dies. Move-only; not thread-safe.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keyledger {

class Secret {
public:
    Secret() = default;
    explicit Secret(std::string_view clear) : bytes_(clear.begin(), clear.end()) {}
    // Takes the bytes and wipes the string they came in.
    static Secret take(std::string&& clear) {
        Secret secret{std::string_view(clear)};
        wipe(clear.data(), clear.size());
        clear.clear();
        return secret;
    }
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    Secret(Secret&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
    Secret& operator=(Secret&& other) noexcept {
        if (this != &other) {
            wipe(bytes_.data(), bytes_.size());
            bytes_ = std::exchange(other.bytes_, {});
        }
        return *this;
    }
    ~Secret() { wipe(bytes_.data(), bytes_.size()); }

    Secret clone() const { return Secret(reveal()); }
    std::size_t size() const noexcept { return bytes_.size(); }
    bool empty() const noexcept { return bytes_.empty(); }

    // The one way to the bytes; the view lives as long as the secret. Search for it when you review.
    std::string_view reveal() const noexcept { return {bytes_.data(), bytes_.size()}; }

    // Takes the same time wherever the difference is; the length is not hidden.
    friend bool equal(const Secret& a, const Secret& b) noexcept { return equal(a.reveal(), b.reveal()); }
    static bool equal(std::string_view a, std::string_view b) noexcept {
        if (a.size() != b.size()) return false;
        volatile std::uint8_t difference = 0;
        for (std::size_t i = 0; i < a.size(); ++i) difference = static_cast<std::uint8_t>(difference | (a[i] ^ b[i]));
        return difference == 0;
    }

    // Overwrites a string that held a secret; its size stays.
    static void wipe(std::string& clear) noexcept { wipe(clear.data(), clear.size()); }

private:
    static void wipe(char* data, std::size_t size) noexcept {
        if (size > 0) explicit_bzero(data, size);  // which no compiler leaves out
    }
    std::vector<char> bytes_;
};

}  // namespace keyledger
