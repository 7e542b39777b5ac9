#pragma once
// Headers: the fields of a request or a response in their order, in one block of memory. Names are compared
// without case. Views that it hands out last until the next add(). Not thread-safe.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keyledger::api {

class Headers {
public:
    struct Field {
        std::string_view name;
        std::string_view value;
    };

    Headers() = default;

    // Throws std::invalid_argument when the name is no token or the value holds CR, LF or NUL: a response
    // can't be split by a value that a caller chose.
    void add(std::string_view name, std::string_view value);

    // Room for so many fields, with so many bytes of names and values.
    void reserve(std::size_t fields, std::size_t bytes);

    // The first field of that name.
    std::optional<std::string_view> find(std::string_view name) const noexcept;
    bool contains(std::string_view name) const noexcept { return find(name).has_value(); }
    std::size_t count(std::string_view name) const noexcept;
    std::size_t size() const noexcept { return entries_.size(); }
    Field at(std::size_t index) const noexcept;

private:
    struct Entry {
        std::uint32_t start;
        std::uint32_t name_size;
        std::uint32_t value_size;
    };
    std::string bytes_;
    std::vector<Entry> entries_;
};

}  // namespace keyledger::api
