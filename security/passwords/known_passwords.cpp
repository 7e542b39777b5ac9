#include "security/passwords/known_passwords.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "security/primitives/openssl.hpp"

namespace keyledger::security {
namespace {

constexpr std::size_t kHeader = kKnownPasswordsMagic.size();
constexpr std::size_t kEntry = 8;
constexpr std::size_t kSamples = 1024;

std::uint64_t big_endian(const unsigned char* bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < kEntry; ++i) value = value << 8 | bytes[i];
    return value;
}

std::uint64_t entry_of(const Secret& password) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    ensure(EVP_Digest(password.reveal().data(), password.size(), digest, &size, EVP_sha1(), nullptr) == 1, "SHA-1");
    return big_endian(digest);
}

struct OpenFile {
    explicit OpenFile(const std::string& path) : descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    ~OpenFile() {
        if (descriptor >= 0) ::close(descriptor);
    }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    const int descriptor;
};

}  // namespace

Result<std::unique_ptr<const KnownPasswords>, std::string> KnownPasswords::open(const std::string& path) {
    const OpenFile file(path);
    struct stat status = {};
    if (file.descriptor < 0 || ::fstat(file.descriptor, &status) != 0)
        return Unexpected("can't read '" + path + "': " + std::strerror(errno));
    const auto size = static_cast<std::size_t>(status.st_size);
    const std::string is_none = "'" + path + "' is no list that scripts/password-list wrote";
    if (!S_ISREG(status.st_mode) || size < kHeader || (size - kHeader) % kEntry != 0) return Unexpected(is_none);
    void* const mapped = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.descriptor, 0);
    if (mapped == MAP_FAILED) return Unexpected("can't map '" + path + "': " + std::strerror(errno));
    ::madvise(mapped, size, MADV_RANDOM);
    std::unique_ptr<const KnownPasswords> list(new KnownPasswords(static_cast<const unsigned char*>(mapped), size));
    const std::string_view magic(static_cast<const char*>(mapped), kHeader);
    if (magic != kKnownPasswordsMagic || !list->looks_sorted()) return Unexpected(is_none);
    return list;
}

KnownPasswords::KnownPasswords(const unsigned char* bytes, std::size_t mapped)
    : bytes_(bytes), mapped_(mapped), size_((mapped - kHeader) / kEntry) {}

KnownPasswords::~KnownPasswords() { ::munmap(const_cast<unsigned char*>(bytes_), mapped_); }

std::uint64_t KnownPasswords::at(std::size_t index) const { return big_endian(bytes_ + kHeader + index * kEntry); }

bool KnownPasswords::looks_sorted() const {
    const std::size_t step = size_ / kSamples + 1;
    for (std::size_t i = step; i < size_; i += step)
        if (at(i - step) >= at(i)) return false;
    return true;
}

// Digests lie evenly, so that where one stands can be guessed from its value; every second step halves what is left,
// whatever the file holds.
bool KnownPasswords::contains(const Secret& password) const {
    const std::uint64_t wanted = entry_of(password);
    std::size_t low = 0;
    std::size_t high = size_;  // behind the last
    std::uint64_t least = 0;
    std::uint64_t most = UINT64_MAX;
    for (bool guesses = true; low < high && wanted >= least && wanted <= most; guesses = !guesses) {
        const std::uint64_t step = std::max<std::uint64_t>((most - least) / (high - low), 1);
        const std::size_t guess = std::min<std::uint64_t>(low + (wanted - least) / step, high - 1);
        const std::size_t middle = guesses ? guess : low + (high - low) / 2;
        const std::uint64_t found = at(middle);
        if (found == wanted) return true;
        if (found < wanted) {
            low = middle + 1;
            least = found + 1;
        } else {
            high = middle;
            most = found - 1;
        }
    }
    return false;
}

}  // namespace keyledger::security
