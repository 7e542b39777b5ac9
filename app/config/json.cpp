#include "app/config/json.hpp"

#include <rapidjson/encodedstream.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>

namespace keyledger::app {
namespace {

using Stream = rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream>;
using Kind = YamlNode::Kind;

// Told of one token after the other, when the stream stands behind it.
class Builder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Builder> {
public:
    Builder(std::string_view text, const Stream& stream) : text_(text), stream_(stream) {}

    bool Null() { return add({}); }
    bool Bool(bool boolean) { return add(scalar(boolean ? "true" : "false", false)); }
    bool RawNumber(const char* digits, rapidjson::SizeType size, bool) { return add(scalar({digits, size}, false)); }
    bool String(const char* from, rapidjson::SizeType size, bool) { return add(scalar({from, size}, true)); }
    bool StartObject() { return begin(Kind::kMap); }
    bool StartArray() { return begin(Kind::kList); }
    bool EndObject(rapidjson::SizeType) { return end(); }
    bool EndArray(rapidjson::SizeType) { return end(); }
    bool Key(const char* from, rapidjson::SizeType size, bool) {
        open_.back().members.emplace_back(std::string(from, size), YamlNode{});
        return true;
    }

    YamlNode take() { return std::move(root_); }
    const std::string& problem() const { return problem_; }
    std::size_t line() {
        const std::size_t behind = std::min(stream_.Tell(), text_.size());
        line_ += static_cast<std::size_t>(std::count(text_.begin() + counted_, text_.begin() + behind, '\n'));
        counted_ = behind;
        return line_;
    }

private:
    static YamlNode scalar(std::string text, bool is_quoted) {
        YamlNode made;
        made.kind = Kind::kScalar;
        made.text = std::move(text);
        made.is_quoted = is_quoted;
        return made;
    }
    bool refuse(std::string why) {
        problem_ = std::move(why);
        return false;
    }
    bool add(YamlNode node) {
        node.line = line();
        if (++nodes_ > kMaxYamlNodes) return refuse("more than " + std::to_string(kMaxYamlNodes) + " values");
        place(std::move(node));
        return true;
    }
    bool begin(Kind kind) {
        if (open_.size() > kMaxYamlDepth) return refuse("nested more than " + std::to_string(kMaxYamlDepth) + " deep");
        if (++nodes_ > kMaxYamlNodes) return refuse("more than " + std::to_string(kMaxYamlNodes) + " values");
        YamlNode made;
        made.kind = kind;
        made.line = line();
        open_.push_back(std::move(made));
        return true;
    }
    bool end() {
        YamlNode made = std::move(open_.back());
        open_.pop_back();
        place(std::move(made));
        return true;
    }
    void place(YamlNode node) {
        if (open_.empty()) root_ = std::move(node);
        else if (open_.back().kind == Kind::kList) open_.back().items.push_back(std::move(node));
        else open_.back().members.back().second = std::move(node);
    }

    const std::string_view text_;
    const Stream& stream_;
    std::vector<YamlNode> open_;
    YamlNode root_;
    std::string problem_;
    std::size_t nodes_ = 0;
    std::size_t counted_ = 0;
    std::size_t line_ = 1;
};

}  // namespace

Result<YamlNode, std::string> parse_json(std::string_view text) {
    rapidjson::MemoryStream bytes(text.data(), text.size());
    Stream stream(bytes);
    Builder builder(text, stream);
    rapidjson::Reader reader;
    constexpr unsigned kFlags =
        rapidjson::kParseValidateEncodingFlag | rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseIterativeFlag;
    const rapidjson::ParseResult done = reader.Parse<kFlags>(stream, builder);
    if (done) return builder.take();
    const std::string why = builder.problem().empty() ? rapidjson::GetParseError_En(done.Code()) : builder.problem();
    return Unexpected("line " + std::to_string(builder.line()) + ": " + why);
}

}  // namespace keyledger::app
