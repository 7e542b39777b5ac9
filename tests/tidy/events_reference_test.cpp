// docs/events.md against the declarations: both ways, so that the page can neither lack an event nor invent
// one.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "eventstore/codec/events_codec.hpp"

namespace keyledger {
namespace {

constexpr const char* kPage = "docs/events.md";

struct Described {
    int schema_version = 0;
    std::string stream_type;
    std::map<std::string, bool> fields;  // name -> whether it is said to be personal
};

// The text between the first two backticks at or after `from`.
std::string in_backticks(const std::string& line, std::size_t from = 0) {
    const auto begin = line.find('`', from);
    const auto end = begin == std::string::npos ? begin : line.find('`', begin + 1);
    return end == std::string::npos ? std::string() : line.substr(begin + 1, end - begin - 1);
}

// By heading: "### `type`" of an event, and "" for the envelope.
std::map<std::string, Described> read_page() {
    std::ifstream in(kPage);
    EXPECT_TRUE(in) << "can't read " << kPage << "; run this in the root of the repository, as ctest does";
    std::map<std::string, Described> described;
    std::string section;
    bool in_events = false;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("## "))
            in_events = line == "## Envelope" || line == "## Users" || line == "## Sessions" ||
                        line == "## Log-in attempts";
        if (line == "## Envelope") section.clear();
        if (line.starts_with("### ")) section = in_backticks(line);
        if (!in_events) continue;
        Described& entry = described[section];
        if (line.starts_with("Schema ")) {
            std::istringstream(line.substr(7)) >> entry.schema_version;
            entry.stream_type = in_backticks(line);
        }
        if (line.starts_with("| `"))
            entry.fields[in_backticks(line)] = line.find("personal") != std::string::npos;
    }
    return described;
}

void expect_fields(const std::string& of, const Described& described,
                   const std::vector<std::string_view>& fields,
                   const std::vector<std::string_view>& personal) {
    for (std::string_view field : fields) {
        const auto found = described.fields.find(std::string(field));
        if (found == described.fields.end()) {
            ADD_FAILURE() << kPage << " lacks the field `" << field << "` of " << of << ": add a row \"| `"
                          << field << "` | what it is |\" under its heading.";
            continue;
        }
        const bool sealed = std::find(personal.begin(), personal.end(), field) != personal.end();
        EXPECT_TRUE(!sealed || found->second) << kPage << " does not say that `" << field << "` of " << of
                                              << " is personal: add that word to its row.";
    }
    for (const auto& [name, sealed] : described.fields)
        EXPECT_TRUE(std::find(fields.begin(), fields.end(), name) != fields.end())
            << kPage << " has a row for `" << name << "`, which " << of
            << " does not declare: remove or rename it.";
}

TEST(EventsReference, HasEveryTypeWithItsFields) {
    const auto described = read_page();
    std::set<std::string> types;
    for (const auto& info : eventstore::event_types()) {
        const std::string type(info.type);
        types.insert(type);
        const auto found = described.find(type);
        if (found == described.end()) {
            ADD_FAILURE() << kPage << " lacks " << type << ": add a heading \"### `" << type
                          << "`\", a line \"Schema " << info.schema_version << ", stream `"
                          << info.stream_type << "`.\" and its fields.";
            continue;
        }
        EXPECT_EQ(found->second.schema_version, info.schema_version)
            << "of " << type << ": mend its line \"Schema ...\"";
        EXPECT_EQ(found->second.stream_type, info.stream_type)
            << "of " << type << ": mend its line \"Schema ...\"";
        expect_fields(type, found->second, info.fields, info.personal);
    }
    for (const auto& [type, entry] : described)
        EXPECT_TRUE(type.empty() || types.contains(type))
            << kPage << " describes " << type << ", which nothing declares: remove it.";
}

TEST(EventsReference, HasTheEnvelope) {
    const auto described = read_page();
    std::vector<std::string_view> fields;
    std::apply([&](const auto&... field) { (fields.push_back(field.name), ...); },
               eventstore::EventMetadata::fields());
    ASSERT_TRUE(described.contains("")) << kPage << " lacks the section \"## Envelope\"";
    expect_fields("the envelope", described.at(""), fields, eventstore::personal_metadata_fields());
}

}  // namespace
}  // namespace keyledger
