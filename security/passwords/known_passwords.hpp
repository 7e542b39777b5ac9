#pragma once
// A list of passwords that are known: from breaches, or because many people choose them (NIST SP 800-63B-4 section
// 3.1.1.2 asks for one). A file holds the first eight bytes of the SHA-1 of each, which is what the lists of breaches
// that one can download are made of. It is mapped, not read: a list of a billion passwords (8 GB) costs a process no
// memory of its own, and a look-up a handful of pages.
//
// The file: kKnownPasswordsMagic, then eight bytes each, big-endian, in rising order, none twice. scripts/password-list
// writes it. Of passwords that are on no list, one in 2^64 / (length of the list) is taken for one that is: with a
// billion entries, one in 18 billion.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "domain/base/result.hpp"
#include "domain/base/secret.hpp"

namespace keyledger::security {

inline constexpr std::string_view kKnownPasswordsMagic = "keyledger-pw-1\n\n";  // 16 bytes

// Any thread. The file must not be written to while it is mapped; who renews it puts another in its place (rename),
// which the next start of the service reads.
class KnownPasswords {
public:
    // The error is a sentence that names the file.
    static Result<std::unique_ptr<const KnownPasswords>, std::string> open(const std::string& path);
    ~KnownPasswords();
    KnownPasswords(const KnownPasswords&) = delete;
    KnownPasswords& operator=(const KnownPasswords&) = delete;

    // Exactly this text, in its normal form. Microseconds where the pages are in memory.
    bool contains(const Secret& password) const;
    std::size_t size() const { return size_; }

private:
    KnownPasswords(const unsigned char* bytes, std::size_t mapped);
    std::uint64_t at(std::size_t index) const;
    bool looks_sorted() const;

    const unsigned char* const bytes_;
    const std::size_t mapped_;
    const std::size_t size_;
};

}  // namespace keyledger::security
