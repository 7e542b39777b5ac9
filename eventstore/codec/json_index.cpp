#include "eventstore/codec/json_index.hpp"

#include <rapidjson/document.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

namespace keyledger::eventstore {
namespace {

constexpr std::uint64_t in_each_byte(std::uint8_t byte) { return 0x0101'0101'0101'0101ULL * byte; }

// The high bit of each byte that is below `limit` (at most 0x80); above the lowest of them, of others, too.
std::uint64_t below(std::uint64_t bytes, std::uint8_t limit) {
    return (bytes - in_each_byte(limit)) & ~bytes & in_each_byte(0x80);
}
std::uint64_t equal(std::uint64_t bytes, char c) {
    return below(bytes ^ in_each_byte(static_cast<std::uint8_t>(c)), 1);
}

bool is_plain(char c) {
    const auto byte = static_cast<std::uint8_t>(c);
    return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

// The first character that a plain string does not hold: its end, if that is a quote. Eight at a time.
const char* end_of_plain(const char* from, const char* end) {
    for (std::uint64_t eight = 0; end - from >= std::ptrdiff_t{sizeof eight}; from += sizeof eight) {
        std::memcpy(&eight, from, sizeof eight);
        if constexpr (std::endian::native == std::endian::big) eight = __builtin_bswap64(eight);
        const std::uint64_t others =
            below(eight, 0x20) | equal(eight, '"') | equal(eight, '\\') | (eight & in_each_byte(0x80));
        if (others != 0) return from + std::countr_zero(others) / 8;
    }
    return std::find_if_not(from, end, is_plain);
}

// Of texts as short as names are: without a call.
bool are_equal(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    const char *left = a.data(), *right = b.data();
    std::size_t rest = a.size();
    for (std::uint64_t one = 0, other = 0; rest >= sizeof one; rest -= sizeof one) {
        std::memcpy(&one, left + rest - sizeof one, sizeof one);
        std::memcpy(&other, right + rest - sizeof one, sizeof one);
        if (one != other) return false;
    }
    for (; rest > 0; --rest)
        if (left[rest - 1] != right[rest - 1]) return false;
    return true;
}

// Values count in 32 bits.
constexpr std::size_t kMaxPlain = std::size_t{1} << 30;

// By bytes, of plain texts. Nearly always the first character tells.
bool is_before(std::string_view a, std::string_view b) {
    if (!a.empty() && !b.empty() && a.front() != b.front()) return a.front() < b.front();
    return a < b;
}

}  // namespace

// ---- plain texts -----------------------------------------------------------------------------------------------
// Gives up at whatever is not surely plain, which need not be wrong, and where there is no more room.
class PlainReader {
public:
    PlainReader(std::string_view text, JsonValue* values, std::size_t room)
        : at_(text.data()), end_(text.data() + text.size()), next_(values), no_more_(values + room) {}

    bool read() {
        pass_blanks();
        if (!value(0)) return false;
        pass_blanks();
        return at_ == end_;
    }

private:
    using Kind = JsonValue::Kind;
    static constexpr int kMaxDepth = 64;
    // 10^15 is below 2^53: any double holds it, and jcs() writes it as it stands.
    static constexpr int kMaxDigits = 15;

    void pass_blanks() {
        for (; at_ != end_ && *at_ == ' '; ++at_) ++blanks_;
    }
    bool is_at(char c) const { return at_ != end_ && *at_ == c; }
    bool take(char c) {
        if (!is_at(c)) return false;
        ++at_;
        return true;
    }
    bool has_room() const { return next_ != no_more_; }

    // There is room.
    JsonValue& add(Kind kind) {
        JsonValue& added = *next_++;
        added.kind_ = kind;
        added.is_canonical_ = true;
        added.span_ = 1;
        added.size_ = added.text_size_ = 0;
        return added;
    }

    bool value(int depth) {
        if (at_ == end_ || !has_room()) return false;
        switch (*at_) {
            case '"': return string();
            case '{': return depth < kMaxDepth && object(depth + 1);
            case '[': return depth < kMaxDepth && array(depth + 1);
            case 'n': return word("null", Kind::kNull);
            case 't': return word("true", Kind::kTrue);
            case 'f': return word("false", Kind::kFalse);
            default: return integer();
        }
    }
    bool word(std::string_view text, Kind kind) {
        if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(text)) return false;
        at_ += text.size();
        add(kind);
        return true;
    }
    bool string() {
        const char* const from = ++at_;
        at_ = end_of_plain(from, end_);
        JsonValue& added = add(Kind::kString);
        added.text_ = from;
        added.size_ = static_cast<std::uint32_t>(at_ - from);
        return take('"');
    }
    bool integer() {
        const bool is_negative = take('-');
        const char* const digits = at_;
        std::int64_t number = 0;
        for (; at_ != end_ && *at_ >= '0' && *at_ <= '9' && at_ - digits <= kMaxDigits; ++at_)
            number = 10 * number + (*at_ - '0');
        const auto count = at_ - digits;
        if (count == 0 || count > kMaxDigits || (*digits == '0' && (count > 1 || is_negative))) return false;
        add(Kind::kInteger).integer_ = is_negative ? -number : number;
        return true;
    }

    // From `{` or `[` to the end. `one(is_canonical)` reads an element, and clears the flag where jcs() writes it
    // otherwise; false: it is not plain.
    template <class One>
    bool elements(Kind kind, char closing, One one) {
        JsonValue& all = add(kind);
        const std::size_t blanks = blanks_;
        all.text_ = at_++;
        pass_blanks();
        bool is_canonical = true;
        if (!is_at(closing)) {
            do {
                pass_blanks();
                if (!one(is_canonical)) return false;
                ++all.size_;
                pass_blanks();
            } while (take(','));
        }
        if (!take(closing)) return false;
        all.is_canonical_ = is_canonical && blanks_ == blanks;
        all.span_ = static_cast<std::uint32_t>(next_ - &all);
        all.text_size_ = static_cast<std::uint32_t>(at_ - all.text_);
        return true;
    }
    bool element(int depth, bool& is_canonical) {
        const JsonValue* const read = next_;
        if (!value(depth)) return false;
        is_canonical = is_canonical && read->is_canonical_;
        return true;
    }
    bool array(int depth) {
        return elements(Kind::kArray, ']', [&](bool& is_canonical) { return element(depth, is_canonical); });
    }
    // Canonical are members in the order of their names, none twice.
    bool object(int depth) {
        const JsonValue* last = nullptr;
        return elements(Kind::kObject, '}', [&](bool& is_canonical) {
            const JsonValue* const name = next_;
            if (!has_room() || !is_at('"') || !string()) return false;
            is_canonical = is_canonical && (!last || is_before(last->string(), name->string()));
            last = name;
            pass_blanks();
            if (!take(':')) return false;
            pass_blanks();
            return element(depth, is_canonical);
        });
    }

    const char* at_;
    const char* const end_;
    JsonValue* next_;
    JsonValue* const no_more_;
    std::size_t blanks_ = 0;  // that were passed
};

// ---- all others ------------------------------------------------------------------------------------------------
bool JsonIndexBuilder::add(JsonValue::Kind kind) {
    JsonValue& added = index_.others_.emplace_back();
    added.kind_ = kind;
    added.is_canonical_ = false;
    added.span_ = 1;
    added.size_ = added.text_size_ = 0;
    added.text_ = "";
    return true;
}
bool JsonIndexBuilder::Int64(std::int64_t number) {
    add(JsonValue::Kind::kInteger);
    index_.others_.back().integer_ = number;
    return true;
}
bool JsonIndexBuilder::Uint64(std::uint64_t number) {
    const bool fits = number <= std::uint64_t{std::numeric_limits<std::int64_t>::max()};
    return fits ? Int64(static_cast<std::int64_t>(number)) : add(JsonValue::Kind::kNumber);
}
bool JsonIndexBuilder::String(const char* text, unsigned size, bool) {
    add(JsonValue::Kind::kString);
    if (size == 0) return true;
    const auto& copy = index_.copies_.emplace_back(std::make_unique_for_overwrite<char[]>(size));
    std::memcpy(copy.get(), text, size);
    index_.others_.back().text_ = copy.get();
    index_.others_.back().size_ = size;
    return true;
}
bool JsonIndexBuilder::open(JsonValue::Kind kind) {
    open_.push_back(index_.others_.size());
    return add(kind);
}
bool JsonIndexBuilder::close(unsigned size) {
    JsonValue& all = index_.others_[open_.back()];
    all.span_ = static_cast<std::uint32_t>(index_.others_.size() - open_.back());
    all.size_ = size;
    open_.pop_back();
    return true;
}

// ---- the index -------------------------------------------------------------------------------------------------
const JsonValue* JsonValue::find(std::string_view name) const {
    for (const JsonValue *at = first(), *end = next(); at != end; at = at[1].next())
        if (are_equal(at->string(), name)) return at + 1;
    return nullptr;
}

JsonIndex::JsonIndex(std::string_view text) {
    // In what stands in the log a value takes ten characters and more.
    constexpr std::size_t kTextOfAValue = 4;
    if (text.size() <= kMaxPlain) {
        const std::size_t room = text.size() / kTextOfAValue + 16;
        plain_ = std::make_unique_for_overwrite<JsonValue[]>(room);
        root_ = plain_.get();
        if (PlainReader(text, plain_.get(), room).read()) return;
        plain_.reset();
    }
    JsonIndexBuilder builder(*this);
    read_json(text, builder);
    root_ = &others_.front();
}

JsonIndex::JsonIndex(const rapidjson::Value& value) {
    JsonIndexBuilder builder(*this);
    value.Accept(builder);
    root_ = &others_.front();
}

JsonIndex::~JsonIndex() = default;

bool is_plain_json_object(std::string_view text) {
    if (!text.starts_with('{') || text.size() > kMaxPlain) return false;
    std::array<JsonValue, kMaxPlainValues> values;  // none is set before it is read
    return PlainReader(text, values.data(), values.size()).read();
}

}  // namespace keyledger::eventstore
