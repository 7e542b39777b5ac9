#include "bench/totp.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <stdexcept>
#include <string_view>

namespace keyledger::bench {
namespace {

constexpr std::uint64_t kStepSeconds = 30;
constexpr std::uint32_t kCodes = 1'000'000;

std::string bytes_of(std::string_view base32) {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string bytes;
    unsigned bits = 0;
    int held = 0;
    for (const char letter : base32) {
        const auto value = kAlphabet.find(letter);
        if (value == std::string_view::npos) throw std::runtime_error("a seed that is not base32");
        bits = bits << 5 | static_cast<unsigned>(value);
        held += 5;
        if (held < 8) continue;
        held -= 8;
        bytes += static_cast<char>(bits >> held & 0xff);
    }
    return bytes;
}

}  // namespace

std::uint64_t step_of(const std::string& date) {
    std::tm at{};
    if (::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S", &at) == nullptr)
        throw std::runtime_error("an answer without a date");
    return static_cast<std::uint64_t>(::timegm(&at)) / kStepSeconds;
}

std::string totp(const std::string& seed, std::uint64_t step) {
    const std::string key = bytes_of(seed);
    std::array<unsigned char, 8> counter{};
    for (std::size_t i = 0; i < counter.size(); ++i) counter[i] = static_cast<unsigned char>(step >> (8 * (7 - i)));
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), counter.data(), counter.size(), digest.data(),
             &size) == nullptr)
        throw std::runtime_error("no HMAC of a seed");
    const std::size_t at = digest[size - 1] & 0xf;
    const std::uint32_t number = (digest[at] & 0x7fU) << 24 | std::uint32_t{digest[at + 1]} << 16 |
                                 std::uint32_t{digest[at + 2]} << 8 | digest[at + 3];
    std::array<char, 8> code{};
    std::snprintf(code.data(), code.size(), "%06u", number % kCodes);
    return code.data();
}

}  // namespace keyledger::bench
