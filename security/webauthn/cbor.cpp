#include "security/webauthn/cbor.hpp"

#include <algorithm>
#include <limits>

#include "security/primitives/utf8.hpp"

namespace keyledger::security {
namespace {

using Kind = CborValue::Kind;

enum Major { kUnsigned, kNegative, kByteString, kTextString, kArray, kMapOf, kTag, kSimple };

class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    Result<CborValue, CborError> value(int depth = 0) {
        if (++values_ > kMaxCborValues) return Unexpected(CborError::kTooManyValues);
        if (rest_.empty()) return Unexpected(CborError::kTruncated);
        const auto first = static_cast<unsigned char>(rest_.front());
        rest_.remove_prefix(1);
        const Major major = static_cast<Major>(first >> 5);
        if (major == kSimple) return simple(first & 0x1f);
        if (major == kTag) return Unexpected(CborError::kUnsupported);
        KEYLEDGER_TRY(argument, this->argument(first & 0x1f));
        switch (major) {
            case kUnsigned: return integer(*argument, false);
            case kNegative: return integer(*argument, true);
            case kByteString: return string(*argument, Kind::kBytes);
            case kTextString: return string(*argument, Kind::kText);
            case kArray: return items(*argument, Kind::kList, depth);
            case kMapOf: return items(*argument, Kind::kMap, depth);
            case kTag:
            case kSimple: break;
        }
        return Unexpected(CborError::kUnsupported);
    }
    std::string_view rest() const { return rest_; }

private:
    // The number behind the first byte: of an integer its value, of the others their length.
    Result<std::uint64_t, CborError> argument(unsigned short_form) {
        if (short_form < 24) return std::uint64_t{short_form};
        if (short_form == 31) return Unexpected(CborError::kIndefiniteLength);
        if (short_form > 27) return Unexpected(CborError::kUnsupported);
        const std::size_t size = std::size_t{1} << (short_form - 24);
        if (rest_.size() < size) return Unexpected(CborError::kTruncated);
        std::uint64_t number = 0;
        for (const char byte : rest_.substr(0, size)) number = number << 8 | static_cast<unsigned char>(byte);
        rest_.remove_prefix(size);
        const std::uint64_t least = size == 1 ? 24 : std::uint64_t{1} << (8 * size / 2);
        if (number < least) return Unexpected(CborError::kNotShortest);
        return number;
    }
    static Result<CborValue, CborError> integer(std::uint64_t argument, bool is_negative) {
        if (argument > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
            return Unexpected(CborError::kOutOfRange);
        const auto number = static_cast<std::int64_t>(argument);
        return CborValue{Kind::kInteger, is_negative ? -1 - number : number};
    }
    Result<CborValue, CborError> string(std::uint64_t size, Kind kind) {
        if (size > rest_.size()) return Unexpected(CborError::kTruncated);
        CborValue value{kind, 0, rest_.substr(0, size)};
        rest_.remove_prefix(size);
        if (kind == Kind::kText && !code_points_of(value.bytes)) return Unexpected(CborError::kNotUtf8);
        return value;
    }
    static Result<CborValue, CborError> simple(unsigned which) {
        constexpr unsigned kFalse = 20;
        constexpr unsigned kTrue = 21;
        constexpr unsigned kNull = 22;
        if (which == kFalse || which == kTrue) return CborValue{Kind::kBoolean, which == kTrue ? 1 : 0};
        if (which == kNull) return CborValue{};
        return Unexpected(CborError::kUnsupported);
    }
    Result<CborValue, CborError> items(std::uint64_t count, Kind kind, int depth) {
        if (depth == kMaxCborDepth) return Unexpected(CborError::kTooDeep);
        // Each takes a byte at least: nobody makes memory be asked for by a length alone.
        if (count > rest_.size()) return Unexpected(CborError::kTruncated);
        CborValue all{kind};
        for (std::uint64_t i = 0; i < count; ++i) {
            KEYLEDGER_TRY(first, value(depth + 1));
            if (kind == Kind::kMap) {
                if (first->kind != Kind::kInteger && first->kind != Kind::kText)
                    return Unexpected(CborError::kKeyOfOtherType);
                const bool is_there =
                    first->kind == Kind::kText ? all.find(first->bytes) != nullptr : all.find(first->number) != nullptr;
                if (is_there) return Unexpected(CborError::kKeyTwice);
            }
            all.items.push_back(std::move(*first));
            if (kind == Kind::kList) continue;
            KEYLEDGER_TRY(second, value(depth + 1));
            all.items.push_back(std::move(*second));
        }
        return all;
    }

    std::string_view rest_;
    std::size_t values_ = 0;
};

template <class IsKey>
const CborValue* value_of(const CborValue& map, IsKey is_key) {
    if (map.kind != Kind::kMap) return nullptr;
    for (std::size_t i = 0; i + 1 < map.items.size(); i += 2)
        if (is_key(map.items[i])) return &map.items[i + 1];
    return nullptr;
}

}  // namespace

std::string_view sentence_of(CborError error) {
    using E = CborError;
    switch (error) {
        case E::kTooLong: return "it is longer than anything that an authenticator writes";
        case E::kTruncated: return "it ends too early";
        case E::kTrailingBytes: return "something follows its end";
        case E::kIndefiniteLength: return "a length is left open";
        case E::kNotShortest: return "a number is not in its shortest form";
        case E::kOutOfRange: return "a number is too large";
        case E::kNotUtf8: return "a text is not UTF-8";
        case E::kKeyTwice: return "a map has a key twice";
        case E::kKeyOfOtherType: return "a key of a map is neither a number nor a text";
        case E::kUnsupported: return "it has a tag, a fraction or a value that is not used here";
        case E::kTooDeep: return "lists and maps are nested too deeply";
        case E::kTooManyValues: return "it has too many values";
    }
    return "it can't be read";
}

const CborValue* CborValue::find(std::int64_t key) const {
    return value_of(*this, [key](const CborValue& one) { return one.kind == Kind::kInteger && one.number == key; });
}

const CborValue* CborValue::find(std::string_view key) const {
    return value_of(*this, [key](const CborValue& one) { return one.kind == Kind::kText && one.bytes == key; });
}

const CborValue* CborValue::find(std::string_view key, Kind wanted) const {
    const CborValue* found = find(key);
    return found != nullptr && found->kind == wanted ? found : nullptr;
}

Result<CborValue, CborError> take_cbor(std::string_view& bytes) {
    if (bytes.size() > kMaxCborBytes) return Unexpected(CborError::kTooLong);
    Reader reader(bytes);
    KEYLEDGER_TRY(value, reader.value());
    bytes = reader.rest();
    return std::move(*value);
}

Result<CborValue, CborError> read_cbor(std::string_view bytes) {
    KEYLEDGER_TRY(value, take_cbor(bytes));
    if (!bytes.empty()) return Unexpected(CborError::kTrailingBytes);
    return std::move(*value);
}

}  // namespace keyledger::security
