#pragma once
// JSON from the declarations of domain/. Heavy: included by the codec's own .cpp files, and by nobody else; everybody
// else includes events_codec.hpp.
#include <rapidjson/document.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/time.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "eventstore/codec/jcs.hpp"
#include "eventstore/codec/json_index.hpp"

namespace keyledger::eventstore::codec {

// Where JSON is written, in the canonical form (RFC 8785): member by member in its order, so that nothing has to be
// built and sorted before.
struct Out {
    std::string& text;  // grows
    FieldSealer& sealer;
    std::string_view field;
};
struct In {
    FieldOpener& opener;
    std::string_view field;

    [[noreturn]] void fail(const char* expected) const {
        throw CodecError("field '" + std::string(field) + "': expected " + expected);
    }
};

// ---- values ----------------------------------------------------------------------------------------------------
// Numbers in JCS are doubles: whatever may pass this must be declared as a string.
inline constexpr std::int64_t kMaxExactInteger = std::int64_t{1} << 53;

inline void put(const Out& out, std::string_view v) { append_json_string(out.text, v); }
inline void put(const Out& out, const std::string& v) { put(out, std::string_view(v)); }
inline void put(const Out& out, const Uuid& v) {
    out.text += '"';
    out.text += v.to_string();
    out.text += '"';
}
inline void put(const Out& out, std::int64_t v) {
    if (v > kMaxExactInteger || v < -kMaxExactInteger)
        throw CodecError("field '" + std::string(out.field) + "': integer beyond 2^53");
    out.text += std::to_string(v);
}
inline void put(const Out& out, Instant v) { put(out, v.ms()); }
inline void put(const Out& out, Duration v) { put(out, v.ms()); }
template <class E>
std::string_view name_in(std::string_view field, E v) {
    for (const auto& [value, name] : enum_names(v))
        if (value == v) return name;
    throw CodecError("field '" + std::string(field) + "': enumerator without a name");
}
template <class E>
    requires std::is_enum_v<E>
void put(const Out& out, E v) {
    put(out, name_in(out.field, v));
}
template <class T>
void put(const Out& out, const std::optional<T>& v) {
    if (v) put(out, *v);
    else out.text += "null";
}
template <class T>
void put(const Out& out, const std::vector<T>& v) {
    char before = '[';
    for (const T& item : v) {
        out.text += std::exchange(before, ',');
        put(out, item);
    }
    out.text += v.empty() ? "[]" : "]";
}
template <class T>
void put(const Out& out, const Personal<T>& v) {
    if (!v.value) {
        out.text += "null";
        return;
    }
    std::string clear;
    put(Out{clear, out.sealer, out.field}, *v.value);
    put(out, out.sealer.seal(out.field, clear));
}

inline void take(const In& in, const JsonValue& json, std::string& v) {
    if (!json.is_string()) in.fail("a string");
    v = json.string();
}
inline void take(const In& in, const JsonValue& json, Uuid& v) {
    auto id = json.is_string() ? Uuid::parse(json.string()) : std::nullopt;
    if (!id) in.fail("a UUID");
    v = *id;
}
template <class Of>
void take(const In& in, const JsonValue& json, Id<Of>& v) {
    take(in, json, v.uuid);
}
inline void take(const In& in, const JsonValue& json, std::int64_t& v) {
    if (!json.is_int64()) in.fail("an integer");
    v = json.int64();
}
inline void take(const In& in, const JsonValue& json, Instant& v) {
    std::int64_t unix_ms = 0;
    take(in, json, unix_ms);
    v = Instant::at_ms(unix_ms);
}
inline void take(const In& in, const JsonValue& json, Duration& v) {
    std::int64_t ms = 0;
    take(in, json, ms);
    v = milliseconds(ms);
}
template <class E>
    requires std::is_enum_v<E>
void take_name(const In& in, std::string_view text, E& v) {
    for (const auto& [value, name] : enum_names(v)) {
        if (name != text) continue;
        v = value;
        return;
    }
    in.fail("one of its enumerators");
}
template <class E>
    requires std::is_enum_v<E>
void take(const In& in, const JsonValue& json, E& v) {
    if (!json.is_string()) in.fail("a string");
    take_name(in, json.string(), v);
}
template <class T>
void take(const In& in, const JsonValue& json, std::optional<T>& v) {
    json.is_null() ? v.reset() : take(in, json, v.emplace());
}
template <class T>
void take(const In& in, const JsonValue& json, std::vector<T>& v) {
    if (!json.is_array()) in.fail("an array");
    v.clear();
    v.reserve(json.size());
    for (const JsonValue* item = json.first(); item != json.next(); item = item->next())
        take(in, *item, v.emplace_back());
}
template <class T>
void take(const In& in, const JsonValue& json, Personal<T>& v) {
    std::optional<std::string> sealed;
    take(in, json, sealed);
    auto clear = sealed ? in.opener.open(in.field, *sealed) : std::nullopt;
    clear ? take(in, JsonIndex(*clear).root(), v.value.emplace()) : v.value.reset();
}

// ---- declared structs ------------------------------------------------------------------------------------------
template <class Declared>
inline constexpr auto kFields = Declared::fields();
template <class Declared>
inline constexpr std::size_t kFieldCount = std::tuple_size_v<decltype(Declared::fields())>;
template <class Declared>
inline constexpr auto kFieldNames =
    std::apply([](const auto&... field) { return std::array<std::string_view, sizeof...(field)>{field.name...}; },
               kFields<Declared>);

// The fields' places in the order of their names. RFC 8785 (section 3.2.3) wants that of UTF-16 code units, which for
// plain ASCII is that of bytes; and what is plain is written as it stands.
template <class Declared>
consteval auto canonical_order() {
    std::array<std::size_t, kFieldCount<Declared>> order{};
    if constexpr (kFieldCount<Declared> > 0) {
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::ranges::sort(order, {}, [](std::size_t at) { return kFieldNames<Declared>[at]; });
    }
    return order;
}
template <class Declared>
inline constexpr auto kCanonicalOrder = canonical_order<Declared>();

template <class Declared>
consteval bool has_plain_names() {
    constexpr auto kIsPlain = [](char c) { return c > ' ' && c < '\x7F' && c != '"' && c != '\\'; };
    for (const std::string_view name : kFieldNames<Declared>)
        if (!std::ranges::all_of(name, kIsPlain) || std::ranges::count(kFieldNames<Declared>, name) != 1) return false;
    return true;
}

// Calls `each(field)` in the order in which members are written.
template <class Declared, class Each>
void in_canonical_order(Each&& each) {
    static_assert(has_plain_names<Declared>(), "names of fields are plain ASCII, and each is there once");
    [&]<std::size_t... at>(std::index_sequence<at...>) {
        (each(std::get<kCanonicalOrder<Declared>[at]>(kFields<Declared>)), ...);
    }(std::make_index_sequence<kFieldCount<Declared>>{});
}

template <class Declared>
    requires requires { Declared::fields(); }
void put(const Out& out, const Declared& v) {
    char before = '{';
    in_canonical_order<Declared>([&](const auto& field) {
        out.text += std::exchange(before, ',');
        out.text += '"';
        out.text += field.name;
        out.text += "\":";
        put(Out{out.text, out.sealer, field.name}, v.*field.member);
    });
    out.text += kFieldCount<Declared> == 0 ? "{}" : "}";
}
template <class Declared>
std::string encode(const Declared& declared, FieldSealer& sealer) {
    constexpr std::size_t kMostlyEnough = 256;  // bytes
    std::string text;
    text.reserve(kMostlyEnough);
    put(Out{text, sealer, {}}, declared);
    return text;
}
// Strict both ways: a field that is missing and a field that nobody declared are errors, for either would be lost
// silently when the event is written again.
template <class Declared>
Declared decode(const JsonValue& object, FieldOpener& opener) {
    if (!object.is_object()) throw CodecError("expected an object");
    Declared declared;
    std::size_t count = 0;
    auto each = [&](const auto& field) {
        const In in{opener, field.name};
        const JsonValue* value = object.find(field.name);
        if (!value) in.fail("to be there");
        take(in, *value, declared.*field.member);
        ++count;
    };
    std::apply([&](const auto&... field) { (each(field), ...); }, Declared::fields());
    if (count != object.size()) throw CodecError("a field that is not declared");
    return declared;
}

template <class Declared>
    requires requires { Declared::fields(); }
void take(const In& in, const JsonValue& json, Declared& v) {
    v = decode<Declared>(json, in.opener);
}

// ---- evolution --------------------------------------------------------------------------------------------
// Turns a payload of `version` into one of `version + 1`, in place. Specialised in upcasts.hpp for each event
// whose kSchema grew; the golden file of each old version stays. The
// payload is an object. It may fill in missing members freely: the result is decoded as strictly as the newest
// version.
template <class E>
struct Upcast {
    static void from(int, rapidjson::Document&) { throw CodecError("no upcaster for this schema version"); }
};
// What most upcasters do.
inline void rename_member(rapidjson::Document& payload, std::string_view from, std::string_view to) {
    const auto name_of = [&](std::string_view name) {
        return rapidjson::Value(name.data(), static_cast<rapidjson::SizeType>(name.size()), payload.GetAllocator());
    };
    const auto at = payload.FindMember(name_of(from));
    if (at == payload.MemberEnd()) throw CodecError("field '" + std::string(from) + "': expected to be there");
    at->name = name_of(to);
}
inline void add_member(rapidjson::Document& payload, std::string_view name, rapidjson::Value value) {
    rapidjson::Value key(name.data(), static_cast<rapidjson::SizeType>(name.size()), payload.GetAllocator());
    payload.AddMember(key, value, payload.GetAllocator());
}
template <class E>
E decode_version(std::string_view payload, int schema_version, FieldOpener& opener) {
    if (schema_version < 1 || schema_version > E::kSchema)
        throw CodecError("unknown schema version " + std::to_string(schema_version));
    if constexpr (E::kSchema > 1) {
        if (schema_version < E::kSchema) {
            rapidjson::Document json = parse_json(payload);
            if (!json.IsObject()) throw CodecError("expected an object");
            for (int version = schema_version; version < E::kSchema; ++version) Upcast<E>::from(version, json);
            return decode<E>(JsonIndex(json).root(), opener);
        }
    }
    return decode<E>(JsonIndex(payload).root(), opener);
}
template <class... E>
std::variant<E...> decode_any(std::type_identity<std::variant<E...>>, std::string_view type, int schema_version,
                              std::string_view payload, FieldOpener& opener) {
    std::optional<std::variant<E...>> event;
    auto attempt = [&]<class One>(std::type_identity<One>) {
        if (type == One::kType) event.emplace(decode_version<One>(payload, schema_version, opener));
    };
    (attempt(std::type_identity<E>{}), ...);
    if (!event) throw CodecError("unknown event type '" + std::string(type) + "'");
    return std::move(*event);
}
template <class Event>
EncodedEvent encode_any(const Event& event, FieldSealer& sealer) {
    return std::visit(
        [&](const auto& e) {
            return EncodedEvent{e.kType, static_cast<std::int16_t>(e.kSchema), encode(e, sealer)};
        },
        event);
}

}  // namespace keyledger::eventstore::codec
