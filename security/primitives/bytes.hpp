#pragma once
// Bytes as std::string_view, the one currency of security/, and an encoding of several parts that can be read
// in only one way.
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "domain/base/uuid.hpp"

namespace keyledger::security {

template <std::size_t N>
std::string_view view_of(const std::array<std::uint8_t, N>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), N};
}
inline std::string_view view_of(const Uuid& id) { return view_of(id.bytes); }

// Each part behind its length (four bytes, big-endian): no two lists of parts give the same bytes. Used for
// associated data and for whatever is hashed. A part above 4 GiB throws std::length_error.
std::string length_prefixed(std::initializer_list<std::string_view> parts);

// Reads the parts again, one after the other; views into what it was given. From the first that is not there, or is not
// what it is asked for, nothing is good any more, and all that follow are empty.
class PartsReader {
public:
    explicit PartsReader(std::string_view bytes) : rest_(bytes) {}
    std::string_view part();
    std::int64_t number();  // in decimal
    Uuid uuid();            // its 16 bytes
    bool is_good() const { return good_; }
    // Good, and nothing is left.
    bool is_at_end() const { return good_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool good_ = true;
};

}  // namespace keyledger::security
