// Lines of an exported log and its manifest, as `keyledger audit verify` and `audit replay` read them.
#include "eventstore/audit/export_file.hpp"
#include "eventstore/codec/envelope.hpp"
#include "eventstore/codec/jcs.hpp"
#include "eventstore/codec/json_index.hpp"
#include "eventstore/leaf.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace keyledger::fuzz {
namespace {

using namespace eventstore;

// What `read` gives, unless it says that it can't.
template <class Read>
auto unless_refused(const Read& read) -> std::optional<decltype(read())> {
    try {
        return read();
    } catch (const CodecError&) {
        return std::nullopt;
    }
}

void check_event(const RecordedEvent& event) {
    promise(event.position >= 0 && event.version >= 0 && event.schema_version >= 0, "numbers are in range");
    const std::string line = audit::export_line(event);
    const RecordedEvent again = audit::parse_export_line(line);
    promise(audit::export_line(again) == line, "a line that was written reads as itself");
    const auto hash = unless_refused([&] { return leaf_hash(event); });
    promise(!hash || hash == leaf_hash(again), "a leaf hash is that of what it stands for");
    NullFieldOpener opener;
    RecordedEvent believed = event;
    believed.trust = RecordedEvent::Trust::kBelieved;
    if (const auto decoded = unless_refused([&] { return decode_any(believed, opener); }))
        promise(stream_type_of(**decoded) == event.stream_type, "an event is of its stream's type");
    const EnvelopePlace place{event.event_id, event.stream_type, event.stream_id};
    if (const auto envelope = unless_refused([&] { return decode_metadata(event.metadata, place, opener); }))
        promise(is_json_object(describe(*envelope)), "an envelope can be told");
}

// Whether it read the text itself or had it read.
void check_index(std::string_view input) {
    const auto tree = unless_refused([&] { return parse_json(input); });
    const auto canonical = unless_refused([&] {
        const JsonIndex index(input);
        return std::string(index.root().is_canonical() ? index.root().text() : std::string_view());
    });
    promise(tree.has_value() == canonical.has_value(), "an index takes what a tree takes");
    promise(!canonical || canonical->empty() || *canonical == jcs(*tree),
            "what it calls canonical is what jcs() writes");
}

}  // namespace

void export_line(std::string_view input) {
    check_index(input);
    if (const auto event = unless_refused([&] { return audit::parse_export_line(input); })) check_event(*event);
    if (const auto manifest = unless_refused([&] { return audit::parse_manifest(input); })) {
        const std::string text = audit::manifest_text(*manifest);
        promise(audit::manifest_text(audit::parse_manifest(text)) == text, "a manifest reads as itself");
    }
}

}  // namespace keyledger::fuzz
