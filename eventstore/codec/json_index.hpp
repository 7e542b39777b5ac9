#pragma once
// JSON that is looked at once, without a tree of its values: they stand in one list, in the order of the text. What the
// log holds is nearly always plain: ASCII without escapes, integers of up to 15 digits, no white space but blanks. That
// is read here, and its strings are where they stand in the text; all else is read by RapidJSON, and copied.
//
// Either way it accepts and refuses what parse_json() does, and tells the same of each value.
#include <rapidjson/fwd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace keyledger::eventstore {

// One of an index, with all that is within it behind it.
class JsonValue {
public:
    bool is_null() const { return kind_ == Kind::kNull; }
    bool is_string() const { return kind_ == Kind::kString; }
    bool is_int64() const { return kind_ == Kind::kInteger; }
    bool is_array() const { return kind_ == Kind::kArray; }
    bool is_object() const { return kind_ == Kind::kObject; }

    std::string_view string() const { return {text_, size_}; }  // of a string
    std::int64_t int64() const { return integer_; }             // of an integer
    std::size_t size() const { return size_; }                  // of an array or object: items or members

    // The items of an array are `first()`, its `next()` and so on, until `next()` of the array. In an object each value
    // comes behind its name.
    const JsonValue* first() const { return this + 1; }
    const JsonValue* next() const { return this + span_; }
    // The first member of that name; nullptr: the object has none.
    const JsonValue* find(std::string_view name) const;

    // Of an array or object that is plain: as it stands in the text. Of any other: empty.
    std::string_view text() const { return {text_, text_size_}; }
    // Whether text() is what jcs() makes of it. No telling for what is not plain.
    bool is_canonical() const { return is_canonical_; }

private:
    friend class JsonIndex;
    friend class JsonIndexBuilder;
    friend class PlainReader;
    // A number that is no 64-bit integer is kNumber.
    enum class Kind : std::uint8_t { kNull, kFalse, kTrue, kString, kInteger, kNumber, kArray, kObject };

    // Not set until there is a value: an index has room for more than it needs.
    Kind kind_;
    bool is_canonical_;
    std::uint32_t span_;  // values, itself among them
    std::uint32_t size_;
    std::uint32_t text_size_;
    union {
        const char* text_;
        std::int64_t integer_;
    };
};

// Not copied or moved: its values have their places.
class JsonIndex {
public:
    // The text outlives it. Throws CodecError as parse_json() does.
    explicit JsonIndex(std::string_view text);
    // Of what is parsed already. Nothing of it is needed later.
    explicit JsonIndex(const rapidjson::Value& value);
    ~JsonIndex();
    JsonIndex(const JsonIndex&) = delete;
    JsonIndex& operator=(const JsonIndex&) = delete;

    const JsonValue& root() const { return *root_; }

private:
    friend class JsonIndexBuilder;
    const JsonValue* root_ = nullptr;
    std::unique_ptr<JsonValue[]> plain_;
    std::vector<JsonValue> others_;                // instead, if RapidJSON read them
    std::vector<std::unique_ptr<char[]>> copies_;  // of their strings
};

// Puts into an index what RapidJSON reads: a handler of its readers and values.
class JsonIndexBuilder {
public:
    explicit JsonIndexBuilder(JsonIndex& index) : index_(index) {}

    bool Null() { return add(JsonValue::Kind::kNull); }
    bool Bool(bool b) { return add(b ? JsonValue::Kind::kTrue : JsonValue::Kind::kFalse); }
    bool Int(int number) { return Int64(number); }
    bool Uint(unsigned number) { return Int64(number); }
    bool Int64(std::int64_t number);
    bool Uint64(std::uint64_t number);
    bool Double(double) { return add(JsonValue::Kind::kNumber); }
    bool String(const char* text, unsigned size, bool);
    bool Key(const char* text, unsigned size, bool copy) { return String(text, size, copy); }
    bool StartObject() { return open(JsonValue::Kind::kObject); }
    bool EndObject(unsigned members) { return close(members); }
    bool StartArray() { return open(JsonValue::Kind::kArray); }
    bool EndArray(unsigned items) { return close(items); }

private:
    bool add(JsonValue::Kind kind);
    bool open(JsonValue::Kind kind);
    bool close(unsigned size);

    JsonIndex& index_;
    std::vector<std::size_t> open_;  // arrays and objects that have not ended
};

// Whether a text is surely an object: a plain one, as said above, of at most kMaxPlainValues values. false: ask
// is_json_object(). Allocates nothing.
inline constexpr std::size_t kMaxPlainValues = 256;
bool is_plain_json_object(std::string_view text);

// By RapidJSON, whatever the text is like. Throws CodecError as parse_json() does.
void read_json(std::string_view text, JsonIndexBuilder& builder);

}  // namespace keyledger::eventstore
