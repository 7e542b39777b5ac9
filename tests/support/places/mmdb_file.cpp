#include "tests/support/places/mmdb_file.hpp"

#include <array>
#include <bit>

namespace keyledger::test {
namespace {

constexpr int kBitsOfV6 = 128;
constexpr std::size_t kSeparator = 16;  // between tree and data
enum Type { kText = 2, kDouble = 3, kUint16 = 5, kUint32 = 6, kMap = 7, kUint64 = 9, kArray = 11 };

std::string big_endian(std::uint64_t number, std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[size - 1 - i] = static_cast<char>(number >> (8 * i));
    return bytes;
}

std::string head(Type type, std::size_t size) {
    const bool is_extended = type > 7;
    std::string bytes(1, static_cast<char>((is_extended ? 0 : type) << 5 | (size < 29 ? size : 29)));
    if (is_extended) bytes += static_cast<char>(type - 7);
    if (size >= 29) bytes += static_cast<char>(size - 29);
    return bytes;
}
std::string text(const std::string& value) { return head(kText, value.size()) + value; }
std::string number(Type type, std::uint64_t value, std::size_t size) {
    return head(type, size) + big_endian(value, size);
}
std::string real(double value) { return head(kDouble, 8) + big_endian(std::bit_cast<std::uint64_t>(value), 8); }

std::string data_of(const PlacedNetwork& one) {
    const std::string country = text("country") + head(kMap, 1) + text("iso_code") + text(one.country);
    const std::string city = text("city") + head(kMap, 1) + text("names") + head(kMap, 1) + text("en") + text(one.city);
    const std::string location = text("location") + head(kMap, 2) + text("latitude") + real(one.latitude) +
                                 text("longitude") + real(one.longitude);
    return head(kMap, 3) + country + city + location;
}

std::string metadata_of(std::size_t nodes) {
    std::string bytes("\xab\xcd\xefMaxMind.com");
    bytes += head(kMap, 9);
    bytes += text("binary_format_major_version") + number(kUint16, 2, 2);
    bytes += text("binary_format_minor_version") + number(kUint16, 0, 2);
    bytes += text("build_epoch") + number(kUint64, 1'700'000'000, 8);
    bytes += text("description") + head(kMap, 1) + text("en") + text("of tests");
    bytes += text("database_type") + text("Keyledger-Test-City");
    bytes += text("ip_version") + number(kUint16, 6, 2);
    bytes += text("languages") + head(kArray, 1) + text("en");
    bytes += text("node_count") + number(kUint32, nodes, 4);
    bytes += text("record_size") + number(kUint16, 24, 2);
    return bytes;
}

// IPv4 stands in ::/96.
bool bit_of(const PlacedNetwork& one, int place) {
    return place >= kBitsOfV6 - 32 && (one.base >> (kBitsOfV6 - 1 - place) & 1) != 0;
}

}  // namespace

std::string mmdb_of(const std::vector<PlacedNetwork>& networks) {
    struct Record {
        std::optional<std::size_t> node, data;
    };
    std::vector<std::array<Record, 2>> nodes(1);
    std::string data;
    for (const PlacedNetwork& one : networks) {
        std::size_t at = 0;
        const int last = kBitsOfV6 - 32 + one.bits - 1;
        for (int place = 0; place < last; ++place) {
            const bool bit = bit_of(one, place);
            if (!nodes[at][bit].node) {
                nodes[at][bit].node = nodes.size();
                nodes.emplace_back();
            }
            at = *nodes[at][bit].node;
        }
        nodes[at][bit_of(one, last)].data = data.size();
        data += data_of(one);
    }
    std::string file;
    for (const auto& node : nodes)
        for (const Record& record : node) {
            std::size_t value = nodes.size();
            if (record.node) value = *record.node;
            else if (record.data) value = nodes.size() + kSeparator + *record.data;
            file += big_endian(value, 3);
        }
    return file + std::string(kSeparator, '\0') + data + metadata_of(nodes.size());
}

std::string mmdb_of_documentation() {
    return mmdb_of({{0xC0000200, 24, "DE", "Berlin", 52.52, 13.41},
                    {0xC6336400, 24, "AU", "Sydney", -33.87, 151.21},
                    {0xCB007100, 24, "DE", kTown, 53.55, 9.99},
                    {0x7F000000, 8, "NO", "Oslo", 59.91, 10.75}});
}

}  // namespace keyledger::test
