#include <algorithm>
#include <array>
#include <sstream>

#include "eventstore/declarations.hpp"
#include "eventstore/reference/event_reference.hpp"

namespace keyledger::eventstore::reference {
namespace {

constexpr std::size_t kColumns = 118;

constexpr const char* kOpening = R"(# Events

Every event that Keyledger writes, as it stands in the log and in Kafka. This page is written by `make docs` from the
declarations in `domain/`; a test fails when it is stale.

A type's name never changes. Fields are added by a new schema version; old ones are read in the newest form for ever.
Unknown types and versions stop a reader of the log, they are never skipped: deploy readers before writers.
[consumers.md](consumers.md) says what those who read Kafka make of them; [asyncapi.yaml](asyncapi.yaml) has the same
events as JSON Schemas.

**Personal** fields are sealed in the log under a key of their subject, so that destroying the key erases them
everywhere. They never leave for Kafka: there the field is absent. A personal field reads as `null` once it is erased,
and also when it was never given.

Times are milliseconds since 1970-01-01T00:00:00Z. Identifiers are UUIDs (version 7) as text.
)";

constexpr const char* kKafka = R"(
## In Kafka

Topic `keyledger.events.v1` (the prefix is configurable), CloudEvents 1.0 in binary mode. The key is the subject, so
that the events of one subject keep their order. Read with `isolation.level=read_committed`: then every position comes
exactly once.

| header | value |
|---|---|
| `ce_id` | the event's id |
| `ce_source` | the issuer |
| `ce_type` | the type, as above |
| `ce_subject`, `ce_partitionkey` | the user's id; of an event that is about no user, the stream's |
| `ce_time` | when it was decided (RFC 3339) |
| `ce_recordedtime` | when the log took it (RFC 3339); records of earlier versions lack it |
| `ce_sequence` | the position in the log, 19 digits, so that text sorts as numbers do |
| `ce_logid` | which log the position is of: a restored database begins another |
| `ce_traceparent`, `ce_correlationid`, `ce_causationid` | as in the envelope, if known |

The value is JSON in canonical form (RFC 8785): `actor` (`type`, `id`), `data` (the fields above without the personal
ones, in the newest schema version), `position`, `schema_version`, `session_id`, `stream` (`type`, `id`, `version`) and
`tenant`.
)";

void wrap(std::ostream& out, const std::string& text) {
    std::istringstream words(text);
    std::size_t column = 0;
    for (std::string word; words >> word; column += word.size() + 1) {
        if (column > 0 && column + word.size() > kColumns) {
            out << '\n';
            column = 0;
        }
        out << (column > 0 ? " " : "") << word;
    }
    out << '\n';
}

std::string name_of(const FieldType& type) {
    std::string name;
    switch (type.base) {
        case FieldType::Base::kText: name = "text"; break;
        case FieldType::Base::kUuid: name = "UUID"; break;
        case FieldType::Base::kInteger: name = "integer"; break;
        case FieldType::Base::kName:
            for (const std::string_view choice : type.choices)
                name.append(name.empty() ? "`" : ", `").append(choice).append("`");
            break;
    }
    if (type.is_list) name += ", a list";
    if (type.is_personal) return name + ", personal";
    return type.may_be_null ? name + ", or `null`" : name;
}

void table(std::ostream& out, std::span<const FieldInfo> fields) {
    out << "\n| field | type | meaning |\n|---|---|---|\n";
    for (const FieldInfo& field : fields)
        out << "| `" << field.name << "` | " << name_of(field.type) << " | " << field.meaning << " |\n";
}

void event(std::ostream& out, const EventTypeInfo& info) {
    out << "\n### `" << info.type << "`\n\n";
    wrap(out, "Schema " + std::to_string(info.schema_version) + ", stream `" + std::string(info.stream_type) + "`. " +
                  std::string(info.meaning) + (info.fields.empty() ? " It has no fields." : ""));
    if (!info.fields.empty()) table(out, info.fields);
}

// What the page tells of first; other streams follow in the order of the list of aggregates.
constexpr std::array<std::string_view, 14> kChapters{
    "user",     "session",        "login_attempts",  "factors",       "role",        "assignments",       "group",
    "nestings", "administrators", "service_account", "service_token", "application", "anonymous_callers", "log"};

std::vector<AggregateInfo> in_the_order_of_the_page() {
    std::vector<AggregateInfo> all(aggregates().begin(), aggregates().end());
    std::ranges::stable_sort(all, {}, [](const AggregateInfo& info) {
        return std::ranges::find(kChapters, info.stream_type) - kChapters.begin();
    });
    return all;
}

}  // namespace

std::string events_page() {
    std::ostringstream out;
    out << kOpening << "\n## Envelope\n\n";
    wrap(out,
         "Stands beside every event, in `events.metadata_text`, in a short form of which "
         "[auditors.md](auditors.md#how-envelopes-are-stored) has the table. What is personal here is the actor's.");
    table(out, metadata_fields());
    for (const AggregateInfo& aggregate : in_the_order_of_the_page()) {
        out << "\n## " << aggregate.title << "\n\n";
        wrap(out, "Stream `" + std::string(aggregate.stream_type) + "`. " + std::string(aggregate.meaning));
        for (const EventTypeInfo& info : aggregate.events) event(out, info);
    }
    out << kKafka;
    return out.str();
}

}  // namespace keyledger::eventstore::reference
