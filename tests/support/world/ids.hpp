#pragma once
// Ids for tests. What the compiler keeps callers from saying, strangers may still send: an id of one kind in the place
// of another's. TestId says it, and nothing but tests has it.
#include <cstdint>
#include <vector>

#include "domain/base/id.hpp"

namespace keyledger::test {

// From an id of any kind, and to whatever kind is wanted.
struct TestId : Uuid {
    constexpr TestId() = default;
    constexpr TestId(const Uuid& id) : Uuid(id) {}
    template <class Of>
    constexpr TestId(const Id<Of>& id) : Uuid(id.uuid) {}
    template <class Of>
    constexpr operator Id<Of>() const {
        return Id<Of>(static_cast<const Uuid&>(*this));
    }
    template <class Of>
    friend bool operator==(const TestId& one, const Id<Of>& other) {
        return static_cast<const Uuid&>(one) == other.uuid;
    }
};
using TestIds = std::vector<TestId>;

// A recognisable identifier: 00000000-0000-7000-8000-0000000000NN.
inline TestId uuid(std::uint16_t number) {
    TestId id;
    id.bytes[6] = 0x70;
    id.bytes[8] = 0x80;
    id.bytes[14] = static_cast<std::uint8_t>(number >> 8);
    id.bytes[15] = static_cast<std::uint8_t>(number & 0xFF);
    return id;
}

}  // namespace keyledger::test
